import { describe, expect, onTestFinished, test } from "vitest";
import { createSubrequestMeter } from "../../../../src/engine/core/budget.ts";
import { RetryAfter, TransientError } from "../../../../src/engine/core/errors.ts";
import { createDatabase } from "../../../../src/engine/db/database.ts";
import { readStreamHeads } from "../../../../src/engine/operations/consumers/blocked-key-heads.ts";
import { listBlockedKeys } from "../../../../src/engine/operations/consumers/blocked-keys.ts";
import { createRedis } from "../../../../src/engine/stream/redis.ts";
import type { Backbone } from "../../../backbone.ts";
import { startCuttableProxy } from "../../../faults.ts";
import { invoke } from "../../dispatch/fixture.ts";
import {
  createClock,
  deadLetters,
  drainUntilQuiet,
  drainWith,
  effects,
  foreignBeat,
  numbersOf,
  openBackbone,
  openFaultyBackbone,
  pendingOf,
  publishBeats,
  publishReports,
  recorder,
} from "../../fixture.ts";
import { appendLarge, openNarrow } from "../../narrow.ts";

const consumer = recorder();

/** The backbone's database behind a proxy that can be cut. */
async function cuttableDatabase(backbone: Backbone) {
  const url = new URL(backbone.sandbox.neonUrl);
  const proxy = await startCuttableProxy(Number(url.port));
  onTestFinished(() => proxy.close());
  url.port = String(proxy.port);
  return { proxy, db: createDatabase(url.href) };
}

describe("a drain that runs out of", () => {
  test("time sets the rest aside, and no try is counted", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    await publishReports(backbone, 8);
    await backbone.relay();
    const attempts: number[] = [];
    const slow = recorder({
      beforeReport: (_event, { attempt }) => {
        attempts.push(attempt);
        clock.advance(400);
      },
    });
    const first = await backbone.drain(slow, { deadlineMs: clock.now() + 1_000 });
    expect(first).toMatchObject({ read: 8, applied: 3, setAside: 5, more: true, retried: 0, stopped: null });
    expect((await pendingOf(backbone, slow)).map((entry) => entry.deliveries)).toEqual([0, 0, 0, 0, 0]);
    await drainUntilQuiet(backbone, slow);
    expect(attempts).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect((await effects(backbone)).map((row) => row.number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("time among retries leaves the other retries as they are and puts back what is new", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    const attempts: string[] = [];
    const slow = recorder({
      beforeReport: ({ id }, { attempt }) => {
        attempts.push(`${ids.indexOf(id)}#${attempt}`);
        if (attempt === 1 && ids.indexOf(id) < 3) throw new TransientError("not yet");
        clock.advance(2_000);
      },
    });
    await backbone.drain(slow);
    ids.push(...(await publishReports(backbone, 2)));
    await backbone.relay();
    clock.advance(1_000);
    attempts.length = 0;
    const result = await backbone.drain(slow, { deadlineMs: clock.now() + 1_000 });
    expect(result).toMatchObject({ read: 2, applied: 1, setAside: 2, more: true });
    expect((await pendingOf(backbone, slow)).map((entry) => entry.deliveries)).toEqual([1, 1, 0, 0]);
    await drainUntilQuiet(backbone, slow);
    expect(attempts).toEqual(["0#2", "1#2", "2#2", "3#1", "4#1"]);
  });

  test("time before it began reads nothing", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    expect(await backbone.drain(consumer, { deadlineMs: 0 })).toMatchObject({ read: 0, more: true });
  });

  test("its number of events stops there and says that there is more", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 5);
    await backbone.relay();
    expect(await backbone.drain(consumer, { maxEvents: 2 })).toMatchObject({
      read: 2,
      applied: 2,
      more: true,
    });
    expect(await backbone.drain(consumer, { maxEvents: 10 })).toMatchObject({
      read: 3,
      applied: 3,
      more: false,
    });
  });

  test("calls stops before the platform would end it, and the next drain goes on", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 100);
    await backbone.relay();
    const small = recorder({
      batchSize: 10,
      beforeReport: ({ payload }, { attempt }) => {
        if (Number(payload.status) % 20 === 0 && attempt === 1) throw new TransientError("not yet");
      },
    });
    const { url, token } = backbone.sandbox.upstash;
    let more = true;
    let drains = 0;
    for (; more || (await pendingOf(backbone, small)).length > 0; drains += 1) {
      const meter = createSubrequestMeter(50);
      const result = await drainWith(backbone, small, () => ({
        meter,
        redis: createRedis({ url, token, meter }),
        db: createDatabase(backbone.sandbox.neonUrl, meter),
      }));
      expect(meter.used).toBeLessThanOrEqual(50);
      more = result.more;
      expect(drains).toBeLessThan(50);
    }
    expect(drains).toBeGreaterThan(1);
    expect((await effects(backbone)).map((row) => row.event_id).sort()).toEqual([...ids].sort());
    expect(await deadLetters(backbone)).toEqual([]);
  });
});

