import { DrizzleQueryError, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { describeError } from "../../../src/engine/consume/dead-letters.ts";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { createDatabase } from "../../../src/engine/db/database.ts";
import { publicError } from "../../../src/http/errors.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { startCuttableProxy } from "../../faults.ts";
import { labCatalog } from "../events.ts";
import { until } from "../fixture.ts";

let backbone: Backbone;
beforeAll(async () => {
  backbone = await createBackbone({ catalog: labCatalog });
  await backbone.sql("CREATE TABLE rows (text text)");
});
afterAll(() => backbone.cleanup());

async function behindProxy() {
  const url = new URL(backbone.sandbox.neonUrl);
  const proxy = await startCuttableProxy(Number(url.port));
  onTestFinished(() => proxy.close());
  url.port = String(proxy.port);
  return { proxy, db: createDatabase(url.href) };
}

describe("a connection that dies in the middle of a transaction", () => {
  test.each([
    ["by a word of the server", "terminate"],
    ["without a word", "cut"],
  ])("%s fails every later statement at once, and closing it does not wait", async (_how, way) => {
    const { proxy, db } = await behindProxy();
    const session = await db.open();
    const failures: unknown[] = [];
    const work = session.transaction(async (tx) => {
      const { rows } = await tx.execute<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
      await tx.execute(sql`INSERT INTO rows VALUES ('lost')`);
      if (way === "cut") proxy.cut();
      else await backbone.sql("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      await until(
        () => session.broken,
        (broken) => broken,
        "the loss of the connection",
      );
      for (let attempt = 0; attempt < 2; attempt += 1) {
        await tx.execute(sql`SELECT 1`).catch((error: unknown) => failures.push(error));
      }
      await tx.execute(sql`SELECT 1`);
    });
    await expect(work).rejects.toBeInstanceOf(TransientError);
    expect(failures).toHaveLength(2);
    await expect(session.transaction(async () => undefined)).rejects.toBeInstanceOf(TransientError);
    await session.close();
    await session.close();
    expect(await backbone.sql("SELECT FROM rows")).toEqual([]);
  });

  test.each([
    ["by a word of the server", "terminate"],
    ["without a word", "cut"],
  ])("%s while a statement runs is a transient error that holds no value", async (_how, way) => {
    const { proxy, db } = await behindProxy();
    const seen: unknown[] = [];
    const work = db.transaction(async (tx) => {
      const { rows } = await tx.execute<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
      const pid = rows[0]?.pid;
      const slow = tx.execute(sql`SELECT ${"planted"}::text, pg_sleep(30)`);
      slow.catch((error: unknown) => seen.push(error));
      await until(
        () => backbone.sql("SELECT FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep%'", [pid]),
        (found) => found.length === 1,
        "the statement under way",
      );
      if (way === "cut") proxy.cut();
      else await backbone.sql("SELECT pg_terminate_backend($1)", [pid]);
      await slow;
    });
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect(String(error)).not.toContain("planted");
    // Control: what drizzle throws inside has the value, so that whoever shows it as it is shows the value.
    expect(seen[0]).toBeInstanceOf(DrizzleQueryError);
    expect(String(seen[0])).toContain("planted");
    for (const withDetail of [true, false])
      expect(describeError(seen[0], withDetail)).not.toContain("planted");
    expect(publicError(seen[0])).toMatchObject({ code: "unavailable" });
  });

  test("fails the commit when nobody noticed before", async () => {
    const { proxy, db } = await behindProxy();
    const work = db.transaction(async (tx) => {
      await tx.execute(sql`INSERT INTO rows VALUES ('lost')`);
      proxy.cut();
    });
    await expect(work).rejects.toBeInstanceOf(TransientError);
    expect(await backbone.sql("SELECT FROM rows")).toEqual([]);
  });
});

test("a transaction given up while its statement runs does not wait for it", async () => {
  const { db } = await behindProxy();
  const started = Date.now();
  const work = db.transaction(async (tx) => {
    tx.execute(sql`SELECT pg_sleep(120)`).catch(() => undefined);
    throw new RangeError("given up");
  });
  await expect(work).rejects.toThrow("given up");
  expect(Date.now() - started).toBeLessThan(60_000);
});

test("a database that cannot be reached is a transient error, over HTTP and over a connection", async () => {
  const { proxy, db } = await behindProxy();
  proxy.cut();
  await expect(db.open()).rejects.toBeInstanceOf(TransientError);
  await expect(db.rows(sql`SELECT 1`)).rejects.toBeInstanceOf(TransientError);
  await expect(db.batch([sql`SELECT 1`])).rejects.toBeInstanceOf(TransientError);
  proxy.restore();
  expect(await db.rows(sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
});
