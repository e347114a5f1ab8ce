import { sql } from "drizzle-orm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tx } from "../../../src/engine/db/database.ts";
import { sqlState } from "../../../src/engine/db/errors.ts";
import { ingest } from "../../../src/engine/events/ingest.ts";
import { lockBulkOperations } from "../../../src/engine/operations/bulk/bulk-store.ts";
import { createOutbox, prepareEvent } from "../../../src/engine/publish/publish.ts";
import {
  bulkTurns,
  freelyLockedKeys,
  insertEvents,
  maxLockedKeys,
} from "../../../src/engine/publish/record.ts";
import { lockProviderPayment } from "../../../src/modules/payment/early-refunds.ts";
import type { Backbone } from "../../backbone.ts";
import { latch } from "../../latch.ts";
import { meterRead, partChecked } from "../events.ts";
import { openBackbone, streamEntries, until } from "../fixture.ts";

/*
 * Position in the record is given at the insert, and the relay sends in that order what has committed. So the order of
 * the stream is that of the commits only if nobody of the same key inserts between another's insert and commit.
 */

const source = "engine_test";

function prepareBeat(backbone: Backbone, meter_id: string, number: number) {
  const payload = { meter_id, reading: number, faults: 0 };
  return prepareEvent(backbone.open().publish, meterRead, payload, { source });
}

/** Inserts events in a transaction of its own, which stays open until `commit`. */
async function insertAndWait(backbone: Backbone, agents: readonly string[], number: number) {
  const inserted = latch();
  const end = latch();
  const done = backbone.open().db.transaction(async (tx) => {
    await insertEvents(
      tx,
      agents.map((agent) => prepareBeat(backbone, agent, number)),
    );
    inserted.open();
    await end.opened;
  });
  await Promise.race([inserted.opened, done]);
  return {
    async commit() {
      end.open();
      await done;
    },
  };
}

const numbersInStream = async (backbone: Backbone) =>
  (await streamEntries(backbone)).map(({ fields }) => JSON.parse(fields.payload ?? "{}").reading);

