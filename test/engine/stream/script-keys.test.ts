import { expect, inject, onTestFinished, test } from "vitest";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { pauseConsumer, resumeConsumer } from "../../../src/engine/operations/consumers/pauses.ts";
import { runJanitor } from "../../../src/engine/retention/janitor.ts";
import { createRedisConnection } from "../../../workers/local/redis/connection.ts";
import { plainReply } from "../../../workers/local/redis/resp.ts";
import type { Backbone } from "../../backbone.ts";
import { type RunScript, watchScriptCalls } from "../../round-trips/script-calls.ts";
import { invoke, soon } from "../dispatch/fixture.ts";
import { endLease, openBackbone, publishBeats, publishReports, recorder } from "../fixture.ts";

/*
 * Upstash locks the keys that a script names and refuses any other, so each of our scripts names all keys that it
 * touches. Redis does not check that; here the commands that scripts called are compared with the keys they named.
 */

/** Keys of a command, as Redis itself finds them. */
async function keysOf(
  redis: ReturnType<typeof createRedisConnection>,
  command: readonly string[],
): Promise<string[]> {
  const [keys] = await redis.send([["COMMAND", "GETKEYS", ...command]], plainReply);
  return Array.isArray(keys) ? keys.map(String) : [];
}

async function strayKeys(runs: readonly RunScript[]): Promise<string[]> {
  const redis = createRedisConnection({ url: inject("services").redisUrl });
  onTestFinished(() => redis.close());
  const stray = new Set<string>();
  for (const { keys, commands } of runs) {
    for (const command of commands) {
      for (const key of await keysOf(redis, command)) {
        if (!keys.includes(key)) stray.add(`${command[0]} ${key}`);
      }
    }
  }
  return [...stray];
}

const operator = { actorId: "operator-1", requestId: null };

/** Most of what the engine does with Redis: sends, drains, fails, retries, defers, pauses, trims. */
async function liveThrough(backbone: Backbone): Promise<void> {
  let isFailing = true;
  const consumer = recorder({
    beforeReport: () => {
      if (isFailing) throw new Error("for now");
    },
  });
  await publishBeats(backbone, [
    ["a", 1],
    ["a", 2],
  ]);
  await publishReports(backbone, 3);
  await backbone.relay();
  await backbone.drain(consumer);
  isFailing = false;
  const invocation = invoke(backbone, [consumer]);
  await drainAll(invocation, soon(), null);
  await publishReports(backbone, 1);
  await backbone.relay();
  await backbone.redis("SET", backbone.open().keys.holder(consumer.group, 0), "somebody who vanished");
  await endLease(backbone, consumer);
  await backbone.drain(consumer);
  await pauseConsumer(invocation, consumer, { eventType: null, reason: "a test", expiresAt: null }, operator);
  await backbone.drain(consumer);
  await resumeConsumer(invocation, consumer, { eventType: null, reason: null }, operator);
  await cronTick(invoke(backbone, [consumer]), soon());
  await runJanitor(invoke(backbone, [consumer]), soon());
}

test("every script touches only keys that it names", async () => {
  const backbone = await openBackbone();
  const watch = await watchScriptCalls(inject("services").redisUrl);
  onTestFinished(() => watch.close());
  const runs = await watch.scriptsDuring(backbone.sandbox.prefix, () => liveThrough(backbone));
  expect(runs.length).toBeGreaterThan(20);
  expect(await strayKeys(runs)).toEqual([]);
});

test("control: a key that a script does not name is found", async () => {
  const backbone = await openBackbone();
  const watch = await watchScriptCalls(inject("services").redisUrl);
  onTestFinished(() => watch.close());
  const { prefix } = backbone.sandbox;
  const script = "return redis.call('GET', KEYS[1] .. ':built')";
  const runs = await watch.scriptsDuring(prefix, () => backbone.redis("EVAL", script, "1", `${prefix}:a`));
  expect(await strayKeys(runs)).toEqual([`GET ${prefix}:a:built`]);
});
