import {
  agentMessage,
  charter,
  decodeLogRecord,
  type Envelope,
  ethicsReview,
  missionCancelled,
  systemHealth,
  taskCreated,
} from "@brain/schemas";
import { expect, inject, onTestFinished, test } from "vitest";
import { withPosition } from "../../../src/engine/publish/position.ts";
import { createRedisConnection } from "../../../workers/local/redis/connection.ts";
import type { Backbone } from "../../backbone.ts";
import { sends } from "../../faults.ts";
import { wholeDay } from "../../whole-day.ts";
import { openBackbone, openFaultyBackbone, until } from "../fixture.ts";

const fanOut = { BRAIN_PUBSUB_FANOUT: "true" };

/** A real subscriber to all channels of the backbone: what it hears, in order. */
async function subscribe(backbone: Backbone): Promise<{ channel: string; text: string }[]> {
  const heard: { channel: string; text: string }[] = [];
  const redis = createRedisConnection({ url: inject("services").redisUrl });
  onTestFinished(() => redis.close());
  const subscribed = new Promise<void>((resolve, reject) => {
    const onReply = (reply: unknown) => {
      const [kind, , channel, text] = reply as string[];
      if (kind === "psubscribe") resolve();
      else heard.push({ channel: channel ?? "", text: text ?? "" });
    };
    redis.stream(["PSUBSCRIBE", `${backbone.sandbox.prefix}:*`], onReply, () => undefined).catch(reject);
  });
  await subscribed;
  return heard;
}

const idOf = (text: string): string => (JSON.parse(text) as Envelope).id;

const mission = {
  mission_id: "m-1",
  mission_name: "Survey",
  old_status: "running",
  new_status: "cancelled",
  result: null,
  error_message: null,
} as const;

async function publishSome(backbone: Backbone): Promise<Envelope[]> {
  return backbone.publish(
    { source: "test", tenant_id: "tenant-1" },
    async (publish) =>
      [
        await publish(systemHealth, { component: "db", status: "up" }),
        await publish(
          agentMessage,
          { message: { text: "Größe 😀" }, from: "scout", to: "planner" },
          { target: "planner" },
        ),
        await publish(missionCancelled, mission, { mission_id: "m-1" }),
        await publish(taskCreated, {
          task_id: "t-1",
          mission_type: "survey",
          priority: "NORMAL",
        }),
        await publish(ethicsReview, { subject_id: "scout", reason: null }, { target: "planner" }),
      ] as unknown as Envelope[],
  );
}

/** Lines of the daily log, oldest first. */
async function logLines(backbone: Backbone, date: string): Promise<string[]> {
  const list = backbone.open().keys.dailyLog(date);
  return ((await backbone.redis("LRANGE", list, "0", "-1")) as string[]).reverse();
}

const dateOf = (events: readonly Envelope[]) => events[0]?.timestamp.slice(0, 10) ?? "";

test("a listener hears each event once, on the one channel it belongs to, and the daily log has it", async () => {
  const backbone = await openBackbone({ catalog: charter, env: fanOut });
  const heard = await subscribe(backbone);
  const events = await publishSome(backbone);
  expect(await backbone.relay()).toMatchObject({ sent: 5, untold: 0 });
  await until(
    () => heard.length,
    (count) => count >= 5,
    "five messages",
  );
  const { prefix } = backbone.sandbox;
  expect(heard.map(({ channel }) => channel)).toEqual([
    `${prefix}:events:system`,
    `${prefix}:agent:planner:inbox`,
    `${prefix}:events:missions`,
    `${prefix}:events:tasks`,
    `${prefix}:agent:planner:inbox`,
  ]);
  const date = dateOf(events);
  const lines = await logLines(backbone, date);
  expect(lines).toEqual(heard.map(({ text }) => text));
  for (const [at, line] of lines.entries()) {
    const original = events[at];
    const record = JSON.parse(line) as Record<string, unknown>;
    expect(Object.keys(record)).toHaveLength(13);
    // As the Python programs write it: nulls present, nested objects, naive time.
    expect(record).toMatchObject({
      target: original?.target ?? null,
      payload: original?.payload,
      task_id: null,
    });
    expect(record.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}000)?$/);
    const decoded = decodeLogRecord(charter, line);
    expect(decoded.ok && withPosition(decoded.event)).toEqual({ ...original, position: expect.any(Number) });
  }
  const ttl = Number(await backbone.redis("TTL", backbone.open().keys.dailyLog(date)));
  expect(ttl).toBeGreaterThan(89 * 86_400);
  expect(ttl).toBeLessThanOrEqual(90 * 86_400);
});

