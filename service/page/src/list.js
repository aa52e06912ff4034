// SPDX-License-Identifier: Apache-2.0
// The neighbourhood as a list: all that the picture shows, and all that can be done there.
import { spot } from "./colours.js";
import { announce, fill, h, link, text } from "./dom.js";
import { MAX_NODES } from "./graph.js";
import { number } from "./format.js";
import { toObject } from "./route.js";

export function drawList(element, graph) {
  const opened = new Set([graph.root.key]);

  function neighbours(node, kind) {
    const others = [...graph.edges.values()].filter(({ name, from, to }) => name === kind.edge && (kind.is_out ? from : to) === node.key)
      .map(({ from, to }) => graph.nodes.get(kind.is_out ? to : from));
    return h("li", {}, h("span", { class: spot(kind.collection) }), h("b", {}, kind.edge), h("span", { class: "quiet" }, ` ${kind.is_out ? "to" : "from"} ${number(kind.count)} ${kind.collection}`),
      h("ul", {}, others.map((other) => item(other, node.key)),
        kind.left > 0 && h("li", {}, graph.isFull ? h("span", { class: "quiet" }, `${number(kind.left)} more`)
          : h("button", { onclick: () => graph.growMore(node.key, kind.edge, kind.is_out) }, `${number(kind.left)} more`))));
  }

  function toggle(node) {
    if (opened.has(node.key)) opened.delete(node.key);
    else opened.add(node.key);
    if (node.kinds === null) graph.grow(node.key);
    else draw();
  }

  /** Below the node that brought it; elsewhere it is only named. */
  function item(node, above) {
    const isHere = node.from === above;
    const isOpen = isHere && opened.has(node.key);
    return h("li", {},
      isHere && h("button", { class: "fold", "aria-expanded": isOpen ? "true" : "false", "aria-label": `Neighbours of ${node.label}`, "data-key": node.key, onclick: () => toggle(node) }, isOpen ? "−" : "+"),
      " ", link(toObject(node, graph.at), text(node.label)),
      isOpen && node.kinds && h("ul", {}, node.kinds.map((kind) => neighbours(node, kind))));
  }

  function draw() {
    const focused = document.activeElement?.dataset?.key;
    fill(element, h("p", { class: "quiet" }, `${number(graph.nodes.size)} objects, ${number(graph.edges.size)} edges shown`,
      graph.isFull && `: no more than ${number(MAX_NODES)}. Open one of them to go on from there.`),
      h("ul", { class: "tree" }, (graph.root.kinds ?? []).map((kind) => neighbours(graph.root, kind))));
    if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  graph.addEventListener("grown", ({ detail }) => {
    opened.add(detail.key);
    draw();
    announce(`${graph.nodes.size} objects shown`);
  });
  draw();
}
