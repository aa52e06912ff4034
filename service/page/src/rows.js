// SPDX-License-Identifier: Apache-2.0
// An answer of GraphQL as tables: a row for each object, a column for each path; what is below it in lists is joined.

/** Adds the leaves of a value to {path: [leaf…]}. An edge and the vertex at its end are one step of the path. */
function collect(value, path, leaves, isEdge) {
  if (Array.isArray(value)) for (const item of value) collect(item, path, leaves, isEdge);
  else if (value !== null && typeof value === "object")
    for (const [name, inner] of Object.entries(value)) collect(inner, isEdge && Array.isArray(inner) ? path : [...path, name], leaves, Array.isArray(inner) && !isEdge);
  else (leaves[path.join(" ")] ??= []).push(value);
}

function toRow(object) {
  const leaves = {};
  for (const [name, value] of Object.entries(object)) collect(value, [name], leaves, Array.isArray(value));
  return Object.fromEntries(Object.entries(leaves).map(([path, values]) =>
    [path, values.length === 1 ? values[0] : [...new Set(values.filter((value) => value !== null))].join(", ")]));
}

/** [{name, columns, rows}], one for each field that was asked for. */
export function toTables(data) {
  return Object.entries(data).map(([name, objects]) => {
    const rows = objects.map(toRow);
    const names = [...new Set(rows.flatMap(Object.keys))];
    return { name, rows, columns: names.map((name) => ({ name, label: name, numeric: rows.some((row) => typeof row[name] === "number") })) };
  });
}

/** The same, of what only one of two answers has. */
export function compare(before, after) {
  return toTables(after).map(({ name, columns, rows }, i) => {
    const old = toTables(before)[i];
    const has = (list) => new Set(list.map((row) => JSON.stringify(row)));
    const then = has(old.rows), now = has(rows);
    const marked = [...rows.filter((row) => !then.has(JSON.stringify(row))).map((row) => ({ change: "now", ...row })),
      ...old.rows.filter((row) => !now.has(JSON.stringify(row))).map((row) => ({ change: "then", ...row }))];
    return { name, rows: marked, columns: [{ name: "change", label: "only" }, ...(columns.length ? columns : old.columns)] };
  });
}
