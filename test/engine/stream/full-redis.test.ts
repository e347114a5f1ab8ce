import { expect, test } from "vitest";
import { consumerStates } from "../../../src/engine/operations/consumers/consumer-states.ts";
import { checkHealth } from "../../../src/engine/operations/health.ts";
import { runJanitor } from "../../../src/engine/retention/janitor.ts";
import { latch } from "../../latch.ts";
import { effects, openBackbone, publishReports, recorder } from "../fixture.ts";
import { startSecondRedis } from "./second-redis.ts";

/* A real Redis that becomes full (`noeviction`) while a handler runs, and has room again later. */

const full = /^Redis is not available: OOM .* It is full: give it more memory\./;

test("a full Redis loses and doubles nothing, is told at once, and all goes on by itself behind it", async () => {
  const second = await startSecondRedis();
  const [url = "", token = ""] = second.address.split(" ");
  const [begun, goOn] = [latch(), latch()];
  const consumer = recorder({
    beforeReport: async () => {
      begun.open();
      await goOn.opened;
    },
  });
  const backbone = await openBackbone({
    env: { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token, BRAIN_STREAM_KEEP: "0" },
    consumers: [consumer],
  });
  const health = () => checkHealth(backbone.open());
  expect(await health()).toMatchObject({ status: "healthy" });
  await publishReports(backbone, 1);
  await backbone.relay();
  const drain = backbone.drain(consumer);
  await begun.opened;
  await second.command("CONFIG", "SET", "maxmemory", "1");
  goOn.open();
  // What was taken before is applied and acked, and the lease is let go.
  expect(await drain).toMatchObject({ applied: 1 });
  expect(await backbone.redis("XPENDING", backbone.stream, consumer.group)).toEqual([0, null, null, null]);
  expect(await backbone.redis("EXISTS", backbone.open().keys.lease(consumer.group, 0))).toBe(0);

  // Who publishes notices nothing.
  await publishReports(backbone, 2);
  await expect(backbone.relay()).rejects.toThrow(full);
  await expect(backbone.drain(consumer)).rejects.toThrow(full);
  expect(await health()).toMatchObject({
    status: "unhealthy",
    event_stream: false,
    reasons: [expect.stringMatching(full)],
  });
  expect(await consumerStates(backbone.open(), [consumer])).toMatchObject([{ lag: 0, pending: 0 }]);
  expect(await effects(backbone)).toHaveLength(1);

  // What was handled can be trimmed all the same.
  await runJanitor(backbone.open(), Date.now() + 20_000);
  expect(await backbone.redis("XLEN", backbone.stream)).toBe(0);

  await second.command("CONFIG", "SET", "maxmemory", "0");
  expect(await backbone.relay()).toMatchObject({ sent: 2 });
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 2, redelivered: 0 });
  expect((await effects(backbone)).map(({ number }) => number)).toEqual([0, 0, 1]);
  expect(await health()).toMatchObject({ status: "healthy", reasons: [] });
});
