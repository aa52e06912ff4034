// SPDX-License-Identifier: Apache-2.0
// What there is: sources, collections, jobs.
import { get, getLines, iso } from "./api.js";
import { spot } from "./colours.js";
import { fill, h, link, text } from "./dom.js";
import { ago, changes, moment, number } from "./format.js";
import { drawModel } from "./model.js";
import { to } from "./route.js";
import { table } from "./table.js";

const SOURCES_COUNTED = 20;

const when = (value) => h("time", { datetime: iso(value), title: moment(value) }, ago(value));

export function sumCounts(sources) {
  const sums = new Map();
  for (const { counts } of sources)
    for (const [name, count] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + count);
  return sums;
}

/** What the last run of the source did, by collection, once it is known. */
function lastRun(source, isCounted) {
  const report = source.reports[0];
  const place = h("div", { class: "changes" });
  const from = report.begun_at - 1;

  async function count() {
    fill(place, h("span", { class: "quiet" }, "counting …"));
    try {
      const { lines } = await getLines("changes/count", { from: iso(from), source: source.key });
      const all = lines.reduce((a, b) => ({ added: a.added + b.added, changed: a.changed + b.changed, closed: a.closed + b.closed }),
        { added: 0, changed: 0, closed: 0 });
      fill(place, link(to("changes", { from, source: source.key }), changes(all) || "changed nothing"));
    } catch (error) {
      fill(place, h("span", { class: "problem" }, error.message));
    }
  }

  if (isCounted) count();
  else fill(place, h("button", { onclick: count }, "What did it change?"));
  return place;
}

function sourceCard(source, index, overview) {
  const report = source.reports[0];
  const vertices = overview.vertices.filter((name) => source.counts[name]);
  const edges = overview.edges.filter(({ name }) => source.counts[name]).reduce((sum, { name }) => sum + source.counts[name], 0);

  return h("article", { class: "card" },
    h("h3", {}, text(source.name || source.key), source.name && source.name !== source.key && h("small", { class: "quiet" }, " ", text(source.key))),
    source.description && h("p", { class: "quiet" }, text(source.description)),
    h("dl", {},
      h("dt", {}, "Last report"), h("dd", {}, report ? when(report.begun_at) : "none"),
      h("dt", {}, "Last run"), h("dd", {}, report ? lastRun(source, index < SOURCES_COUNTED) : "–"),
      h("dt", {}, "Save point"), h("dd", {}, source.save_point ? text(source.save_point) : h("span", { class: "quiet" }, "none: the next run is a full import"))),
    h("ul", { class: "counts" }, vertices.map((name) => h("li", {}, h("span", { class: spot(name) }), `${name} `, h("b", {}, number(source.counts[name])))),
      h("li", { class: "quiet" }, `edges ${number(edges)}`)));
}

function collections(overview, counts) {
  const picture = h("div", { class: "model", role: "img", "aria-label": "The collections as a graph; the table beside says the same" });
  const rows = [...overview.vertices.map((name) => ({ name, joins: "", count: counts.get(name) ?? 0 })),
    ...overview.edges.map(({ name, from, to }) => ({ name, joins: `${from} → ${to}`, count: counts.get(name) ?? 0 }))].filter(({ count }) => count > 0);

  const element = h("div", { class: "beside" }, picture, table([
    { name: "name", label: "Collection", show: ({ name, joins }) => [h("span", { class: joins ? "spot" : spot(name) }), name] },
    { name: "joins", label: "Joins" }, { name: "count", label: "Now", numeric: true, isCount: true }], rows));
  return { element, begin: () => drawModel(picture, overview, counts) };
}

function job({ id, kind, source, status, error, warnings, at }) {
  return h("li", { class: error ? "problem" : "" },
    h("b", {}, `${kind} ${id}`), " ", source && text(source), " ", h("span", { class: "quiet" }, status.toLowerCase(), " ", at && when(at)),
    error && h("p", {}, text(error)),
    warnings && h("ul", {}, warnings.map((warning) => h("li", {}, warning.collection && [text(warning.collection), ": "], `${number(warning.count ?? 1)} left out: `, text(warning.message ?? JSON.stringify(warning))))));
}

function jobs({ waiting, troubled }) {
  return h("section", { "aria-labelledby": "jobs" }, h("h2", { id: "jobs" }, "Jobs"),
    h("p", {}, waiting.length ? `${number(waiting.length)}${waiting.length === 50 ? " or more" : ""} run or wait.` : "None runs or waits."),
    waiting.length > 0 && h("ul", { class: "jobs" }, waiting.slice(0, 10).map(job)),
    troubled.length > 0 && [h("h3", {}, "Failed, or left something out"), h("ul", { class: "jobs" }, troubled.map(job))]);
}

export async function showOverview(main) {
  const [overview, all] = await Promise.all([get("overview"), get("jobs")]);
  const counts = sumCounts(overview.sources);
  const total = overview.vertices.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);

  const { element, begin } = collections(overview, counts);

  fill(main, h("h1", {}, "Overview"),
    h("section", { "aria-labelledby": "sources" },
      h("h2", { id: "sources" }, `${number(overview.sources.length)} ${overview.sources.length === 1 ? "source" : "sources"}, ${number(total)} vertices`),
      overview.sources.length === 0 && h("p", { class: "empty" }, "Nothing has been imported yet. Run a connector against this service."),
      h("div", { class: "cards" }, overview.sources.map((source, index) => sourceCard(source, index, overview)))),
    total > 0 && h("section", { "aria-labelledby": "model" }, h("h2", { id: "model" }, "Collections"), element),
    jobs(all));
  return total > 0 ? begin : null;
}