test("control: without the setting nobody hears anything, and there is no daily log", async () => {
  const backbone = await openBackbone({ catalog: charter });
  const heard = await subscribe(backbone);
  const events = await publishSome(backbone);
  expect(await backbone.relay()).toMatchObject({ sent: 5, untold: 0 });
  await backbone.redis("PUBLISH", backbone.open().keys.topicChannel("system"), "the end");
  await until(
    () => heard.length,
    (count) => count >= 1,
    "the last message",
  );
  expect(heard.map(({ text }) => text)).toEqual(["the end"]);
  expect(await logLines(backbone, dateOf(events))).toEqual([]);
});

test("large batches are told in several requests, in order", async () => {
  const { backbone, redis } = await openFaultyBackbone({ catalog: charter, env: fanOut });
  const heard = await subscribe(backbone);
  const message = { text: "x".repeat(40_000) };
  const sent = await backbone.publish({ source: "test" }, async (publish) => {
    const ids: string[] = [];
    for (let at = 0; at < 40; at += 1) {
      ids.push((await publish(agentMessage, { message, from: "a", to: "b" }, { target: "b" })).id);
    }
    return ids;
  });
  expect(await backbone.relay()).toMatchObject({ sent: 40, untold: 0 });
  await until(
    () => heard.length,
    (count) => count >= 40,
    "forty messages",
  );
  expect(heard.map(({ text }) => idOf(text))).toEqual(sent);
  const requests = redis.requests.filter(sends("PUBLISH"));
  expect(requests.length).toBeGreaterThan(2);
  for (const request of requests) expect(JSON.stringify(request).length).toBeLessThan(1_200_000);
});

test("a failure is logged and counted, and the stream goes on", async () => {
  const { backbone, redis } = await openFaultyBackbone({ catalog: charter, env: fanOut });
  const injection = redis.inject({ kind: "refuse" }, { when: sends("PUBLISH"), times: 1 });
  await publishSome(backbone);
  expect(await backbone.relay()).toMatchObject({ sent: 5, untold: 5, more: false, busy: null });
  expect(injection.hits).toBe(1);
  expect(await backbone.redis("XLEN", backbone.stream)).toBe(5);
  const line = backbone.logs.find((text) => text.includes("were not told"));
  expect(JSON.parse(line ?? "{}")).toMatchObject({ events: 5, not_told: 5 });
  const heard = await subscribe(backbone);
  const again = await publishSome(backbone);
  expect(await backbone.relay()).toMatchObject({ sent: 5, untold: 0 });
  await until(
    () => heard.length,
    (count) => count >= 5,
    "five messages",
  );
  expect(heard.map(({ text }) => idOf(text))).toEqual(again.map(({ id }) => id));
});

test("a daily log that is no list does not stop anything either", async () => {
  const backbone = await openBackbone({ catalog: charter, env: fanOut });
  const today = await wholeDay();
  await backbone.redis("SET", backbone.open().keys.dailyLog(today), "text");
  await publishSome(backbone);
  expect(await backbone.relay()).toMatchObject({ sent: 5, untold: 5 });
  expect(await backbone.redis("XLEN", backbone.stream)).toBe(5);
});

test("a batch that is found on the stream after a lost reply is told too, at least once", async () => {
  const { backbone, redis } = await openFaultyBackbone({ catalog: charter, env: fanOut });
  const heard = await subscribe(backbone);
  redis.inject({ kind: "drop-reply" }, { when: sends("EVAL"), times: 1 });
  const events = await publishSome(backbone);
  expect(await backbone.relay()).toMatchObject({ sent: 5, repeated: 1, untold: 0 });
  await until(
    () => heard.length,
    (count) => count >= 5,
    "five messages",
  );
  expect(new Set(heard.map(({ text }) => idOf(text)))).toEqual(new Set(events.map(({ id }) => id)));
});
