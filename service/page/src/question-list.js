// SPDX-License-Identifier: Apache-2.0
// The questions are those of docs/queries.md, where comments say which texts of a query somebody may replace. What is said of them
// here is what is done with an answer that GraphQL cannot do.
import pages from "../../../docs/queries.md";

const greatest = (list) => Math.max(...list.filter((value) => typeof value === "number"));

const MORE = {
  7: { compares: true },
  8: { edit: (data) => ({ macaddress: data.macaddress.filter(({ ipaddresses }) => ipaddresses.length > 1) }) },
  10: { edit: (data) => ({ asset: data.asset.map((asset) => ({
    risk: asset.business_value * greatest(asset.vulnerabilities.flatMap(({ vulnerability }) => vulnerability.map(({ base_score }) => base_score))), ...asset }))
    .sort((a, b) => b.risk - a.risk) }) },
  11: { compares: true },
};

const PARAMETER = /^<!-- ([a-z-]+): (.*) -->\n/gm;

/** [{number, title, about, query, parameters, compares, edit}] */
export const questions = [...pages.matchAll(/^## (\d+)\. (.+)\n([\s\S]*?)```graphql\n([\s\S]*?)```/gm)].map(([, number, title, about, query]) => ({
  number: Number(number), title, about: about.replace(PARAMETER, "").trim(), query: query.trim(),
  parameters: Object.fromEntries([...about.matchAll(PARAMETER)].map(([, name, example]) => [name, example])), ...MORE[number] }));

/** GraphQL escapes as JSON does. */
export function write({ query, parameters }, values) {
  return Object.entries(parameters).reduce((text, [name, example]) =>
    text.replaceAll(JSON.stringify(example), () => JSON.stringify(values[name] ?? example)), query);
}
