import { expect, test } from "vitest";
import { RetryAfter, TransientError } from "../../../../src/engine/core/errors.ts";
import { prepareEvent, publishMany } from "../../../../src/engine/publish/publish.ts";
import { meterRead } from "../../events.ts";
import {
  createClock,
  deadLetters,
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

/**
 * A consumer whose service is away until told otherwise. `calls` counts calls of the handler; before events are tried
 * one by one, a batch that fails calls it too.
 */
function dependent(brake?: { readonly after: number; readonly baseMs: number; readonly capMs: number }) {
  const service = { away: true, calls: 0 };
  const consumer = recorder({
    retry: { maxAttempts: 3, baseMs: 100, capMs: 100 },
    ...(brake === undefined ? {} : { brake }),
    beforeReport: () => {
      service.calls += 1;
      if (service.away) throw new TransientError("the shop is away");
    },
  });
  return { service, consumer };
}

test("an outage fills no dead letters: one event at a time is tried until one succeeds", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const { service, consumer } = dependent({ after: 5, baseMs: 1_000, capMs: 4_000 });
  const ids = await publishReports(backbone, 40);
  await backbone.relay();
  await backbone.drain(consumer);
  const atFirst = service.calls;
  expect(atFirst).toBeLessThan(10);

  // Nothing is tried before it is half open, and then one event.
  expect(await backbone.drain(consumer)).toMatchObject({
    breakerOpen: true,
    read: 0,
    nextDueMs: clock.now() + 1_000,
  });
  expect(service.calls).toBe(atFirst);
  for (const [waitMs, calls] of [
    [1_000, atFirst + 1],
    [2_000, atFirst + 2],
    [4_000, atFirst + 3],
    [4_000, atFirst + 4],
  ] as const) {
    clock.advance(waitMs);
    await backbone.drain(consumer);
    expect(service.calls).toBe(calls);
  }
  for (let trial = 0; trial < 20; trial += 1) {
    clock.advance(4_000);
    await backbone.drain(consumer);
  }
  expect(await deadLetters(backbone)).toEqual([]);
  expect(service.calls).toBe(atFirst + 24);

  service.away = false;
  clock.advance(4_000);
  await backbone.drain(consumer);
  clock.advance(4_000);
  await drainUntilQuiet(backbone, consumer);
  expect((await effects(backbone)).map(({ event_id }) => event_id).sort()).toEqual([...ids].sort());
  expect(await deadLetters(backbone)).toEqual([]);
});

test("control: without the circuit breaker the same outage makes all of them dead letters", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const { consumer } = dependent({ after: 1_000, baseMs: 1_000, capMs: 4_000 });
  await publishReports(backbone, 40);
  await backbone.relay();
  for (let drain = 0; drain < 10; drain += 1) {
    await backbone.drain(consumer);
    clock.advance(1_000);
  }
  expect(await deadLetters(backbone)).toHaveLength(40);
});

test("the circuit breaker survives the worker, and another drain keeps to it", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const { service, consumer } = dependent({ after: 3, baseMs: 60_000, capMs: 60_000 });
  await publishReports(backbone, 10);
  await backbone.relay();
  await backbone.drain(consumer);
  const atFirst = service.calls;
  const stored = JSON.parse(
    String(await backbone.redis("HGET", backbone.open().keys.breakers(), `${consumer.group}:0`)),
  );
  expect(stored).toMatchObject({ failures: 3, error: expect.stringContaining("the shop is away") });
  await publishReports(backbone, 10);
  await backbone.relay();
  expect(await backbone.drain(consumer)).toMatchObject({ breakerOpen: true, read: 0 });
  expect(service.calls).toBe(atFirst);
});

test("a few bad events among good ones do not open it, and become dead letters as ever", async () => {
  const backbone = await openBackbone();
  const consumer = recorder({
    retry: { maxAttempts: 2 },
    brake: { after: 3, baseMs: 60_000, capMs: 60_000 },
    beforeReport: ({ payload }) => {
      if (Number(payload.status) % 4 === 0) throw new TransientError("this one never works");
    },
  });
  await publishReports(backbone, 20);
  await backbone.relay();
  await drainUntilQuiet(backbone, consumer);
  expect(await deadLetters(backbone)).toHaveLength(5);
  expect(await effects(backbone)).toHaveLength(15);
});

test("events that never work do not keep a healthy consumer stopped", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const consumer = recorder({
    retry: { maxAttempts: 2, baseMs: 100, capMs: 100 },
    brake: { after: 3, baseMs: 1_000, capMs: 1_000 },
    beforeReport: ({ payload }) => {
      if (Number(payload.status) < 6) throw new TransientError("this one never works");
    },
  });
  await publishReports(backbone, 10);
  await backbone.relay();
  for (let drain = 0; drain < 30; drain += 1) {
    await backbone.drain(consumer);
    clock.advance(1_000);
  }
  expect(await effects(backbone)).toHaveLength(4);
  expect(await deadLetters(backbone)).toHaveLength(6);
  expect(await pendingOf(backbone, consumer)).toEqual([]);
});

