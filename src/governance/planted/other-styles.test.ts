/**
 * Code as others write it: constants, enums, classes, factories, makers of handlers, JavaScript. What breaks a rule is found in
 * its line, and what is near it and right is not.
 */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";
import { parseSource } from "../tree/syntax/source.ts";

type More = Readonly<Record<string, string>>;
type Form = readonly [ids: string, lines: string, more?: More];

const handler = (lines: string) => `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, shelve)] });
${lines.trim()}`;

const answers = `
import { PermanentError, TransientError } from "@brain/engine";
import * as brain from "@brain/engine";`;

const forms: Readonly<Record<string, Form>> = {
  "names of events from objects, enums, classes and templates": [
    "N-3 N-4",
    `
import { defineEvent } from "@brain/schemas";
import { Book, names, prefix } from "../lib/names.ts";
enum Local { Moved = "library.books.moved" }
class Names { static readonly lend = "library.book.lend"; }
const base = \`\${prefix}.book\`;
let later = "library.book.lose";
later = "library.book.lost";
export const one = defineEvent(names.book.open, options); //! N-4
export const two = defineEvent(Book.Close, options); //! N-4
export const three = defineEvent(Local["Moved"], options); //! N-3
export const four = defineEvent(Names.lend, options); //! N-4
export const five = defineEvent(\`\${base}.take\`, options); //! N-4
export const six = defineEvent(base + ".give", options); //! N-4
export const seven = defineEvent(\`\${base}.given\`, options);
export const eight = defineEvent(later, options);
export const nine = (action: string) => defineEvent(\`\${base}.\${action}\`, options);`,
    {
      "src/lib/names.ts": `export const names = { book: { open: "library.book.open" } } as const;
export enum Book { Close = "library.book.close" }
export const prefix = "library";`,
    },
  ],
  "a stream by a factory of the product, and by a dynamic import": [
    "B-2",
    `
import { cacheOf, connect, open, ping } from "../lib/connect.ts";
export const own = connect("x"); //! B-2
export const services = open("x"); //! B-2
export async function later() {
  const { Redis } = await import("@upstash/redis");
  const lib = await import("ioredis");
  const { books } = await import("./tables.ts");
  return [new Redis({}), books]; //! B-2
}
export const other = async () => {
  const lib = await import("ioredis");
  return new lib.default("redis://x"); //! B-2
};
export const right = (redis: Redis) => [cacheOf(redis), ping("x")];`,
    {
      "src/lib/connect.ts": `import { Redis } from "@upstash/redis";
export function connect(url: string) {
  const redis = new Redis({ url, token: "" });
  return redis;
}
export const open = (url: string) => ({ redis: connect(url), url });
export const cacheOf = (redis: Redis) => ({ get: (id: string) => redis.get("brain:" + id) });
export async function ping(url: string) {
  const redis = new Redis({ url, token: "" });
  return await redis.ping();
}`,
    },
  ],
  "an answer that is not ok, and an error that passes": [
    "C-4",
    `${answers}
export async function one(url: string) {
  const response = await fetch(url);
  if (!response.ok) throw new PermanentError(\`It answered \${response.status}.\`); //! C-4
  const body = await response.json();
  if (!body.ok) throw new PermanentError("They say no.");
}
export async function two(url: string) {
  const response = await fetch(url);
  if (response.ok) return response;
  throw new brain.PermanentError("no"); //! C-4
}
export async function three(url: string) {
  const response = await fetch(url);
  if (response.status >= 500) throw new TransientError("busy");
  if (!response.ok) throw new PermanentError("It refuses this.");
  const other = await fetch(url);
  if (!other.ok) {
    judge(other);
    throw new PermanentError("It refuses this.");
  }
}
export function four(error: Error & { code?: string }, tries: number) {
  if (error instanceof TimeoutError) throw new PermanentError("late"); //! C-4
  if (error instanceof Error && error.name === "TimeoutError") throw new PermanentError("late"); //! C-4
  if (error.code === "ECONNREFUSED" || error.code === "40001") throw new PermanentError("gone"); //! C-4
  if (error.name === "TimeoutError" && tries > 3) throw new PermanentError("We gave up.");
  if (error.code === "23505") throw new PermanentError("twice");
}
export function five(response: Response) {
  switch (response.status) {
    case 404:
      throw new PermanentError("gone");
    case 502:
    case 503:
      throw new PermanentError("busy"); //! C-4
    case 500:
    case 400:
      throw new PermanentError("either");
  }
}`,
  ],
  "each error becomes permanent by a function for it": [
    "C-4",
    `${answers}
const refuse = (cause: unknown): never => { throw new PermanentError("no", { cause }); };
const decide = (cause: unknown): never => {
  if (isTwice(cause)) throw new PermanentError("twice", { cause });
  throw cause;
};
export async function shelve(tx: Tx, text: string) {
  await tx.execute("SELECT 1").catch(refuse); //! C-4
  await tx.execute("SELECT 1").catch(decide);
  try {
    await tx.execute("SELECT 1");
  } catch (error) { //! C-4
    refuse(error);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    refuse(error);
  }
}`,
  ],
  "a publish that a function swallows which it is given to, and a finally that returns": [
    "B-3",
    `
export async function shelve(publish: Publish, logger: Logger, id: string) {
  await quietly(() => publish(bookShelved, { book_id: id })); //! B-3
  await ignore(publish(bookShelved, { book_id: id })); //! B-3
  await Quiet.run(async () => { await publish(bookShelved, { book_id: id }); }); //! B-3
  await publish(bookShelved, { book_id: id }).catch(logger.error); //! B-3
  await twice(() => publish(bookShelved, { book_id: id }));
  await traced(() => publish(bookShelved, { book_id: id }));
  const told = await attempt(() => publish(bookShelved, { book_id: id }));
  if (!told.ok) throw told.error;
  try {
    await publish(bookShelved, { book_id: id });
  } finally { //! B-3
    return id;
  }
}
export async function kept(publish: Publish, id: string) {
  let last: unknown = null;
  try {
    await publish(bookShelved, { book_id: id });
  } catch (error) {
    last = error;
  } finally {
    console.info(id);
  }
  if (last !== null) throw last;
}
async function quietly(work: () => Promise<unknown>) {
  try {
    await work();
  } catch (error) {
    console.warn(error);
  }
}
const ignore = (work: Promise<unknown>) => work.catch(() => undefined);
class Quiet {
  static async run(work: () => Promise<unknown>) {
    await work().catch((error) => { console.error(error); });
  }
}
async function twice<T>(work: () => Promise<T>): Promise<T> {
  let last: unknown;
  for (let tries = 0; tries < 2; tries++) {
    try {
      return await work();
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
async function traced<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    console.warn(error);
    throw error;
  }
}
async function attempt<T>(work: () => Promise<T>) {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error };
  }
}`,
  ],
  "an event that a file passes on under another name": [
    "B-3",
    `
import { events, shelved } from "../lib/door.ts";
export async function shelve(publish: Publish, id: string) {
  await publish(shelved, { book_id: id }).catch(() => null); //! B-3
  await publish(events.gone, { book_id: id }).catch(() => null); //! B-3
}`,
    {
      "src/events.ts": `import { defineEvent } from "@brain/schemas";
export const bookLent = defineEvent("library.book.lent", { module: "shelf" });
export const bookLost = defineEvent("library.book.lost", { module: "shelf" });`,
      "src/lib/door.ts": `export { bookLent as shelved } from "../events.ts";
import { bookLost } from "../events.ts";
export const events = { gone: bookLost } as const;`,
    },
  ],
  "something that does nothing in place of what publishes, and a publisher that may be missing": [
    "B-6",
    `
import type { Publish } from "@brain/engine";
import { silent } from "../lib/silent.ts";
export async function one(id: string, publish: Send = async () => {}) { //! B-6
  await publish(bookShelved, { book_id: id });
}
export async function two(id: string, given: { publish?: Send }) {
  const publish = given.publish ?? (() => Promise.resolve()); //! B-6
  await publish(bookShelved, { book_id: id });
}
export const three = (id: string, { publish = silent }: Given = {}) => publish(bookShelved, { book_id: id }); //! B-6
export class Shelf {
  publish?: Publish; //! B-6
  #send: Send = () => undefined; //! B-6
  onDone: () => void = () => {};
  constructor(private readonly emit: Send = silent) {} //! B-6
  async shelve(id: string) {
    await this.#send(bookShelved, { book_id: id });
    await this.emit(bookShelved, { book_id: id });
    this.onDone();
  }
}
interface Given {
  readonly publish?: Publish; //! B-6
  readonly title?: string;
}
export async function four(publish: Send, id: string, notify: () => void = () => {}) {
  await publish(bookShelved, { book_id: id });
  notify();
}`,
    { "src/lib/silent.ts": "export const silent = () => {};" },
  ],
  "personal data as a part of a text": [
    "P-2",
    `
export async function shelve(publish: Publish, user: User, id: string) {
  await publish(bookShelved, { book_id: \`\${user.email}-\${id}\` }); //! P-2
  await publish(bookShelved, { book_id: "by " + user.email }); //! P-2
  await publish(bookShelved, { book_id: \`\${user.id}-\${id}\` });
  await publish(bookShelved, { book_id: hashOf(\`\${user.email}\`) });
}
const hashOf = (text: string) => String(text.length);`,
  ],
  "rows whose key is random: of SQL, of a list, of a name": [
    "C-5",
    handler(`
import { books } from "./tables.ts";
async function shelve(event: Event, { tx }: Context) {
  const row = { id: crypto.randomUUID() };
  const rows = [{ id: event.payload.book_id }];
  await tx.execute(sql\`INSERT INTO shelf_books (id) VALUES (gen_random_uuid())\`); //! C-5
  await tx.execute(sql\`INSERT INTO shelf_books (id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING\`);
  await tx.execute(sql\`INSERT INTO shelf_books (id) SELECT gen_random_uuid() WHERE NOT EXISTS (SELECT 1 FROM shelf_books)\`);
  await tx.execute(sql\`UPDATE shelf_books SET token = gen_random_uuid()\`);
  await tx.insert(books).values(row); //! C-5
  await tx.insert(books).values([{ id: crypto.randomUUID() }]); //! C-5
  await tx.insert(books).values(rows.map(() => ({ id: crypto.randomUUID() }))); //! C-5
  await tx.insert(books).values(rows);
}
export const add = (tx: Tx) => tx.execute(sql\`INSERT INTO shelf_books (id) VALUES (gen_random_uuid())\`);`),
  ],
  "handlers that a function makes": [
    "C-5 C-8",
    `
import { defineConsumer, on } from "@brain/engine";
import ky from "ky";
import { quiet, traced } from "../lib/wrap.ts";
const api = ky.create({ prefixUrl: "https://x.example" });
const tells = (path: string) => async (event: Event) => {
  await api.post(path, { json: { id: event.id } }); //! C-5
};
const asks = (path: string) => async (event: Event, { fetch, idempotencyKey }: Context) => {
  await fetch(path, { method: "POST", headers: { "idempotency-key": await idempotencyKey("a") } });
};
export const own = defineConsumer({
  subscriber: "shelf",
  handlers: [
    on(bookShelved, tells("books")),
    on(bookShelved, asks("https://x.example")),
    on(bookShelved, traced(async (_event, { tx }) => { await tx.execute("SELECT 1"); })),
    on(bookShelved, quiet(async (event) => {
      await fetch("https://x.example", { method: "POST", body: event.id }); //! C-5
    })),
  ],
});`,
    {
      "src/lib/wrap.ts": `export function quiet(work: Handler): Handler {
  return async (event, context) => {
    try {
      await work(event, context);
    } catch (error) { //! C-8
      console.error(error);
    }
  };
}
export const traced = (work: Handler): Handler => async (event, context) => {
  try {
    await work(event, context);
  } catch (error) {
    console.error(error);
    throw error;
  }
};`,
    },
  ],
  "ids of events that an object remembers": [
    "B-7",
    handler(`
class Seen {
  #ids = new Set<string>();
  has(event: Event) {
    return this.#ids.has(event.id); //! B-7
  }
}
class Batch {
  #ids = new Set<string>();
  has(event: Event) {
    return this.#ids.has(event.id);
  }
}
const seen = new Seen();
const shelve = (event: Event) => seen.has(event) || new Batch().has(event);`),
  ],
  "ids of events that are given to what remembers them": [
    "B-7",
    handler(`
import { first, recent, seenIds } from "../lib/memory.ts";
class Known {
  #ids: string[] = [];
  knows(id: string) {
    if (this.#ids.includes(id)) return true;
    this.#ids.push(id);
    return false;
  }
}
const known = new Known();
const state = { seen: new Set<string>(), times: {} };
const books = new Map<string, string>();
async function shelve(event: Event) {
  if (known.knows(event.id)) return; //! B-7
  if (recent.isKnown(event.id)) return; //! B-7
  if (first(event.id)) return; //! B-7
  if (seenIds.has(event.id)) return; //! B-7
  if (state.seen.has(event.id)) return; //! B-7
  if (state.times[event.id] !== undefined) return; //! B-7
  state.times[event.id] = 1;
  if (known.knows(event.payload.book_id)) return;
  if (new Known().knows(event.id)) return;
  if (books.get(event.id) === "x") return;
  say(event.id);
}
const shown: string[] = [];
const say = (id: string) => shown.push(id);
export function makeConsumer() {
  const handled = new Set<string>();
  return defineConsumer({
    subscriber: "shelf2",
    handlers: [
      onBatch(bookShelved, async (events: Event[]) => {
        const twice = new Set<string>();
        for (const event of events) {
          if (handled.has(event.id)) continue; //! B-7
          if (twice.has(event.id)) continue;
        }
      }),
    ],
  });
}`).replace("defineConsumer, on }", "defineConsumer, on, onBatch }"),
    {
      "src/lib/memory.ts": `export const seenIds = new Set<string>();
class Recent {
  private readonly ids: Record<string, boolean> = {};
  isKnown(id: string) {
    if (this.ids[id]) return true;
    this.ids[id] = true;
    return false;
  }
}
export const recent = new Recent();
const onlyOnce = () => {
  const ids = new Set<string>();
  return (id: string) => {
    if (ids.has(id)) return true;
    ids.add(id);
    return false;
  };
};
export const first = onlyOnce();`,
    },
  ],
  "a transient error for an answer that the same request gets again": [
    "C-4",
    handler(`
import { PermanentError, TransientError } from "@brain/engine";
class NotTakenError extends TransientError {}
const refused = new Set([400, 422]);
async function shelve(event: Event, { fetch }: Context) {
  const answer = await fetch("https://x.example");
  const { status } = answer;
  if (answer.status === 404) throw new TransientError("no such book"); //! C-4
  if (refused.has(status)) throw new NotTakenError("not taken"); //! C-4
  if (status === 410 || status === 422) {
    throw new TransientError("gone"); //! C-4
  }
  if (status === 404) throw new PermanentError("no such book");
  if ([408, 409, 425, 429].includes(status)) throw new TransientError("later");
  if ([404, 429].includes(status)) throw new TransientError("one of both");
  if (status === 404 && event.attempt < 3) throw new TransientError("not there yet");
  if (status >= 400) throw new TransientError("who knows");
  switch (status) {
    case 413:
    case 415:
      throw new TransientError("too large"); //! C-4
    case 404:
    case 503:
      throw new TransientError("one of both");
  }
}`),
  ],
  "routes beside the guard of an app, before it, and below another path": [
    "RT-1",
    "",
    {
      "src/lib/app.ts": `import { Hono } from "hono";
import { jwt } from "hono/jwt";
import { cors } from "hono/cors";
import { openToAll } from "@brain/operator";
import { feedRoutes, ownRoutes, textRoutes } from "./feed.ts";
const api = "/api";
export const createApp = (engine: Engine, secret: string) => {
  const asked = jwt({ secret });
  const app = new Hono().use("*", cors()).get("/all", (c) => latest(engine, c)); //! RT-1
  app.get(\`\${api}/early\`, (c) => latest(engine, c)); //! RT-1
  app.get("/hello", (c) => c.text("hello"));
  app.use(\`\${api}/*\`, asked);
  app.get("/api/late", (c) => latest(engine, c));
  app.get("/apis", cors(), (c) => latest(engine, c)); //! RT-1
  app.get("/own", asked, (c) => latest(engine, c));
  app.route("/feed", feedRoutes(engine)); //! RT-1
  app.route("/own/feed", ownRoutes(engine));
  app.route("/text", textRoutes());
  app.use("/window/:shelf", openToAll("a window"));
  app.get("/window/:shelf", (c) => latest(engine, c));
  app.get("/window/:shelf/books", (c) => latest(engine, c)); //! RT-1
  return app;
};
async function latest(engine: Engine, c: Context) {
  return c.json(await engine.open().db.statements.select().from(books).limit(9));
}
export const createOther = (engine: Engine) => new Hono().get("/", (c) => latest(engine, c));`,
      "src/lib/feed.ts": `import { Hono } from "hono";
const rows = (engine: Engine) => engine.open().db.statements.select().from(books).limit(9);
export const feedRoutes = (engine: Engine) => new Hono().get("/", async (c) => c.json(await rows(engine)));
export const ownRoutes = (engine: Engine) => new Hono().use(signed).get("/", async (c) => c.json(await rows(engine)));
export const textRoutes = () => new Hono().get("/", (c) => c.text("text"));`,
    },
  ],
  "a timer for a method that asks": [
    "11.2",
    `
export class Watch {
  start() {
    setInterval(() => this.look(), 5_000); //! 11.2
    setInterval(() => this.prune(), 5_000);
    setTimeout(() => this.look(), 10);
  }
  look() {
    return this.db.select().from(books);
  }
  prune() {
    this.seen.clear();
  }
}`,
  ],
  "a switch behind a function": [
    "11.8",
    `
import { viaEvents } from "../lib/flags.ts";
export async function shelve(publish: Publish, id: string) {
  if (!viaEvents()) return await callDesk(id); //! 11.8
  await publish(bookShelved, { book_id: id });
}
export const other = (publish: Publish, id: string) =>
  isLate() ? callDesk(id) : publish(bookShelved, { book_id: id });
const isLate = () => new Date().getHours() > 20;
const callDesk = async (id: string) => id;`,
    { "src/lib/flags.ts": 'export const viaEvents = () => process.env.SHELF_WAY === "events";' },
  ],
  "code in a comment behind code, and what is deprecated until it goes": [
    "L-1 L-2",
    `
export async function shelve(id: string) {
  const book = await load(id); // const old = await loadOld(id); //! L-1
  const url = "https://x.example//await"; // it is never awaited;
  const total = 1; // total = 1;
  const two = load(url); // see load(url);
  return [book, total, two]; /* await legacy.store(book); */ //! L-1
}
/** @deprecated will be removed when all have moved */ //! L-2
export const older = shelve;
/** @deprecated Use \`shelve\`. Books can be removed by hand. */
export const old = shelve;
const load = async (id: string) => id; // {};`,
  ],
  "JavaScript of a library": [
    "B-5",
    "export {};",
    {
      "src/lib/push.js": `export const push = (redis, id) => redis.xadd("brain:events:stream", "*", { id }); //! B-5`,
      "src/lib/view.jsx": `export const View = ({ id }) => <p>{id}</p>;`,
      "src/lib/main.cjs": `module.exports.add = (redis) => redis.xadd("brain:events:stream", "*", { a: 1 }); //! B-5`,
    },
  ],
};

test.for(Object.entries(forms))("%s", ([, [ids, lines, more]]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});

test("an element of JavaScript is read as one", () => {
  const { ast } = parseSource({ path: "src/view.jsx", text: "export const View = () => <p>a</p>;" });
  expect(ast).toMatchObject({ parseDiagnostics: [] });
});
