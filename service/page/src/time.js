// SPDX-License-Identifier: Apache-2.0
// The slider over the history: a step for each run of each source, from before the first to now.
import { get } from "./api.js";
import { h } from "./dom.js";
import { moment } from "./format.js";

/** [{at, label}]: what was there once each run was done; `at` is null for now. */
export function listSteps({ first, sources }) {
  const runs = sources.flatMap(({ key, reports }) => reports.map(({ begun_at: at }) => ({ at, source: key }))).sort((a, b) => a.at - b.at);
  const steps = runs.map(({ source, at }, i) => ({
    at: i + 1 < runs.length ? Math.max(runs[i + 1].at - 1, at) : null,
    label: `after ${source} reported, ${moment(at)}`,
  }));
  if (steps.length > 0) steps[steps.length - 1].label = "now";
  return [{ at: first - 1, label: `before ${moment(first)}` }, ...(steps.length > 0 ? steps : [{ at: null, label: "now" }])];
}

/** `at`: milliseconds, or "" for now; `changed` is called with the same. */
export async function timeBar(at, changed) {
  const steps = listSteps(await get("overview"));
  const index = at ? steps.findLastIndex((step) => step.at !== null && step.at <= Number(at)) : steps.length - 1;
  const label = h("output", { class: "moment", for: "time" }, at ? `as of ${moment(Number(at))}` : "now");
  const pick = (i) => changed(steps[i].at ?? "");
  const slider = h("input", {
    type: "range", id: "time", min: 0, max: steps.length - 1, step: 1, value: Math.max(index, 0), "aria-label": "Moment",
    "aria-valuetext": label.textContent,
    oninput: () => { label.textContent = steps[slider.value].label; slider.setAttribute("aria-valuetext", label.textContent); },
    onchange: () => pick(slider.value),
  });

  return h("div", { class: "time" }, h("label", { for: "time" }, "Time"), slider, label,
    at ? h("button", { onclick: () => changed("") }, "Back to now") : null);
}
