/** What a colleague in a hurry writes in the middle of sound code: each is found in its line, and what is right beside it is not. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type More = Readonly<Record<string, string>>;
type Form = readonly [ids: string, lines: string, more?: More];

const handler = (lines: string) => `
import { defineConsumer, on, PermanentError, TransientError } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, shelve)] });
${lines.trim()}`;

const redelivered = (lines: string): More => ({
  "test/shelf.test.ts": `import { own } from "../src/shelf/service.ts";
test("once", async () => {
  await engine.drain("shelf");
  await engine.redeliver();
  await engine.drain("shelf");
  ${lines}
});`,
});

const consumer = (mark: string) => `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, () => 1)] });${mark}`;

const forms: Readonly<Record<string, Form>> = {
  "a permanent error of the project's own for what passes": [
    "C-4",
    handler(`
import { FarAwayError } from "../errors.ts";
class LateError extends PermanentError {}
class BusyError extends TransientError {}
class GoneError extends LateError {}
async function shelve(event: Event, { fetch }: Context) {
  const answer = await fetch("https://x.example");
  const isBusy = answer.status === 503;
  if (answer.status === 504) throw new LateError("late"); //! C-4
  if (answer.status === 429) throw new GoneError("later"); //! C-4
  if (isBusy) throw new FarAwayError("far away"); //! C-4
  if (answer.status === 404) throw new GoneError("gone");
  if (answer.status === 502) throw new BusyError("busy");
  if (event.payload.isOver) throw new LateError("the offer ended before");
  try {
    await fetch("https://x.example");
  } catch (cause) { //! C-4
    throw new FarAwayError("far away", { cause });
  }
  try {
    await fetch("https://x.example");
  } catch (cause) {
    throw new BusyError("busy", { cause });
  }
}`),
    {
      "src/errors.ts":
        'import { PermanentError } from "@brain/engine";\nexport class FarAwayError extends PermanentError {}',
    },
  ],
  "a permanent error for an answer that is one of several": [
    "C-4",
    handler(`
const busyCodes = new Set([429, 503]);
async function shelve(_event: Event, { fetch }: Context) {
  const answer = await fetch("https://x.example");
  const { status } = answer;
  if ([502, 503, 504].includes(answer.status)) throw new PermanentError("busy"); //! C-4
  if (busyCodes.has(status)) throw new PermanentError("busy"); //! C-4
  if ([404, 503].includes(answer.status)) throw new PermanentError("one of both");
  if ([404, 410].includes(status)) throw new PermanentError("gone");
  if (allowed.includes(status)) throw new PermanentError("who knows");
  if ([503].includes(answer.age)) throw new PermanentError("old");
}
const allowed: number[] = JSON.parse("[]");`),
  ],
  "a transient error for an event that a schema refuses": [
    "C-4",
    handler(`
import * as z from "zod";
const wanted = z.strictObject({ size: z.int() });
async function shelve(event: Event, { fetch }: Context) {
  const { payload } = event;
  const read = wanted.safeParse(JSON.parse(event.payload.note));
  if (!read.success) throw new TransientError("no size"); //! C-4
  const again = wanted.safeParse(payload);
  if (!again.success) {
    throw new TransientError("no size", { cause: again.error }); //! C-4
  }
  const kept = wanted.safeParse(event.payload);
  if (!kept.success) throw new PermanentError("no size");
  const answer = wanted.safeParse(await (await fetch("https://x.example")).json());
  if (!answer.success) throw new TransientError("the answer was cut");
}`),
  ],
  "another try by hand, of which the last error is lost": [
    "C-8",
    handler(`
async function shelve(event: Event, { fetch, log }: Context) {
  for (let attempt = 1; attempt <= 3; attempt++) {
    try {
      await fetch("https://x.example");
      break;
    } catch (error) { //! C-8
      log.warn({ attempt, error }, "no answer");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  for (let attempt = 1; attempt <= 3; attempt++) {
    try {
      return await fetch("https://y.example");
    } catch (error) {
      log.warn({ attempt, error }, "no answer");
      await sleep(200);
    }
  }
  throw new TransientError("y.example does not answer");
}
export const other = defineConsumer({ subscriber: "other", handlers: [on(bookShelved, untilItIs)] });
async function untilItIs(_event: Event, { fetch, log }: Context) {
  while (true) {
    try {
      return await fetch("https://z.example");
    } catch (error) {
      log.warn({ error }, "another try");
      await sleep(200);
    }
  }
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));`),
  ],
  "a table that remembers which events were handled": [
    "B-7",
    handler(`
import { eq } from "drizzle-orm";
import { ledger, hidden, seen, tried } from "./more-tables.ts";
async function shelve(event: Event, { tx }: Context) {
  const [known] = await tx.select().from(seen).where(eq(seen.eventId, event.id)); //! B-7
  if (known !== undefined) return;
  await tx.insert(seen).values({ eventId: event.id });
  const fresh = await tx.insert(tried).values({ eventId: event.id, subscriber: "shelf" }).onConflictDoNothing().returning(); //! B-7
  if (fresh.length === 0) return;
  const [entry] = await tx.select().from(ledger).where(eq(ledger.sourceEventId, event.id));
  if (entry === undefined) await tx.insert(ledger).values({ sourceEventId: event.id, amount: 1 });
  const [isHidden] = await tx.select().from(hidden).where(eq(hidden.eventId, event.id));
  if (isHidden === undefined) await tx.insert(ledger).values({ sourceEventId: event.id, amount: 2 });
}
export const hide = (tx: Tx, eventId: string) => tx.insert(hidden).values({ eventId });`),
    {
      "src/shelf/more-tables.ts": `import * as pg from "drizzle-orm/pg-core";
export const seen = pg.pgTable("shelf_seen", { eventId: pg.uuid().primaryKey(), handledAt: pg.timestamp() });
export const tried = pg.pgTable("shelf_tried", { eventId: pg.uuid(), subscriber: pg.text() });
export const hidden = pg.pgTable("shelf_hidden", { eventId: pg.uuid().primaryKey(), hiddenAt: pg.timestamp() });
export const ledger = pg.pgTable("shelf_ledger", { sourceEventId: pg.uuid(), amount: pg.integer() });`,
    },
  ],
  "an event that a chain of methods puts together, and a name of several parts": [
    "E-8",
    `
const topic = ["library", "book", "shelved"].join(".");
class EventBuilder {
  #payload: object = {};
  constructor(readonly type: string) {}
  withPayload(payload: object): this {
    this.#payload = payload;
    return this;
  }
  build() {
    return { type: this.type, payload: this.#payload };
  }
}
class PageBuilder {
  withTitle(title: string): this {
    return this;
  }
  build() {
    return { title: "one" };
  }
}
export async function one(bus: Bus, site: Site, id: string) {
  await bus.publish(new EventBuilder("library.book.shelved").withPayload({ id }).build()); //! E-8
  await bus.publish(newBuilder().withPayload({ id }).build()); //! E-8
  await bus.publish(topic, { id }); //! E-8
  await bus.publish("library.book".concat(".shelved"), { id }); //! E-8
  await bus.publish({ type: topic, data: { id } }); //! E-8
  await site.publish(new PageBuilder().withTitle("one").build());
  await site.publish(["one", id].join("."), { id });
  await site.publish(["one", "two"].join("/"), { id });
}
const newBuilder = () => new EventBuilder("library.book.shelved");`,
  ],
  "the outside is called in a transaction whose publish is handed on": [
    "B-1",
    `
import { books } from "./tables.ts";
export async function shelve(engine: Engine, id: string) {
  await engine.transact({ source: "shelf" }, async (tx, publish) => {
    await tx.insert(books).values({ id });
    await fetch("https://x.example", { method: "POST", body: id }); //! B-1
    await change(tx, publish, id);
    await fetch("https://y.example"); //! B-1
  });
  await engine.transact({ source: "shelf" }, async (tx, publish) => {
    await fetch("https://x.example", { method: "POST", body: id });
    await other(tx, publish);
  });
}
async function change(tx: Tx, publish: Publish, id: string) {
  await tx.delete(books);
  await tell(publish, id);
}
const tell = (publish: Publish, id: string) => publish(bookShelved, { book_id: id });
const other = async (tx: Tx, publish: unknown) => [tx, publish];`,
  ],
  "an id that publish is told to take": [
    "E-2",
    `
export async function tell(publish: Publish, id: string, eventId: string) {
  const options = { id: String(Math.random()) }; //! E-2
  await publish(bookShelved, { book_id: id }, { id: \`evt_\${Date.now()}\` }); //! E-2
  await publish(bookShelved, { book_id: id }, options);
  await publish(bookShelved, { book_id: id }, { id: crypto.randomUUID() });
  await publish(bookShelved, { book_id: id }, { id: eventId });
  await publish(bookShelved, { book_id: id }, { id: \`\${eventId}\`, correlation_id: \`evt_\${id}\` });
}`,
  ],
  "the event stream is read by its range": [
    "C-1",
    `
const key = "brain:events:stream";
export async function look(redis: Redis, last: string) {
  await redis.xrange("brain:events:stream", last, "+", 100); //! C-1
  await redis.xrevrange(key, "+", "-", 1); //! C-1
  await redis.sendCommand(["XRANGE", key, "-", "+"]); //! C-1
  await redis.xrange("brain:shelf:moves", last, "+", 100);
}`,
  ],
  "a second delivery behind which only a request was taken": [
    "T-3",
    consumer(" //! T-3"),
    redelivered(`const again = await engine.post("/api/shelf", { id: 1 });
  expect(again.status).toBe(201);
  expect((await engine.request(app, "PUT", "/api/shelf")).ok).toBe(true);`),
  ],
  "a second delivery behind which what is there is read, or a request is refused": [
    "T-3",
    consumer(""),
    redelivered(`const there = await engine.request("/api/shelf/1");
  expect(there.status).toBe(200);`),
  ],
  "an event whose options have a name": [
    "N-2 E-5",
    "export const two = 2;",
    {
      "src/lib/events.ts": `import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const options = {
  version: "2.0", //! E-5
  module: "shelf",
  payload: z.strictObject({ book_id: z.uuid().describe("the book") }),
};
const name = ["shelf", "book", "lost"].join(".");
export const storeBookLost = defineEvent("store.book.lost", options); //! N-2
export const shelfBookLost = defineEvent(name, options);`,
    },
  ],
};

test.for(Object.entries(forms))("%s", ([, [ids, lines, more]]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});
