import { expect, test } from "vitest";
import { breaksFirst, latencyOf, planFor, type Setup, serversOf, shardsFor } from "./capacity.ts";
import { pathCosts } from "./counts.ts";
import { measured } from "./measured.ts";
import { upstashPrices } from "./prices.ts";
import { capacityPerSecond } from "./queueing.ts";

const setup: Setup = {
  eventsPerSecond: 1_000,
  consumers: 3,
  shards: null,
  databases: 1,
  roundTripMs: 5,
  perRequest: 100,
  keptDays: 90,
};
const plan = (change: Partial<Setup>) => planFor({ ...setup, ...change }, 5_000);
const used = (change: Partial<Setup>, name: RegExp) =>
  plan(change).resources.find((one) => name.test(one.name))?.used ?? Number.NaN;

test("a lone event takes the calls that the test of round trips counts, one after the other", () => {
  const latency = (roundTripMs: number) => latencyOf(0.1, serversOf(roundTripMs), 1_000).p50;
  expect(latency(20) - latency(10)).toBeCloseTo(10 * pathCosts.effectOfOneStatement.toEffect, 6);
});

test("latency grows with the load, and beyond the capacity there is none", () => {
  const capacity = capacityPerSecond(serversOf(setup.roundTripMs).drain);
  const p99 = (share: number) =>
    plan({ shards: 1, eventsPerSecond: share * capacity }).latencyMs?.p99 ?? null;
  expect(p99(0.5)).toBeGreaterThan(p99(0.05) ?? Number.POSITIVE_INFINITY);
  expect(p99(1.01)).toBeNull();
  expect(plan({ shards: 2, eventsPerSecond: 1.01 * capacity }).latencyMs).not.toBeNull();
});

test("the planned shards leave room: no server is busy all the time, no outage fills a stream", () => {
  for (const eventsPerSecond of [1, 100, 1_000, 10_000]) {
    const { busy, resources } = plan({ eventsPerSecond });
    expect(Math.max(busy.relay, busy.drain)).toBeLessThanOrEqual(0.6);
    const stream = resources.find(({ name }) => name === "stream size");
    expect(stream?.used).toBeLessThanOrEqual(upstashPrices.limits.recordMb);
  }
  expect(shardsFor(1e6, 5)).toBeGreaterThan(64);
  expect(plan({ eventsPerSecond: 1e6 }).shards).toBe(64);
});

test("Redis commands a second stay between a command for an entry and all that lone events cost", () => {
  const { effectOfOneStatement: effect } = pathCosts;
  const lone = effect.redisCommands + effect.commandsInScripts;
  const slow = used({ eventsPerSecond: 1, consumers: 1 }, /Upstash commands/);
  expect(slow).toBeGreaterThan(0.7 * lone);
  expect(slow).toBeLessThan(1.3 * lone);
  const perEvent = used({ eventsPerSecond: 10_000, consumers: 1 }, /Upstash commands/) / 10_000;
  expect(perEvent).toBeGreaterThan(1);
  expect(perEvent).toBeLessThan(lone / 2);
});

test("storage is what is kept of each event and each claim", () => {
  const { eventRow, claimRow } = measured.bytes;
  const bytes = 1_000 * 86_400 * 30 * (eventRow + 2 * claimRow);
  expect(used({ consumers: 2, keptDays: 30 }, /Neon storage/)).toBeCloseTo(bytes / 1e12, 10);
});

test("what breaks first is the most used of what the engine cannot cope with, at the rate where it is used up", () => {
  const first = breaksFirst(plan({ shards: 1, eventsPerSecond: 2_000, keptDays: 30 }));
  expect(first?.resource.name).toBe("stream size");
  const { atPerSecond = 0 } = breaksFirst(plan({ keptDays: 365 })) ?? {};
  const there = breaksFirst(plan({ keptDays: 365, eventsPerSecond: atPerSecond }));
  expect(there?.resource.used).toBeCloseTo(there?.resource.limit ?? 0, 6);
});

test("more events a second cost more, more of them in a request less", () => {
  const total = (change: Partial<Setup>) => plan(change).bill.total;
  expect(total({ eventsPerSecond: 2_000 })).toBeGreaterThan(total({}));
  expect(total({ perRequest: 1_000 })).toBeLessThan(total({}));
  expect(total({ perRequest: 1 })).toBeGreaterThan(total({}));
});
