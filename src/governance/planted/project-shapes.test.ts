/** Projects that are laid out in other ways: settings of the compiler, kinds of sources, and workspaces. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkProject } from "../check/check.ts";
import { readProject } from "../project.ts";
import { rules } from "../rules/index.ts";

type Files = Readonly<Record<string, string>>;

/** `//! 11.1` at the end of a line says what is found there. */
const mark = / \/\/! ([A-Z0-9a-z. -]+)$/;

const json = (value: unknown) => JSON.stringify(value);
const moduleNamed = (name: string) =>
  `import { defineModule } from "@brain/engine";\nexport const ${name} = defineModule({ name: "${name}", events: [] });`;

/** Two modules: what stands in one is no business of the other. */
const modules: Files = {
  "package.json": json({ name: "shop" }),
  "src/shelf/index.ts": moduleNamed("shelf"),
  "src/desk/index.ts": moduleNamed("desk"),
  "src/desk/service.ts": "export const take = (id: string) => id;",
  "src/lib/text.ts": "export const trimmed = (text: string) => text.trim();",
};

const desk = { "@desk/*": ["src/desk/*"], "@lib/*": ["src/lib/*"] };
const byAlias: Files = {
  "src/shelf/service.ts": `import { trimmed } from "@lib/text";
import { take } from "@desk/service"; //! 11.1
export const taken = (id: string) => take(trimmed(id));`,
};
/** The word of TypeScript for the folder of the outermost settings. */
const ofConfig = (path: string) => [`\${configDir}/src/${path}/*`];
const configDir = { paths: { "@desk/*": ofConfig("desk"), "@lib/*": ofConfig("lib") } };
const publishing = `import { defineEvent } from "@brain/schemas";
import { defineModule, type Publish } from "@brain/engine";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
export const bookLend = defineEvent("library.book.lend", { version: 1, module: "library", payload }); //! N-4
export const bookLent = defineEvent("library.book.lent", { version: 1, module: "library", payload });
export const library = defineModule({ name: "library", events: [bookLend, bookLent] });
export const lend = (publish: Publish, book: string) => { publish(bookLent, { book_id: book }); }; //! B-1
export const lendWell = async (publish: Publish, book: string) => { await publish(bookLent, { book_id: book }); };`;

