// SPDX-License-Identifier: Apache-2.0
// The calls. The login's cookie is the browser's; its other half, the pledge, stays in this origin's storage.

const PLEDGE = "car-page-pledge";
const LOGIN = "/login";

export class Failure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function send(method, path, { headers = {}, body } = {}) {
  if (path !== LOGIN && !localStorage.getItem(PLEDGE)) throw new Failure(401, "Nobody is logged in");
  let answer;
  try {
    answer = await fetch(path, {
      method, body, credentials: "same-origin", redirect: "error", cache: "no-store",
      headers: { "X-Car-Page": localStorage.getItem(PLEDGE) ?? "-", ...headers },
    });
  } catch (error) {
    throw new Failure(0, "The service does not answer. Is car-service still running?");
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => null);
  throw new Failure(answer.status, problem?.errors?.[0]?.message ?? `The service answered ${answer.status}`);
}

function address(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return `/api/car/v3/${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

const seenAt = (at) => (at ? { "x-hasura-car-timepoint": iso(at) } : {});

/** A moment as the service reads it. */
export const iso = (moment) => new Date(moment).toISOString();

/** GET v3/PATH; `at` in milliseconds: as it was then. */
export async function get(path, parameters, at) {
  return (await send("GET", address(path, parameters), { headers: seenAt(at) })).json();
}

/** The lines of a page of JSON lines, and where the next page begins: null at the end. */
export async function getLines(path, parameters) {
  const answer = await (await send("GET", address(path, parameters))).text();
  const lines = answer.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const last = lines.pop();
  if (last?.next === undefined) throw new Failure(0, "The answer of the service was cut off. Try again.");
  return { lines, next: last.next };
}

/** A query in GraphQL; its data. */
export async function query(text, at) {
  const answer = await askGraphql({ query: text }, at);
  if (answer.errors) throw new Failure(200, answer.errors.map((error) => error.message).join("\n"));
  return answer.data;
}

export async function askGraphql(body, at) {
  const headers = { "Content-Type": "application/json", ...seenAt(at) };
  return (await send("POST", address("query"), { headers, body: JSON.stringify(body) })).json();
}

export async function logIn(credentials) {
  const headers = { "Content-Type": "application/json" };
  const answer = await send("POST", LOGIN, { headers, body: JSON.stringify(credentials) });
  localStorage.setItem(PLEDGE, (await answer.json()).pledge);
}

export async function logOut() {
  await send("DELETE", LOGIN).catch(() => null);
  localStorage.removeItem(PLEDGE);
}
