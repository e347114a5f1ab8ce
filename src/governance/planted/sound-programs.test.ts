/** Sound programs of different styles, in which nothing is told. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";
import { rules } from "../rules/index.ts";

/** Documents and tests are no part of these programs. */
const judged = rules.map(({ id }) => id).filter((id) => !/^(?:R-|EV-|T-|N-6|C-6|C-7|L-3|PY)/.test(id));

const programs: Readonly<Record<string, string>> = {
  "hono routes with a service": `
import type { Engine } from "@brain/engine";
import { Hono } from "hono";
import { eq } from "drizzle-orm";
import { books } from "./tables.ts";
export class ShelfService {
  constructor(private readonly engine: Engine) {}
  async lend(id: string) {
    return this.engine.transact({ source: "shelf" }, async (tx, { publish }) => {
      const [row] = await tx.update(books).set({ id }).where(eq(books.id, id)).returning();
      if (row === undefined) return null;
      await publish(bookShelved, { book_id: row.id });
      return row;
    });
  }
  list() { return this.engine.open().db.statements.select().from(books).limit(50); }
}
export const routes = (engine: Engine) => {
  const service = new ShelfService(engine);
  return new Hono()
    .get("/", async (c) => c.json(await service.list()))
    .post("/:id/lend", async (c) => {
      const row = await service.lend(c.req.param("id"));
      return row === null ? c.json({ error: "not found" }, 404) : c.json(row, 201);
    });
};`,
  "drizzle relational queries": `
import type { Database } from "@brain/engine";
import { relations, sql, and, gt } from "drizzle-orm";
import { books } from "./tables.ts";
export const bookRelations = relations(books, ({ many }) => ({ copies: many(books) }));
export const find = (db: Database) => db.query.books.findMany({ with: { copies: true }, where: (b, { eq }) => eq(b.id, "1"), limit: 10 });
export const counted = (db: Database) => db.select({ count: sql<number>\`count(*)::int\` }).from(books).where(and(gt(books.id, "0")));
export async function page(db: Database) {
  const all = [];
  let after = "";
  for (;;) {
    const rows = await db.select().from(books).where(gt(books.id, after)).limit(100);
    all.push(...rows);
    const last = rows.at(-1);
    if (last === undefined) return all;
    after = last.id;
  }
}`,
  "functional pipeline": `
import type { Transact } from "@brain/engine";
import { books } from "./tables.ts";
const pipe = <T>(...steps: ((value: T) => T | Promise<T>)[]) => async (value: T) => { let at = value; for (const step of steps) at = await step(at); return at; };
type Input = { readonly id: string; readonly count: number };
const checked = (input: Input) => { if (input.count < 0) throw new RangeError("count must not be negative"); return input; };
const doubled = (input: Input): Input => ({ ...input, count: input.count * 2 });
export const prepare = pipe<Input>(checked, doubled);
export const lend = async (transact: Transact, input: Input) => {
  const ready = await prepare(input);
  await transact(async ({ tx, publish }) => {
    await tx.insert(books).values({ id: ready.id });
    await publish(bookShelved, { book_id: ready.id });
  });
};`,
  "generics repository": `
import type { Database, Transact, Transaction } from "@brain/engine";
import type { PgTable } from "drizzle-orm/pg-core";
import { books } from "./tables.ts";
export class Repository<T extends PgTable> {
  constructor(private readonly table: T) {}
  add(tx: Transaction, row: T["$inferInsert"]) { return tx.insert(this.table).values(row); }
  all(db: Database) { return db.select().from(this.table).limit(100); }
}
const shelf = new Repository(books);
export const lend = (transact: Transact, id: string) => transact(async ({ tx, publish }) => { await shelf.add(tx, { id }); await publish(bookShelved, { book_id: id }); });`,
  "generated client": `
export interface paths { "/books": { get: { responses: { 200: { id: string }[] } } } }
type Options = { readonly baseUrl: string; readonly fetch?: typeof fetch; readonly headers?: Record<string, string> };
export class HttpError extends Error { constructor(readonly status: number, message: string) { super(message); this.name = "HttpError"; } }
export function createClient({ baseUrl, fetch: send = fetch, headers = {} }: Options) {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await send(new URL(path, baseUrl), { method, headers: { "content-type": "application/json", ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
    if (!response.ok) throw new HttpError(response.status, await response.text());
    return (await response.json()) as T;
  };
  return { books: { list: () => call<{ id: string }[]>("GET", "/books"), create: (body: { id: string }) => call("POST", "/books", body), update: (id: string, body: object) => call("PATCH", \`/books/\${id}\`, body) } };
}`,
  "consumer with class handlers": `
import { defineConsumer, on, PermanentError, TransientError } from "@brain/engine";
import { books } from "./tables.ts";
class Handlers {
  async shelved(event, { tx }) { await tx.insert(books).values({ id: event.payload.book_id }).onConflictDoNothing(); }
  static async checked(event, { tx }) { if (event.payload.book_id === "") throw new PermanentError("no book"); await tx.update(books).set({ id: event.payload.book_id }); }
}
const handlers = new Handlers();
const table = { checked: async (event, { tx }) => { try { await tx.update(books).set({ id: event.payload.book_id }); } catch (error) { throw new TransientError("later", { cause: error }); } } };
export const shelf = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, handlers.shelved), on(bookShelved, Handlers.checked.bind(Handlers)), on(bookShelved, table.checked)] });`,
  "retry and sleep helpers": `
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
export const clock = { wait: (ms: number) => sleep(ms) };
export async function withRetry<T>(run: () => Promise<T>, tries = 3): Promise<T> {
  for (let at = 1; ; at++) {
    try { return await run(); } catch (error) { if (at === tries) throw error; await clock.wait(2 ** at * 100); }
  }
}
export const chunked = async <T>(items: readonly T[], run: (item: T) => Promise<void>) => { for (const item of items) { await run(item); await sleep(10); } };`,
  "caching in redis by given client": `
type Cache = { get(key: string): Promise<string | null>; set(key: string, value: string, options: { ex: number }): Promise<unknown> };
const keys = { book: (id: string) => \`brain:shelf:book:\${id}\`, all: "brain:shelf:all" } as const;
export class BookCache {
  constructor(private readonly cache: Cache) {}
  async read(id: string) { const text = await this.cache.get(keys.book(id)); return text === null ? null : JSON.parse(text); }
  write(id: string, value: unknown) { return this.cache.set(keys.book(id), JSON.stringify(value), { ex: 60 }); }
}`,
  "events by factory": `
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const id = (what: string) => z.uuid().describe(what);
const fields = { book: { book_id: id("the book") }, at: { returned_at: z.iso.datetime().describe("when") } };
const bookEvent = <S extends z.ZodRawShape>(action: string, shape: S) => defineEvent(\`shelf.book.\${action}\`, { version: 1, module: "shelf", payload: z.strictObject({ ...fields.book, ...shape }) });
export const shelfBookReturned = bookEvent("returned", fields.at);
export const shelfBookRenewed = bookEvent("renewed", { ["times"]: z.int().min(0).max(99).describe("how often") });`,
  "state machine": `
import type { Publish, Transact, Transaction } from "@brain/engine";
import { books } from "./tables.ts";
const states = ["free", "lent", "lost"] as const;
type State = (typeof states)[number];
const next: Readonly<Record<State, readonly State[]>> = { free: ["lent"], lent: ["free", "lost"], lost: [] };
export const may = (from: State, to: State) => next[from].includes(to);
const actions = { lent: async (tx: Transaction, publish: Publish, id: string) => { await tx.insert(books).values({ id }); await publish(bookShelved, { book_id: id }); } };
export const act = (transact: Transact, kind: keyof typeof actions, id: string) => transact(async ({ tx, publish }) => { await actions[kind](tx, publish, id); });`,
  "logger and errors": `
const log = { info: (fields: object) => console.info(JSON.stringify(fields)) };
export class NotFound extends Error { readonly code = "not_found"; constructor(id: string) { super(\`There is no book \${id}.\`); } }
export const told = (id: string) => { log.info({ event: "lookup", id }); throw new NotFound(id); };
export const translate = (t: (text: string) => string) => [t("Select a book from the list"), t("Update the set of books"), t("Delete from the shelf"), t("Insert into the slot")];`,
  "dependency injection container": `
import type { Transact } from "@brain/engine";
import { books } from "./tables.ts";
export type Deps = { readonly transact: Transact; readonly now: () => Date; readonly newId: () => string };
export const createShelf = ({ transact, now, newId }: Deps) => ({
  async add() { const id = newId(); await transact(async ({ tx, publish }) => { await tx.insert(books).values({ id }); await publish(bookShelved, { book_id: id }); }); return { id, at: now().toISOString() }; },
});
export type Shelf = ReturnType<typeof createShelf>;`,
  "unit of work and AsyncLocalStorage": `
import type { Transact, Transaction } from "@brain/engine";
import { AsyncLocalStorage } from "node:async_hooks";
import { books } from "./tables.ts";
const current = new AsyncLocalStorage<Transaction>();
const tx = () => { const found = current.getStore(); if (found === undefined) throw new Error("no transaction"); return found; };
class Books { add(id: string) { return tx().insert(books).values({ id }); } get db() { return tx(); } drop() { return this.db.delete(books); } }
export class Work {
  readonly #books = new Books();
  constructor(private readonly transact: Transact) {}
  lend(id: string) {
    return this.transact(({ tx: own, publish }) => current.run(own, async () => { await this.#books.add(id); await this.#books.drop(); await publish(bookShelved, { book_id: id }); }));
  }
}`,
  "stripe webhook with node http server": `
import type { Engine } from "@brain/engine";
import { Hono } from "hono";
import { books } from "./tables.ts";
export const webhook = (engine: Engine, verify: (text: string, signature: string) => Promise<{ id: string; kind: string }>) =>
  new Hono().post("/", async (c) => {
    const signature = c.req.header("x-signature");
    if (signature === undefined) return c.json({ error: "no signature" }, 400);
    const sent = await verify(await c.req.text(), signature).catch(() => null);
    if (sent === null) return c.json({ error: "wrong signature" }, 400);
    await engine.transact({ source: "shelf" }, async (tx, { publish }) => { await tx.insert(books).values({ id: sent.id }).onConflictDoNothing(); await publish(bookShelved, { book_id: sent.id }); });
    return c.body(null, 204);
  });`,
  "iterators, streams and workers": `
export async function* lines(source: ReadableStream<Uint8Array>) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of source as unknown as AsyncIterable<Uint8Array>) { rest += decoder.decode(part, { stream: true }); const all = rest.split("\\n"); rest = all.pop() ?? ""; yield* all; }
  if (rest !== "") yield rest;
}
export class Queue<T> { readonly #items: T[] = []; push(item: T) { this.#items.push(item); } *drain() { while (this.#items.length > 0) yield this.#items.shift() as T; } }
export const sum = (rows: Iterable<{ readonly count: number }>) => { let total = 0; for (const { count } of rows) total += count; return total; };
const command = "get";
export const byName = (map: Map<string, number>) => map[command]("one");
export const emitterOf = (target: EventTarget) => ({ emit: (name: string) => target.dispatchEvent(new Event(name)) });`,
  "object of handlers by key": `
import { defineConsumer, on } from "@brain/engine";
import { books } from "./tables.ts";
const upsert = async (tx, id) => { await tx.insert(books).values({ id }).onConflictDoUpdate({ target: books.id, set: { id } }); };
const own = { async shelved(event, { tx, log }) { log.info({ id: event.id }); await upsert(tx, event.payload.book_id); } };
const { shelved } = own;
export const c = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, shelved), on(bookShelved, own["shelved"])] });`,
  "base classes": `
import type { Database, Transact, Transaction } from "@brain/engine";
import { books } from "./tables.ts";
abstract class Base { constructor(protected readonly transact: Transact, protected readonly db: Database) {} protected abstract name(): string; protected read() { return this.db.select().from(books).limit(10); } }
export class Shelf extends Base {
  protected name() { return "shelf"; }
  async lend(id: string) { const found = await this.read(); if (found.length > 9) return; await this.transact(async ({ tx, publish }) => { await this.store(tx, id); await publish(bookShelved, { book_id: id }); }); }
  private store(tx: Transaction, id: string) { return tx.insert(books).values({ id }); }
  async clear() { await this.db.delete(books); }
}`,
};

test.each(Object.entries(programs))("%s", (_, lines) => {
  expect(judge(judged.join(" "), lines).found).toEqual([]);
});
