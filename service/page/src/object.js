// SPDX-License-Identifier: Apache-2.0
// One object: what it is, was, is elsewhere, and is joined with.
import { get } from "./api.js";
import { spot } from "./colours.js";
import { fill, h, link, text } from "./dom.js";
import { ago, moment } from "./format.js";
import { Neighbourhood } from "./graph.js";
import { drawList } from "./list.js";
import { drawPicture } from "./picture.js";
import { change, toObject } from "./route.js";
import { timeBar } from "./time.js";
import { showDifference } from "./versions.js";

const atMoment = (versions, at) => versions.find(({ from, to }) => !at || (from <= at && (to === null || to > at))) ?? versions[0];

function members(version) {
  return h("dl", { class: "members" }, Object.entries(version.members).map(([name, value]) => [h("dt", {}, text(name)), h("dd", {}, text(value))]));
}

function history(versions, more, at) {
  return h("ol", { class: "history" }, versions.map((version, i) => {
    const older = versions[i + 1];
    return h("li", { class: version === atMoment(versions, at) && "here" },
      h("button", { class: "plain", onclick: () => change({ at: version.to === null ? "" : version.from }) }, moment(version.from)),
      h("span", { class: "quiet" }, version.to === null ? " until now" : ` to ${moment(version.to)}`),
      older ? showDifference(older.members, version.members) : h("p", { class: "quiet" }, more ? "older versions are not shown" : "first seen"));
  }));
}

function about(object, at) {
  const version = atMoment(object.versions, at);
  return [
    h("h1", {}, h("span", { class: spot(object.collection) }), text(object.label)),
    h("p", { class: "bar" }, h("span", { class: "tag" }, object.collection), h("span", { class: "tag" }, text(object.source)), object.tags.map((tag) => h("span", { class: "tag mark" }, text(tag))),
      h("span", { class: "quiet" }, text(object.id), ` · reported ${ago(version.reported_at)}`)),
    !object.holds && h("p", { class: "note", role: "status" }, at ? "It was not there at this moment." : "It is not there any more: this is what it was last."),
  ];
}

/** The section, and what begins it once it is on the page: a picture has to know how large it is. */
function neighbourhood(object, at) {
  const graph = new Neighbourhood(object, at);
  const picture = h("div", { class: "picture", role: "img", "aria-label": "The neighbourhood as a picture; the list beside says the same" });
  const list = h("div", { class: "list" });

  function begin() {
    picture.cy = drawPicture(picture, graph, (node) => { location.hash = toObject(node, at); });
    drawList(list, graph);
    return graph.grow(graph.root.key);
  }
  const section = h("section", { "aria-labelledby": "neighbourhood" }, h("h2", { id: "neighbourhood" }, "Neighbourhood"),
    h("p", { class: "quiet hint" }, "A click on an object opens its neighbours, another click goes there."),
    h("div", { class: "beside" }, picture, list));
  return { section, begin };
}

export async function showObject(main, { collection, id, at = "" }) {
  const moment = at ? Number(at) : null;
  const [object, bar] = await Promise.all([get("object", { collection, id }, moment), timeBar(at, (value) => change({ at: value }))]);

  const { section, begin } = neighbourhood(object, moment);

  fill(main, bar, about(object, moment), section,
    h("div", { class: "columns" },
      h("section", {}, h("h2", {}, "Members"), members(atMoment(object.versions, moment))),
      h("section", {}, h("h2", {}, "History"), history(object.versions, object.more_versions, moment)),
      h("section", {}, h("h2", {}, "In other sources"), object.instances.length === 0 ? h("p", { class: "quiet" }, "No other source knows the same thing.")
        : h("ul", { class: "found" }, object.instances.map((instance) => h("li", {}, link(toObject(instance, at), text(instance.source)), " ", h("span", { class: "quiet" }, text(instance.label))))))));
  return begin;
}
