import { expect, test } from "vitest";
import { costText, estimateCost } from "../commands/health/cost.ts";
import { eventsTogether, pathCosts } from "./counts.ts";
import { commandsPerEvent, commandsPerTick, type Load, usageOf } from "./usage.ts";

const load: Load = { eventsPerMonth: 1e6, consumers: 1, shards: 1, manner: "alone", keptDays: 90 };

test("an event for one consumer costs what the test of round trips counts", () => {
  const { redisCommands, commandsInScripts } = pathCosts.effectOfOneStatement;
  expect(commandsPerEvent("alone", 1)).toEqual({
    sent: redisCommands,
    withScripts: redisCommands + commandsInScripts,
  });
  const many = pathCosts.effectOfManyEvents;
  expect(commandsPerEvent("together", 1).sent).toBeCloseTo(many.redisCommands / eventsTogether, 10);
});

test("the relay is paid once, each consumer for itself", () => {
  const [none, one, seven] = [0, 1, 7].map((consumers) => commandsPerEvent("alone", consumers).withScripts);
  const { redisCommands, commandsInScripts } = pathCosts.relay;
  expect(none).toBe(redisCommands + commandsInScripts);
  expect((seven ?? 0) - (none ?? 0)).toBe(7 * ((one ?? 0) - (none ?? 0)));
});

test("an idle tick is one command, whose script looks at each consumer and shard", () => {
  expect(commandsPerTick(1).sent).toBe(pathCosts.idle.redisCommands);
  expect(commandsPerTick(10).sent).toBe(pathCosts.idle.redisCommands);
  const perPlace = pathCosts.idleOfTwo.commandsInScripts - pathCosts.idle.commandsInScripts;
  expect(commandsPerTick(10).withScripts - commandsPerTick(1).withScripts).toBe(9 * perPlace);
});

test("Postgres sleeps between groups that are far apart, and never beside a steady trickle", () => {
  expect(usageOf(load).postgres.activeHours).toBe(720);
  const idle = usageOf({ ...load, eventsPerMonth: 0 });
  expect(idle.postgres.activeHours).toBe(60);
  const rare = usageOf({ ...load, eventsPerMonth: 120 * eventsTogether, manner: "together" });
  expect(rare.postgres.activeHours).toBe(70);
});

test("what is kept grows with the events, the consumers and the days", () => {
  const stored = (change: Partial<Load>) => usageOf({ ...load, ...change }).postgres.storedGb;
  expect(stored({ eventsPerMonth: 2e6 })).toBeCloseTo(2 * stored({}), 10);
  expect(stored({ keptDays: 30 })).toBeCloseTo(stored({}) / 3, 10);
  expect(stored({ consumers: 2 })).toBeGreaterThan(stored({}));
});

test("prices that are older than a year say so, and others do not", () => {
  const options = { consumers: 1, shards: 1, eventsPerMonth: 1e6, keptDays: 90 };
  const text = (nowMs: number) => costText(estimateCost(options, nowMs));
  expect(text(Date.UTC(2026, 11, 1))).not.toContain("OLD");
  expect(text(Date.UTC(2028, 0, 1))).toMatch(/^OLD: what is known of Upstash Redis was read on 20/m);
});
