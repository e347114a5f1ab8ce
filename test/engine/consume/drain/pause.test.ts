import { expect, test } from "vitest";
import { forgetShardState } from "../../../../src/engine/consume/lease/deferred-signal.ts";
import {
  listPauses,
  pauseConsumer,
  resumeConsumer,
} from "../../../../src/engine/operations/consumers/pauses.ts";
import type { Backbone } from "../../../backbone.ts";
import {
  createClock,
  drainUntilQuiet,
  drainWith,
  effects,
  numbersOf,
  openBackbone,
  pendingOf,
  publishBeats,
  publishReports,
  recorder,
} from "../../fixture.ts";
import { operator } from "../../operations/bulk-fixture.ts";

async function pause(backbone: Backbone, eventType: string, expiresAt: string | null = null): Promise<void> {
  await backbone.sql(
    "INSERT INTO consumer_pauses (subscriber_name, event_type, reason, expires_at) VALUES ('recorder', $1, 'maintenance', $2)",
    [eventType, expiresAt],
  );
  await forget(backbone);
}

async function resume(backbone: Backbone): Promise<void> {
  await backbone.sql("DELETE FROM consumer_pauses");
  await forget(backbone);
}

async function forget(backbone: Backbone): Promise<void> {
  const { databases, keys } = backbone.open();
  await forgetShardState({ databases, keys }, ["edge_recorder"], 1);
}

test("a paused consumer reads nothing, and loses nothing when it is resumed", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await backbone.drain(consumer);
  await pause(backbone, "");
  const ids = await publishReports(backbone, 3);
  await backbone.relay();
  expect(await backbone.drain(consumer)).toMatchObject({ paused: true, read: 0, applied: 0 });
  expect(await pendingOf(backbone, consumer)).toEqual([]);
  await resume(backbone);
  expect(await backbone.drain(consumer)).toMatchObject({ paused: false, applied: 3 });
  expect((await effects(backbone)).map(({ event_id }) => event_id)).toEqual(ids);
});

test("a pause ends by itself at its time", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const consumer = recorder();
  await pause(backbone, "", new Date(clock.now() + 30_000).toISOString());
  await publishReports(backbone, 1);
  await backbone.relay();
  expect(await backbone.drain(consumer)).toMatchObject({ paused: true });
  clock.advance(30_001);
  expect(await backbone.drain(consumer)).toMatchObject({ paused: false, applied: 1 });
});

test("a pause holds until its time by the clock of Postgres, which sets it, also where that is an hour off", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await publishReports(backbone, 1);
  await backbone.relay();
  const { db } = backbone.open();
  for (const offMs of [-3_600_000, 3_600_000]) {
    const off = (value: unknown) => (typeof value === "number" ? value + offMs : value);
    const batch: typeof db.batch = async (statements) =>
      (await db.batch(statements)).map((rows) =>
        (rows as Record<string, unknown>[]).map((row) => ({
          ...row,
          ...("until_ms" in row ? { until_ms: off(row.until_ms) } : {}),
          ...("now_ms" in row ? { now_ms: off(row.now_ms) } : {}),
        })),
      );
    const drain = () => drainWith(backbone, consumer, () => ({ db: { ...db, batch } }));
    await backbone.sql("DELETE FROM consumer_pauses");
    await pause(backbone, "", new Date(Date.now() + 30_000).toISOString());
    expect(await drain()).toMatchObject({ paused: true, applied: 0 });
    await backbone.sql("DELETE FROM consumer_pauses");
    await pause(backbone, "", new Date(Date.now() - 10).toISOString());
    expect(await drain(), "one that is over").toMatchObject({ paused: false });
  }
  expect(await effects(backbone)).toHaveLength(1);
});

test.each([
  ["behind", -3_600_000],
  ["ahead", 3_600_000],
])(
  "a pause for a time, or until one, begins also on a worker whose clock is an hour %s",
  async (_what, offMs) => {
    const backbone = await openBackbone({ now: () => Date.now() + offMs });
    const consumer = recorder();
    const invocation = backbone.open();
    const whole = { eventType: null, reason: "maintenance", expiresAt: null };
    await pauseConsumer(invocation, consumer, { ...whole, forSeconds: 600 }, operator);
    const [first] = await listPauses(invocation.db, "recorder");
    const leftMs = Date.parse(first?.expires_at ?? "") - Date.now();
    expect(leftMs).toBeGreaterThan(500_000);
    expect(leftMs).toBeLessThanOrEqual(601_000);
    const soon = new Date(Date.now() + 600_000);
    await pauseConsumer(invocation, consumer, { ...whole, expiresAt: soon }, operator);
    expect(await listPauses(invocation.db, "recorder")).toMatchObject([{ expires_at: soon.toISOString() }]);
    const past = { ...whole, expiresAt: new Date(Date.now() - 60_000) };
    await expect(pauseConsumer(invocation, consumer, past, operator)).rejects.toThrow("end before it begins");
  },
);