describe("without Postgres", () => {
  test("nothing is tried, and no try is counted", async () => {
    const backbone = await openBackbone();
    const { proxy, db } = await cuttableDatabase(backbone);
    const attempts: number[] = [];
    const counting = recorder({ beforeReport: (_event, { attempt }) => void attempts.push(attempt) });
    await backbone.drain(counting);
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    proxy.cut();
    for (let drain = 0; drain < 7; drain += 1) {
      const result = await drainWith(backbone, counting, () => ({ db }));
      expect(result).toMatchObject({
        applied: 0,
        retried: 0,
        more: true,
        stopped: expect.stringContaining("Postgres"),
      });
    }
    expect((await pendingOf(backbone, counting)).map((entry) => entry.deliveries)).toEqual([0, 0, 0]);
    proxy.restore();
    expect(await drainWith(backbone, counting, () => ({ db }))).toMatchObject({ applied: 3 });
    expect(attempts).toEqual([1, 1, 1]);
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual(ids);
  });

  test("a consumer that does not know yet what is paused reads nothing", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 3);
    await backbone.relay();
    const { proxy, db } = await cuttableDatabase(backbone);
    proxy.cut();
    const result = await drainWith(backbone, recorder(), () => ({ db }));
    expect(result).toMatchObject({ read: 0, more: true, stopped: expect.stringContaining("Postgres") });
    proxy.restore();
    expect(await drainWith(backbone, recorder(), () => ({ db }))).toMatchObject({ applied: 3 });
  });

  test("from the middle of a batch on, what was not tried loses no try", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 10);
    await backbone.relay();
    const { proxy, db } = await cuttableDatabase(backbone);
    const attempts: string[] = [];
    const cutting = recorder({
      beforeReport: ({ payload }, { attempt }) => {
        attempts.push(`${payload.status}#${attempt}`);
        if (payload.status === "4" && attempts.length < 6) proxy.cut();
      },
    });
    expect((await drainWith(backbone, cutting, () => ({ db }))).stopped).toContain("Postgres");
    expect(await effects(backbone)).toEqual([]);
    proxy.restore();
    attempts.length = 0;
    await drainUntilQuiet(backbone, cutting);
    expect((await effects(backbone)).map((row) => row.event_id).sort()).toEqual([...ids].sort());
    expect(attempts.filter((attempt) => !attempt.endsWith("#1"))).toEqual([]);
  });
});

test("without Redis a drain fails as transient, and the next one goes on", async () => {
  const { backbone, redis } = await openFaultyBackbone();
  await publishReports(backbone, 2);
  await backbone.relay();
  for (const fault of ["refuse", "error-500"] as const) {
    redis.inject({ kind: fault });
    await expect(backbone.drain(consumer)).rejects.toBeInstanceOf(TransientError);
    redis.heal();
  }
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 2 });
});

test("a key with more waiting events than may be pending stays in order, and the pending list stays bounded", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  let isDown = true;
  const blocked = recorder({
    retry: { baseMs: 1_000, capMs: 1_000 },
    beforeBeat: ({ payload }) => {
      if (isDown && payload.meter_id === "a") throw new TransientError("down");
    },
  });
  const beats = Array.from({ length: 1_100 }, (_, number) => ["a", number] as const);
  await publishBeats(backbone, beats);
  await publishBeats(backbone, [["b", 1]]);
  await backbone.relay();
  for (let drain = 0; drain < 3; drain += 1) {
    const { nextDueMs } = await backbone.drain(blocked);
    expect((await pendingOf(backbone, blocked)).length).toBeLessThanOrEqual(1_000);
    expect(nextDueMs).not.toBeNull();
    clock.set(nextDueMs ?? 0);
  }
  isDown = false;
  await drainUntilQuiet(backbone, blocked);
  expect(await numbersOf(backbone, "a")).toEqual(beats.map(([, number]) => number));
  expect(await numbersOf(backbone, "b")).toEqual([1]);
});

test("a thousand events with failures everywhere are each applied once", async () => {
  const backbone = await openBackbone();
  const stressed = recorder({
    concurrency: 2,
    batchSize: 400,
    beforeReport: ({ payload }, { attempt }) => {
      if (Number(payload.status) % 97 === 0 && attempt < 3) throw new TransientError("now and then");
    },
    beforeBeat: ({ payload }, { attempt }) => {
      if (payload.reading % 89 === 0 && attempt < 2) throw new TypeError("a bug that passes");
    },
  });
  const reports = await publishReports(backbone, 600);
  const beats = await publishBeats(
    backbone,
    Array.from({ length: 600 }, (_, number) => [`agent-${number % 20}`, number] as const),
  );
  await backbone.relay();
  const results = await drainUntilQuiet(backbone, stressed);
  const rows = await effects(backbone);
  expect(rows.map((row) => row.event_id).sort()).toEqual([...reports, ...beats].sort());
  expect(results.reduce((sum, result) => sum + result.applied, 0)).toBe(1_200);
  expect(await deadLetters(backbone)).toEqual([]);
  for (let agent = 0; agent < 20; agent += 1) {
    const numbers = rows.filter((row) => row.agent === `agent-${agent}`).map((row) => Number(row.number));
    expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
  }
});

