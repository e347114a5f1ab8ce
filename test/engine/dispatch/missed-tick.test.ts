import { createEngine } from "@brain/engine";
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { sandboxEnv } from "../../backbone.ts";
import { labCatalog, partChecked } from "../events.ts";
import { openFaultyBackbone } from "../fixture.ts";

/*
 * A program of its own with the engine, as `createEngine` shows it: `waitUntil(engine.afterCommit())`, and cron. Redis is
 * away while an event is recorded, between two ticks, and for longer than `afterCommit` goes on.
 */
test.each([
  ["the next tick", false],
  ["the one behind it, when Redis goes away once more while the next one looks", true],
])(
  "an event that was recorded while Redis was away is sent by %s, not with the next hour",
  async (_, flaps) => {
    const { backbone, redis } = await openFaultyBackbone();
    const engine = createEngine({
      catalog: labCatalog,
      settings: parseConfig({
        ...sandboxEnv(backbone.sandbox),
        UPSTASH_REDIS_REST_URL: redis.url,
        BRAIN_RELAY_SWEEP_MS: "3600000",
      }),
      budgets: { backgroundMs: 700, cronMs: flaps ? 1_500 : 20_000 },
      sink: () => undefined,
    });
    // The first one looks in any case.
    await engine.cron();
    await engine.cron();
    // The mark of activity has run out, and Redis takes no new one.
    redis.inject({ kind: "refuse" });
    await engine.transact({ source: "lab" }, (_tx, publish) =>
      publish(partChecked, { part: "db", status: "1" }),
    );
    await engine.afterCommit();
    redis.heal();
    await backbone.redis("DEL", backbone.open().keys.relayActive());
    expect(await backbone.sql("SELECT FROM unsent_events")).toHaveLength(1);
    if (flaps) {
      // It answers what tells who has work, and nothing else.
      redis.inject(
        { kind: "refuse" },
        { when: (request) => !JSON.stringify(request).includes("ZRANGEBYSCORE") },
      );
      await engine.cron();
      redis.heal();
      expect(await backbone.sql("SELECT FROM unsent_events")).toHaveLength(1);
    }
    await engine.cron();
    expect(await backbone.sql("SELECT FROM unsent_events")).toEqual([]);
  },
);
