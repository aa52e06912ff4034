// SPDX-License-Identifier: Apache-2.0
// Elements of the page. Whatever comes from the service is text: nothing here ever reads HTML.

/** Makes an element: h("a", {href: "#/"}, "text", child). on… are listeners; null and false are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== false)
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
}

/** Replaces all that is in the element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const SHORT = 300;

/** A name or value of elsewhere: on its own side of what stands around it, and folded where it is long. */
export function text(value) {
  const whole = typeof value === "string" ? value : value === null ? "–" : JSON.stringify(value);
  if (whole.length <= SHORT) return h("bdi", {}, whole);
  return h("details", { class: "long" },
    h("summary", {}, h("bdi", {}, whole.slice(0, SHORT)), h("span", { class: "quiet" }, ` … ${whole.length} characters`)),
    h("bdi", {}, whole));
}

export function link(hash, ...children) {
  return h("a", { href: hash }, ...children);
}

/** Says it to whoever does not see. */
export function announce(message) {
  document.getElementById("announcer").textContent = message;
}
