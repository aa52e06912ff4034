// SPDX-License-Identifier: Apache-2.0
// The page: what its address names is shown, and a login where one is wanted.
import { Failure, logOut } from "./api.js";
import { showChanges } from "./changes.js";
import { fill, h, text } from "./dom.js";
import { showLogin } from "./login.js";
import { showObject } from "./object.js";
import { showOverview } from "./overview.js";
import { showQuestions } from "./questions.js";
import { read, to } from "./route.js";
import { showSearch } from "./search.js";

const VIEWS = { overview: showOverview, search: showSearch, object: showObject, changes: showChanges, questions: showQuestions };
const main = document.getElementById("main");
const header = document.getElementById("header");
const search = document.getElementById("search");
let turn = 0;

/** A view fills its place, and may answer with what begins once that is seen. One that comes late does not replace the one that was asked for after it. */
async function show() {
  const { view, parameters } = read();
  const mine = ++turn;
  const place = h("div");

  main.setAttribute("aria-busy", "true");
  try {
    const begin = await (VIEWS[view] ?? showOverview)(place, parameters);
    if (mine !== turn) return;
    header.hidden = false;
    fill(main, place);
    for (const item of document.querySelectorAll("nav.views a")) item.toggleAttribute("aria-current", item.hash.startsWith(`#/${view}`));
    document.title = `${main.querySelector("h1").textContent} · CAR`;
    await begin?.();
  } catch (error) {
    if (mine === turn) showFailure(error);
  } finally {
    if (mine === turn) main.removeAttribute("aria-busy");
  }
}

function showFailure(error) {
  if (error instanceof Failure && error.status === 401) {
    header.hidden = true;
    showLogin(main, show);
    return;
  }
  fill(main, h("h1", {}, "This did not work"), h("p", { class: "problem", role: "alert" }, text(error.message)), h("button", { onclick: show }, "Try again"));
  if (!(error instanceof Failure)) throw error;
}

document.getElementById("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = to("search", { text: search.value });
});
document.getElementById("log-out").addEventListener("click", async () => {
  await logOut();
  show();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) return;
  event.preventDefault();
  search.focus();
  search.select();
});
addEventListener("hashchange", () => {
  scrollTo(0, 0);
  show();
});
show();
