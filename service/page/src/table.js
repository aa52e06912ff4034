// SPDX-License-Identifier: Apache-2.0
// A table that can be sorted and taken away. Rows are objects; columns are {name, label, show?, numeric?, isCount?}.
import { announce, fill, h, text } from "./dom.js";
import { number } from "./format.js";

const AT_ONCE = 200;
const collator = new Intl.Collator(undefined, { numeric: true });

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined || a === "") return 1;
  if (b === null || b === undefined || b === "") return -1;
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
}

const asText = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

/** A field that begins like a formula would be one in a spreadsheet. */
function csvField(value) {
  const plain = asText(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(columns, rows) {
  const lines = [columns.map(({ label }) => csvField(label)), ...rows.map((row) => columns.map(({ name }) => csvField(row[name])))];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

function takeAway(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export function table(columns, rows, { name, json = rows } = {}) {
  let shown = AT_ONCE, by = null, descending = false;
  const head = h("tr"), body = h("tbody"), more = h("button", { onclick: () => { shown += 5 * AT_ONCE; draw(); } }, "Show more");
  const sorted = () => (by === null ? rows : [...rows].sort((a, b) => compare(a[by], b[by]) * (descending ? -1 : 1)));

  function sort(column) {
    descending = by === column.name && !descending;
    by = column.name;
    draw();
    announce(`Sorted by ${column.label}${descending ? ", descending" : ""}`);
  }

  function draw() {
    fill(head, columns.map((column) => h("th", {
      scope: "col", class: column.numeric && "number",
      "aria-sort": by !== column.name ? "none" : descending ? "descending" : "ascending",
    }, h("button", { class: "sort", onclick: () => sort(column) }, column.label))));
    fill(body, sorted().slice(0, shown).map((row) => h("tr", {}, columns.map((column) =>
      h("td", { class: column.numeric && "number" }, column.show ? column.show(row) : cell(row[column.name], column.isCount))))));
    more.hidden = shown >= rows.length;
  }

  draw();
  return h("div", { class: "answer" },
    name && h("p", { class: "bar" }, h("span", { class: "quiet" }, `${number(rows.length)} ${rows.length === 1 ? "row" : "rows"}`),
      h("button", { onclick: () => takeAway(`${name}.csv`, "text/csv", toCsv(columns, sorted())) }, "CSV"),
      h("button", { onclick: () => takeAway(`${name}.json`, "application/json", JSON.stringify(json, null, 2)) }, "JSON")),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", {}, h("thead", {}, head), body)),
    more);
}

/** A number that counts nothing, such as a port's, stays as it is. */
function cell(value, isCount) {
  if (value === null || value === undefined) return h("span", { class: "quiet" }, "–");
  return typeof value === "number" ? (isCount ? number(value) : String(value)) : text(typeof value === "string" ? value : JSON.stringify(value));
}
