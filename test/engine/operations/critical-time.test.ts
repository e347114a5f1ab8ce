import { encodeEntry } from "@brain/schemas";
import { v4 as uuidv4 } from "uuid";
import { describe, expect, test } from "vitest";
import { criticalTimeAlert } from "../../../src/engine/alerts/engine-watches.ts";
import { boundOf, criticalBoundsMs, toHistogram } from "../../../src/engine/core/telemetry/histogram.ts";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { readWorkload } from "../../../src/engine/dispatch/workload.ts";
import { ingest } from "../../../src/engine/events/ingest.ts";
import type { Backbone, BackboneOptions } from "../../backbone.ts";
import { invoke, otherIsolate } from "../dispatch/fixture.ts";
import { partChecked } from "../events.ts";
import { createClock, openBackbone, publishReports, recorder } from "../fixture.ts";

/* An alert when a consumer's events come late to their effect, until they do no more. */

/** Of so many events that took so many seconds each. */
function alertOf(times: readonly (readonly [count: number, seconds: number])[], criticalTimeSeconds = 300) {
  const noted = times.map(([count, s]) => [boundOf(criticalBoundsMs, s * 1_000), count] as const);
  return criticalTimeAlert("recorder", toHistogram(criticalBoundsMs, noted, 0), { criticalTimeSeconds });
}

describe("the critical time of a consumer", () => {
  test.each([
    ["all late", [[20, 301]], "high"],
    ["all in time", [[20, 300]], undefined],
    ["too few to say", [[19, 301]], undefined],
    [
      "one in twenty late",
      [
        [19, 1],
        [1, 4_000],
      ],
      undefined,
    ],
    [
      "two in twenty late",
      [
        [18, 1],
        [2, 301],
      ],
      "high",
    ],
    ["later than all bounds", [[20, 4_000]], "critical"],
    ["nothing applied", [], undefined],
  ] as const)("is an alert when more than 5 %% of its events are late: %s", (_, times, severity) => {
    expect(alertOf(times)?.severity).toBe(severity);
  });

  test("is compared with the next bound, so no event in time is called late", () => {
    expect(alertOf([[20, 70]], 120)).toBeNull();
    expect(alertOf([[20, 301]], 120)?.message).toContain("more than 300 s");
    expect(alertOf([[20, 70]], 60)?.message).toContain("20 events that recorder applied");
  });
});

const open = (backbone: Backbone) =>
  backbone.sql<{ kind: string; subject: string; severity: string }>(
    "SELECT kind, subject, severity FROM alerts WHERE resolved_at IS NULL",
  );

const asIdle = (backbone: Backbone) => backbone.redis("DEL", backbone.open().keys.relayActive());

/** A system whose time the test moves. */
async function station(env: BackboneOptions["env"] = {}) {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now, env });
  const consumer = recorder();
  const invocation = () =>
    invoke(backbone, [consumer], { relaySweepMs: 3_600_000, hostStartedMs: clock.now(), ...otherIsolate() });
  const tick = () => cronTick(invocation(), clock.now() + 20_000);
  await tick();
  const apply = async (events: number, waitMs: number) => {
    await publishReports(backbone, events);
    // An event without a key goes to any shard.
    for (let shard = 0; shard < backbone.open().publish.shards; shard++) await backbone.relay({ shard });
    clock.advance(waitMs);
    await backbone.drain(consumer);
  };
  return { clock, backbone, invocation, tick, apply };
}

test("late events raise an alert, and it is over when they are longer ago, also in an idle system", async () => {
  const { clock, backbone, tick, apply } = await station();
  await apply(20, 400_000);
  await tick();
  expect(await open(backbone)).toEqual([{ kind: "critical_time", subject: "recorder", severity: "high" }]);
  await asIdle(backbone);
  clock.advance(60_000);
  await tick();
  expect(await open(backbone)).toHaveLength(1);
  clock.advance(900_000);
  await tick();
  expect(await open(backbone)).toEqual([]);
});

test("many events in time end it at once", async () => {
  const { backbone, tick, apply } = await station();
  await apply(20, 400_000);
  await tick();
  expect(await open(backbone)).toHaveLength(1);
  await apply(381, 0);
  await tick();
  expect(await open(backbone)).toEqual([]);
});

