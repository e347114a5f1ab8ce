import { describe, expect, test, vi } from "vitest";
import type { Consumer } from "../../../../src/engine/consume/consumer.ts";
import type { ScheduledJob } from "../../../../src/engine/consume/define/define-job.ts";
import { forgetShardState, signalDeferred } from "../../../../src/engine/consume/lease/deferred-signal.ts";
import { PermanentError, RetryAfter, TransientError } from "../../../../src/engine/core/errors.ts";
import { cronTick } from "../../../../src/engine/dispatch/cron.ts";
import { scheduleJob } from "../../../../src/engine/dispatch/scheduled-jobs.ts";
import type { Backbone } from "../../../backbone.ts";
import { invoke } from "../../dispatch/fixture.ts";
import {
  drainWith,
  effects,
  numbersOf,
  openBackbone,
  publishBeats,
  publishReports,
  recorder,
  until,
} from "../../fixture.ts";

/* A worker whose clock is a day ahead tries events that fail. What it notes must not make them wait for a day. */

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const ahead = () => Date.now() + dayMs;

const drainAhead = (backbone: Backbone, consumer: Parameters<Backbone["drain"]>[0]) =>
  drainWith(backbone, consumer, () => ({ now: ahead }), { deadlineMs: ahead() + 20_000 });

/** The machine's own clock is a day ahead while this runs. */
async function withClockAhead<T>(run: () => Promise<T>): Promise<T> {
  const real = Date.now;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => real() + dayMs);
  try {
    return await run();
  } finally {
    clock.mockRestore();
  }
}

/** Defers what stands in the dead letters, as a redrive does. */
async function deferLetters(backbone: Backbone, consumer: Consumer): Promise<void> {
  await backbone.sql(
    `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, key, raw_fields, cause)
     SELECT subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, key, raw_fields, 'redrive' FROM dead_letters`,
  );
  await backbone.sql("UPDATE dead_letters SET status = 'requeued'");
  const { databases, keys } = backbone.open();
  await signalDeferred({ databases, keys }, [consumer.group], 1);
}

/** A consumer whose service is away until told otherwise; `thrown` is what its handlers throw then. */
function dependent(options: Parameters<typeof recorder>[0] = {}) {
  const service: { thrown: Error | null } = { thrown: new TransientError("away for a moment") };
  const mayFail = () => {
    if (service.thrown !== null) throw service.thrown;
  };
  return { service, consumer: recorder({ beforeBeat: mayFail, beforeReport: mayFail, ...options }) };
}

describe("what failed on a worker whose clock is ahead", () => {
  test("is tried again as soon as it was to be, and its key goes on", async () => {
    const backbone = await openBackbone();
    const { service, consumer } = dependent();
    await publishBeats(backbone, [
      ["k", 1],
      ["k", 2],
    ]);
    await backbone.relay();
    await drainAhead(backbone, consumer);
    service.thrown = null;
    const drained = () => backbone.drain(consumer).then(() => numbersOf(backbone, "k"));
    expect(await until(drained, (seen) => seen.length === 2, "both are applied")).toEqual([1, 2]);
  });

  test("is tried again as soon as it was to be when it is deferred, and not before", async () => {
    const backbone = await openBackbone();
    const { service, consumer } = dependent();
    service.thrown = new PermanentError("broken");
    await publishReports(backbone, 1);
    await backbone.relay();
    await backbone.drain(consumer);
    await deferLetters(backbone, consumer);
    service.thrown = new RetryAfter(hourMs, "in an hour");
    await drainAhead(backbone, consumer);
    service.thrown = null;
    const { applied, nextDueMs } = await backbone.drain(consumer);
    expect(applied).toBe(0);
    expect((nextDueMs ?? 0) - Date.now()).toBeLessThanOrEqual(hourMs);
    await backbone.sql("UPDATE deliveries SET last_failed_at = last_failed_at - interval '1 hour'");
    expect(await backbone.drain(consumer)).toMatchObject({ applied: 1 });
  });

  test("does not keep the circuit breaker open for longer than its longest wait", async () => {
    const backbone = await openBackbone();
    const { service, consumer } = dependent({ brake: { after: 10, baseMs: 10, capMs: 100 } });
    await publishReports(backbone, 30);
    await backbone.relay();
    expect(await drainAhead(backbone, consumer)).toMatchObject({ breaker: "opened" });
    service.thrown = null;
    const drained = () => backbone.drain(consumer).then(() => effects(backbone));
    expect(await until(drained, (seen) => seen.length === 30, "all are applied")).toHaveLength(30);
  });

  test("waits for a day when its handler asked for that", async () => {
    const backbone = await openBackbone();
    const { service, consumer } = dependent();
    service.thrown = new RetryAfter(dayMs, "tomorrow");
    await publishReports(backbone, 1);
    await backbone.relay();
    await backbone.drain(consumer);
    service.thrown = null;
    const { nextDueMs, applied } = await backbone.drain(consumer);
    expect(applied).toBe(0);
    expect((nextDueMs ?? 0) - Date.now()).toBeGreaterThan(dayMs - hourMs);
  });
});

