// SPDX-License-Identifier: Apache-2.0
// Each collection has a colour and a shape, the same everywhere; page.css has the colours as --c-NAME.

const SHAPES = {
  asset: "round-rectangle", container: "barrel", ipaddress: "ellipse", ipregion: "ellipse", macaddress: "diamond",
  hostname: "round-tag", user: "round-triangle", account: "round-pentagon", application: "round-hexagon", database: "barrel",
  port: "rectangle", vulnerability: "star", geolocation: "vee", businessprocess: "round-octagon",
};

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const shape = (collection) => SHAPES[collection] ?? "ellipse";
export const colour = (collection) => css(SHAPES[collection] ? `--c-${collection}` : "--c-other");
export const ink = () => css("--ink");
export const quiet = () => css("--quiet");
export const line = () => css("--line");
export const ground = () => css("--ground");
export const accent = () => css("--accent");

/** The class of a spot of the collection's colour. */
export const spot = (collection) => `spot c-${SHAPES[collection] ? collection : "other"}`;
