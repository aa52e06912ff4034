// SPDX-License-Identifier: Apache-2.0
// Numbers and moments for people.

const numbers = new Intl.NumberFormat();
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const distances = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export const number = (value) => numbers.format(value);
export const moment = (value) => moments.format(new Date(value));

const UNITS = [["year", 31536e6], ["month", 2592e6], ["day", 864e5], ["hour", 36e5], ["minute", 6e4], ["second", 1e3]];

/** How long ago. */
export function ago(value) {
  const distance = value - Date.now();
  const [unit, size] = UNITS.find(([, size]) => Math.abs(distance) >= size) ?? UNITS.at(-1);
  return distances.format(Math.round(distance / size), unit);
}

/** "added 3, changed 1"; "" for nothing. */
export function changes({ added, changed, closed }) {
  const parts = [["added", added], ["changed", changed], ["closed", closed]].filter(([, n]) => n > 0);
  return parts.map(([name, n]) => `${number(n)} ${name}`).join(", ");
}
