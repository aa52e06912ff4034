// SPDX-License-Identifier: Apache-2.0
// The questions, each with its parameters, its answer and its GraphQL.
import { get, query } from "./api.js";
import { announce, fill, h, link, text } from "./dom.js";
import { number } from "./format.js";
import { questions, write } from "./question-list.js";
import { change, to } from "./route.js";
import { compare, toTables } from "./rows.js";
import { table } from "./table.js";
import { listSteps } from "./time.js";

function list(chosen) {
  return h("nav", { class: "questions", "aria-label": "Questions" }, h("ol", {}, questions.map((question) =>
    h("li", {}, h("a", { href: to("questions", { n: question.number }), "aria-current": question === chosen ? "true" : null }, question.title)))));
}

function form(question, parameters, overview) {
  const inputs = Object.entries(question.parameters).map(([name, example]) => h("label", {}, name,
    h("input", { name: `p.${name}`, value: parameters[`p.${name}`] ?? example, list: name.includes("source") ? "sources" : null, spellcheck: "false" })));
  const steps = listSteps(overview).slice(0, -1);
  const since = question.compares && h("label", {}, "compared with", h("select", { name: "since" },
    steps.map(({ at, label }) => h("option", { value: at, selected: String(at) === parameters.since }, label))));

  return h("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); change({ ...Object.fromEntries(new FormData(event.target)), asked: Date.now() }); } },
    inputs, since, h("datalist", { id: "sources" }, overview.sources.map(({ key }) => h("option", { value: key }))),
    h("button", { class: "main" }, "Ask"));
}

async function ask(question, parameters, values) {
  const edit = question.edit ?? ((data) => data);
  const asked = write(question, values);
  const data = edit(await query(asked));
  if (!question.compares) return { asked, data, tables: toTables(data) };
  return { asked, data, tables: compare(edit(await query(asked, Number(parameters.since))), data) };
}

function answer(question, { asked, data, tables }) {
  return [
    tables.map(({ name, columns, rows }) => h("section", { "aria-label": name }, h("h2", {}, name),
      rows.length === 0 ? h("p", { class: "empty" }, "Nothing.") : table(columns, rows, { name: `question-${question.number}-${name}`, json: data[name] }))),
    h("section", {}, h("h2", {}, "GraphQL"), h("pre", { tabindex: "0" }, asked), h("a", { class: "button", href: `/graphiql#query=${encodeURIComponent(asked)}` }, "Open in GraphiQL")),
  ];
}

export async function showQuestions(main, parameters) {
  const question = questions.find(({ number }) => String(number) === parameters.n) ?? questions[0];
  const overview = await get("overview");
  const values = Object.fromEntries(Object.keys(question.parameters).map((name) => [name, parameters[`p.${name}`]]));
  const since = parameters.since ?? String(overview.first - 1);
  const place = h("div", { class: "answers", "aria-live": "polite" });

  fill(main, h("h1", {}, "Questions"), h("div", { class: "asking" }, list(question),
    h("div", {}, h("h2", {}, question.title), form(question, parameters, overview), place)));
  try {
    const given = await ask(question, { ...parameters, since }, values);
    fill(place, answer(question, given));
    announce(`${number(given.tables.reduce((sum, { rows }) => sum + rows.length, 0))} rows`);
  } catch (error) {
    fill(place, h("p", { class: "problem", role: "alert" }, text(error.message)));
  }
}
