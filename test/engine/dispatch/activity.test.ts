import { describe, expect, test } from "vitest";
import { registerConsumers } from "../../../src/engine/consume/define/define-consumer.ts";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { markActivity } from "../../../src/engine/publish/activity.ts";
import { createApp } from "../../../src/http/app.ts";
import { type Backbone, testApiKey } from "../../backbone.ts";
import { hookDatabase } from "../../faults.ts";
import { effects, openBackbone, openFaultyBackbone, publishReports, recorder } from "../fixture.ts";
import { soon } from "./fixture.ts";

const hour = { BRAIN_RELAY_SWEEP_MS: "3600000" };
const consumer = recorder();

/** One cron tick; true when it asked the database anything over HTTP. */
async function cronAsks(backbone: Backbone): Promise<boolean> {
  let asked = false;
  const opened = backbone.open();
  const invocation = { ...opened, consumers: registerConsumers(opened.catalog, [consumer]) };
  const db = hookDatabase(invocation.db, {
    statements: (_text, run) => {
      asked = true;
      return run();
    },
  });
  await cronTick({ ...invocation, db }, soon());
  return asked;
}

describe("an isolate that dies between commit and relay", () => {
  test("leaves an event that the next cron tick finds, though nothing was sent for long", async () => {
    const backbone = await openBackbone({ env: hour });
    await cronAsks(backbone);
    expect(await cronAsks(backbone)).toBe(false);
    await markActivity(backbone.open());
    const ids = await publishReports(backbone, 1);
    expect(await cronAsks(backbone)).toBe(true);
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual(ids);
  });

  test("control: without the mark the event waits for the hourly look", async () => {
    const backbone = await openBackbone({ env: hour });
    await cronAsks(backbone);
    await publishReports(backbone, 1);
    expect(await cronAsks(backbone)).toBe(false);
    expect(await effects(backbone)).toEqual([]);
  });

  test("has told before its transaction began, when it served a request that sends an event", async () => {
    const backbone = await openBackbone({ env: hour });
    await cronAsks(backbone);
    const background: Promise<unknown>[] = [];
    const app = createApp({
      open: () => ({
        invocation: backbone.open(),
        apiKey: testApiKey,
        waitUntil: (work) => background.push(work),
        // It dies here.
        afterCommit: () => undefined,
        startJobs: () => undefined,
      }),
    });
    const answer = await app.request("/api/events", {
      method: "POST",
      headers: { authorization: `Bearer ${testApiKey}`, "content-type": "application/json" },
      body: JSON.stringify({
        type: "lab.part.checked",
        source: "probe",
        payload: { part: "db", status: "1" },
      }),
    });
    expect(answer.status).toBe(202);
    await Promise.all(background);
    expect(await cronAsks(backbone)).toBe(true);
    expect(await effects(backbone)).toHaveLength(1);
  });
});

describe("the mark of activity", () => {
  const setsOf = (requests: readonly (readonly (readonly string[])[])[]) =>
    requests.flat().filter(([command, key = ""]) => command === "SET" && key.endsWith(":relay-active"))
      .length;

  test("is set once in three minutes by an isolate, lives for five, and is another one for another system", async () => {
    let nowMs = Date.now();
    const { backbone, redis } = await openFaultyBackbone({ now: () => nowMs });
    for (let request = 0; request < 5; request += 1) await markActivity(backbone.open());
    expect(setsOf(redis.requests)).toBe(1);
    const { keys } = backbone.open();
    expect(Number(await backbone.redis("PTTL", keys.relayActive()))).toBeGreaterThan(290_000);
    nowMs += 180_000;
    await Promise.all([markActivity(backbone.open()), markActivity(backbone.open())]);
    expect(setsOf(redis.requests)).toBe(2);
    await markActivity({ ...backbone.open(), scope: "another system" });
    expect(setsOf(redis.requests)).toBe(3);
  });

  test("that cannot be set is no error for anybody, and is tried again after a while", async () => {
    let nowMs = Date.now();
    const { backbone, redis } = await openFaultyBackbone({
      now: () => nowMs,
      env: { BRAIN_LOG_LEVEL: "debug" },
    });
    redis.inject({ kind: "error-500" }, { times: 1 });
    await markActivity(backbone.open());
    await markActivity(backbone.open());
    expect(setsOf(redis.requests)).toBe(1);
    expect(backbone.logs.map((line) => JSON.parse(line).level)).toEqual(["debug"]);
    nowMs += 10_000;
    await markActivity(backbone.open());
    expect(setsOf(redis.requests)).toBe(2);
    expect(await backbone.redis("EXISTS", backbone.open().keys.relayActive())).toBe(1);
  });

  test("that was cut off with its request is tried again after a while", async () => {
    let nowMs = Date.now();
    const { backbone, redis } = await openFaultyBackbone({ now: () => nowMs });
    redis.inject({ kind: "hold" }, { times: 1 });
    // As a Worker that has ended: nobody hears how it went on.
    const cutOff = markActivity(backbone.open());
    nowMs += 10_000;
    await markActivity(backbone.open());
    expect(setsOf(redis.requests)).toBe(2);
    redis.heal();
    await cutOff;
  });

  test("ends no program, when the log fails as well", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    redis.inject({ kind: "error-500" }, { times: 1 });
    const invocation = backbone.open();
    let told = 0;
    const debug = () => {
      told += 1;
      throw new Error("The log is full.");
    };
    await markActivity({ ...invocation, log: { ...invocation.log, debug } });
    expect([setsOf(redis.requests), told]).toEqual([1, 1]);
  });

  test("is not set without a stream", async () => {
    const backbone = await openBackbone();
    await markActivity({ ...backbone.open(), redis: null });
    expect(await backbone.redis("EXISTS", backbone.open().keys.relayActive())).toBe(0);
  });
});