/** Advisory locks in the database of this test. */
const locksOf = `SELECT FROM pg_locks WHERE locktype = 'advisory'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Waits for a session that waits for the lock of a key. */
const waiting = (backbone: Backbone) =>
  until(
    () => backbone.sql(`${locksOf} AND NOT granted`),
    (rows) => rows.length > 0,
    "a session waits for a key",
  );

describe("two transactions that publish for one key", () => {
  test("come to the stream in the order of their commits: the second waits with its insert", async () => {
    const backbone = await openBackbone();
    const first = await insertAndWait(backbone, ["a"], 1);
    const second = backbone.publish({ source }, (emit) =>
      emit(meterRead, { meter_id: "a", reading: 2, faults: 0 }),
    );
    await waiting(backbone);
    expect(await backbone.relay()).toMatchObject({ sent: 0 });
    await first.commit();
    await second;
    await backbone.relay();
    expect(await numbersInStream(backbone)).toEqual([1, 2]);
  });

  test("have no position before they have the lock, so the record's order is that of the commits, too", async () => {
    const backbone = await openBackbone();
    const first = await insertAndWait(backbone, ["a", "b"], 1);
    const second = insertAndWait(backbone, ["b"], 2);
    await waiting(backbone);
    // Somebody with another key inserts while the second one waits: that is the next position.
    await (await insertAndWait(backbone, ["c"], 3)).commit();
    await first.commit();
    await (await second).commit();
    const rows = await backbone.sql<{ number: string }>(
      "SELECT payload ->> 'reading' AS number FROM events ORDER BY position",
    );
    expect(rows.map((row) => Number(row.number))).toEqual([1, 1, 3, 2]);
  });

  test("control: without the locks the first to insert is overtaken on the stream by the first to commit", async () => {
    const backbone = await openBackbone();
    const many = Array.from({ length: maxLockedKeys }, (_, index) => `other-${index}`);
    // One key over the bound, so this one does not lock.
    const first = await insertAndWait(backbone, ["a", ...many], 1);
    await backbone.publish({ source }, (emit) => emit(meterRead, { meter_id: "a", reading: 2, faults: 0 }));
    await backbone.relay();
    await first.commit();
    await backbone.relay();
    const ofKey = (await streamEntries(backbone))
      .map(({ fields }) => JSON.parse(fields.payload ?? "{}"))
      .filter(({ meter_id }) => meter_id === "a");
    expect(ofKey.map(({ reading }) => reading)).toEqual([2, 1]);
  });

  test("wait also when another program's single event is the second", async () => {
    const backbone = await openBackbone();
    const first = await insertAndWait(backbone, ["a"], 1);
    const { event } = prepareBeat(backbone, "a", 2);
    const second = ingest(backbone.open(), [event], { correlationId: null, actorId: null });
    await waiting(backbone);
    await first.commit();
    expect(await second).toMatchObject([{ status: "accepted" }]);
    await backbone.relay();
    expect(await numbersInStream(backbone)).toEqual([1, 2]);
  });

  test("hold the lock for the end of the transaction only, not while their authors work", async () => {
    const backbone = await openBackbone();
    const worked = latch();
    const end = latch();
    const slow = backbone.publish({ source }, async (emit, tx) => {
      await emit(meterRead, { meter_id: "a", reading: 2, faults: 0 });
      await tx.execute(sql`SELECT 1`);
      worked.open();
      await end.opened;
    });
    await worked.opened;
    await backbone.publish({ source }, (emit) => emit(meterRead, { meter_id: "a", reading: 1, faults: 0 }));
    end.open();
    await slow;
    await backbone.relay();
    expect(await numbersInStream(backbone)).toEqual([1, 2]);
  });
});

describe("events that need not wait", () => {
  test("are those of other keys and those without one", async () => {
    const backbone = await openBackbone();
    const open = await insertAndWait(backbone, ["a"], 1);
    await backbone.publish({ source }, async (emit) => {
      await emit(meterRead, { meter_id: "b", reading: 2, faults: 0 });
      await emit(partChecked, { part: "db", status: "3" });
    });
    expect(await backbone.relay()).toMatchObject({ sent: 2 });
    await open.commit();
  });

  test("are those of one transaction with more keys than a lock table may be filled with", async () => {
    const backbone = await openBackbone();
    const bulk = await insertAndWait(backbone, keysOf("k", maxLockedKeys + 1), 1);
    expect(await backbone.sql(locksOf)).toHaveLength(0);
    await bulk.commit();
  });
});

describe("bulk statements", () => {
  const manyKeys = freelyLockedKeys + 1;

  test("lock every key as small ones do, and take a turn beside", async () => {
    const backbone = await openBackbone();
    const small = await insertAndWait(backbone, keysOf("k", freelyLockedKeys), 1);
    expect(await backbone.sql(locksOf)).toHaveLength(freelyLockedKeys);
    await small.commit();
    const bulk = await insertAndWait(backbone, keysOf("k", maxLockedKeys), 2);
    expect(await backbone.sql(locksOf)).toHaveLength(maxLockedKeys + 1);
    await bulk.commit();
    expect(await backbone.sql(locksOf)).toHaveLength(0);
  });

  test("of other keys go side by side up to their turns; the next one waits and locks no key meanwhile", async () => {
    const backbone = await openBackbone();
    const sideBySide = await Promise.all(
      Array.from({ length: bulkTurns }, (_, n) => insertAndWait(backbone, keysOf(`b${n}`, manyKeys), n)),
    );
    const next = insertAndWait(backbone, keysOf("last", manyKeys), 9);
    await waiting(backbone);
    expect(await backbone.sql(`${locksOf} AND granted`)).toHaveLength(bulkTurns * (manyKeys + 1));
    // A small one needs no turn.
    await (await insertAndWait(backbone, ["small"], 8)).commit();
    for (const bulk of sideBySide) await bulk.commit();
    await (await next).commit();
    expect(await backbone.sql("SELECT FROM events")).toHaveLength((bulkTurns + 1) * manyKeys + 1);
  });

  test("wait for a transaction of one of their keys, and have all their positions behind it", async () => {
    const backbone = await openBackbone();
    const first = await insertAndWait(backbone, ["k-7"], 1);
    const bodies = keysOf("k", manyKeys).map((agent) => prepareBeat(backbone, agent, 2).event);
    const bulk = ingest(backbone.open(), bodies, { correlationId: null, actorId: null });
    await waiting(backbone);
    // The next position is somebody else's, who commits before.
    await (await insertAndWait(backbone, ["other"], 3)).commit();
    await first.commit();
    expect(await bulk).toHaveLength(manyKeys);
    const rows = await backbone.sql<{ number: string }>(
      "SELECT payload ->> 'reading' AS number FROM events ORDER BY position",
    );
    expect(rows.slice(0, 3).map((row) => Number(row.number))).toEqual([1, 3, 2]);
  });
});

const keysOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

/**
 * One transaction inserts first and commits last, another of the same key comes in between. A reader asks before and
 * after for what is behind the last position it saw, as a program outside would.
 *
 * @param othersInBulk keys of the first transaction beside the common one
 */
async function readBehindPositions(backbone: Backbone, othersInBulk: number) {
  const { db } = backbone.open();
  const first = await insertAndWait(backbone, ["hot", ...keysOf("other", othersInBulk)], 1);
  const second = insertAndWait(backbone, ["hot"], 2).then(({ commit }) => commit());
  const isOvertaken = await Promise.race([second.then(() => true), waiting(backbone).then(() => false)]);
  const seen: number[] = [];
  let position = 0;
  const look = async () => {
    const rows = await db.rows<{ position: string; reading: string }>(sql`
      SELECT position::text AS position, payload ->> 'reading' AS reading FROM events
      WHERE type = 'lab.meter.read' AND key = 'hot' AND position > ${position}::bigint ORDER BY position`);
    for (const row of rows) {
      position = Number(row.position);
      seen.push(Number(row.reading));
    }
  };
  await look();
  await first.commit();
  await second;
  await look();
  return { seen, isOvertaken };
}

describe("a reader outside who keeps the last position of a key", () => {
  test("misses nothing of bulk and single writers that commit in the opposite order", async () => {
    expect(await readBehindPositions(await openBackbone(), maxLockedKeys - 1)).toEqual({
      seen: [1, 2],
      isOvertaken: false,
    });
  });

  test("control: without the locks it misses the event that committed late", async () => {
    expect(await readBehindPositions(await openBackbone(), maxLockedKeys)).toEqual({
      seen: [2],
      isOvertaken: true,
    });
  });
});

describe("transactions with many keys at once", () => {
  const keySets = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 10 }), {
    minLength: 4,
    maxLength: 8,
  });

  test("never wait for each other in a circle, whatever the order of their keys", async () => {
    const backbone = await openBackbone();
    await fc.assert(
      fc.asyncProperty(keySets, async (sets) => {
        const both = sets.flatMap((set) => [set, [...set].reverse()]);
        await Promise.all(
          both.map((set) =>
            backbone.publish({ source }, async (emit) => {
              for (const key of set) {
                const meter_id = `agent-${key}`;
                await emit(meterRead, { meter_id, reading: 1, faults: 0 });
              }
            }),
          ),
        );
      }),
      { numRuns: 12 },
    );
    expect((await backbone.sql("SELECT FROM events")).length).toBeGreaterThan(0);
  });

  test("control: event by event in opposite orders, they do", async () => {
    const backbone = await openBackbone();
    const reached = [latch(), latch()];
    const oneByOne = (own: number, keys: readonly string[]) =>
      backbone
        .open()
        .db.transaction(async (tx) => {
          for (const [index, key] of keys.entries()) {
            if (index === 1) {
              reached[own]?.open();
              await Promise.all(reached.map(({ opened }) => opened));
            }
            const outbox = createOutbox(backbone.open().publish, { source });
            await outbox.publish(meterRead, { meter_id: key, reading: 1, faults: 0 });
            for (const statement of (await outbox.flush()).statements) await tx.execute(statement);
          }
        })
        .then(
          () => null,
          (error: unknown) => sqlState(error),
        );
    const ends = await Promise.all([oneByOne(0, ["a", "b"]), oneByOne(1, ["b", "a"])]);
    expect(ends.sort()).toEqual(["40P01", null]);
  });
});

test.each([
  ["bulk operations are started", "bulk", lockBulkOperations],
  ["a provider tells of a payment", "paycore:pi_1", (tx: Tx) => lockProviderPayment(tx, "pi_1")],
] as const)("an event is published while %s, also one whose key is called like it", async (_, key, lock) => {
  const backbone = await openBackbone();
  const committed = await backbone.open().db.transaction(async (tx) => {
    await lock(tx);
    // Would wait for this transaction, and this one for it, if both had one lock.
    const other = await insertAndWait(backbone, [key], 1);
    await other.commit();
    return backbone.sql("SELECT FROM events WHERE key = $1", [key]);
  });
  expect(committed).toHaveLength(1);
});
