// SPDX-License-Identifier: Apache-2.0
// GraphiQL, with the login of the page.
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "./graphiql.css";
import { askGraphql } from "./api.js";

const FIRST = "# Ask what is there: Ctrl-Enter runs the query.\n{\n  asset(limit: 10) {\n    name\n    ipaddresses { ipaddress { name } }\n  }\n}\n";
const asked = new URLSearchParams(location.hash.slice(1)).get("query");

async function fetcher({ query, variables, operationName }) {
  try {
    return await askGraphql({ query, variables, operationName });
  } catch (error) {
    if (error.status === 401) location.href = "/";
    return { errors: [{ message: error.message }] };
  }
}

createRoot(document.getElementById("graphiql")).render(createElement(GraphiQL, { fetcher, defaultQuery: FIRST, query: asked ?? undefined },
  createElement(GraphiQL.Logo, null, createElement("a", { href: "/", className: "back" }, "← CAR"))));
