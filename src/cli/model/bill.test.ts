import { expect, test } from "vitest";
import { billOf } from "./bill.ts";
import { oldSources, sources, upstashPrices } from "./prices.ts";
import type { Usage } from "./usage.ts";

const nothing: Usage = {
  workers: { requests: 0, cpuMs: 0 },
  redis: { commands: 0, commandsWithScripts: 0, storedGb: 0, bandwidthGb: 0 },
  postgres: { activeHours: 0, cu: 0.25, storedGb: 0 },
};

test.each([
  [15e6, 8.0],
  [100e6, 45.4],
])("%d requests of 7 ms cost what Cloudflare's own example says", (requests, usd) => {
  expect(billOf({ ...nothing, workers: { requests, cpuMs: 7 * requests } }).workers).toBeCloseTo(usd, 10);
});

test("a million commands at Upstash cost two dollars, and what scripts call is billed", () => {
  const redis = { ...nothing.redis, commands: 1e6, commandsWithScripts: 2e6 };
  const { upstash } = billOf({ ...nothing, redis });
  expect(upstash.payAsYouGoScriptsAsOne).toBeCloseTo(2, 10);
  expect(upstash.payAsYouGo).toBeCloseTo(4, 10);
  expect(upstash.least).toBeCloseTo(4, 10);
});

test("a fixed plan is taken where it is cheaper and large enough, for each database", () => {
  const redis = { commands: 1e9, commandsWithScripts: 1e9, storedGb: 0.2, bandwidthGb: 60 };
  const [one, two] = [billOf({ ...nothing, redis }), billOf({ ...nothing, redis }, 2)];
  expect(one.upstash.plan?.name).toBe("Fixed 1 GB");
  expect(one.upstash.least).toBe(20);
  expect(two.upstash.plan?.name).toBe("Fixed 250 MB");
  expect(two.upstash.least).toBe(20);
  const huge = billOf({ ...nothing, redis: { ...redis, storedGb: 501 } });
  expect(huge.upstash.plan).toBeNull();
  expect(huge.upstash.least).toBe(huge.upstash.payAsYouGo);
});

test("compute at Neon is size times hours, and storage is added", () => {
  const { neon } = billOf({ ...nothing, postgres: { activeHours: 4, cu: 0.25, storedGb: 10 } });
  expect(neon.Launch).toBeCloseTo(0.106 + 3.5, 10);
  expect(neon.Scale).toBeCloseTo(0.222 + 3.5, 10);
});

test("plans grow in price and size, so that the first that fits is the cheapest", () => {
  const { plans } = upstashPrices;
  expect(plans).toEqual(plans.toSorted((a, b) => a.usd - b.usd));
  expect(plans).toEqual(plans.toSorted((a, b) => a.dataGb - b.dataGb));
  expect(plans).toEqual(plans.toSorted((a, b) => a.bandwidthGb - b.bandwidthGb));
});

test("a list that was read more than a year ago is old, and no younger one", () => {
  const readMs = (days: number) =>
    new Date(Date.UTC(2026, 0, 1) - days * 86_400_000).toISOString().slice(0, 10);
  const source = (days: number) => ({ vendor: `${days}`, source: "https://example.com", read: readMs(days) });
  const old = oldSources(Date.UTC(2026, 0, 1), [source(0), source(366), source(367)]);
  expect(old.map(({ vendor }) => vendor)).toEqual(["367"]);
});

test("every list says where it stands and when it was read", () => {
  for (const { source, read } of sources) {
    expect(source).toMatch(/^https:\/\//);
    expect(new Date(read).toISOString().slice(0, 10)).toBe(read);
  }
});
