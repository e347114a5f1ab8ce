import { expect, test } from "vitest";
import { charter } from "./server.ts";

/** Nobody listens there: the model asks no server. */
const nowhere = "http://127.0.0.1:9";

test("the load model gives cost, latency and what breaks first from 1,000 to 1,000,000 events a second", async () => {
  const { code, stdout, stderr } = await charter(nowhere, ["capacity"], { env: {} });
  expect(code, stderr).toBe(0);
  const rates = stdout.split("\n").flatMap((line) => /^([\d,]+) {2,}\d+ /.exec(line)?.[1] ?? []);
  expect(rates).toEqual(["1,000", "3,000", "10,000", "30,000", "100,000", "300,000", "1,000,000"]);
  expect(stdout).toMatch(/^1,000,000 .*shards ×/m);
});

test("of one rate it tells each resource and what to do, also as data", async () => {
  const args = ["capacity", "--rate", "200", "--consumers", "2", "--shards", "2"];
  const { stdout } = await charter(nowhere, args, { env: {} });
  expect(stdout).toMatch(/^shards +2$/m);
  expect(stdout).toMatch(/^Breaks first: .*, at about [\d,.]+ events\/s\. Then: /m);
  const { plans } = JSON.parse((await charter(nowhere, [...args, "--json"], { env: {} })).stdout);
  expect(plans).toHaveLength(1);
  expect(plans[0]).toMatchObject({ events_per_second: 200, consumers: 2, shards: 2 });
  expect(plans[0].latency_ms.p99).toBeGreaterThan(plans[0].latency_ms.p50);
  const { total, workers, upstash, neon } = plans[0].usd_per_month;
  expect(workers + upstash + neon).toBeCloseTo(total, 6);
});

test.each([
  [["--rate", "0"], "Expected a number above 0"],
  [["--shards", "65"], "Expected a whole number from 1 to 64"],
  [["--round-trip", "-1"], "Expected a number above 0"],
])("says what is wrong with %j", async (args, message) => {
  const { code, stderr } = await charter(nowhere, ["capacity", ...args], { env: {} });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
