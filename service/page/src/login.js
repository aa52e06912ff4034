// SPDX-License-Identifier: Apache-2.0
import { logIn } from "./api.js";
import { fill, h } from "./dom.js";

function field(name, label, type, autocomplete) {
  return h("label", {}, label, h("input", { name, type, autocomplete, spellcheck: "false", autocapitalize: "off" }));
}

/** The form; `done` is called once somebody is logged in. */
export function showLogin(main, done) {
  const problem = h("p", { class: "problem", role: "alert" });
  const form = h("form", { class: "login", onsubmit: submit },
    h("h1", {}, "Log in"),
    h("p", { class: "quiet" }, "car-service --show-credentials prints the key, the password and the token."),
    field("key", "Key", "text", "username"),
    field("password", "Password", "password", "current-password"),
    h("p", { class: "or" }, "or"),
    field("token", "Token", "password", "off"),
    problem,
    h("button", { class: "main" }, "Log in"));

  async function submit(event) {
    event.preventDefault();
    const { key, password, token } = Object.fromEntries(new FormData(form));
    try {
      await logIn(token ? { token } : { key, password });
      done();
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  fill(main, form);
  form.querySelector("input").focus();
}