describe("entries of another program that are together more than the service hands on", () => {
  /** Entries that wait, on the stream and deferred. */
  const waitingOf = async (backbone: Backbone, one: typeof consumer) =>
    (await pendingOf(backbone, one)).length + (await backbone.sql("SELECT FROM deliveries")).length;
  const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

  test("are handled in parts, in order, before what came behind them", async () => {
    const backbone = await openNarrow();
    await appendLarge(backbone, 0, 10);
    await backbone.append(foreignBeat("m", 10));
    await drainUntilQuiet(backbone, consumer);
    expect(await numbersOf(backbone, "m")).toEqual(upTo(11));
    expect(await deadLetters(backbone)).toEqual([]);
  });

  test("do not cost the drain that read them together with its lease", async () => {
    const backbone = await openNarrow();
    await backbone.append(foreignBeat("m", 0));
    await drainUntilQuiet(backbone, consumer);
    await appendLarge(backbone, 1, 10);
    await drainUntilQuiet(backbone, consumer);
    expect(await numbersOf(backbone, "m")).toEqual(upTo(10));
  });

  test("do not cost the drain that read them ahead", async () => {
    const backbone = await openNarrow();
    const inThrees = recorder({ subscriber: consumer.subscriber, batchSize: 3 });
    for (const number of upTo(3)) await backbone.append(foreignBeat("m", number));
    await appendLarge(backbone, 3, 6, 90_000);
    await backbone.append(foreignBeat("m", 6));
    const { applied } = await backbone.drain(inThrees);
    expect(applied).toBe(7);
    expect(await numbersOf(backbone, "m")).toEqual(upTo(7));
  });

  test("and wait for their next try do not cost the drains that come before it", async () => {
    const backbone = await openNarrow();
    const down = recorder({
      beforeBeat: () => {
        throw new RetryAfter(60_000, "the meter does not answer");
      },
    });
    await backbone.append(foreignBeat("m", 0));
    await backbone.drain(down);
    await appendLarge(backbone, 1, 8);
    for (let count = 0; count < 3; count += 1) {
      const { busy, stopped } = await backbone.drain(down);
      expect({ busy, stopped }).toEqual({ busy: null, stopped: null });
    }
    // What had no room together waits in Postgres.
    expect(await waitingOf(backbone, down)).toBe(8);
  });

  test("and wait for their next try do not keep an event of another key behind them", async () => {
    const backbone = await openNarrow();
    const down = recorder({
      beforeBeat: ({ payload }) => {
        if (payload.meter_id === "m") throw new RetryAfter(600_000, "the meter does not answer");
      },
    });
    await appendLarge(backbone, 0, 8);
    await backbone.append(foreignBeat("n", 1));
    for (let count = 0; count < 6; count += 1) await backbone.drain(down);
    expect(await numbersOf(backbone, "n")).toEqual([1]);
    expect(await waitingOf(backbone, down)).toBe(8);
  });

  test("are looked at in parts for what their keys wait for, and what is too much is told", async () => {
    const backbone = await openNarrow();
    const down = recorder({
      beforeBeat: () => {
        throw new RetryAfter(600_000, "the meter does not answer");
      },
    });
    for (const meter of ["m", "n"]) await backbone.append([...foreignBeat(meter, 0)]);
    await backbone.drain(down);
    await appendLarge(backbone, 1, 8);
    const group = { stream: backbone.open().keys.stream(0), name: down.group };
    for (let number = 1; number < 8; number += 1)
      await backbone.redis(
        "XREADGROUP",
        "GROUP",
        group.name,
        group.name,
        "COUNT",
        "1",
        "STREAMS",
        group.stream,
        ">",
      );
    const invocation = invoke(backbone, [down]);
    const { blockedKeys, unseen } = await listBlockedKeys(invocation, down, { limit: 10 });
    expect(blockedKeys.map(({ key, waiting }) => `${key} ${waiting}`)).toEqual(["m 7", "n 0"]);
    expect(unseen).toBe(0);
    const heads = await readStreamHeads(invocation, down, 4);
    expect([...heads.byKey.keys()]).toEqual(["m", "n"]);
    expect(heads.unseen).toBeGreaterThan(0);
    expect(9 - [...heads.byKey.values()].reduce((sum, { count }) => sum + count, 0)).toBe(heads.unseen);
  });

  test("or a single one that is: it becomes a dead letter, and the others are handled", async () => {
    const backbone = await openNarrow();
    await backbone.append(foreignBeat("m", 0));
    await appendLarge(backbone, 1, 2, 250_000);
    await backbone.append(foreignBeat("m", 2));
    await drainUntilQuiet(backbone, consumer);
    expect(await numbersOf(backbone, "m")).toEqual([0, 2]);
    expect(await deadLetters(backbone)).toHaveLength(1);
  });
});