describe("a worker whose clock is ahead does not take before its time", () => {
  test("what waits on the stream because it failed", async () => {
    const backbone = await openBackbone();
    const { service, consumer } = dependent();
    service.thrown = new RetryAfter(hourMs, "in an hour");
    await publishReports(backbone, 1);
    await backbone.relay();
    await backbone.drain(consumer);
    service.thrown = null;
    const early = await withClockAhead(async () => {
      const result = await backbone.drain(consumer);
      return { ...result, waitsMs: (result.nextDueMs ?? 0) - Date.now() };
    });
    expect(early).toMatchObject({ applied: 0 });
    // By the clock of the caller, who comes again then.
    expect(Math.abs(early.waitsMs - hourMs)).toBeLessThan(60_000);
  });

  test("what is deferred", async () => {
    const backbone = await openBackbone();
    const { service, consumer } = dependent();
    service.thrown = new PermanentError("broken");
    await publishReports(backbone, 1);
    await backbone.relay();
    await backbone.drain(consumer);
    await deferLetters(backbone, consumer);
    service.thrown = new RetryAfter(hourMs, "in an hour");
    await backbone.drain(consumer);
    service.thrown = null;
    expect(await withClockAhead(() => backbone.drain(consumer))).toMatchObject({ applied: 0 });
    await backbone.sql("UPDATE deliveries SET due_at = now() - interval '1 second'");
    expect(await withClockAhead(() => backbone.drain(consumer))).toMatchObject({ applied: 1 });
  });

  test("what a pause with an end keeps", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    await backbone.drain(consumer);
    await backbone.sql(
      "INSERT INTO consumer_pauses (subscriber_name, event_type, reason, expires_at) VALUES ('recorder', '', 'x', now() + interval '1 hour')",
    );
    const { databases, keys } = backbone.open();
    await forgetShardState({ databases, keys }, [consumer.group], 1);
    await publishReports(backbone, 1);
    await backbone.relay();
    expect(await withClockAhead(() => backbone.drain(consumer))).toMatchObject({ paused: true, applied: 0 });
  });

  test("a job that has a time", async () => {
    const backbone = await openBackbone({ env: { BRAIN_RELAY_SWEEP_MS: String(hourMs) } });
    const runs: Date[] = [];
    const job: ScheduledJob = {
      name: "expiry",
      run: async ({ now }) => {
        runs.push(now());
        return null;
      },
    };
    const tick = () => {
      const invocation = invoke(backbone, [], { scheduled: new Map([[job.name, job]]) });
      return cronTick(invocation, Date.now() + 20_000);
    };
    await tick();
    runs.length = 0;
    await scheduleJob(backbone.open(), job.name, new Date(Date.now() + hourMs));
    await withClockAhead(tick);
    expect(runs).toEqual([]);
    await scheduleJob(backbone.open(), job.name, new Date());
    await withClockAhead(tick);
    expect(runs.map((at) => Math.abs(at.getTime() - Date.now()) < 60_000)).toEqual([true]);
  });
});
