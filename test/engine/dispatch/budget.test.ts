import { describe, expect, test } from "vitest";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { recorded } from "../../recorded.ts";
import { createClock, effects, openBackbone, pendingOf, publishReports, recorder } from "../fixture.ts";
import { health, idsOf, invoke, soon } from "./fixture.ts";

const limit = 30;
const env = { BRAIN_SUBREQUEST_LIMIT: String(limit) };

describe("an invocation with few calls", () => {
  test("stops cleanly and hands on as often as it takes, each time after progress, until all is applied", async () => {
    const backbone = await openBackbone({ env });
    const ids = await publishReports(backbone, 60);
    await backbone.relay();
    const consumer = recorder({ batchSize: 3 });
    const applied = [0];
    for (let goesOn = true; goesOn; ) {
      goesOn = false;
      const invocation = invoke(backbone, [consumer]);
      await drainAll(invocation, soon(), applied.length === 1 ? health : null, () => {
        goesOn = true;
      });
      expect(invocation.meter.used).toBeLessThanOrEqual(limit);
      const count = (await effects(backbone)).length;
      if (goesOn) expect(count).toBeGreaterThan(applied.at(-1) ?? 0);
      applied.push(count);
    }
    expect(applied.length).toBeGreaterThan(3);
    expect(await idsOf(backbone)).toEqual(ids);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
  });

  test("hands on once, not once for each consumer", async () => {
    const backbone = await openBackbone({ env });
    await publishReports(backbone, 60);
    await backbone.relay();
    const consumers = ["one", "two", "three"].map((subscriber) => recorder({ subscriber, batchSize: 2 }));
    const handedOn: string[] = [];
    const invocation = invoke(backbone, consumers);
    await drainAll(invocation, soon(), health, () => handedOn.push("on"));
    expect(handedOn).toEqual(["on"]);
    expect(invocation.meter.used).toBeLessThanOrEqual(limit);
  });

  test("hands nothing on without progress: a poisonous event that only waits starts no chain", async () => {
    const backbone = await openBackbone({ env });
    await publishReports(backbone, 1);
    await backbone.relay();
    const poisoned = recorder({
      retry: { maxAttempts: 1_000 },
      beforeReport: () => {
        throw new TransientError("never", { retryAfterMs: 1 });
      },
    });
    const handedOn: string[] = [];
    const invocation = invoke(backbone, [poisoned]);
    await drainAll(invocation, soon(), health, () => handedOn.push("on"));
    expect(invocation.meter.isNear(12)).toBe(true);
    expect(invocation.meter.used).toBeLessThanOrEqual(limit);
    expect(handedOn).toEqual([]);
    expect((await pendingOf(backbone, poisoned)).length).toBe(1);
  });

  test("asks no more consumers than it may, and each has its turn in the course of a few invocations", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ env, now: clock.now });
    const consumers = Array.from({ length: 20 }, (_, number) => recorder({ subscriber: `s${number}` }));
    await publishReports(backbone, 1);
    await backbone.relay();
    for (let cron = 0; cron < 40 && (await effects(backbone)).length < 20; cron += 1) {
      const invocation = invoke(backbone, consumers);
      await drainAll(invocation, clock.now() + 20_000, null);
      expect(invocation.meter.used).toBeLessThanOrEqual(limit);
      clock.advance(60_001);
    }
    const served = new Set((await effects(backbone)).map((row) => row.subscriber));
    expect(served.size).toBe(20);
  });
});

describe("the relay whose budget is used up", () => {
  test.each(["calls", "time"])(
    "(%s) sends a batch, wakes its consumers, and then somebody who goes on",
    async (what) => {
      const backbone = await openBackbone({ env: { BRAIN_SUBREQUEST_LIMIT: "50" } });
      await publishReports(backbone, 1_500);
      const invocation = backbone.open();
      if (what === "calls") invocation.meter.count(40);
      const woken: unknown[] = [];
      const deadlineMs = what === "time" ? Date.now() - 1 : soon();
      await relayAll(invocation, deadlineMs, (types) => woken.push(types));
      expect(woken).toEqual([health, null]);
      expect(
        await backbone.sql(`SELECT count(*)::int AS sent FROM ${recorded} WHERE sent_at IS NOT NULL`),
      ).toEqual([{ sent: 1_000 }]);
      woken.length = 0;
      await relayAll(backbone.open(), soon(), (types) => woken.push(types));
      expect(woken).toEqual([health]);
      expect(await backbone.sql(`SELECT id FROM ${recorded} WHERE sent_at IS NULL`)).toEqual([]);
    },
  );

  test("wakes nobody when there was nothing to send", async () => {
    const backbone = await openBackbone();
    const woken: unknown[] = [];
    await relayAll(backbone.open(), Date.now() - 1, (types) => woken.push(types));
    expect(woken).toEqual([]);
  });
});
