// SPDX-License-Identifier: Apache-2.0
// The neighbourhood as a picture: a click opens a node, a second one goes there.
import cytoscape from "cytoscape";
import { accent, colour, ground, ink, line, quiet, shape } from "./colours.js";
import { number } from "./format.js";

const LAID_OUT = 250; // nodes; with more, new ones are only put around theirs
const RADIUS = 110;

function style() {
  return [
    { selector: "node", style: {
      shape: "data(shape)", width: 24, height: 24, "background-color": "data(colour)", label: "data(label)", color: ink(),
      "font-size": 10, "text-valign": "bottom", "text-margin-y": 3, "text-max-width": 110, "text-wrap": "ellipsis",
      "text-background-color": ground(), "text-background-opacity": 0.75, "min-zoomed-font-size": 6 } },
    { selector: "node.root", style: { width: 36, height: 36, "font-size": 12, "font-weight": "bold", "border-width": 3, "border-color": accent() } },
    { selector: "node.closed", style: { "border-width": 2, "border-color": ground(), "border-style": "double" } },
    { selector: "node.more", style: {
      shape: "ellipse", width: 30, height: 30, "background-color": ground(), "border-width": 1.5, "border-style": "dashed", "border-color": "data(colour)",
      "text-valign": "center", "text-margin-y": 0, "text-background-opacity": 0, color: quiet() } },
    { selector: "node:selected", style: { "overlay-color": accent(), "overlay-opacity": 0.2, "overlay-padding": 6 } },
    { selector: "edge", style: {
      width: 1.2, "line-color": line(), "curve-style": "straight", "target-arrow-shape": "triangle", "target-arrow-color": line(), "arrow-scale": 0.7 } },
    { selector: "edge.more", style: { "line-style": "dashed", "target-arrow-shape": "none" } },
  ];
}

const around = (center, i, n) => {
  const angle = (2 * Math.PI * (i + 0.5)) / Math.max(n, 1);
  const radius = RADIUS + 26 * Math.floor(n / 14);
  return { x: center.x + radius * Math.cos(angle), y: center.y + radius * Math.sin(angle) };
};

const moreId = (key, kind) => `more ${key} ${kind.edge} ${kind.is_out}`;

/** Draws the neighbourhood, and follows it. `open` is called with a node that somebody goes to. */
export function drawPicture(element, graph, open) {
  const cy = cytoscape({ container: element, style: style(), maxZoom: 3, minZoom: 0.05 });
  const scheme = matchMedia("(prefers-color-scheme: dark)");

  function newElements(node) {
    const center = cy.getElementById(node?.key ?? "").position() ?? { x: 0, y: 0 };
    const fresh = [...graph.nodes.values()].filter(({ key }) => cy.getElementById(key).empty());
    const vertices = fresh.map(({ key, collection, label }, i) => ({
      data: { id: key, label, collection, shape: shape(collection), colour: colour(collection) },
      classes: key === graph.root.key ? "root" : "closed", position: node ? around(center, i, fresh.length) : { x: 0, y: 0 } }));
    const edges = [...graph.edges].filter(([key]) => cy.getElementById(key).empty())
      .map(([key, { from, to }]) => ({ data: { id: key, source: from, target: to } }));
    const counts = (node?.kinds ?? []).filter(({ left }) => left > 0).flatMap((kind, i) => [
      { data: { id: moreId(node.key, kind), label: `+${number(kind.left)}`, colour: colour(kind.collection), of: node.key, edge: kind.edge, is_out: kind.is_out },
        classes: "more", position: around(center, i + 0.3, 5) },
      { data: { id: `edge ${moreId(node.key, kind)}`, source: node.key, target: moreId(node.key, kind) }, classes: "more" }]);
    return [...vertices, ...edges, ...counts];
  }

  function draw(node) {
    cy.batch(() => {
      if (node) cy.remove(cy.nodes(".more").filter((more) => more.data("of") === node.key));
      cy.add(newElements(node));
      if (node) cy.getElementById(node.key).removeClass("closed");
    });
    if (cy.nodes().length <= LAID_OUT)
      cy.layout({ name: "cose", animate: false, randomize: false, fit: true, padding: 30, nodeRepulsion: () => 9000, idealEdgeLength: () => 70, numIter: 400, nodeDimensionsIncludeLabels: true }).run();
    else cy.fit(undefined, 30);
    if (cy.zoom() > 1.4) { cy.zoom(1.4); cy.center(); }
  }

  cy.on("tap", "node", ({ target }) => {
    if (target.hasClass("more")) graph.growMore(target.data("of"), target.data("edge"), target.data("is_out"));
    else if (graph.nodes.get(target.id()).kinds === null) graph.grow(target.id());
    else if (target.selected() && target.id() !== graph.root.key) open(graph.nodes.get(target.id()));
  });
  graph.addEventListener("grown", ({ detail }) => draw(detail));
  scheme.addEventListener("change", () => {
    cy.nodes().forEach((node) => { if (node.data("collection")) node.data("colour", colour(node.data("collection"))); });
    cy.style(style());
  });
  draw(null);
  return cy;
}
