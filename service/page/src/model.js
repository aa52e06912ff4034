// SPDX-License-Identifier: Apache-2.0
// The collections as a graph, with how much there is of each.
import cytoscape from "cytoscape";
import { colour, ground, ink, line, quiet, shape } from "./colours.js";
import { number } from "./format.js";

const size = (count) => 26 + 7 * Math.log10(1 + count);

function style() {
  return [
    { selector: "node", style: {
      shape: "data(shape)", width: "data(size)", height: "data(size)", "background-color": "data(colour)",
      label: "data(label)", color: ink(), "font-size": 11, "text-wrap": "wrap", "text-valign": "bottom", "text-margin-y": 4,
      "text-background-color": ground(), "text-background-opacity": 0.8, "text-background-padding": 1 } },
    { selector: "node[!count]", style: { opacity: 0.35 } },
    { selector: "edge", style: {
      width: "data(width)", "line-color": line(), "curve-style": "bezier", "target-arrow-shape": "triangle",
      "target-arrow-color": line(), "arrow-scale": 0.8, label: "data(label)", color: quiet(), "font-size": 9,
      "text-background-color": ground(), "text-background-opacity": 0.85, "text-background-padding": 2 } },
  ];
}

/** Draws what has objects; `counts` is a map of all collections. */
export function drawModel(element, overview, counts) {
  const of = (name) => counts.get(name) ?? 0;
  const edges = overview.edges.filter((edge) => of(edge.name) > 0);
  const joined = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const vertices = overview.vertices.filter((name) => of(name) > 0 || joined.has(name));
  const degree = (name) => edges.filter(({ from, to }) => from === name || to === name).length;

  return cytoscape({
    container: element, style: style(), userZoomingEnabled: false, userPanningEnabled: false, autoungrabify: true,
    autounselectify: true,
    elements: [
      ...vertices.map((name) => ({ data: {
        id: name, count: of(name), label: `${name}\n${number(of(name))}`, size: size(of(name)), shape: shape(name), colour: colour(name) } })),
      ...edges.map(({ name, from, to }) => ({ data: {
        id: `edge ${name}`, source: from, target: to, label: number(of(name)), width: 1 + Math.log10(1 + of(name)) / 1.5 } })),
    ],
    layout: { name: "concentric", concentric: (node) => degree(node.id()), levelWidth: () => 3, minNodeSpacing: 48, padding: 24, startAngle: 0.9 * Math.PI },
  });
}
