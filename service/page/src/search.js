// SPDX-License-Identifier: Apache-2.0
import { get } from "./api.js";
import { spot } from "./colours.js";
import { announce, fill, h, link, text } from "./dom.js";
import { ago, number } from "./format.js";
import { change, toObject } from "./route.js";

/** What is one thing in several sources stands together. */
function byThing(found) {
  const things = new Map();
  for (const vertex of found) {
    const key = JSON.stringify([vertex.collection, vertex.connecting_id]);
    things.set(key, [...(things.get(key) ?? []), vertex]);
  }
  return [...things.values()];
}

function thing(vertices) {
  const [first] = vertices;
  return h("li", {}, link(toObject(first), text(first.label)), " ",
    vertices.map((vertex) => link(toObject(vertex), h("span", { class: "tag" }, text(vertex.source)))),
    h("span", { class: "quiet" }, ` ${first.id} · reported ${ago(first.reported_at)}`));
}

function collection(name, things) {
  return h("section", { "aria-label": name },
    h("h2", {}, h("span", { class: spot(name) }), name, h("small", { class: "quiet" }, ` ${number(things.length)}`)),
    h("ul", { class: "found" }, things.map(thing)));
}

export async function showSearch(main, { text: wanted = "", limit = "" }) {
  document.getElementById("search").value = wanted;
  if (wanted.trim().length < 2) {
    fill(main, h("h1", {}, "Search"), h("p", { class: "empty" }, "Type two letters or more: a name, an address, a CVE, an external id, or a part of one."));
    return;
  }
  const { found, more } = await get("search", { text: wanted, limit });
  const collections = Map.groupBy ? Map.groupBy(found, (vertex) => vertex.collection) : group(found);

  announce(`${found.length} found`);
  fill(main, h("h1", {}, "Search: ", text(wanted)),
    found.length === 0 && h("p", { class: "empty" }, "Nothing of now has this in its name or id."),
    [...collections].map(([name, vertices]) => collection(name, byThing(vertices))),
    more && h("p", {}, "There are more. ", limit !== "1000" ? h("button", { onclick: () => change({ limit: "1000" }) }, "Show more") : "Type more of the name."));
}

function group(found) {
  const groups = new Map();
  for (const vertex of found) groups.set(vertex.collection, [...(groups.get(vertex.collection) ?? []), vertex]);
  return groups;
}
