import { describe, expect, test } from "vitest";
import { countOf, type Histogram, quantileMs } from "../../../src/engine/core/telemetry/histogram.ts";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { createEngine, type Engine } from "../../../src/engine/engine.ts";
import type { MetricFamily } from "../../../src/engine/operations/metrics/metric-family.ts";
import { criticalTimes } from "../../../src/engine/operations/metrics/read-counters.ts";
import { readMetrics } from "../../../src/engine/operations/metrics/read-metrics.ts";
import type { Backbone } from "../../backbone.ts";
import { sends } from "../../faults.ts";
import { invoke, soon } from "../dispatch/fixture.ts";
import { labCatalog, meterRead, partChecked } from "../events.ts";
import {
  createClock,
  drainUntilQuiet,
  foreignBeat,
  openBackbone,
  openFaultyBackbone,
  publishBeats,
  publishReports,
  recorder,
} from "../fixture.ts";

/** Samples of a metric, `{labels}` as JSON → value. */
function samplesOf(families: readonly MetricFamily[], name: string): Record<string, number> {
  const family = families.find((one) => one.name === name);
  if (family === undefined) throw new Error(`There is no metric ${name}.`);
  return Object.fromEntries(
    family.samples.map(({ labels, suffix, value }) => [`${suffix}${Object.values(labels).join(" ")}`, value]),
  );
}

const metricsOf = (backbone: Backbone, consumers = [recorder()]) => readMetrics(invoke(backbone, consumers));

describe("counters", () => {
  test("tell what was published, applied, retried and given up, by subscriber and type", async () => {
    const backbone = await openBackbone();
    const consumer = recorder({
      retry: { maxAttempts: 2 },
      beforeReport: ({ payload }) => {
        if (payload.status === "1") throw new Error("planted");
      },
    });
    await publishReports(backbone, 3);
    await publishBeats(backbone, [["a", 1]]);
    await backbone.relay();
    await drainUntilQuiet(backbone, consumer);
    const metrics = await metricsOf(backbone, [consumer]);
    expect(samplesOf(metrics, "brain_events_published")).toEqual({
      [`_total${partChecked.type}`]: 3,
      [`_total${meterRead.type}`]: 1,
    });
    expect(samplesOf(metrics, "brain_deliveries")).toEqual({
      [`_totalrecorder ${partChecked.type} applied`]: 2,
      [`_totalrecorder ${meterRead.type} applied`]: 1,
      [`_totalrecorder ${partChecked.type} retried`]: 1,
      [`_totalrecorder ${partChecked.type} dead_lettered`]: 1,
    });
    expect(samplesOf(metrics, "brain_open_dead_letters")).toEqual({ recorder: 1 });
  });

  test("of two isolates add up, and a new one goes on where they were", async () => {
    const backbone = await openBackbone();
    const consumers = [recorder()];
    const isolate = () =>
      createEngine({ catalog: labCatalog, settings: backbone.config, consumers, sink: () => undefined });
    const apply = async (isolates: readonly Engine[]) => {
      for (const one of isolates) {
        await publishReports(backbone, 2);
        await one.wake(null);
      }
      return samplesOf(await metricsOf(backbone), "brain_deliveries")[
        `_totalrecorder ${partChecked.type} applied`
      ];
    };
    expect(await apply([isolate(), isolate()])).toBe(4);
    expect(await apply([isolate()])).toBe(6);
  });

  test("count a batch once whose reply was lost", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 2);
    redis.inject({ kind: "drop-reply" }, { when: sends("XADD"), times: 1 });
    const { repeated } = await backbone.relay();
    expect(repeated).toBe(1);
    expect(samplesOf(await metricsOf(backbone), "brain_events_published")).toEqual({
      [`_total${partChecked.type}`]: 2,
    });
  });

  test("of types that other programs make up share one name", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    for (const type of ["made.up.one", "made.up.two"]) {
      const fields = foreignBeat("a", 1);
      fields[3] = type;
      await backbone.append(fields);
    }
    await backbone.drain(consumer);
    expect(samplesOf(await metricsOf(backbone), "brain_deliveries")).toEqual({
      "_totalrecorder other skipped": 2,
    });
  });

  test("that cannot be kept stop no work", async () => {
    const backbone = await openBackbone();
    await backbone.redis("SET", backbone.open().keys.counters(0), "not a hash");
    await publishReports(backbone, 1);
    await backbone.relay();
    expect((await backbone.drain(recorder())).applied).toBe(1);
  });
});

