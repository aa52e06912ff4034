// SPDX-License-Identifier: Apache-2.0
// What is otherwise in one version of an object than in another.
import { h, text } from "./dom.js";

/** [{name, before, after}] of the members that differ; undefined: there was none. */
export function difference(before, after) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names.map((name) => ({ name, before: before?.[name], after: after?.[name] }))
    .filter(({ before: a, after: b }) => JSON.stringify(a) !== JSON.stringify(b));
}

/** The difference as a list. */
export function showDifference(before, after) {
  return h("ul", { class: "difference" }, difference(before, after).map(({ name, before: old, after: now }) =>
    h("li", {}, h("b", {}, text(name)), " ", old !== undefined && h("del", {}, text(old)), " ", now !== undefined && h("ins", {}, text(now)))));
}
