// SPDX-License-Identifier: Apache-2.0
// Makes dist/ of src/ and of the libraries: ./dev page runs it.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const folder = import.meta.dirname;
const LIMIT = 200_000; // bytes of the page without GraphiQL, compressed

const common = {
  bundle: true, minify: true, format: "esm", target: "es2022", outdir: path.join(folder, "dist"), charset: "utf8", metafile: true,
  legalComments: "none", loader: { ".md": "text" }, logLevel: "warning", define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: "/* SPDX-License-Identifier: Apache-2.0 AND MIT, see licences.txt */", css: "/* SPDX-License-Identifier: Apache-2.0 AND MIT, see licences.txt */" },
};

/** Fonts as data: addresses are none of the page's own. */
const withoutFonts = { name: "without-fonts", setup: ({ onLoad }) => onLoad({ filter: /graphiql.*style\.css$/ }, async ({ path: file }) => ({
  loader: "css", contents: (await readFile(file, "utf8")).replace(/@font-face\s*\{[^}]*\}/g, "") })) };

/** The package that a file below node_modules is of. */
const packageOf = (file) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file);

async function licence(root) {
  const { name, version, license } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
  const file = (await readdir(root)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(path.join(root, file), "utf8") : "The package has no text of its licence.";
  return `${name} ${version}: ${license}\n\n${text.trim()}\n`;
}

async function writeLicences(metafiles) {
  const roots = metafiles.flatMap(({ inputs }) => Object.keys(inputs)).map(packageOf).filter(Boolean).map(([root]) => path.resolve(root));
  const texts = await Promise.all([...new Set(roots)].sort().map(licence));
  const rule = `\n${"-".repeat(100)}\n\n`;
  await writeFile(path.join(folder, "dist", "licences.txt"), ["SPDX-License-Identifier: Apache-2.0 AND MIT AND BSD-2-Clause\n\nThe page of car-service is part of libcar: Apache-2.0. It holds these libraries besides.\n", ...texts].join(rule));
}

/** What dist/ is made of, in sha256sum's form: a test tells by it whether dist/ is of the sources that are there. */
async function writeSums() {
  const sources = (await readdir(path.join(folder, "src"))).map((name) => `src/${name}`);
  const names = [...sources, "../../docs/queries.md", "build.mjs", "package.json", "package-lock.json"].sort();
  const sum = async (name) => createHash("sha256").update(await readFile(path.join(folder, name))).digest("hex");
  const lines = await Promise.all(names.map(async (name) => `${await sum(name)}  ${name}\n`));
  await writeFile(path.join(folder, "dist", "sources.sha256"), lines.join(""));
}

await rm(common.outdir, { recursive: true, force: true });
await mkdir(common.outdir, { recursive: true });
const results = await Promise.all([
  build({ ...common, entryPoints: [path.join(folder, "src/main.js"), path.join(folder, "src/page.css")], entryNames: "page" }),
  build({ ...common, entryPoints: [path.join(folder, "src/graphiql.js")], plugins: [withoutFonts], alias: { "react-style-singleton": path.join(folder, "src/style-singleton.js") } }),
]);
for (const name of ["index.html", "graphiql.html", "icon.svg"]) await copyFile(path.join(folder, "src", name), path.join(folder, "dist", name));
await writeSums();
await writeLicences(results.map(({ metafile }) => metafile));

const size = async (...names) => (await Promise.all(names.map(async (name) => gzipSync(await readFile(path.join(folder, "dist", name)), { level: 9 }).length))).reduce((a, b) => a + b, 0);
const page = await size("index.html", "page.js", "page.css", "icon.svg");
console.log(`the page: ${page} bytes compressed; GraphiQL: ${await size("graphiql.html", "graphiql.js", "graphiql.css")}`);
if (page > LIMIT) throw new Error(`The page is larger than ${LIMIT} bytes`);