test("a paused type is deferred while the others are handled, and holds the events behind it", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await pause(backbone, "lab.meter.read");
  await publishBeats(backbone, [
    ["a", 1],
    ["a", 2],
  ]);
  await publishReports(backbone, 3);
  await backbone.relay();
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 3, deferred: 2 });
  // Nothing of it fills the pending list, however long the pause lasts.
  expect(await pendingOf(backbone, consumer)).toEqual([]);
  expect(await numbersOf(backbone, "a")).toEqual([]);
  await resume(backbone);
  await publishBeats(backbone, [["a", 3]]);
  await backbone.relay();
  await drainUntilQuiet(backbone, consumer);
  expect(await numbersOf(backbone, "a")).toEqual([1, 2, 3]);
  expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
});

test("a pause ends a drain that is under way", async () => {
  const backbone = await openBackbone();
  const consumer = recorder({
    batchSize: 1,
    beforeReport: async ({ payload }) => {
      if (payload.status === "1") await pause(backbone, "");
    },
  });
  await publishReports(backbone, 6);
  await backbone.relay();
  const result = await backbone.drain(consumer);
  expect(result).toMatchObject({ more: true });
  expect(result.applied).toBeLessThan(6);
  expect(await backbone.drain(consumer)).toMatchObject({ paused: true, applied: 0 });
  await resume(backbone);
  await drainUntilQuiet(backbone, consumer);
  expect(await effects(backbone)).toHaveLength(6);
});

/** A drain behind whose first look into Postgres, and before it notes what it read, something happens. */
function drainAround(backbone: Backbone, act: () => Promise<unknown>) {
  const { db } = backbone.open();
  let isDone = false;
  const batch: typeof db.batch = async (statements) => {
    const answers = await db.batch(statements);
    if (!isDone) await act();
    isDone = true;
    return answers;
  };
  return drainWith(backbone, recorder(), () => ({ db: { ...db, batch } }));
}

test("a pause that is committed while a drain reads what is paused holds at once", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await publishReports(backbone, 1);
  await backbone.relay();
  const whole = { eventType: null, reason: "maintenance", expiresAt: null };
  const result = await drainAround(backbone, () => pauseConsumer(backbone.open(), consumer, whole, operator));
  expect(result).toMatchObject({ paused: true, applied: 0 });
  expect(await backbone.drain(consumer)).toMatchObject({ paused: true, applied: 0 });
});

test("a pause of a type that is committed while a drain reads what is paused holds at once", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await publishBeats(backbone, [["a", 1]]);
  await publishReports(backbone, 1);
  await backbone.relay();
  const type = { eventType: "lab.meter.read", reason: "maintenance", expiresAt: null };
  const result = await drainAround(backbone, () => pauseConsumer(backbone.open(), consumer, type, operator));
  expect(result).toMatchObject({ applied: 1, deferred: 1 });
  expect(await numbersOf(backbone, "a")).toEqual([]);
});

test("a pause that ends while a drain reads what is paused is over at once", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await pause(backbone, "");
  await publishReports(backbone, 1);
  await backbone.relay();
  const whole = { eventType: null, reason: null };
  const result = await drainAround(backbone, () =>
    resumeConsumer(backbone.open(), consumer, whole, operator),
  );
  expect(result).toMatchObject({ paused: false, applied: 1 });
});

test("a pause that did not reach Redis holds within a minute", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await backbone.drain(consumer);
  await backbone.sql(
    "INSERT INTO consumer_pauses (subscriber_name, event_type, reason) VALUES ('recorder', '', 'maintenance')",
  );
  const { keys } = backbone.open();
  const ttlMs = Number(await backbone.redis("PTTL", keys.state(consumer.group, 0)));
  expect(ttlMs).toBeGreaterThan(0);
  expect(ttlMs).toBeLessThanOrEqual(60_000);
  await backbone.redis("PEXPIRE", keys.state(consumer.group, 0), "1");
  await expect.poll(() => backbone.redis("EXISTS", keys.state(consumer.group, 0))).toBe(0);
  await publishReports(backbone, 1);
  await backbone.relay();
  expect(await backbone.drain(consumer)).toMatchObject({ paused: true, applied: 0 });
});
