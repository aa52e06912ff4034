// SPDX-License-Identifier: Apache-2.0
// The neighbourhood of an object, as far as somebody has opened it: the picture and the list show this.
import { get } from "./api.js";

export const MAX_NODES = 2000;
const FIRST = 12, NEXT = 50;

export const keyOf = ({ collection, id }) => JSON.stringify([collection, id]);

export class Neighbourhood extends EventTarget {
  nodes = new Map(); // key: {key, collection, id, source, label, from, kinds: null where it was not opened}
  edges = new Map(); // key: {from, to, name}

  constructor(root, at) {
    super();
    this.at = at;
    this.root = this.#addNode(root, null);
  }

  get isFull() {
    return this.nodes.size >= MAX_NODES;
  }

  #addNode(vertex, from) {
    const key = keyOf(vertex);
    if (!this.nodes.has(key)) {
      const { collection, id, source, label } = vertex;
      this.nodes.set(key, { key, collection, id, source, label, from, kinds: null });
    }
    return this.nodes.get(key);
  }

  /** Opens a node: its first neighbours of each kind. */
  async grow(key) {
    const node = this.nodes.get(key);
    if (node.kinds !== null) return;
    node.kinds = [];
    const { kinds } = await get("neighbours", { collection: node.collection, id: node.id, limit: FIRST }, this.at);
    for (const kind of kinds) this.#take(node, kind, 0);
    this.#tell(node);
  }

  /** The next ones of a kind of edge of a node. */
  async growMore(key, edge, isOut) {
    const node = this.nodes.get(key);
    const offset = node.kinds.find((kind) => kind.edge === edge && kind.is_out === isOut).shown;
    const { kinds } = await get("neighbours", { collection: node.collection, id: node.id, edge, limit: NEXT, offset }, this.at);
    for (const kind of kinds.filter(({ is_out }) => is_out === isOut)) this.#take(node, kind, offset);
    this.#tell(node);
  }

  /** Adds as many as there is room for; the others are counted. */
  #take(node, kind, offset) {
    let taken = 0;
    for (const vertex of kind.vertices) {
      if (this.isFull && !this.nodes.has(keyOf(vertex))) break;
      const other = this.#addNode(vertex, node.key);
      const [from, to] = kind.is_out ? [node.key, other.key] : [other.key, node.key];
      this.edges.set(JSON.stringify([kind.edge, from, to]), { from, to, name: kind.edge });
      taken++;
    }
    const ended = taken === kind.vertices.length && taken < (offset ? NEXT : FIRST);
    const shown = offset + taken;
    const old = node.kinds.find(({ edge, is_out }) => edge === kind.edge && is_out === kind.is_out);
    const left = ended ? 0 : Math.max(kind.count - shown, 0);
    if (old) Object.assign(old, { shown, left });
    else node.kinds.push({ edge: kind.edge, collection: kind.collection, is_out: kind.is_out, count: kind.count, shown, left });
  }

  #tell(node) {
    this.dispatchEvent(new CustomEvent("grown", { detail: node }));
  }
}