test("control: the same events are none below a higher threshold, and events in time are none", async () => {
  const higher = await station({ BRAIN_ALERT_CRITICAL_TIME_SECONDS: "900" });
  await higher.apply(20, 400_000);
  await higher.tick();
  expect(await open(higher.backbone)).toEqual([]);
  const inTime = await station();
  await inTime.apply(20, 2_000);
  await inTime.tick();
  expect(await open(inTime.backbone)).toEqual([]);
});

test("it is read with what a tick asks anyway, of all shards, and by an idle tick not at all", async () => {
  const { backbone, invocation, apply } = await station({ BRAIN_SHARDS: "2" });
  await apply(1, 0);
  expect((await readWorkload(invocation())).slow).toEqual([]);
  await asIdle(backbone);
  expect((await readWorkload(invocation())).slow).toBeNull();
});

test("counts that cannot be read end no alert, and stop no tick", async () => {
  const { backbone, tick, apply } = await station();
  await apply(20, 400_000);
  await tick();
  await backbone.redis("SET", backbone.open().keys.counters(0), "not a hash");
  await apply(1, 0);
  await tick();
  expect(await open(backbone)).toMatchObject([{ kind: "critical_time" }]);
  expect(await backbone.sql("SELECT FROM effects")).toHaveLength(21);
});

const dayMs = 86_400_000;

/** What another program tells of the day before. */
const ofYesterday = (nowMs: number, meta: Readonly<Record<string, string>> = {}) => ({
  id: uuidv4(),
  type: partChecked.type,
  source: "branch",
  target: null,
  payload: { part: "db", status: "0" },
  timestamp: new Date(nowMs - dayMs).toISOString(),
  meta: { schema_version: 1, producer: "branch", source_module: "lab", ...meta },
  mission_id: null,
  task_id: null,
  correlation_id: null,
  tenant_id: null,
  actor_id: null,
  severity: null,
});

describe("events of another day that come today", () => {
  const nobody = { correlationId: null, actorId: null };
  const send = (backbone: Backbone, nowMs: number, meta?: Readonly<Record<string, string>>) =>
    ingest(
      backbone.open(),
      Array.from({ length: 20 }, () => ofYesterday(nowMs, meta)),
      nobody,
    );

  test("are not late when they are applied at once", async () => {
    const { backbone, clock, tick, apply } = await station();
    await send(backbone, clock.now());
    await apply(0, 2_000);
    expect(await backbone.sql("SELECT FROM effects")).toHaveLength(20);
    await tick();
    expect(await open(backbone)).toEqual([]);
  });

  test("control: they are late when they wait here, whatever their sender says of when they came", async () => {
    const { backbone, clock, tick, apply } = await station();
    await send(backbone, clock.now(), { received_at: new Date(clock.now() + 400_000).toISOString() });
    await apply(0, 400_000);
    expect(await backbone.sql("SELECT FROM effects")).toHaveLength(20);
    await tick();
    expect(await open(backbone)).toEqual([{ kind: "critical_time", subject: "recorder", severity: "high" }]);
  });

  test("are not late when a program puts them on the stream itself, and late when they wait there", async () => {
    const { backbone, clock, tick, apply } = await station();
    const put = async () => {
      for (let number = 0; number < 20; number++) {
        const fields = encodeEntry(ofYesterday(clock.now()));
        await backbone.redis("XADD", backbone.stream, `${clock.now()}-${number}`, ...fields);
      }
    };
    await put();
    // The event beside them tells cron that there is work.
    await apply(1, 2_000);
    await tick();
    expect(await open(backbone)).toEqual([]);
    await put();
    await apply(1, 400_000);
    expect(await backbone.sql("SELECT FROM effects")).toHaveLength(42);
    await tick();
    expect(await open(backbone)).toMatchObject([{ kind: "critical_time" }]);
  });

  test("say when they came; what comes at once says nothing of it", async () => {
    const { backbone, clock } = await station();
    const old = ofYesterday(clock.now());
    const fresh = {
      ...ofYesterday(clock.now(), { received_at: "never" }),
      timestamp: new Date(clock.now()).toISOString(),
    };
    await ingest(backbone.open(), [old, fresh], nobody);
    const [first, second] = await backbone.sql<{ meta: object }>("SELECT meta FROM events ORDER BY position");
    expect(first?.meta).toEqual({ ...old.meta, received_at: new Date(clock.now()).toISOString() });
    expect(second?.meta).toEqual(old.meta);
  });
});
