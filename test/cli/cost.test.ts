import { cronTick, defineConsumer, on } from "@brain/engine";
import { systemHealth } from "@brain/schemas";
import { expect, inject, onTestFinished, test } from "vitest";
import { eventsTogether } from "../../src/cli/model/counts.ts";
import { commandsPerEvent, commandsPerTick } from "../../src/cli/model/usage.ts";
import { startFaultyRedis } from "../faults.ts";
import { openStation } from "./server.ts";

/** A system whose commands to Redis are counted; each command of a pipeline counts, a script counts once. */
async function openCounted(consumers: number) {
  const redis = await startFaultyRedis(inject("services").upstash.url);
  onTestFinished(() => redis.close());
  const names = Array.from({ length: consumers }, (_, index) => `consumer_${index}`);
  const station = await openStation({
    consumers: names.map((subscriber) =>
      defineConsumer({ subscriber, handlers: [on(systemHealth, async () => undefined)] }),
    ),
    env: { UPSTASH_REDIS_REST_URL: redis.url, BRAIN_RELAY_SWEEP_MS: "3600000" },
  });
  onTestFinished(() => station.cleanup());
  const report = { type: "system.health", payload: { component: "db", status: "ok" } };
  return {
    publish: (count: number) =>
      station.post(
        "/api/events/batch",
        Array.from({ length: count }, () => report),
      ),
    /** As if nothing had come for five minutes: the database may sleep. */
    forgetActivity: () => station.redis("DEL", station.open().keys.relayActive()),
    cron: () => cronTick(station.open(), Date.now() + 20_000),
    quiet: () => station.background(),
    async count(work: () => Promise<unknown>): Promise<number> {
      redis.requests.length = 0;
      await work();
      await station.background();
      return redis.requests.reduce((sum, commands) => sum + commands.length, 0);
    },
  };
}

test.each([1, 4])("the estimate is what %d consumers need", async (consumers) => {
  const system = await openCounted(consumers);
  // The first events make groups and look for what may be queued.
  await system.publish(1);
  await system.quiet();
  await system.cron();

  const alone: number[] = [];
  for (let event = 0; event < 5; event += 1) alone.push(await system.count(() => system.publish(1)));
  const perEvent = alone.reduce((sum, commands) => sum + commands, 0) / alone.length;
  const { sent } = commandsPerEvent("alone", consumers);
  expect(perEvent, `measured ${alone}`).toBeGreaterThan(sent / 1.5);
  expect(perEvent, `measured ${alone}`).toBeLessThan(sent * 1.5);

  const group = await system.count(() => system.publish(eventsTogether));
  const together = eventsTogether * commandsPerEvent("together", consumers).sent;
  expect(group).toBeGreaterThan(together / 1.5);
  expect(group).toBeLessThan(together * 1.5);

  await system.forgetActivity();
  expect(await system.count(() => system.cron())).toBe(commandsPerTick(consumers).sent);
});
