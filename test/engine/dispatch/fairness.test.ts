import { describe, expect, test } from "vitest";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import type { DrainTurns } from "../../../src/engine/invocation.ts";
import { createClock, openBackbone, openFaultyBackbone, publishReports, recorder } from "../fixture.ts";
import { health, invoke, leasesAsked } from "./fixture.ts";

const backlog = 1_500;

/** One fast consumer and four slow ones, more than may be drained at once, have an invocation that is too short for all. */
async function drainBacklog(drains: DrainTurns) {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const slow = ["slow_1", "slow_2", "slow_3", "slow_4"].map((subscriber) =>
    // Time passes only where a handler works.
    recorder({ subscriber, beforeReport: () => clock.advance(10) }),
  );
  await publishReports(backbone, backlog);
  for (let more = true; more; ) ({ more } = await backbone.relay());
  let handedOn = 0;
  const invocation = invoke(backbone, [...slow, recorder({ subscriber: "fast" })], { drains });
  await drainAll(invocation, clock.now() + 20_000, health, () => {
    handedOn += 1;
  });
  const rows = await backbone.sql<{ subscriber: string; applied: number }>(
    "SELECT subscriber, count(*)::int AS applied FROM effects GROUP BY 1",
  );
  const applied = new Map(rows.map((row) => [row.subscriber, row.applied]));
  return {
    fast: applied.get("fast") ?? 0,
    slow: slow.map(({ subscriber }) => applied.get(subscriber) ?? 0),
    handedOn,
  };
}

describe("a backlog that is too large for one invocation", () => {
  test("shrinks for every consumer, and for the slow ones by about the same", async () => {
    const { fast, slow, handedOn } = await drainBacklog({ atOnce: 3, turnMs: 2_000 });
    expect(Math.min(fast, ...slow)).toBeGreaterThan(200);
    expect(Math.max(...slow)).toBeLessThan(2.5 * Math.min(...slow));
    expect(handedOn).toBe(1);
  });

  test("control: without turns whoever begins goes on to the end, and others stand where they were", async () => {
    const { fast, slow } = await drainBacklog({ atOnce: 3, turnMs: Number.POSITIVE_INFINITY });
    expect(Math.min(fast, ...slow)).toBe(0);
  });

  test("is cut in the middle of a round when a single event takes longer than a turn", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const applied: string[] = [];
    const consumers = ["a", "b", "c"].map((subscriber) =>
      recorder({
        subscriber,
        beforeReport: () => {
          applied.push(subscriber);
          clock.advance(1_500);
        },
      }),
    );
    await publishReports(backbone, 90);
    await backbone.relay();
    const invocation = invoke(backbone, consumers, { drains: { atOnce: 1, turnMs: 1_000 } });
    await drainAll(invocation, clock.now() + 30_000, health);
    expect(new Set(applied)).toEqual(new Set(["a", "b", "c"]));
    expect(await backbone.sql("SELECT reason FROM dead_letters")).toEqual([]);
  });
});

describe("a consumer that is alone", () => {
  test("keeps its lease and its connection, however short turns are", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, backlog);
    for (let more = true; more; ) ({ more } = await backbone.relay());
    const invocation = invoke(backbone, [recorder()], { drains: { atOnce: 3, turnMs: 1 } });
    await drainAll(invocation, Date.now() + 25_000, health);
    expect(await backbone.sql("SELECT count(*)::int AS applied FROM effects")).toEqual([
      { applied: backlog },
    ]);
    expect(leasesAsked(redis)).toBe(1);
  });

  test("control: with another one that waits, each turn asks for it anew", async () => {
    const { backbone, redis } = await openFaultyBackbone();
    await publishReports(backbone, 300);
    await backbone.relay();
    const consumers = [recorder({ subscriber: "one" }), recorder({ subscriber: "two" })];
    const invocation = invoke(backbone, consumers, { drains: { atOnce: 1, turnMs: 1 } });
    await drainAll(invocation, Date.now() + 25_000, health);
    expect(leasesAsked(redis)).toBeGreaterThan(2);
  });
});
