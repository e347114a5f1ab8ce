/** Further sound programs, in styles that other teams have: nothing is told of them. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";
import { rules } from "../rules/index.ts";

/** Documents and tests are no part of these programs. */
const judged = rules
  .map(({ id }) => id)
  .filter((id) => !/^(?:R-|EV-|T-|N-6|C-6|C-7|L-3|PY)/.test(id))
  .join(" ");

type Program = readonly [lines: string, more?: Readonly<Record<string, string>>];

const programs: Readonly<Record<string, Program>> = {
  "a container with tokens and decorators": [
    `
import { inject, injectable, container } from "tsyringe";
import type { Transact, Transaction } from "@brain/engine";
import { books } from "./tables.ts";
const tokens = { transact: Symbol("transact"), books: Symbol("books") } as const;
@injectable()
export class BookStore { add(tx: Transaction, id: string) { return tx.insert(books).values({ id }); } }
@injectable()
export class Shelf {
  constructor(@inject(tokens.transact) private readonly transact: Transact, @inject(tokens.books) private readonly store: BookStore) {}
  @timed("lend")
  async lend(id: string) {
    await this.transact(async ({ tx, publish }) => { await this.store.add(tx, id); await publish(bookShelved, { book_id: id }); });
  }
}
function timed(label: string) { return (target: unknown, key: string, descriptor: PropertyDescriptor) => { const run = descriptor.value; descriptor.value = async function (...given: unknown[]) { const start = performance.now(); try { return await run.apply(this, given); } finally { console.info(label, performance.now() - start); } }; }; }
export const register = () => container.register(tokens.books, { useClass: BookStore });`,
  ],
  "effects as generators": [
    `
import { Effect, Layer, Context, pipe } from "effect";
import type { Transact, Transaction, Publish } from "@brain/engine";
import { books } from "./tables.ts";
class Db extends Context.Tag("Db")<Db, { readonly transact: Transact }>() {}
const insert = (tx: Transaction, id: string) => Effect.tryPromise({ try: () => tx.insert(books).values({ id }), catch: (cause) => new StoreError("not stored", { cause }) });
const tell = (publish: Publish, id: string) => Effect.promise(() => publish(bookShelved, { book_id: id }));
export class StoreError extends Error {}
export const lend = (id: string) => Effect.gen(function* () {
  const { transact } = yield* Db;
  return yield* Effect.promise(() => transact(({ tx, publish }) => Effect.runPromise(pipe(insert(tx, id), Effect.flatMap(() => tell(publish, id))))));
});
export const live = (transact: Transact) => Layer.succeed(Db, { transact });`,
  ],
  "results in place of errors": [
    `
import type { Transact } from "@brain/engine";
import { eq } from "drizzle-orm";
import { books } from "./tables.ts";
type Result<T, E extends string> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };
const ok = <T>(value: T) => ({ ok: true, value }) as const;
const err = <E extends string>(error: E) => ({ ok: false, error }) as const;
export async function lend(transact: Transact, id: string): Promise<Result<string, "taken" | "gone">> {
  if (id === "") return err("gone");
  const lent = await transact(async ({ tx, publish }) => {
    const rows = await tx.update(books).set({ id }).where(eq(books.id, id)).returning({ id: books.id });
    for (const row of rows) await publish(bookShelved, { book_id: row.id });
    return rows.length;
  });
  return lent === 0 ? err("taken") : ok(id);
}`,
  ],
  "barrel files and path aliases": [
    `
import type { Transact } from "@brain/engine";
import { store, keys, toPayload } from "#lib";
export const lend = (transact: Transact, id: string) => transact(async ({ tx, publish }) => { await store.add(tx, id); await publish(bookShelved, toPayload(id)); });
export const cached = (redis: { get(key: string): Promise<string | null> }, id: string) => redis.get(keys.book(id));`,
    {
      "package.json": `{ "name": "library", "imports": { "#lib": "./src/lib/index.ts" } }`,
      "src/lib/index.ts": `export * from "./store.ts";
export * as keys from "./keys.ts";
export { default as toPayload } from "./payload.ts";`,
      "src/lib/store.ts": `import type { Transaction } from "@brain/engine";
import { books } from "../shelf/tables.ts";
export const store = { add: (tx: Transaction, id: string) => tx.insert(books).values({ id }) };`,
      "src/lib/keys.ts": `const prefix = "brain:shelf";
export const book = (id: string) => [prefix, "book", id].join(":");`,
      "src/lib/payload.ts": `export default (book_id: string) => ({ book_id });`,
    },
  ],
  "payloads by builders and mappers": [
    `
import type { Transact } from "@brain/engine";
import { books } from "./tables.ts";
type Row = { readonly id: string; readonly email: string; readonly owner: { readonly name: string } };
const toPayload = ({ id }: Row) => ({ book_id: id });
class Build { #id = ""; book(id: string) { this.#id = id; return this; } done() { return { book_id: this.#id }; } }
const mappers = { shelved: (row: Row) => ({ book_id: row.id }) } as const;
const pick = <T extends object, K extends keyof T>(value: T, ...names: K[]) => Object.fromEntries(names.map((name) => [name, value[name]])) as Pick<T, K>;
export const lend = (transact: Transact, row: Row, mail: (to: string) => Promise<void>) => transact(async ({ tx, publish }) => {
  const { email, id } = row;
  await tx.insert(books).values({ id });
  await publish(bookShelved, toPayload(row));
  await publish(bookShelved, mappers.shelved(row));
  await publish(bookShelved, new Build().book(id).done());
  await publish(bookShelved, { book_id: pick(row, "id").id });
  const payload = { book_id: id };
  payload.book_id = id.toLowerCase();
  await publish(bookShelved, payload);
  return { email, tell: () => mail(email) };
});`,
  ],
  "events chosen by a table": [
    `
import type { Publish, Transact } from "@brain/engine";
import { bookLent } from "../events.ts";
const events = { shelved: bookShelved, lent: bookLent } as const;
type Kind = keyof typeof events;
const order: readonly Kind[] = ["lent", "shelved"];
const tell = (publish: Publish, kind: Kind, id: string) => publish(events[kind], { book_id: id });
export const all = (transact: Transact, id: string, late: boolean) => transact(async ({ publish }) => {
  for (const kind of order) await tell(publish, kind, id);
  await publish(late ? events.lent : events.shelved, { book_id: id });
  for (const event of [bookShelved, bookLent]) await publish(event, { book_id: id });
});`,
  ],
  "topics and sockets that are no events": [
    `
type Socket = { publish(topic: string, message: string): void; send(text: string): void };
type Topics = { emit(name: string, detail: object): boolean };
const topics = { books: "room.books.open", loans: "room.loans.open" } as const;
export class Live {
  constructor(private readonly socket: Socket, private readonly target: Topics) {}
  tell(room: keyof typeof topics, text: string) { this.socket.publish(topics[room], text); this.target.emit("change", { room }); }
  all() { for (const topic of Object.values(topics)) this.socket.publish(topic, "hello"); }
}
export const view = (render: (name: string, data: object) => string) => render("shelf.list", { type: "page", payload: [] });`,
  ],
  "reducers and deciders": [
    `
import type { Transact } from "@brain/engine";
import { books } from "./tables.ts";
type Event = { readonly type: "Lent"; readonly id: string } | { readonly type: "Returned"; readonly id: string };
type State = { readonly lent: ReadonlySet<string> };
type Command = { readonly kind: "lend" | "return"; readonly id: string };
export const evolve = (state: State, event: Event): State => { const lent = new Set(state.lent); if (event.type === "Lent") lent.add(event.id); else lent.delete(event.id); return { lent }; };
export const decide = (state: State, { kind, id }: Command): readonly Event[] => kind === "lend" ? (state.lent.has(id) ? [] : [{ type: "Lent", id }]) : [{ type: "Returned", id }];
export const handle = (transact: Transact, state: State, command: Command) => transact(async ({ tx, publish }) => {
  const found = decide(state, command);
  for (const { id } of found) { await tx.insert(books).values({ id }); await publish(bookShelved, { book_id: id }); }
  return found.reduce(evolve, state);
});`,
  ],
  "settings of a program": [
    `
import * as z from "zod";
const schema = z.object({ SHELF_LIMIT: z.coerce.number().int().default(50), SHELF_MODE: z.enum(["open", "closed"]).default("open"), LOG: z.string().optional() });
export type Settings = z.output<typeof schema>;
export const readSettings = (env: Record<string, string | undefined>): Settings => schema.parse(env);
const { SHELF_MODE = "open" } = process.env;
export const isOpen = (settings: Settings = readSettings(process.env)) => settings.SHELF_MODE === "open" && SHELF_MODE !== "closed";
export const limits = { page: 50, ...(process.env.SHELF_LIMIT === undefined ? {} : { page: Number(process.env.SHELF_LIMIT) }) };`,
  ],
  "optional parts that are no stream": [
    `
import type { Publish, Transact } from "@brain/engine";
type Log = { info(text: string): void };
type Options = { readonly log?: Log; readonly onLent?: (id: string) => void; readonly limit?: number };
export class Shelf {
  constructor(private readonly transact: Transact, private readonly options: Partial<Options> = {}) {}
  async lend(id: string, note?: string) {
    const { log, onLent } = this.options;
    await this.transact(async ({ publish }) => { await publish(bookShelved, { book_id: note ?? id }); });
    log?.info(id);
    if (onLent) onLent(id);
    if (typeof note === "string" && Boolean(log)) log?.info(note);
  }
}
export const told = (publish: Publish) => async (ids: readonly string[]) => { if (ids.length > 0) for (const book_id of ids) await publish(bookShelved, { book_id }); };`,
  ],
  "a client of a service outside": [
    `
type Answer<T> = { readonly data: T; readonly next: string | null };
export class Isbn {
  constructor(private readonly base: URL, private readonly send: typeof fetch = fetch) {}
  private url(path: string, query: Record<string, string> = {}) { const url = new URL(\`/v1/\${path}\`, this.base); for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value); return url; }
  async *all(subject: string) {
    let next: string | null = this.url("books", { subject }).href;
    while (next !== null) { const answer: Response = await this.send(next); if (!answer.ok) throw new Error(\`The catalogue answered \${answer.status}.\`); const page = (await answer.json()) as Answer<readonly { isbn: string }[]>; yield* page.data; next = page.next; }
  }
  one(isbn: string) { return this.send(this.url(\`books/\${encodeURIComponent(isbn)}\`)); }
}`,
  ],
  "routes with schemas, of a chain and of a table": [
    `
import { Hono } from "hono";
import { zValidator } from "@hono/zod-validator";
import * as z from "zod";
import type { Engine } from "@brain/engine";
import { books } from "./tables.ts";
const body = z.strictObject({ id: z.uuid() });
const handlers = { list: (engine: Engine) => async (c) => c.json(await engine.open().db.select().from(books).limit(20)) };
export const api = (engine: Engine) => {
  const app = new Hono();
  app.get("/books", handlers.list(engine));
  app.post("/books", zValidator("json", body), async (c) => {
    const { id } = c.req.valid("json");
    await engine.transact({ source: "shelf" }, async (tx, publish) => { await tx.insert(books).values({ id }); await publish(bookShelved, { book_id: id }); });
    return c.json({ id }, 201);
  });
  return app;
};
export const mounted = (app: Hono, engine: Engine) => app.route("/api/shelf", api(engine));`,
  ],
  "a job that runs at a stored time": [
    `
import type { Database, Transact } from "@brain/engine";
import { lte, sql } from "drizzle-orm";
import { books } from "./tables.ts";
const due = (now: Date) => sql\`due_at <= \${now.toISOString()}\`;
export async function remind(db: Database, transact: Transact, now: Date, most = 100) {
  const rows = await db.select().from(books).where(due(now)).limit(most);
  for (const { id } of rows)
    await transact(async ({ tx, publish }) => { await tx.update(books).set({ id }).where(lte(books.id, id)); await publish(bookShelved, { book_id: id }); });
  return { count: rows.length, more: rows.length === most };
}
export const scheduled = { name: "remind", run: (deps: { db: Database; transact: Transact; now: () => Date }) => remind(deps.db, deps.transact, deps.now()) };`,
  ],
  "a port with two adapters and a decorator of one": [
    `
import type { Transaction } from "@brain/engine";
import { books } from "./tables.ts";
export interface Books { add(tx: Transaction, id: string): Promise<void>; }
export class SqlBooks implements Books { async add(tx: Transaction, id: string) { await tx.insert(books).values({ id }); } }
export class CountedBooks implements Books { count = 0; constructor(private readonly inner: Books) {} async add(tx: Transaction, id: string) { await this.inner.add(tx, id); this.count++; } }
export const inMemory = (): Books & { readonly all: string[] } => { const all: string[] = []; return { all, add: async (_tx, id) => { all.push(id); } }; };
export const createBooks = ({ counted = false }: { readonly counted?: boolean } = {}): Books => (counted ? new CountedBooks(new SqlBooks()) : new SqlBooks());`,
  ],
  "code that a tool wrote": [
    `
/* eslint-disable */
export type Maybe<T> = T | null;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export const BookDocument = { kind: "Document", definitions: [{ kind: "OperationDefinition", operation: "query", name: { kind: "Name", value: "Book" } }] } as const;
export enum Permission { Read = "shelf.read", Write = "shelf.write" }
export const openapi = { paths: { "/api/desk/open": { post: { responses: { 204: { description: "open" } } } } } } as const;
export const messages = { "shelf.lent": "The book {id} is lent.", "shelf.email": "Your e-mail address" } as const;
export const schema = { type: "object", properties: { payload: { type: "object" }, type: { type: "string" }, timestamp: { type: "string" } } } as const;`,
    {
      "src/desk/index.ts": `import { defineModule } from "@brain/engine";
export const desk = defineModule({ name: "desk", events: [] });`,
    },
  ],
  "a consumer whose handlers are put together": [
    `
import { defineConsumer, on, type Handler } from "@brain/engine";
import { books } from "./tables.ts";
const logged = (handler) => async (event, context) => { const start = context.now(); try { await handler(event, context); } finally { context.log.info({ ms: context.now() - start }); } };
const once = (handler) => async (event, context) => { if (event.payload.book_id !== "") await handler(event, context); };
const compose = (...wrappers) => (handler) => wrappers.reduceRight((inner, wrap) => wrap(inner), handler);
const shelve = async ({ payload: { book_id: id } }, { tx, publish }) => { await tx.insert(books).values({ id }).onConflictDoNothing(); await publish(bookShelved, { book_id: id }); };
export const shelf = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, compose(logged, once)(shelve))] });`,
  ],
  "imports of a file in batches": [
    `
import type { Transact } from "@brain/engine";
import { books } from "./tables.ts";
const batches = function* <T>(items: readonly T[], size: number) { for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size); };
const parse = (line: string) => { const [id = "", title = ""] = line.split(";"); return { id, title }; };
export async function importBooks(transact: Transact, text: string, { size = 100 } = {}) {
  const rows = text.split("\\n").filter(Boolean).map(parse);
  let count = 0;
  for (const batch of batches(rows, size)) {
    await transact(async ({ tx, publish }) => {
      await tx.insert(books).values(batch.map(({ id }) => ({ id }))).onConflictDoNothing();
      await Promise.all(batch.map(({ id }) => publish(bookShelved, { book_id: id })));
    });
    count += batch.length;
  }
  return count;
}`,
  ],
  "keys of Redis by a class, an enum and a tagged text": [
    `
import type { Redis } from "@upstash/redis";
enum Space { Books = "brain:shelf:books", Loans = "brain:shelf:loans" }
class Key { constructor(private readonly space: Space) {} of(id: string) { return \`\${this.space}:\${id}\`; } }
const key = (parts: TemplateStringsArray, ...ids: string[]) => "brain:" + String.raw({ raw: parts }, ...ids);
export class Cache {
  private readonly books = new Key(Space.Books);
  constructor(private readonly redis: Redis, private readonly prefix = "brain:shelf") {}
  read(id: string) { return this.redis.get<string>(this.books.of(id)); }
  write(id: string, value: string) { return this.redis.set(\`\${this.prefix}:\${id}\`, value, { ex: 60 }); }
  drop(...ids: string[]) { return this.redis.del(...ids.map((id) => this.books.of(id))); }
  marked(id: string) { return this.redis.get(key\`shelf:\${id}\`); }
  many(ids: readonly string[]) { return this.redis.mget(ids.map((id) => \`brain:\${id}\`)); }
}`,
  ],
  "a proxy, a memory and a lazy value": [
    `
import type { Database, Transact } from "@brain/engine";
import { books } from "./tables.ts";
const lazy = <T>(make: () => T) => { let made: { readonly value: T } | undefined; return () => (made ??= { value: make() }).value; };
const memo = <A extends string, R>(run: (given: A) => Promise<R>) => { const known = new Map<A, Promise<R>>(); return (given: A) => { const found = known.get(given) ?? run(given); known.set(given, found); return found; }; };
export const createShelf = (open: () => Database, transact: Transact) => {
  const db = lazy(open);
  const find = memo(async (id: string) => (await db().select().from(books).limit(1)).find((row) => row.id === id));
  return new Proxy({ find, lend: (id: string) => transact(async ({ tx, publish }) => { await tx.insert(books).values({ id }); await publish(bookShelved, { book_id: id }); }) }, { get: (target, name, self) => Reflect.get(target, name, self) });
};`,
  ],
};

test.each(Object.entries(programs))("%s", (_, [lines, more]) => {
  expect(judge(judged, lines, more).found).toEqual([]);
});
