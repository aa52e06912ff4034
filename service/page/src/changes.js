// SPDX-License-Identifier: Apache-2.0
// What changed between two moments.
import { get, getLines, iso } from "./api.js";
import { fill, h, link, text } from "./dom.js";
import { moment, number } from "./format.js";
import { change, toObject } from "./route.js";
import { table } from "./table.js";
import { listSteps } from "./time.js";
import { showDifference } from "./versions.js";

function picker(name, label, steps, value) {
  const given = value === undefined || value === "" ? null : Number(value);
  const isStep = steps.some(({ at }) => at === given);
  return h("label", {}, label, h("select", { name },
    !isStep && h("option", { value: String(given), selected: true }, moment(given)),
    steps.map(({ at, label: text }) => h("option", { value: at ?? "", selected: at === given }, text))));
}

function form(overview, parameters) {
  const steps = listSteps(overview);
  const sources = [["", "all sources"], ...overview.sources.map(({ key }) => [key, key])];
  return h("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); change({ collection: "", ...Object.fromEntries(new FormData(event.target)) }); } },
    picker("from", "From", steps.slice(0, -1), parameters.from), picker("to", "To", steps.slice(1), parameters.to),
    h("label", {}, "Source", h("select", { name: "source" }, sources.map(([value, label]) => h("option", { value, selected: value === (parameters.source ?? "") }, label)))),
    h("button", { class: "main" }, "Compare"));
}

const target = (line) => (line.id ? link(toObject(line), text(line.label)) : h("span", {}, text(line.from), " → ", text(line.to)));

/** The lines, page by page. */
function details(parameters) {
  const list = h("ul", { class: "lines" }), more = h("button", { onclick: load }, "Show more");
  let after = "";

  async function load() {
    const { lines, next } = await getLines("changes", { ...parameters, limit: 200, after });
    list.append(...lines.map((line) => h("li", { class: line.change },
      h("span", { class: `sign ${line.change}` }, line.change), " ", h("span", { class: "tag" }, line.collection), " ", target(line), " ",
      h("span", { class: "quiet" }, text(line.source), " ", moment(line.at)), line.change === "changed" && showDifference(line.before, line.after))));
    after = next;
    more.hidden = next === null;
  }
  return { element: [list, more], load };
}

export async function showChanges(main, parameters) {
  const overview = await get("overview");
  const from = parameters.from ?? String(overview.first - 1);
  const asked = { from: iso(Number(from)), to: parameters.to ? iso(Number(parameters.to)) : "", source: parameters.source };
  const { lines } = await getLines("changes/count", asked);
  const all = details(asked);

  await all.load();
  const numeric = (name) => ({ name, label: name, numeric: true, isCount: true });
  fill(main, h("h1", {}, "What changed"), form(overview, { ...parameters, from }),
    lines.length === 0 ? h("p", { class: "empty" }, "Nothing changed between the two.")
      : [h("section", { "aria-label": "By source and collection" }, table([{ name: "source", label: "source" }, { name: "collection", label: "collection" }, numeric("added"), numeric("changed"), numeric("closed")], lines, { name: "changes" })),
        h("section", { "aria-label": "Objects" }, h("h2", {}, `${number(lines.reduce((sum, { added, changed, closed }) => sum + added + changed + closed, 0))} objects`), all.element)]);
}
