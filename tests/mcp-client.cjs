// SPDX-License-Identifier: Apache-2.0
// The public client of the Model Context Protocol, which starts carctl mcp: mcp-client.cjs CARCTL
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");

(async () => {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(new StdioClientTransport({ command: process.argv[2], args: ["mcp"], env: process.env }));
  const { tools } = await client.listTools();
  const answer = await client.callTool({ name: "query", arguments: { query: '{ asset(where: {external_id: {_eq: "a"}}) { name } }' } });
  await client.ping();
  await client.close();
  console.log(JSON.stringify({ server: client.getServerVersion(), tools: tools.map(({ name }) => name), answer }));
})();
