/** C-8: promises that a handler drops, by whatever its calls are typed with, made by or reached through. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkProject } from "../check/check.ts";
import { judge } from "../fixtures/judge-forms.ts";
import { readProject } from "../project.ts";
import { rules } from "../rules/index.ts";

type More = Readonly<Record<string, string>>;
type Form = readonly [ids: string, lines: string, more?: More];

const handler = (lines: string) => `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, shelve)] });
${lines.trim()}`;
const forms: Readonly<Record<string, Form>> = {
  interface: [
    "C-8",
    `
import { defineConsumer, on } from "@brain/engine";
import type { Mailer, Repo } from "../lib/ports.ts";
interface Own extends Mailer { later: (id: string) => Promise<void>; both(id: string): void | Promise<void>; n(): number }
type Services = { readonly mailer: Mailer; readonly repo: Repo<string>; own: Own };
export const make = (mailer: Mailer, services: Services, { repo }: Services, send: (x: string) => Promise<void>) =>
  defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, async (event) => {
    mailer.send("x"); //! C-8
    mailer["send"]("x"); //! C-8
    mailer.tell("x");
    services.mailer.send("x"); //! C-8
    services.own.later("x"); //! C-8
    services.own.send("x"); //! C-8
    services.own.n();
    services.repo.save("x"); //! C-8
    repo.save("x"); //! C-8
    repo.note("x");
    send("x"); //! C-8
    const { send: post, tell } = mailer;
    post("x"); //! C-8
    tell("x");
    void mailer.send("y"); //! C-8
    await mailer.send("z");
    const p = mailer.send("z");
    await p;
    await Promise.all([mailer.send("z")]);
  })] });
`,
    {
      "src/lib/ports.ts": `export interface Mailer { send(to: string): Promise<void>; tell(to: string): void }
export abstract class Repo<T> { abstract save(x: T): PromiseLike<void>; note(x: T): void {} }`,
    },
  ],
  "function without async": [
    "C-8",
    handler(`
import { tellAll, Later } from "../lib/tell.ts";
import { tellAll as again } from "../lib/index.ts";
const tell = (id: string): Promise<void> => tellAll(id);
function told(id: string) { return tellAll(id); }
const made = (id: string) => new Promise<void>((resolve) => resolve());
const ready = (id: string) => Promise.resolve(id);
const chained = (id: string) => tellAll(id).then(() => 1);
const plain = (id: string) => id.length;
const maybe = (id: string) => { if (id) return tellAll(id); return undefined; };
class Store { save(id: string): Promise<void> { return tellAll(id); } keep = (id: string) => tellAll(id); note(id: string) {} static put(id: string) { return tellAll(id); } }
class Sub extends Store { again(id: string) { return this.save(id); } }
const store = new Store();
const sub: Store = new Sub();
const parts = { tell, plain, async go() {} };
async function shelve(event: Event, context: Context) {
  tell("x"); //! C-8
  told("x"); //! C-8
  made("x"); //! C-8
  ready("x"); //! C-8
  chained("x"); //! C-8
  maybe("x"); //! C-8
  plain("x");
  again("x"); //! C-8
  store.save("x"); //! C-8
  store.keep("x"); //! C-8
  store.note("x");
  Store.put("x"); //! C-8
  new Sub().save("x"); //! C-8
  new Sub().again("x"); //! C-8
  sub.save("x"); //! C-8
  parts.tell("x"); //! C-8
  parts.plain("x");
  parts.go(); //! C-8
  const name = "tell";
  parts[name]("x"); //! C-8
}
`),
    {
      "src/lib/tell.ts": `export async function tellAll(id: string) {}`,
      "src/lib/index.ts": `export * from "./tell.ts";`,
    },
  ],
  generic: [
    "C-8",
    handler(`
function retried<T>(run: () => Promise<T>): Promise<T> { return run(); }
function timed<T>(run: () => T): T { return run(); }
declare const db: { query: { books: { findMany(): Promise<string[]> } } };
type Save = (x: string) => Promise<void>;
const save: Save = (x) => fetch(x).then(() => undefined);
let kept: Save | undefined;
async function shelve(event: Event, context: Context) {
  retried(async () => 1); //! C-8
  timed(() => 1);
  timed(async () => 1); //! C-8
  db.query.books.findMany(); //! C-8
  save("x"); //! C-8
  kept?.("x"); //! C-8
  (async () => { await fetch("x"); })(); //! C-8
  [1].push(2);
  new Map().set(1, 2);
  console.log("x");
  context.log.info("x");
}
`),
  ],
  "helper drops": [
    "C-8",
    handler(`
import { books } from "./tables.ts";
const store = async (tx: Tx, id: string) => {
  tx.insert(books).values({ id }); //! C-8
  send("x"); //! C-8
};
const send = async (id: string) => { await fetch("x"); };
class Desk { async run() { this.go(); } //! C-8
  async go() {} }
async function shelve(event: Event, { tx }: Context) {
  await store(tx, "x");
  await new Desk().run();
}
`),
  ],
  "what is no promise, and what somebody waits for": [
    "C-8",
    handler(`
import type { Mailer } from "../lib/ports.ts";
interface Ports { mailer: Mailer; log: Log; count(name: string): void }
interface Log { info(text: string): Promise<void> }
class Desk {
  readonly #mails: Promise<void>[] = [];
  constructor(private readonly ports: Ports) {}
  open(id: string) { this.#mails.push(this.ports.mailer.send(id)); this.ports.count(id); }
  close() { return Promise.all(this.#mails); }
  with(ports: Ports) { return this; }
}
const first = <T>(list: readonly T[]): T | undefined => list[0];
function* ids() { yield "x"; }
const each = (run: (id: string) => void) => run("x");
async function shelve(event: Event, { ports }: { ports: Ports }) {
  const desk = new Desk(ports);
  desk.open("x");
  desk.with(ports).open("y");
  await desk.close();
  ports.log.info("told");
  ports.count("x");
  first([ports.mailer.send("x")]);
  ids();
  each((id) => ports.count(id));
  const sent = [ports.mailer.send("x")];
  sent.push(ports.mailer.send("y"));
  await Promise.all(sent);
  for (const id of ids()) await ports.mailer.send(id);
  return ports.mailer.send("z");
}
`),
    {
      "src/lib/ports.ts": `export interface Mailer { send(to: string): Promise<void> }`,
    },
  ],
};

test.each(Object.entries(forms))("%s", (_, [ids, lines, more]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});

const product: More = {
  "package.json": `{ "name": "product", "type": "module" }`,
  "node_modules/@brain/engine/package.json": `{ "name": "@brain/engine", "types": "index.d.ts" }`,
  "node_modules/@brain/engine/index.d.ts": `
export interface Context { tx: { transaction(run: () => Promise<void>): Promise<void>; note(): void }; log: { info(text: string): Promise<void> } }
export function on(event: unknown, handler: (event: unknown, context: Context) => Promise<void>): unknown;
export function defineConsumer(options: unknown): unknown;
export function defineModule(options: unknown): unknown;`,
  "node_modules/post/package.json": `{ "name": "post", "types": "index.d.ts" }`,
  "node_modules/post/index.d.ts": `
export declare function send(to: string): Promise<void>;
export declare function query(to: string): { then(done: (value: string) => void): void };
export declare function stamp(to: string): void;
export declare class Office { constructor(); send(to: string): Promise<void>; stamp(): void }
export declare const offices: { readonly main: Office };`,
  "src/events.ts": `import { defineEvent } from "@brain/schemas";
export const bookLent = defineEvent("shelf.book.lent", { version: 1, module: "shelf" });`,
  "src/shelf/index.ts": `import { defineModule } from "@brain/engine";
export const shelf = defineModule({ name: "shelf" });`,
  "src/shelf/consumer.ts": `import { defineConsumer, on } from "@brain/engine";
import * as post from "post";
import { Office, offices, send as tell } from "post";
import { bookLent } from "../events.ts";
const office = new Office();
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookLent, async (event, context) => {
  tell("x"); //!
  post.send("x"); //!
  post.query("x"); //!
  office.send("x"); //!
  const { main } = offices;
  main.send("x"); //!
  context.tx.transaction(async () => undefined); //!
  post.stamp("x");
  office.stamp();
  context.tx.note();
  context.log.info("x");
  new Map().set(1, 2);
  await tell("x");
  await Promise.all([office.send("x")]);
})] });`,
};

test("a module as a whole may be a file that is not read", async () => {
  const root = await mkdtemp(join(tmpdir(), "brain-whole-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const consumer = `import { defineConsumer, on } from "@brain/engine";
import * as parts from "./parts.wasm";
import { bookLent } from "../events.ts";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookLent, async () => { parts.run(); })] });`;
  const files = { ...product, "src/shelf/consumer.ts": consumer, "src/shelf/parts.wasm": "" };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const project = await readProject(root);
  expect(checkProject(project, rules, "2026-11-26").findings.filter(({ rule }) => rule === "C-8")).toEqual(
    [],
  );
});

test("what installed packages promise is asked of the compiler", async () => {
  const root = await mkdtemp(join(tmpdir(), "brain-packages-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(product)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const project = await readProject(root);
  const found = checkProject(
    project,
    rules.filter(({ id }) => id === "C-8"),
    "2026-11-26",
  ).findings.map(({ line }) => line);
  const marked = (product["src/shelf/consumer.ts"] ?? "")
    .split("\n")
    .flatMap((line, at) => (line.endsWith("//!") ? [at + 1] : []));
  expect(found).toEqual(marked);
});
