// SPDX-License-Identifier: Apache-2.0
// What the page shows is in its address, after the #: so it can be kept, sent to others, and gone back from.

/** {view, parameters} of the address. */
export function read() {
  const [view, rest = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { view: view || "overview", parameters: Object.fromEntries(new URLSearchParams(rest)) };
}

/** The address of a view; parameters that are empty are left out. */
export function to(view, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return `#/${view}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

export const toObject = ({ collection, id }, at) => to("object", { collection, id, at });

/** Shows the same view with other parameters. */
export function change(parameters) {
  const now = read();
  location.hash = to(now.view, { ...now.parameters, ...parameters });
}
