import { TransientError } from "@brain/engine";
import { sql } from "drizzle-orm";
import { integer, pgTable } from "drizzle-orm/pg-core";
import { Hono } from "hono";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { identified } from "../../../src/http/kit/access.ts";
import type { ModuleEnv, RequestServices } from "../../../src/http/kit/module-env.ts";
import { expectErrorShape } from "../refusal.ts";
import { createSurface, type Surface } from "../surface.ts";

/*
 * A request with a key notes in its own transaction that it has written, whichever way its route writes: so when its isolate
 * dies behind the commit, a repetition does not do the work again.
 */

const done = pgTable("done", { turn: integer("turn") });
const insert = sql`INSERT INTO done VALUES (1)`;
const context = { source: "test" };

type Way = (services: RequestServices) => Promise<unknown>;

const writes: Readonly<Record<string, Way>> = {
  transact: ({ transact }) => transact(context, (tx) => tx.execute(insert)),
  "a transaction": ({ db }) => db.transaction((tx) => tx.insert(done).values({ turn: 1 })),
  "a transaction that ends with statements": ({ db }) =>
    db.transaction(async () => undefined, { last: () => ({ statements: [insert] }) }),
  "a transaction of a session": async ({ db }) => {
    const session = await db.open();
    try {
      await session.transaction((tx) => tx.execute(insert));
    } finally {
      await session.close();
    }
  },
  "a statement": ({ db }) => db.rows(insert),
  "a list of statements": ({ db }) => db.batch([sql`SELECT 1`, insert]),
  "a statement of drizzle": async ({ db }) => db.statements.insert(done).values({ turn: 1 }),
  "a list of drizzle": ({ db }) => db.statements.batch([db.statements.insert(done).values({ turn: 1 })]),
  "a statement of one tenant": ({ db }) => db.ofTenant("acme").rows(insert),
  "a transaction of one tenant": ({ db }) => db.ofTenant("acme").transaction((tx) => tx.execute(insert)),
  "a function of SQL": ({ db }) => db.rows(sql`SELECT done_once()`),
};

const reads: Readonly<Record<string, Way>> = {
  transact: ({ transact }) => transact(context, (tx) => tx.select().from(done)),
  "a transaction": ({ db }) => db.transaction((tx) => tx.select().from(done)),
  "a statement": ({ db }) => db.rows(sql`SELECT turn FROM done`),
  "a list of statements": ({ db }) => db.batch([sql`SELECT turn FROM done`, sql`SELECT 1`]),
  "a statement of drizzle": async ({ db }) => db.statements.select().from(done),
  "a statement of one tenant": ({ db }) => db.ofTenant("acme").rows(sql`SELECT turn FROM done`),
};

let surface: Surface;
/** What the route does with its request. */
let way: Way;
beforeAll(async () => {
  const routes = new Hono<ModuleEnv>().post("/", identified("a test"), async (c) => {
    await way(c.var.services);
    return c.json({ done: true });
  });
  surface = await createSurface({ mounts: [{ path: "/api/work", routes }] });
  await surface.sql("CREATE TABLE done (turn integer)");
  await surface.sql("GRANT SELECT, INSERT ON done TO brain_tenant");
  await surface.sql("CREATE FUNCTION done_once() RETURNS void LANGUAGE sql AS 'INSERT INTO done VALUES (1)'");
});
afterAll(async () => {
  await surface?.background();
  await surface?.cleanup();
});
beforeEach(async () => {
  await surface.sql("TRUNCATE done, idempotency_keys");
});

const post = (key = "k") => surface.post("/api/work", {}, { "idempotency-key": key });
const turns = async () => (await surface.sql("SELECT turn FROM done")).length;
const isNoted = async () =>
  (await surface.sql<{ noted: boolean }>("SELECT committed_at IS NOT NULL AS noted FROM idempotency_keys"))[0]
    ?.noted;
/** As an isolate leaves the row that dies behind its commit. */
const loseAnswer = () =>
  surface.sql(
    "UPDATE idempotency_keys SET status = NULL, response = NULL, created_at = now() - interval '2 minutes'",
  );

describe.each(Object.entries(writes))("what a route writes by %s", (_name, write) => {
  test("is not written again when its answer was lost", async () => {
    way = write;
    expect((await post()).status).toBe(200);
    expect([await turns(), await isNoted()]).toEqual([1, true]);
    await loseAnswer();
    expectErrorShape(await post(), 409, "conflict");
    expect(await turns()).toBe(1);
  });

  test("is not written when a repetition has taken over meanwhile", async () => {
    way = async (services) => {
      await surface.sql("UPDATE idempotency_keys SET created_at = now()");
      await write(services);
    };
    const refused = await post();
    expectErrorShape(refused, 409, "conflict");
    expect(refused.body.error.message).toContain("has taken over");
    expect(await turns()).toBe(0);
  });
});

test.each(Object.entries(reads))("a route that only reads by %s may be asked again", async (_name, read) => {
  way = async (services) => {
    await read(services);
    expect(await isNoted()).toBe(false);
    throw new TransientError("Not now.");
  };
  expect((await post()).status).toBe(503);
  way = read;
  expect((await post()).status).toBe(200);
  expect(await isNoted()).toBe(false);
});

test("control: a write that is not noted is done again when its answer was lost", async () => {
  way = () => surface.sql("INSERT INTO done VALUES (1)");
  await post();
  await loseAnswer();
  expect((await post()).status).toBe(200);
  expect(await turns()).toBe(2);
});

test("work that goes on behind the answer is done, though its answer is kept already", async () => {
  const gate = Promise.withResolvers<void>();
  const failures: unknown[] = [];
  way = async ({ transact, waitUntil }) => {
    const work = gate.promise.then(() => transact(context, (tx) => tx.execute(insert)));
    waitUntil(work.catch((error: unknown) => failures.push(error)));
  };
  expect((await post()).status).toBe(200);
  gate.resolve();
  await surface.background();
  expect(failures).toEqual([]);
  expect(await turns()).toBe(1);
});
