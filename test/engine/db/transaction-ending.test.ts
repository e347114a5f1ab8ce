import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createDatabase, type Ending, type FenceText } from "../../../src/engine/db/database.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { startCuttableProxy } from "../../faults.ts";
import { labCatalog } from "../events.ts";
import { until } from "../fixture.ts";

/* What a transaction runs last learns whether it is committed: for certain, or as far as anybody knows. */

let backbone: Backbone;
beforeAll(async () => {
  backbone = await createBackbone({ catalog: labCatalog });
  await backbone.sql("CREATE TABLE rows (text text)");
});
afterAll(() => backbone.cleanup());
beforeEach(() => backbone.sql("TRUNCATE rows"));

/** An ending, and what it was told. */
function endingOf(statements: Ending["statements"]) {
  const told: unknown[] = [];
  const ending: Ending = {
    statements,
    committed: (answers) => told.push(answers),
    failed: (isSure) => told.push(isSure ? "failed" : "unknown"),
  };
  return { told, last: () => ending };
}

const insert = sql`INSERT INTO rows VALUES ('last') RETURNING text`;
const stored = () => backbone.sql("SELECT text FROM rows");
const db = () => createDatabase(backbone.sandbox.neonUrl);

test("gets the rows of each of its statements when it is committed", async () => {
  const { told, last } = endingOf([
    insert,
    sql`SELECT n FROM generate_series(1, 2) AS n`,
    sql`SELECT 1 WHERE false`,
  ]);
  const fence = "SELECT 7 AS seven" as FenceText;
  await db().transaction(async () => undefined, { last, fence });
  expect(told).toEqual([[[{ text: "last" }], [{ n: 1 }, { n: 2 }], []]]);
  expect(await stored()).toHaveLength(1);
});

test("is not asked for when the transaction fails before its end", async () => {
  const { told, last } = endingOf([insert]);
  let isAsked = false;
  const work = db().transaction(() => Promise.reject(new Error("planted")), {
    last: () => {
      isAsked = true;
      return last();
    },
  });
  await expect(work).rejects.toThrow("planted");
  expect([isAsked, told]).toEqual([false, []]);
});

describe("learns that nothing stays", () => {
  test("when one of its statements fails", async () => {
    const { told, last } = endingOf([insert, sql`SELECT 1 / 0`]);
    await expect(db().transaction(async () => undefined, { last })).rejects.toThrow();
    expect([told, await stored()]).toEqual([["failed"], []]);
  });

  test("when it has a value that cannot travel with the COMMIT, and the connection is good for the next one", async () => {
    const { told, last } = endingOf([insert, sql`SELECT ${sql.param(["a"])}::text[]`]);
    const session = await db().open();
    await expect(session.transaction(async () => undefined, { last })).rejects.toThrow(
      "neither text nor number",
    );
    expect([told, await stored()]).toEqual([["failed"], []]);
    await session.transaction((tx) => tx.execute(sql`INSERT INTO rows VALUES ('next')`));
    await session.close();
    expect(await stored()).toEqual([{ text: "next" }]);
  });

  test("when the fence does not hold", async () => {
    const { told, last } = endingOf([insert]);
    const fence = "SELECT ('fenced by epoch ' || 9)::integer" as FenceText;
    await expect(db().transaction(async () => undefined, { last, fence })).rejects.toThrow();
    expect([told, await stored()]).toEqual([["failed"], []]);
  });

  test("when a statement had failed and somebody caught its error", async () => {
    const { told, last } = endingOf([insert]);
    const work = db().transaction((tx) => tx.execute(sql`SELECT 1 / 0`).catch(() => undefined), { last });
    await expect(work).rejects.toThrow();
    expect([told, await stored()]).toEqual([["failed"], []]);
  });
});

test("learns that nobody knows when the connection is lost before the answer to the COMMIT", async () => {
  const url = new URL(backbone.sandbox.neonUrl);
  const proxy = await startCuttableProxy(Number(url.port));
  onTestFinished(() => proxy.close());
  url.port = String(proxy.port);
  const { told, last } = endingOf([sql`SELECT pg_sleep(30)`]);
  const work = createDatabase(url.href).transaction(async () => undefined, { last });
  work.catch(() => undefined);
  await until(
    () =>
      backbone.sql(
        "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%COMMIT' AND state = 'active'",
      ),
    (found) => found.length === 1,
    "the COMMIT under way",
  );
  proxy.cut();
  await expect(work).rejects.toThrow();
  expect(told).toEqual(["unknown"]);
});