const shapes: Readonly<Record<string, Files>> = {
  "paths of a file that is extended by another one": {
    ...modules,
    ...byAlias,
    "tsconfig.json": json({ extends: "./config/app" }),
    "config/app.json": json({ extends: "./deep/base.json", compilerOptions: { strict: true } }),
    "config/deep/base.json": json({
      compilerOptions: { paths: { "@desk/*": ["../../src/desk/*"], "@lib/*": ["../../src/lib/*"] } },
    }),
  },
  "paths of the last of several files": {
    ...modules,
    ...byAlias,
    "tsconfig.json": `{ // what all have
      "extends": ["./tsconfig.strict.json", "./tsconfig.paths.json"], }`,
    "tsconfig.strict.json": json({ compilerOptions: { strict: true, paths: { "@old/*": ["old/*"] } } }),
    "tsconfig.paths.json": json({ compilerOptions: { baseUrl: ".", paths: desk } }),
  },
  "paths of an installed package": {
    ...modules,
    ...byAlias,
    "tsconfig.json": json({ extends: "@shop/tsconfig/app.json" }),
    "node_modules/@shop/tsconfig/package.json": json({ name: "@shop/tsconfig" }),
    "node_modules/@shop/tsconfig/app.json": json({ extends: "./base.json" }),
    "node_modules/@shop/tsconfig/base.json": json({ compilerOptions: configDir }),
  },
  "paths of a package of the project itself": {
    ...modules,
    ...byAlias,
    "package.json": json({ name: "shop", workspaces: ["config"] }),
    "tsconfig.json": json({ extends: "@shop/tsconfig/app.json" }),
    "config/package.json": json({ name: "@shop/tsconfig" }),
    "config/app.json": json({ compilerOptions: configDir }),
  },
  "paths of a project that is referred to": {
    ...modules,
    ...byAlias,
    "tsconfig.json": json({ files: [], references: [{ path: "./tsconfig.node.json" }, { path: "src" }] }),
    "tsconfig.node.json": json({ compilerOptions: { strict: true } }),
    "src/tsconfig.json": json({
      compilerOptions: { paths: { "@desk/*": ["./desk/*"], "@lib/*": ["./lib/*"] } },
    }),
  },
  "a base without paths": {
    ...modules,
    "tsconfig.json": json({ compilerOptions: { baseUrl: "./src" } }),
    "src/shelf/service.ts": `import { trimmed } from "lib/text";
import { take } from "desk/service"; //! 11.1
export const taken = (id: string) => take(trimmed(id));`,
  },
  "settings that are missing, or refer to themselves": {
    ...modules,
    "tsconfig.json": json({
      extends: ["./gone.json", "./tsconfig.json", "@gone/package"],
      references: [{ path: "." }],
    }),
    "src/shelf/service.ts": `import { take } from "../desk/service.ts"; //! 11.1
export const taken = (id: string) => take(id);`,
  },
  "paths and references that are no lists of texts": {
    ...modules,
    "tsconfig.json": json({
      compilerOptions: { paths: { "@/*": "src/*", x: null, y: 5, "z/*": [null, 3, "src/*"] } },
      references: [null, "src", {}, { path: 5 }, { path: "./src" }],
    }),
    "src/tsconfig.json": json({ compilerOptions: { baseUrl: 5, paths: ["src/*"] }, references: "packages" }),
    "src/shelf/service.ts": `import { take } from "@/desk/service"; //! 11.1
import { take as again } from "z/desk/service"; //! 11.1
import x from "x";
export const taken = (id: string) => [take(id), again(id), x];`,
  },
  "settings that are no settings": {
    ...modules,
    "tsconfig.json": json({ compilerOptions: null, references: [null], extends: [5, null] }),
    "src/tsconfig.json": json(["no", null]),
    "src/shelf/tsconfig.json": "null",
    "src/shelf/service.ts": `import { take } from "../desk/service.ts"; //! 11.1
export const taken = (id: string) => take(id);`,
  },
  "exact names before patterns, and the longest pattern before shorter ones": {
    ...modules,
    "package.json": json({
      name: "shop",
      imports: { "#*": "./src/*", "#desk": "./src/lib/desk-client.ts", "#desk/*": "./src/lib/*.ts" },
    }),
    "tsconfig.json": json({
      compilerOptions: {
        paths: { "~*": ["./src/*"], "~desk": ["./src/lib/desk-client.ts"], "~desk/*": ["./src/lib/*"] },
      },
    }),
    "src/lib/desk-client.ts": "export const client = 1;",
    "src/lib/part.ts": "export const own = 1;",
    "src/desk/part.ts": "export const own = 2;",
    "src/shelf/service.ts": `import { client } from "~desk";
import { client as same } from "#desk";
import { own } from "~desk/part";
import { own as again } from "#desk/part";
import { take } from "~desk/../desk/service";
import { desk } from "~desk/index";
import { named } from "~desk.ts";
import { shown } from "~shelf/shown";
export const all = [client, same, own, again, take, desk, named, shown];`,
  },
  "paths that several projects of one root have": {
    "package.json": json({ name: "shop", workspaces: ["packages/*"] }),
    "tsconfig.json": json({
      files: [],
      references: [{ path: "packages/a" }, { path: "packages/b" }, { path: "config/tsconfig.app.json" }],
    }),
    "config/tsconfig.app.json": json({
      include: ["../src"],
      compilerOptions: { paths: { "%a/*": ["../packages/a/src/*"] } },
    }),
    "packages/a/package.json": json({ name: "@shop/a" }),
    "packages/a/tsconfig.json": json({
      compilerOptions: { paths: { "@/*": ["./src/*"], "$/*": ["./src/*"] } },
    }),
    "packages/a/src/index.ts": moduleNamed("a"),
    "packages/a/src/types.ts": "export type T = 1;",
    "packages/b/package.json": json({ name: "@shop/b" }),
    "packages/b/tsconfig.json": json({ compilerOptions: { paths: { "@/*": ["./src/*"] } } }),
    "packages/b/src/index.ts": moduleNamed("b"),
    "packages/b/src/types.d.ts": "export type T = 2;",
    "packages/b/src/service.ts": `import type { T } from "@/types";
import type { T as U } from "$/types";
import type { T as W } from "%a/types";
import type { T as V } from "@shop/a/src/types"; //! 11.1
export type All = [T, U, V, W];`,
    "src/c/index.ts": moduleNamed("c"),
    "src/c/service.ts": `import type { T } from "%a/types"; //! 11.1
export type All = [T];`,
  },
  "paths that are nearer than those of the folder around": {
    ...modules,
    "tsconfig.json": json({ compilerOptions: { paths: { "@/*": ["./src/*"], "@lib/*": ["./src/lib/*"] } } }),
    "src/shelf/tsconfig.json": json({ compilerOptions: { paths: { "@/*": ["./*"] } } }),
    "src/shelf/desk/service.d.ts": "export const take: 1;",
    "src/shelf/service.ts": `import { take } from "@/desk/service";
import { trimmed } from "@lib/text";
export const taken = [take, trimmed];`,
    "src/desk/own.ts": `import { shelf } from "@/shelf/index"; //! 11.1
export const own = shelf;`,
  },
  "packages that modules share, beside them": {
    "package.json": json({ name: "shop", workspaces: ["packages/*"] }),
    "packages/library/package.json": json({ name: "@shop/library" }),
    "packages/library/index.ts": moduleNamed("library"),
    "packages/library/service.ts": `import { connect } from "@shop/db";
import { app } from "@shop/http";
import { service } from "@shop/kit";
import { bill } from "@shop/billing"; //! 11.1
import { wait } from "@shop/desk"; //! 11.1
export const all = [connect, app, service, bill, wait];`,
    "packages/db/package.json": json({ name: "@shop/db" }),
    "packages/db/src/index.ts": `import { drizzle } from "drizzle-orm/neon-http";
import { pgTable } from "drizzle-orm/pg-core";
export const connect = [drizzle, pgTable];`,
    "packages/db/src/tables.ts": "export const tables = {};",
    "packages/http/package.json": json({ name: "@shop/http" }),
    "packages/http/src/index.ts": `import { Hono } from "hono";
export const app = () => new Hono();`,
    "packages/kit/package.json": json({ name: "@shop/kit" }),
    "packages/kit/src/index.ts": 'export { service } from "./service.ts";',
    "packages/kit/src/service.ts": "export const service = 1;",
    "packages/events/package.json": json({ name: "@shop/events" }),
    "packages/events/src/index.ts": `import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
export const bookLent = defineEvent("library.book.lent", { version: 1, module: "library", payload });`,
    "packages/billing/package.json": json({ name: "@shop/billing" }),
    "packages/billing/src/index.ts": `import type { Publish } from "@brain/engine";
import { bookLent } from "@shop/events";
export const bill = async (publish: Publish, book: string) => { await publish(bookLent, { book_id: book }); };`,
    "packages/desk/package.json": json({ name: "@shop/desk" }),
    "packages/desk/src/index.ts": `import { defineConsumer, on } from "@brain/engine";
import { bookLent } from "@shop/events";
export const wait = defineConsumer({ subscriber: "desk", handlers: [on(bookLent, async () => {})] });`,
  },
  "sources of CommonJS and of modules, and with elements": {
    ...modules,
    "src/desk/tables.cts": "export const rows = 1;",
    "src/desk/page.tsx": "export const Page = () => <p>desk</p>;",
    "src/desk/part.mts": "export const part = 1;",
    "src/lib/old.cts": "export const old = 1;",
    "src/lib/view.tsx": "export const View = () => <p>view</p>;",
    "src/shelf/one.cts": `import { old } from "../lib/old.cjs";
import { rows } from "../desk/tables.cjs"; //! 11.1
import lib = require("../lib/old.cjs");
import desk = require("../desk/tables.cjs"); //! 11.1
const { part } = require("../desk/part.mjs"); //! 11.1
export const all = [old, rows, lib, desk, part];`,
    "src/shelf/two.mts": `import { part } from "../desk/part.mjs"; //! 11.1
export const own = part;`,
    "src/shelf/three.tsx": `import { View } from "../lib/view.jsx";
import { Page } from "../desk/page.jsx"; //! 11.1
export const Both = () => <div><View /><Page /></div>;`,
  },
  "events and what publishes, in a file of CommonJS": {
    "package.json": json({ name: "shop" }),
    "src/library/index.cts": publishing,
    "src/library/more.cts": `import schemas = require("@brain/schemas");
import z = require("zod");
const { defineEvent } = require("@brain/schemas");
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
export const bookTake = schemas.defineEvent("library.book.take", { version: 1, module: "library", payload }); //! N-4
export const bookKeep = defineEvent("library.book.keep", { version: 1, module: "library", payload }); //! N-4
export const bookTaken = schemas.defineEvent("library.book.taken", { version: 1, module: "library", payload });`,
  },
  "a module that is a workspace of npm": {
    "package.json": json({ name: "shop", workspaces: ["packages/*"] }),
    "packages/library/package.json": json({ name: "@shop/library" }),
    "packages/library/src/index.ts": publishing,
  },
  "a module that is a workspace of pnpm": {
    "package.json": json({ name: "shop" }),
    "pnpm-workspace.yaml": "packages:\n  - packages/*\n",
    "packages/library/package.json": json({ name: "@shop/library" }),
    "packages/library/src/index.ts": publishing,
  },
  "workspaces of Yarn that use each other, by their doors, their own settings and their own names": {
    "package.json": json({ name: "shop", workspaces: { packages: ["packages/*"] } }),
    "packages/shelf/package.json": json({ name: "@shop/shelf", imports: { "#lib/*": "./src/parts/*.ts" } }),
    "packages/shelf/tsconfig.json": json({
      compilerOptions: { paths: { "~desk/*": ["../desk/src/*"], "~/*": ["./src/*"] } },
    }),
    "packages/shelf/src/index.ts": moduleNamed("shelf"),
    "packages/shelf/src/parts/text.ts": 'export { take as hidden } from "@shop/desk"; //! 11.1',
    "packages/shelf/src/service.ts": `import { hidden } from "#lib/text";
import { hidden as same } from "~/parts/text";
import { named } from "@shop/lib";
import { take } from "@shop/desk"; //! 11.1
import { rows } from "@shop/desk/rows"; //! 11.1
import { deep } from "@shop/desk/deep/part"; //! 11.1
import { own } from "~desk/own"; //! 11.1
export const all = [hidden, same, named, take, rows, deep, own];`,
    "packages/desk/package.json": json({
      name: "@shop/desk",
      exports: {
        ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
        "./rows": "./src/own.ts",
        "./deep/*": { import: "./dist/esm/deep/*.js" },
      },
    }),
    "packages/desk/src/index.ts": `${moduleNamed("desk")}\nexport const take = 1;`,
    "packages/desk/src/own.ts": "export const rows = 1;\nexport const own = 2;",
    "packages/desk/src/deep/part.ts": "export const deep = 1;",
    "packages/lib/package.json": json({ name: "@shop/lib", main: "lib/index.js" }),
    "packages/lib/src/index.ts": "export const named = (name: string) => `library.book.$" + "{name}`;",
    "packages/events/package.json": json({ name: "@shop/events", main: "./src/main.ts" }),
    "packages/events/src/main.ts": `import { defineEvent } from "@brain/schemas";
import { named } from "@shop/lib";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
export const bookLend = defineEvent(named("lend"), { version: 1, module: "shelf", payload }); //! N-4
export const bookLent = defineEvent(named("lent"), { version: 1, module: "shelf", payload });`,
    "packages/desk/src/consumer.ts": `import type { Publish } from "@brain/engine";
import { bookLent } from "@shop/events";
export const tell = (publish: Publish, book: string) => { publish(bookLent, { book_id: book }); }; //! B-1
export const wait = (publish: Publish, book: string) => publish(bookLent, { book_id: book });`,
  },
};

const chosen = rules.filter(({ id }) => ["11.1", "N-1", "N-4", "B-1", "E-8"].includes(id));

test.each(Object.entries(shapes))("%s", async (_, files) => {
  const root = await mkdtemp(join(tmpdir(), "brain-shape-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const expected: string[] = [];
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    const lines = text.split("\n");
    for (const [at, line] of lines.entries())
      for (const id of mark.exec(line)?.[1]?.split(" ") ?? []) expected.push(`${path}:${at + 1}:${id}`);
    await writeFile(join(root, path), lines.map((line) => line.replace(mark, "")).join("\n"));
  }
  const { findings } = checkProject(await readProject(root), chosen, "2026-11-26");
  expect(findings.map(({ file, line, rule }) => `${file}:${line}:${rule}`).sort()).toEqual(expected.sort());
});