test("waits as long as the service asked for", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const consumer = recorder({
    brake: { after: 2, baseMs: 100, capMs: 60_000 },
    beforeReport: () => {
      throw new RetryAfter(30_000, "too many requests");
    },
  });
  await publishReports(backbone, 5);
  await backbone.relay();
  await backbone.drain(consumer);
  expect(await backbone.drain(consumer)).toMatchObject({
    breakerOpen: true,
    nextDueMs: clock.now() + 30_000,
  });
});

/** A tenant's events that all fail, in a row, and then five of another tenant. */
async function poisonAndFive(options: { readonly lookAhead: number; readonly away?: () => boolean }) {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const consumer = recorder({
    brake: { after: 5, baseMs: 60_000, capMs: 60_000 },
    retry: { maxAttempts: 2, baseMs: 1, capMs: 1 },
    beforeBeat: ({ payload }) => {
      if (payload.meter_id.startsWith("poison") || options.away?.() === true)
        throw new TransientError("no answer");
    },
  });
  const publish = async (tenant_id: string, meter_id: string, count: number) => {
    const { db, publish: settings } = backbone.system.open();
    const context = { source: "engine_test", tenant_id };
    const prepared = Array.from({ length: count }, (_, reading) =>
      prepareEvent(settings, meterRead, { meter_id: `${meter_id}-${reading}`, reading, faults: 0 }, context),
    );
    await db.transaction((tx) => publishMany(tx, prepared));
    await backbone.relay();
  };
  const drain = () => drainWith(backbone, consumer, () => ({ lookAhead: options.lookAhead }));
  return { clock, backbone, consumer, publish, drain };
}

test("events of one tenant that all fail hold up no other tenant's", async () => {
  const { backbone, publish, drain } = await poisonAndFive({ lookAhead: 20_000 });
  await publish("bad", "poison", 1_000);
  for (let count = 0; count < 3; count += 1) await drain();
  await publish("good", "sound", 5);
  for (let count = 0; count < 3; count += 1) await drain();
  expect(await effects(backbone)).toHaveLength(5);
});

test("control: without a look at others, they wait until the poison is gone", async () => {
  const { backbone, publish, drain } = await poisonAndFive({ lookAhead: 0 });
  await publish("bad", "poison", 1_000);
  for (let count = 0; count < 3; count += 1) await drain();
  await publish("good", "sound", 5);
  for (let count = 0; count < 3; count += 1) await drain();
  expect(await effects(backbone)).toEqual([]);
});

test("an outage that meets several tenants opens it for all, and costs nobody's attempts", async () => {
  let isAway = true;
  const { clock, backbone, publish, drain } = await poisonAndFive({ lookAhead: 20_000, away: () => isAway });
  await publish("one", "first", 50);
  await publish("two", "second", 50);
  for (let count = 0; count < 20; count += 1) {
    await drain();
    clock.advance(30_000);
  }
  expect(await deadLetters(backbone)).toEqual([]);
  expect(await drain()).toMatchObject({ breakerOpen: true });
  isAway = false;
  for (let count = 0; count < 5; count += 1) {
    clock.advance(60_000);
    await drain();
  }
  expect(await effects(backbone)).toHaveLength(100);
});

/** Readings of `a` after an outage that two of them met, and others that came behind it. */
async function readingsAfterOutage(
  before: readonly (readonly [meter: string, reading: number])[],
  behind: readonly (readonly [meter: string, reading: number])[],
): Promise<unknown> {
  const backbone = await openBackbone();
  const clock = createClock();
  let isAway = true;
  const consumer = recorder({
    brake: { after: 2, baseMs: 1_000, capMs: 1_000 },
    beforeBeat: () => {
      if (isAway) throw new TransientError("away");
    },
  });
  const drain = () =>
    drainWith(backbone, consumer, () => ({ now: clock.now }), { deadlineMs: clock.now() + 20_000 });
  await publishBeats(backbone, before);
  await backbone.relay();
  expect(await drain()).toMatchObject({ breaker: "opened", applied: 0 });
  isAway = false;
  await publishBeats(backbone, behind);
  await backbone.relay();
  for (let count = 0; count < 3; count += 1) {
    clock.advance(5_000);
    await drain();
  }
  return numbersOf(backbone, "a");
}

test("the one event that is tried passes no older one with its key: none that failed, and none that was put back", async () => {
  const [b, c] = [["b", 1] as const, ["c", 1] as const];
  expect(await readingsAfterOutage([["a", 1], b, ["a", 2]], [])).toEqual([1, 2]);
  expect(await readingsAfterOutage([b, c, ["a", 1]], [["a", 2]])).toEqual([1, 2]);
});