describe("times", () => {
  test("go from publishing to the commit of the effect, and say how long handlers took", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const consumer = recorder({ beforeReport: () => clock.advance(40) });
    await publishReports(backbone, 2);
    await backbone.relay();
    clock.advance(2_000);
    await backbone.drain(consumer);
    const metrics = await readMetrics(invoke(backbone, [consumer]));
    const critical = samplesOf(metrics, "brain_critical_time_seconds");
    expect(critical._countrecorder).toBe(2);
    expect(critical["_bucketrecorder 1.0"]).toBe(0);
    expect(critical["_bucketrecorder 2.5"]).toBe(2);
    expect(critical._sumrecorder).toBeCloseTo(2 * 2.08, 3);
    const processing = samplesOf(metrics, "brain_processing_time_seconds");
    expect(processing["_bucketrecorder 0.025"]).toBe(0);
    expect(processing["_bucketrecorder 0.05"]).toBe(2);
    expect(processing._sumrecorder).toBeCloseTo(0.08, 3);
  });

  test("of late are told by windows, and those that are over no more", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const consumer = recorder();
    const lately = async (lastMs: number): Promise<Histogram | undefined> =>
      (await criticalTimes(backbone.open(), lastMs)).get("recorder");
    const apply = async (waitMs: number) => {
      await publishReports(backbone, 1);
      await backbone.relay();
      clock.advance(waitMs);
      await backbone.drain(consumer);
    };
    expect(await lately(600_000)).toBeUndefined();
    await apply(20_000);
    const first = await lately(600_000);
    expect(first === undefined ? null : [countOf(first), quantileMs(first, 0.95)]).toEqual([1, 30_000]);
    clock.advance(1_200_000);
    expect(await lately(600_000)).toBeUndefined();
    // An hour later the fields of the first window are used again.
    clock.advance(2_400_000);
    await apply(0);
    const later = await lately(3_600_000);
    expect(later === undefined ? null : countOf(later)).toBe(1);
  });

  test("of a redelivery do not count", async () => {
    const backbone = await openBackbone();
    const consumer = recorder();
    const [id = ""] = await publishReports(backbone, 1);
    await backbone.relay();
    await backbone.drain(consumer);
    const [entry] = (await backbone.redis("XRANGE", backbone.stream, "-", "+")) as [string, string[]][];
    await backbone.append(entry?.[1] ?? []);
    await backbone.drain(consumer);
    const metrics = await metricsOf(backbone);
    expect(id).not.toBe("");
    expect(samplesOf(metrics, "brain_deliveries")[`_totalrecorder ${partChecked.type} published_twice`]).toBe(
      1,
    );
    expect(samplesOf(metrics, "brain_critical_time_seconds")._countrecorder).toBe(1);
  });
});

describe("ages", () => {
  test("are told of what waits, and 0 when nothing does", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const consumer = recorder();
    const ages = async () => {
      const metrics = await metricsOf(backbone);
      const named = ["brain_oldest_unread_age_seconds", "brain_unread_events", "brain_relay_backlog_events"];
      return named.map((name) => Object.values(samplesOf(metrics, name))[0]);
    };
    await backbone.drain(consumer);
    await publishReports(backbone, 2);
    expect((await ages())[2]).toBe(2);
    await backbone.relay();
    const [unread, events, backlog] = await ages();
    expect([events, backlog]).toEqual([2, 0]);
    expect(unread).toBeGreaterThanOrEqual(0);
    await backbone.drain(consumer);
    expect(await ages()).toEqual([0, 0, 0]);
  });

  test("leave an idle database asleep", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    const asked: string[] = [];
    const scrape = async () => {
      const invocation = invoke(backbone, [recorder()], { relaySweepMs: 3_600_000 });
      const { db } = invocation;
      const watched: typeof db = {
        ...db,
        batch: (statements) => {
          asked.push("batch");
          return db.batch(statements);
        },
      };
      return readMetrics({ ...invocation, db: watched });
    };
    await scrape();
    expect(asked).toHaveLength(1);
    const keys = backbone.open().keys;
    await backbone.redis("DEL", keys.relayActive());
    asked.splice(0);
    expect(samplesOf(await scrape(), "brain_relay_backlog_events")).toEqual({ "": 1 });
    expect(asked).toEqual([]);
    // Events flow again: it is awake.
    await backbone.redis("SET", keys.relayActive(), "1");
    await scrape();
    expect(asked.length).toBeGreaterThan(0);
  });
});

test("are told by a Redis that takes no writes, too", async () => {
  const { backbone, redis } = await openFaultyBackbone();
  await publishReports(backbone, 2);
  redis.inject({ kind: "error-500" }, { when: sends("SET") });
  expect(samplesOf(await metricsOf(backbone), "brain_relay_backlog_events")).toEqual({ "": 2 });
});

test("ticks that did not come are counted, and how long ago the last one came is told", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const tick = () => cronTick(invoke(backbone, []), soon());
  await tick();
  clock.advance(60_000);
  await tick();
  clock.advance(240_000);
  await tick();
  clock.advance(7_000);
  const metrics = await metricsOf(backbone);
  expect(samplesOf(metrics, "brain_cron_missed_ticks")).toEqual({ _total: 3 });
  expect(samplesOf(metrics, "brain_cron_last_tick_age_seconds")).toEqual({ "": 7 });
});

test.each([86_400_000, -86_400_000])(
  "ages of what waits in Postgres go by its clock: that of the worker is wrong by %i ms",
  async (shiftMs) => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.sql("UPDATE events SET stored_at = now() - interval '100 s'");
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, cause, queued_at)
       VALUES ('recorder', 0, $1, '1-0', $2, 'lab.part.checked', 'waiting', now() - interval '200 s')`,
      [backbone.stream, crypto.randomUUID()],
    );
    const invocation = invoke(backbone, [recorder()], { now: () => Date.now() + shiftMs });
    const metrics = await readMetrics(invocation);
    const age = (name: string) => Object.values(samplesOf(metrics, name))[0] ?? 0;
    expect(age("brain_relay_backlog_age_seconds")).toBeGreaterThanOrEqual(100);
    expect(age("brain_relay_backlog_age_seconds")).toBeLessThan(4_000);
    expect(age("brain_oldest_deferred_age_seconds")).toBeGreaterThanOrEqual(200);
    expect(age("brain_oldest_deferred_age_seconds")).toBeLessThan(4_000);
  },
);
