import { expect, test } from "vitest";
import { forgetShardState } from "../../../../src/engine/consume/lease/deferred-signal.ts";
import type { Backbone } from "../../../backbone.ts";
import {
  createClock,
  drainUntilQuiet,
  effects,
  numbersOf,
  openBackbone,
  pendingOf,
  publishBeats,
  publishReports,
  recorder,
} from "../../fixture.ts";

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
