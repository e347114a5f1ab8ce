import { describe, expect, test } from "vitest";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { createEngine } from "../../../src/engine/engine.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase } from "../../faults.ts";
import { recorded } from "../../recorded.ts";
import { labCatalog } from "../events.ts";
import { effects, openBackbone, openFaultyBackbone, publishReports, recorder } from "../fixture.ts";
import { idsOf, invoke, soon } from "./fixture.ts";

const consumer = recorder();
const hour = { BRAIN_RELAY_SWEEP_MS: "3600000" };

/** One cron tick; the statements it sent to the database over HTTP. */
async function cron(backbone: Backbone, deadlineMs = soon()): Promise<string[]> {
  const statements: string[] = [];
  const invocation = invoke(backbone, [consumer]);
  const db = hookDatabase(invocation.db, {
    statements: (text, run) => {
      statements.push(text);
      return run();
    },
  });
  await cronTick({ ...invocation, db }, deadlineMs);
  return statements;
}

describe("cron", () => {
  test("relays and applies what lost triggers left behind", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 3);
    await drainAll(invoke(backbone, [consumer]), soon(), null);
    expect(await effects(backbone)).toEqual([]);
    await cron(backbone);
    expect(await idsOf(backbone)).toEqual(ids);
  });

  test("does not ask a database that is idle until the next look is due", async () => {
    const backbone = await openBackbone({ env: hour });
    const { keys } = backbone.open();
    expect(await cron(backbone)).not.toEqual([]);
    expect(await cron(backbone)).toEqual([]);
    const ids = await publishReports(backbone, 1);
    expect(await cron(backbone)).toEqual([]);
    expect(await effects(backbone)).toEqual([]);
    await backbone.redis("DEL", keys.relaySwept());
    expect(await cron(backbone)).not.toEqual([]);
    expect(await idsOf(backbone)).toEqual(ids);
  });

  test("looks at each tick while events flow", async () => {
    const backbone = await openBackbone({ env: hour });
    const { keys } = backbone.open();
    await cron(backbone);
    const ids = await publishReports(backbone, 1);
    await backbone.relay();
    ids.push(...(await publishReports(backbone, 1)));
    expect(await cron(backbone)).not.toEqual([]);
    expect(await idsOf(backbone)).toEqual(ids);
    expect(await cron(backbone)).not.toEqual([]);
    await backbone.redis("DEL", keys.relayActive());
    expect(await cron(backbone)).toEqual([]);
  });

  test("asks an idle database at each tick where that costs nothing", async () => {
    const backbone = await openBackbone({ env: { BRAIN_RELAY_SWEEP_MS: "0" } });
    await cron(backbone);
    expect(await cron(backbone)).not.toEqual([]);
  });

  test("still applies what is on the stream when it does not look at the record", async () => {
    const backbone = await openBackbone({ env: hour });
    await cron(backbone);
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    await backbone.redis("DEL", backbone.open().keys.relayActive());
    await cron(backbone);
    expect(await idsOf(backbone)).toEqual(ids);
  });

  test("restores a stream that Redis lost, which the other triggers do not notice", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    await drainAll(invoke(backbone, [consumer]), soon(), null);
    ids.push(...(await publishReports(backbone, 2)));
    await backbone.relay();
    await backbone.redis("DEL", backbone.stream);
    await relayAll(backbone.open(), soon(), () => undefined);
    await drainAll(invoke(backbone, [consumer]), soon(), null);
    expect(await effects(backbone)).toHaveLength(2);
    await cron(backbone);
    expect(await idsOf(backbone)).toEqual(ids);
  });

  test("does not throw when Redis is away, says so, and goes on when it is back", async () => {
    const { backbone, redis } = await openFaultyBackbone({ env: hour });
    const ids = await publishReports(backbone, 1);
    redis.inject({ kind: "error-500" });
    expect(await cron(backbone, soon(700))).toEqual([]);
    const errors = backbone.logs.filter((line) => line.includes('"level":"error"')).join("\n");
    expect(errors).toContain("The look at what has work failed: ");
    expect(errors).toContain("The drain of recorder on shard 0 failed: ");
    redis.heal();
    await cron(backbone);
    expect(await idsOf(backbone)).toEqual(ids);
  });

  test("hands on what its calls do not suffice for", async () => {
    const backbone = await openBackbone({ env: { BRAIN_SUBREQUEST_LIMIT: "30" } });
    await publishReports(backbone, 60);
    const small = recorder({ batchSize: 2 });
    let runs = 0;
    for (let goesOn = true; goesOn; runs += 1) {
      goesOn = false;
      await cronTick(invoke(backbone, [small]), soon(), () => {
        goesOn = true;
      });
    }
    expect(runs).toBeGreaterThan(2);
    expect(await effects(backbone)).toHaveLength(60);
  });
});

test("degraded, without a stream, all triggers return without a call; the events wait in the record", async () => {
  const env = {
    BRAIN_EVENTSTREAM_MODE: "degraded",
    UPSTASH_REDIS_REST_URL: "",
    UPSTASH_REDIS_REST_TOKEN: "",
  };
  const backbone = await openBackbone({ env });
  await publishReports(backbone, 2);
  const called: string[] = [];
  const { settings } = backbone.system;
  const engine = createEngine({
    catalog: labCatalog,
    settings,
    consumers: [consumer],
    sink: () => undefined,
  });
  const invocation = engine.open();
  expect(invocation.redis).toBeNull();
  await engine.afterCommit({ invocation, wake: () => called.push("wake") });
  await engine.wake(null, () => called.push("hand on"));
  await engine.cron(() => called.push("hand on"));
  expect(called).toEqual([]);
  expect(invocation.meter.used).toBe(0);
  expect(await backbone.sql(`SELECT id FROM ${recorded} WHERE sent_at IS NULL`)).toHaveLength(2);
});
