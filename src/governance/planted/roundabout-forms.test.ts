/** What breaks a rule by way of another name, a function, or a file of its own: each is found in its line, and nothing else is. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type More = Readonly<Record<string, string>>;
type Form = readonly [ids: string, lines: string, more?: More];

const handler = (lines: string) => `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, shelve)] });
${lines.trim()}`;

const desk: More = {
  "src/desk/index.ts": `import { defineModule } from "@brain/engine";
import { deskOpened, deskClosed } from "./events.ts";
export const desk = defineModule({ name: "desk", events: [deskOpened, deskClosed] });`,
  "src/desk/events.ts": `import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ desk_id: z.uuid().describe("the desk") });
export const deskOpened = defineEvent("desk.door.opened", { version: 1, module: "desk", payload });
export const deskClosed = defineEvent("desk.door.closed", { version: 1, module: "desk", producers: ["shelf"], payload });`,
};

const redelivered = (assertion: string): More => ({
  "test/shelf.test.ts": `import { own } from "../src/shelf/service.ts";
test("once", async () => {
  await engine.drain("shelf");
  await engine.redeliver();
  await engine.drain("shelf");
  ${assertion}
});`,
});

const forms: Readonly<Record<string, Form>> = {
  "a handler calls the outside by call, by what a function made, and by a default export without a name": [
    "C-5",
    handler(`
import { tell } from "../lib/door.ts";
const makePost = (url: string) => async () => {
  await fetch(url, { method: "POST" }); //! C-5
};
const makeLook = (url: string) => async () => {
  await fetch(url);
};
const post = makePost("https://x.example");
const look = makeLook("https://x.example");
async function shelve(event) {
  await fetch.call(globalThis, "https://x.example", { method: "POST" }); //! C-5
  await post();
  await look();
  await tell();
}`),
    {
      "src/lib/door.ts": `export { default as tell } from "./tell.ts";`,
      "src/lib/tell.ts": `export default async function () {
  await fetch("https://x.example", { method: "POST" }); //! C-5
}`,
    },
  ],
  "what is thrown on one of two ways, and for an event that no schema takes": [
    "C-4",
    handler(`
import { PermanentError, TransientError } from "@brain/engine";
import { ZodError } from "zod";
async function shelve(event, { tx }) {
  const answer = await fetch("https://x.example");
  if (!answer.ok)
    throw answer.status === 503
      ? new PermanentError("busy") //! C-4
      : new TransientError("no");
  if (answer.status > 300) throw answer.status === 404 ? new PermanentError("none") : new TransientError("no");
  try {
    schema.parse(event.payload);
    await tx.execute("SELECT 1");
  } catch (error) {
    if (error instanceof ZodError) throw new TransientError("bad"); //! C-4
    throw error;
  }
  try {
    schema.parse(await answer.json());
  } catch (error) {
    if (error instanceof ZodError) throw new TransientError("odd answer");
    throw error;
  }
}`),
  ],
  "a mode that is set while it runs": [
    "M-1",
    "",
    {
      "src/lib/start.ts": `Deno.env.set("BRAIN_EVENTSTREAM_MODE", "optional"); //! M-1
Deno.env.set("BRAIN_EVENTSTREAM_MODE", "degraded");
Deno.env.set("BRAIN_DATA_DIR", "optional");`,
    },
  ],
  "a handler calls the outside by fetch under other names": [
    "C-5",
    handler(`
import * as http from "./http.ts";
import axios from "axios";
const post = { method: "POST", body: "x" };
async function shelve(event: Event, context: Context) {
  const { fetch: call } = context;
  const go = globalThis.fetch;
  await context.fetch("https://x.example", { method: "POST" }); //! C-5
  await call("https://x.example", post); //! C-5
  await go(new Request("https://x.example", { ...post })); //! C-5
  await globalThis["fetch"]("https://x.example", { method: event.payload.verb, body: "x" }); //! C-5
  await axios.post("https://x.example"); //! C-5
  await tell(context.fetch);
  await lamp.light();
  await new Lamp().light();
  await context.fetch("https://x.example");
  await context.fetch("https://x.example", { method: "POST", headers: { "Idempotency-Key": await context.idempotencyKey("a") } });
  const headers = { "idempotency-key": await context.idempotencyKey("b") };
  const init = { ...post, headers };
  await call("https://x.example", init);
}
const tell = (send: Send) => send("https://x.example", post); //! C-5
const lamp = {
  light: () => fetch("https://x.example", post), //! C-5
};
class Lamp {
  async light() {
    return this.#far();
  }
  #far() {
    return far();
  }
}
const far = () => farther();
const farther = () => fetch("https://x.example", { method: "DELETE" }); //! C-5
export const byHand = () => fetch("https://x.example", post);`),
  ],
  "a key that was random before it was used": [
    "C-5",
    handler(`
import { randomUUID } from "node:crypto";
import { books } from "./tables.ts";
const made = crypto.randomUUID();
async function shelve(event: Event, { tx, fetch }: Context) {
  const id = crypto.randomUUID();
  const key = newId();
  await tx.insert(books).values({ id }); //! C-5
  await tx.insert(books).values({ id: made });
  await tx.insert(books).values({ id, of: 1 }).onConflictDoNothing();
  await fetch("https://x.example", { method: "POST", headers: { "idempotency-key": key } }); //! C-5
}
const newId = () => randomUUID();`),
  ],
  "a promise of a publish for which nobody waits": [
    "B-1",
    `
import { books } from "./tables.ts";
export const shelve = (engine: Engine, ids: readonly string[], id: string) =>
  engine.transact({ source: "shelf" }, async (tx, publish) => {
    await tx.insert(books).values({ id });
    const say = publish;
    say(bookShelved, { book_id: id }); //! B-1
    ids.forEach(async (one) => { await publish(bookShelved, { book_id: one }); }); //! B-1
    ids.map((one) => publish(bookShelved, { book_id: one })); //! B-1
    Promise.all([publish(bookShelved, { book_id: id })]); //! B-1
    Promise.resolve().then(() => publish(bookShelved, { book_id: id })); //! B-1
    const lost = publish(bookShelved, { book_id: id }); //! B-1
    engine.waitUntil(publish(bookShelved, { book_id: id })); //! B-1
    tell(publish, id); //! B-1
    const kept = publish(bookShelved, { book_id: id });
    await kept;
    const all = [publish(bookShelved, { book_id: id })];
    await Promise.all(all);
    await Promise.all(ids.map(async (one) => { await publish(bookShelved, { book_id: one }); }));
    await Promise.all(ids.map((one) => tell(publish, one)));
    return tell(publish, id);
  });
const tell = (publish: Publish, id: string) => publish(bookShelved, { book_id: id });`,
  ],
  "what publishes is kept for later": [
    "B-1",
    `
import { books } from "./tables.ts";
const kept: Publish[] = [];
const held: { publish?: Publish } = {};
export async function shelve(engine: Engine, id: string) {
  await engine.transact({ source: "shelf" }, async (tx, publish) => {
    kept.push(publish); //! B-1
    held.publish = publish; //! B-1
    return publish; //! B-1
  });
  await engine.transact({ source: "shelf" }, async (tx, publish) => ({ publish })); //! B-1
  await engine.transact({ source: "shelf" }, async (tx, publish) => {
    const steps: Publish[] = [];
    steps.push(publish);
    await tx.insert(books).values({ id });
    return publish(bookShelved, { book_id: id });
  });
}`,
  ],
  "a change beside the transaction, in SQL, by a function, under another name": [
    "B-1",
    `
import { sql } from "drizzle-orm";
import { books } from "./tables.ts";
import { store } from "./store.ts";
export async function inside(engine: Engine, db: Database, id: string) {
  const table = books;
  await engine.transact({ source: "shelf" }, async (tx, publish) => {
    await store(tx, id);
    await tx.execute(sql\`UPDATE shelf_books SET id = \${id}\`);
    await db.execute(sql\`SELECT 1 FROM shelf_books\`);
    await db.execute(sql\`UPDATE shelf_books SET id = \${id}\`); //! B-1
    await db["update"](table).set({ id }); //! B-1
    await store(db, id); //! B-1
    await publish(bookShelved, { book_id: id });
  });
}
export async function beside(engine: Engine, db: Database, id: string) {
  await store(db, id);
  await engine.transact({ source: "shelf" }, (_tx, publish) => publish(bookShelved, { book_id: id })); //! B-1
}
export async function apart(engine: Engine, db: Database, id: string) {
  await db.query("DELETE FROM shelf_books WHERE id = $1", [id]);
  await announce(engine, id);
}
const announce = (engine: Engine, id: string) =>
  engine.transact({ source: "shelf" }, (_tx, publish) => publish(bookShelved, { book_id: id })); //! B-1`,
    {
      "src/shelf/store.ts":
        'import { books } from "./tables.ts";\nexport const store = (db: Tx, id: string) => db.insert(books).values({ id });',
    },
  ],
  "the outside is called in the transaction, by a function or before the event": [
    "B-1",
    `
import { books } from "./tables.ts";
export async function shelve(engine: Engine, services: Services, id: string) {
  const call = services.fetch;
  await engine.transact({ source: "shelf" }, async (tx, publish) => {
    await tx.insert(books).values({ id });
    await fetch("https://x.example", { method: "POST" }); //! B-1
    await publish(bookShelved, { book_id: id });
    await call("https://x.example"); //! B-1
    await light(id); //! B-1
  });
  await light(id);
}
const light = async (id: string) => {
  await fetch("https://x.example", { method: "POST", body: id });
};`,
  ],
  "a switch of the environment by whatever name, one that was read before, and one before `&&`": [
    "11.8",
    `
const isOn = true;
export async function one(publish: Publish, env: Env, id: string) {
  const wanted = env.ANOTHER_WAY === "1";
  if (env.NEW_WAY) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
  if (wanted) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
  if (isOn) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
  switch (env.WAY) { //! 11.8
    case "stream":
      await publish(bookShelved, { book_id: id });
      break;
    default:
      await callDesk(id);
  }
  env.TELL && (await publish(bookShelved, { book_id: id })); //! 11.8
  const row = await callDesk(id);
  if (row.isOpen) await publish(bookShelved, { book_id: id });
  else await callDesk(id);
}`,
  ],
  "a switch of the settings for a trial, and one that a service of switches keeps": [
    "11.8",
    `
export async function one(publish: Publish, settings: Settings, deps: Deps, client: Switches, kv: Store, id: string) {
  if (settings.asyncDesk) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
  if (deps.config.deskEnabled) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
  const { newDesk } = settings;
  newDesk ? await publish(bookShelved, { book_id: id }) : await callDesk(id); //! 11.8
  if (isEnabled("async-desk")) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
  if (await client.isFeatureEnabled("async-desk", id)) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
  const isOn = await client.boolVariation("async-desk");
  if (isOn) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
  if (await kv.get("flag:desk")) await publish(bookShelved, { book_id: id }); //! 11.8
  else await callDesk(id);
  if (settings.autoApprove) await publish(bookShelved, { book_id: id });
  else await callDesk(id);
  if (deps.reader.settings.letterEnabled) await publish(bookShelved, { book_id: id });
  else await callDesk(id);
  if (isEnabled(id)) await publish(bookShelved, { book_id: id });
  else await callDesk(id);
  if (await kv.get("book:1")) await publish(bookShelved, { book_id: id });
  else await callDesk(id);
  if (settings.newDesk) await publish(bookShelved, { book_id: id });
  else console.info("not told");
}
const callDesk = async (id: string) => id;
const isEnabled = (name: string) => name !== "";`,
  ],
  "a transaction beside, within and before one that only asks; a beacon": [
    "B-1",
    `
import { books } from "./tables.ts";
export async function within(engine: Engine, db: Database, id: string) {
  await engine.transact({ source: "shelf" }, async (tx, publish) => {
    await tx.insert(books).values({ id });
    await tx.transaction((inner) => inner.delete(books));
    await db.transaction(async (own) => own.delete(books)); //! B-1
    navigator.sendBeacon("https://x.example", id); //! B-1
    await publish(bookShelved, { book_id: id });
  });
  navigator.sendBeacon("https://x.example", id);
}
export async function before(engine: Engine, db: Database, id: string) {
  await db.transaction(async (own) => own.delete(books));
  await engine.transact({ source: "shelf" }, async (tx, publish) => {
    const rows = await tx.select().from(books);
    await publish(bookShelved, { book_id: rows[0].id }); //! B-1
  });
}
export async function asked(engine: Engine, db: Database, id: string) {
  const rows = await db.transaction(async (own) => own.select().from(books));
  await engine.transact({ source: "shelf" }, async (tx, publish) => {
    await tx.update(books).set({ id });
    await publish(bookShelved, { book_id: rows[0].id });
  });
}`,
  ],
  "a handler sends a beacon": [
    "C-5",
    handler(`
async function shelve(event: Event) {
  const { sendBeacon: tell } = navigator;
  navigator.sendBeacon("https://x.example", event.id); //! C-5
  globalThis.navigator.sendBeacon("https://x.example", event.id); //! C-5
  tell("https://x.example", event.id); //! C-5
  const idempotencyKey = event.id;
  navigator.sendBeacon("https://x.example", idempotencyKey);
}
export const seen = (id: string) => navigator.sendBeacon("https://x.example", id);`),
  ],
  "ids of events that are taken apart or kept in a list": [
    "B-7",
    handler(`
const seen = new Map<string, boolean>();
const ids: string[] = [];
const names = new Map<string, string>();
const fixed = ["a", "b"];
async function shelve(event: Event) {
  const { id } = event;
  if (seen.get(id)) return; //! B-7
  if (ids.includes(event.id)) return; //! B-7
  seen.set(event.id, true);
  names.get(event.id);
  fixed.includes(event.id);
  const { id: bookId } = event.payload;
  return seen.has(bookId);
}
export const other = defineConsumer({
  subscriber: "other",
  handlers: [on(bookShelved, ({ id }, { tx }) => (seen.has(id) ? null : tx))], //! B-7
});`),
  ],
  "a bus of Postgres or of the platform": [
    "B-5",
    `
export async function one(db: Database, id: string) {
  await db.execute("NOTIFY shelf"); //! B-5
  await db.execute(sql\`SELECT pg_notify('shelf', \${id})\`); //! B-5
  const channel = new BroadcastChannel("shelf"); //! B-5
  await db.execute("SELECT 'NOTIFY shelf'");
}`,
  ],
  "the effect is seen only behind another delivery, at the end of an error, or in the record": [
    "T-2",
    `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, () => 1)] }); //! T-2`,
    {
      "test/shelf.test.ts": `import { own } from "../src/shelf/service.ts";
import bookShelved from "../src/events.ts";
test("published, and drained", async () => {
  await engine.drain("shelf");
  expect(await engine.events()).toMatchObject([{ type: bookShelved.type, meta: { schema_version: 1, source_module: "shelf" } }]);
});
test("twice", async () => {
  await engine.drain("shelf");
  await engine.redeliver();
  await engine.drain("shelf");
  expect(await count()).toBe(1);
});
test("refused", async () => {
  await engine.drain("shelf");
  expect(await engine.deadLetters()).toHaveLength(1);
  expect(await count()).toBe(0);
});
test("later", async () => {
  expect(await engine.drain("shelf")).toMatchObject({ retried: 1 });
  expect(await count()).toBe(0);
  await engine.drain("shelf");
  expect(await count()).toBe(1);
});`,
    },
  ],
  "the effect is seen in a test that goes on with another delivery, or with one that is refused": [
    "T-2",
    `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, () => 1)] });
export const other = defineConsumer({ subscriber: "desk", handlers: [on(bookShelved, () => 1)] });`,
    {
      "test/shelf.test.ts": `import { own } from "../src/shelf/service.ts";
test("twice", async () => {
  await engine.drain("shelf");
  expect(await count()).toBe(1);
  await engine.redeliver();
  await engine.drain("shelf");
  expect(await count()).toBe(1);
});`,
      "test/desk.test.ts": `import { other } from "../src/shelf/service.ts";
test("one of two", async () => {
  await engine.drain("desk");
  expect(await count()).toBe(1);
  expect(await engine.deadLetters()).toHaveLength(1);
});`,
    },
  ],
  "a second delivery behind which nothing is asserted that could fail": [
    "T-3",
    `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, () => 1)] }); //! T-3`,
    redelivered("expect(true).toBe(true);"),
  ],
  "a second delivery behind which the effect is asserted": [
    "T-3",
    `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, () => 1)] });`,
    redelivered("expect(await engine.count()).toBe(1);"),
  ],
  "an event of another module is published": [
    "N-6",
    `
import * as events from "../desk/events.ts";
import { deskClosed, deskOpened as opened } from "../desk/events.ts";
const byKind = { opened, shelved: bookShelved };
export async function tell({ publish: say, publish }: Context, send: Publish, id: string, kind: "opened") {
  const event = opened;
  await publish(opened, { desk_id: id }); //! N-6
  await say(opened, { desk_id: id }); //! N-6
  await send(event, { desk_id: id }); //! N-6
  await publish(events.deskOpened, { desk_id: id }); //! N-6
  await publish(events["deskOpened"], { desk_id: id }); //! N-6
  await publish(byKind[kind], { desk_id: id }); //! N-6
  await handOn(publish, opened, id); //! N-6
  await publish(byKind.shelved, { book_id: id });
  await publish(deskClosed, { desk_id: id });
  await publish(bookShelved, { book_id: id });
}
const handOn = (publish: Publish, event: EventDefinition, id: string) => publish(event, { desk_id: id });`,
    desk,
  ],
  "a failure that is given back as a value, and thrown by nobody": [
    "C-8",
    handler(`
type Result = { ok: true; value: number } | { ok: false; error: unknown };
const err = (error: unknown): Result => ({ ok: false, error });
async function ask(id: string): Promise<Result> {
  try {
    const answer = await fetch("https://x.example/" + id);
    return { ok: true, value: answer.status };
  } catch (error) {
    return err(error);
  }
}
class Desk {
  async send(id: string): Promise<{ _tag: "Success" } | { _tag: "Failure"; cause: unknown }> {
    try {
      await fetch("https://x.example/" + id);
      return { _tag: "Success" };
    } catch (cause) {
      return { _tag: "Failure", cause };
    }
  }
}
const isFree = async (id: string) => (id === "" ? { ok: false } : { ok: true });
const desk = new Desk();
async function shelve({ payload }, { tx, log }) {
  await ask(payload.book_id); //! C-8
  const asked = await ask(payload.book_id);
  if (!asked.ok) { //! C-8
    log.warn({ err: asked.error }, "not asked");
    return;
  }
  const again = await ask(payload.book_id);
  if (again.ok) await tx.insert(books).values({ id: payload.book_id }); //! C-8
  else log.warn("not asked again");
  const sent = await desk.send(payload.book_id);
  if (sent._tag === "Failure") log.error(sent.cause); //! C-8
  const thrown = await ask(payload.book_id);
  if (!thrown.ok) throw thrown.error;
  const kept = await ask(payload.book_id);
  if (!kept.ok) await tx.insert(books).values({ id: payload.book_id, error: String(kept.error) });
  const free = await isFree(payload.book_id);
  if (!free.ok) return;
  const chosen = await ask(payload.book_id);
  await tx.update(books).set({ known: chosen.ok });
  const last = await ask(payload.book_id);
  if (last.ok) return;
  throw last.error;
}`),
  ],
  "a list of Redis that is used as a queue": [
    "B-5",
    `
import type { Redis } from "@upstash/redis";
const mails = "brain:shelf:mails";
export class Post {
  constructor(private readonly redis: Redis) {}
  async put(book: unknown, slot: number) {
    await this.redis.lpush(mails, JSON.stringify(book)); //! B-5
    await this.redis.zadd("brain:shelf:later", { score: 1, member: JSON.stringify(book) }); //! B-5
    await this.redis.lpush("brain:shelf:seen", JSON.stringify(book));
    await this.redis.lpush("brain:shelf:slots", slot);
    await this.redis.zadd("brain:shelf:top", { score: 1, member: JSON.stringify(book) });
  }
  async take() {
    const mail = await this.redis.rpop(mails); //! B-5
    const [later] = await this.redis.zpopmin("brain:shelf:later"); //! B-5
    const seen = await this.redis.lrange("brain:shelf:seen", 0, 9);
    const slot = await this.redis.lpop("brain:shelf:slots");
    await this.redis.zpopmin("brain:shelf:top", 1);
    return [mail, later, seen, slot];
  }
}`,
  ],
  "events that a function of their file defines": [
    "N-1 N-4 N-6 N-7",
    "export const three = 3;",
    {
      "src/lib/events.ts": `import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const payload = z.strictObject({ book_id: z.uuid().describe("the book") });
const bookEvent = (type: string) => defineEvent(type, { version: 1, module: "shelf", payload });
function pageEvent<const T extends string>(type: T, when: string) {
  return defineEvent(type, { version: 1, module: "shelf", when, payload });
}
export const shelfBookRead = bookEvent("shelf.book.read"); //! N-6
export const shelfBookMoves = bookEvent("shelf.book.moves"); //! N-4 N-6
export const shelfPageTorn = pageEvent("shelf.page.torn", "A page was torn"); //! N-6
export const pageTurned = pageEvent("shelf.page.turned", "A page was turned"); //! N-6 N-7
const nameOf = (type: string) => type;
export const other = nameOf("shelf.book.moves");`,
    },
  ],
  "events that a function of another file defines": [
    "N-1 N-4 N-6 N-7 P-2 E-8",
    "export const three = 3;",
    {
      "src/lib/make.ts": `import { defineEvent } from "@brain/schemas";
import * as z from "zod";
export const shared = z.strictObject({ book_id: z.uuid().describe("the book") });
export const bookEvent = (type: string) => defineEvent(type, { version: 1, module: "shelf", payload: shared });
export function anyEvent(options: Options, type: string) {
  return defineEvent(type, options);
}`,
      "src/lib/index.ts": `export * from "./make.ts";`,
      "src/lib/names.ts": `export const names = { moved: "shelf.book.moves" } as const;`,
      "src/lib/books.ts": `import { anyEvent, bookEvent as event, shared } from "./index.ts";
import { names } from "./names.ts";
import * as z from "zod";
export const shelfBookMoves = event(names.moved); //! N-4 N-6
export const lent = event("shelf.book.lent"); //! N-6 N-7
const email = z.string().describe("whose it is");
const payload = z.strictObject({ email }); //! P-2
export const shelfBookLost = anyEvent({ version: 1, module: "shelf", payload }, "shelf.book.lost"); //! N-6
export const shelfOpen = anyEvent({ version: 1, module: "shelf", payload: shared }, "shelf.open"); //! N-1 N-6
export const other = (type: string) => event(type);`,
    },
  ],
  "a personal column of a table is written into a log": [
    "P-8",
    `
import { people, shelves } from "./people.ts";
export async function tell(db: Database, log: Log, id: string) {
  const [person] = await db.select().from(people).where(eq(people.id, id));
  log.info({ email: person.email }, "found"); //! P-8
  const rows = await db.select({ id: people.id, to: people.email, bornOn: people.bornOn }).from(people).limit(10);
  for (const row of rows) log.info({ id: row.id, to: row.to }); //! P-8
  for (const { bornOn, id: own } of rows) console.log(own, bornOn); //! P-8
  if (rows[0].to === "") throw new Error(\`\${rows[0].to} is none\`); //! P-8
  const [{ name }] = await db.select().from(people); 
  log.warn({ name }); //! P-8
  const [shelf] = await db.select().from(shelves);
  log.info({ name: shelf.name, at: shelf.emailedAt, count: rows.length, known: person.emailVerified });
  log.info({ length: person.email.length, hash: await hashOf(person.email), id: person.id });
}`,
    {
      "src/shelf/people.ts": `import { boolean, date, pgTable, text, timestamp, uuid, varchar } from "drizzle-orm/pg-core";
export const people = pgTable("shelf_readers", {
  id: uuid("id"),
  name: varchar("name", { length: 100 }).notNull(),
  email: text("email").notNull(),
  emailVerified: boolean("email_verified"),
  bornOn: date("born_on"),
});
export const shelves = pgTable("shelf_shelves", { id: uuid("id"), name: text("name"), emailedAt: timestamp("emailed_at") });`,
    },
  ],
  "a personal column of raw SQL, of a query by name, and of tables that are made otherwise": [
    "P-8",
    `
import { guests, members, people } from "./people.ts";
export async function tell(db: Database, log: Log, sql: Sql, id: string) {
  const rows = await db.execute(sql\`SELECT id, "email" FROM shelf_readers WHERE id = \${id}\`);
  log.info({ id: rows[0].id, email: rows[0].email }); //! P-8
  const found = await db.query("SELECT r.phone, r.id FROM shelf_readers r");
  for (const row of found.rows) log.info({ phone: row.phone }); //! P-8
  const { rows: counted } = await db.query("SELECT count(email) AS email FROM shelf_readers");
  const { rows: told } = await db.query("SELECT * FROM shelf_readers");
  for (const { email } of told) log.info({ email }); //! P-8
  const some = await db.query("SELECT count(email) AS email FROM shelf_readers");
  log.info({ count: counted[0].email, some: some.rows[0].email });
  const person = await db.query.people.findFirst({ where: eq(people.id, id) });
  log.info({ email: person?.email }); //! P-8
  const all = await db.query.people.findMany({ columns: { id: true, email: true } });
  for (const { id: own, email } of all) log.info({ own, email }); //! P-8
  const few = await db.query.people.findMany({ columns: { id: true } });
  for (const { email } of few) log.info({ email });
  const others = await db.query.people.findMany({ columns: { email: false } });
  log.info({ to: others[0].email });
  const [member] = await db.select().from(members);
  log.info({ email: member.email }); //! P-8
  const [guest] = await db.select().from(guests);
  log.info({ email: guest.email }); //! P-8
}`,
    {
      "src/shelf/people.ts": `import { boolean, pgSchema, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { render } from "render";
const desk = pgSchema("desk");
const own = (name: string, columns: Columns) => pgTable(name, { id: uuid("id"), ...columns });
export const people = pgTable("shelf_readers", { id: uuid("id"), email: text("email") });
export const members = desk.table("members", { id: uuid("id"), email: text("email") });
export const guests = own("shelf_guests", { email: text("email") });
export const view = render.htmlTable("people", { email: text("email") });`,
    },
  ],
  "a connection and clients of services that a file outside of modules makes": [
    "B-2 C-5 C-8",
    handler(`
import { books } from "./tables.ts";
import { cache as store, mail, stripe, text } from "../lib/clients.ts";
async function tell(id: string) {
  await fetch("https://x.example/" + id);
}
const note = (id: string) => id.trim();
async function shelve(event: Event, { tx, idempotencyKey, waitUntil }: Context) {
  await stripe.refunds.create({ payment_intent: event.id }); //! C-5
  await stripe.refunds.create({ payment_intent: event.id }, { idempotencyKey: await idempotencyKey("refund") });
  await stripe.refunds.retrieve(event.id);
  await mail.send({ to: event.id }); //! C-5
  text.create(event.id);
  await store.get("brain:shelf:seen"); //! B-2
  tell(event.id); //! C-8
  void tell(event.id); //! C-8
  tx.insert(books).values({ id: event.id }).onConflictDoNothing(); //! C-8
  ["a"].forEach(async (id) => {
    await tell(id); //! C-8
  });
  note(event.id);
  waitUntil(tell(event.id));
  const told = tell(event.id);
  await Promise.all([told, ...["a"].map((id) => tell(id))]);
  return tell(event.id);
}`),
    {
      "src/lib/clients.ts": `import { Redis } from "@upstash/redis";
import Stripe from "stripe";
import sendgrid from "@sendgrid/mail";
export const cache = Redis.fromEnv();
export const stripe = new Stripe("key");
export { sendgrid as mail };
export const text = { create: (id: string) => id };`,
    },
  ],
  "a loop with a bound that waits for a row": [
    "11.2",
    `
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const find = (db: Database, id: string) => db.select().from(books).where(eq(books.id, id));
export async function wait(db: Database, id: string) {
  for (let tries = 0; tries < 30; tries++) { //! 11.2
    const [book] = await db.select().from(books).where(eq(books.id, id));
    if (book.state === "done") return book;
    await sleep(1_000 * tries);
  }
  let left = 10;
  while (left > 0) { //! 11.2
    const [book] = await find(db, id);
    if (book !== undefined) return book;
    left -= 1;
    await sleep(1_000);
  }
  for (let page = 0; page < 10; page++) {
    const rows = await db.select().from(books).limit(100).offset(page * 100);
    await send(rows);
    await sleep(100);
  }
  for (let tries = 0; tries < 3; tries++) {
    try {
      return await find(db, id);
    } catch {
      await sleep(100);
    }
  }
  for (let tries = 0; tries < 3; tries++) {
    const answer = await fetch("https://x.example");
    if (answer.ok) return answer;
    await sleep(100);
  }
  let after = "";
  while (after !== null) {
    const rows = await db.select().from(books).where(gt(books.id, after)).limit(100);
    after = rows.at(-1)?.id ?? null;
    await sleep(100);
  }
}`,
  ],
  "loops that wait, by what their names mean": [
    "11.2",
    `
import { setTimeout as later } from "node:timers/promises";
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const find = (db: Database, id: string) => db.select().from(books).where(eq(books.id, id));
const remove = (db: Database, id: string) => db.delete(books).where(eq(books.id, id));
export async function wrong(db: Database, id: string) {
  let book;
  while (true) { //! 11.2
    // There is no deadline, and nobody has aborted it: who would throw?
    [book] = await find(db, id);
    if (book.state === "done") return book;
    await later(1_000);
  }
  for (let tries = 0; tries < 30; tries++) { //! 11.2
    [book] = await find(db, id); // insert( and try
    if (book.state === "done") return book;
    await later(1_000);
  }
  for (;;) { //! 11.2
    const rows = await db.select().from(books).limit(100);
    for (const row of rows) await remove(db, row.id);
    await sleep(1_000);
  }
}
export class Books {
  #place = "";
  async *pages(db: Database) {
    while (true) {
      const rows = await db.select().from(books).where(gt(books.id, this.#place)).limit(100);
      if (rows.length === 0) return;
      yield rows;
      this.#place = rows.at(-1).id;
      await sleep(10);
    }
  }
}
export async function right(db: Database, id: string, budgetMs: number, isOver: () => boolean) {
  const endsAt = Date.now() + budgetMs;
  for (;;) {
    const answer = await fetch("https://x.example/" + id);
    if (answer.ok || Date.now() >= endsAt) return answer;
    await sleep(500);
  }
  while (performance.now() < endsAt) {
    const [book] = await find(db, id);
    if (book !== undefined) return book;
    await sleep(500);
  }
  for (let tries = 0; ; tries++) {
    const answer = await fetch("https://x.example/" + id);
    if (answer.ok || tries === 5) return answer;
    await later(100);
  }
  let going = true;
  while (going) {
    const rows = await db.select().from(books).limit(100);
    going = rows.length === 100;
    for (const row of rows) await remove(db, row.id);
    await sleep(5);
  }
  const ids = ["a"];
  while (true) {
    const next = ids.shift();
    if (next === undefined) break;
    await find(db, next);
    await sleep(5);
  }
  while (true) {
    if (isOver()) return;
    await find(db, id);
    await sleep(5);
  }
}`,
  ],
  "the outside is called where the event was not published": [
    "B-1",
    handler(`
async function shelve({ payload }, { tx, publish }) {
  if (payload.book_id === "") {
    await publish(bookShelved, { book_id: payload.book_id });
    return;
  }
  await fetch("https://x.example");
  if (payload.book_id === "1") await publish(bookShelved, { book_id: "1" });
  else await fetch("https://x.example");
  await fetch("https://x.example"); //! B-1
}`),
  ],
};

test.for(Object.entries(forms))("%s", ([, [ids, lines, more]]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});
