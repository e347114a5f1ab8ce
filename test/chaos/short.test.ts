import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { toldSeed } from "../drawn-seed.ts";
import { subscribers } from "./content.ts";
import type { TimedFault } from "./fault-plan.ts";
import { reportLines } from "./report.ts";
import { runChaos } from "./run.ts";

/** The short form of `npm run chaos`: one of each of the worst. */
const plan: readonly TimedFault[] = [
  { atMs: 500, fault: { kind: "redis network", edge: 0, how: "drop-reply", share: 0.5, forMs: 1_500 } },
  { atMs: 1_000, fault: { kind: "commit cut", edge: 1, how: "after", times: 2 } },
  { atMs: 2_000, fault: { kind: "kill worker", edge: 1 } },
  { atMs: 1_500, fault: { kind: "operator", edge: 0, act: "pause a type", subscriber: subscribers.each } },
  { atMs: 2_500, fault: { kind: "foreign writer", events: 3 } },
  { atMs: 3_000, fault: { kind: "kill redis", data: "tail-lost", downMs: 200, tailBytes: 40_000 } },
  { atMs: 3_500, fault: { kind: "operator", edge: 0, act: "replay", subscriber: subscribers.set } },
  { atMs: 4_000, fault: { kind: "overlapping ticks", ticks: 3 } },
  { atMs: 4_500, fault: { kind: "freeze worker", edge: 0, forMs: 1_500 } },
  { atMs: 5_000, fault: { kind: "janitor", edge: 1 } },
  { atMs: 5_200, fault: { kind: "operator", edge: 1, act: "redrive", subscriber: subscribers.each } },
  { atMs: 5_300, fault: { kind: "operator", edge: 1, act: "replay", subscriber: subscribers.statements } },
  { atMs: 5_400, fault: { kind: "operator", edge: 1, act: "forced replay", subscriber: subscribers.each } },
  { atMs: 5_500, fault: { kind: "kill postgres", downMs: 200 } },
  { atMs: 6_000, fault: { kind: "flush redis" } },
];

test("nothing is lost, doubled or out of order when workers, Redis and Postgres are killed under load", async () => {
  const seed = toldSeed();
  const result = await runChaos({
    seed,
    events: 1_500,
    loadMs: 7_000,
    plan,
    poison: 0,
    shards: 1,
    quietLimitMs: 240_000,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const report = reportLines(seed, result).join("\n");
  console.log(report);
  await rm(result.folder, { recursive: true, force: true });
  expect(result.verdict.violations, report).toEqual([]);
  expect(result.unrest, report).toBeNull();
  expect(result.accepted + result.maybe).toBeGreaterThanOrEqual(1_500);
}, 600_000);
