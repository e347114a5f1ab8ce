import { afterAll, beforeAll, expect, test } from "vitest";
import { openProduct } from "../../../src/http-composition.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { base, createPublic, read } from "./fixtures.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

/** The product as a client at this address meets it, who says in every header to be somebody else. */
function from(address: string) {
  const app = openProduct(engine.config).createApp(() => ({
    invocation: engine.open(),
    apiKey: "unused",
    waitUntil: (work) => void work.catch(() => undefined),
    afterCommit: () => undefined,
    startJobs: () => undefined,
    clientAddress: address,
  }));
  let n = 0;
  return (method: string, path: string) => {
    const other = `198.51.100.${n++ % 250}`;
    const headers = {
      "cf-connecting-ip": other,
      "x-forwarded-for": other,
      "x-real-ip": other,
      forwarded: `for=${other}`,
    };
    return app.request(path, { method, headers });
  };
}

/** Ten at a time: a flood at once would be refused for its number, whoever sends it. */
async function times(count: number, run: () => Response | Promise<Response>): Promise<number[]> {
  const statuses: number[] = [];
  while (statuses.length < count) {
    const some = Array.from(
      { length: Math.min(10, count - statuses.length) },
      async () => (await run()).status,
    );
    statuses.push(...(await Promise.all(some)));
  }
  return statuses;
}

/** Of seventy. A minute may end in between, and what comes behind that is counted anew, as far as twenty. */
function requireTwenty(counted: number): void {
  expect(counted).toBeGreaterThanOrEqual(20);
  expect(counted).toBeLessThanOrEqual(40);
}

test("views of one address are served, and counted up to twenty a minute", async () => {
  const entry = await createPublic(engine);
  const [one, two] = [from("203.0.113.7"), from("203.0.113.8")];
  const path = `${base}/public/${entry.slug}`;
  expect(new Set(await times(70, () => one("GET", path)))).toEqual(new Set([200]));
  const counted = (await read(engine, entry.id)).view_count;
  requireTwenty(counted);
  await times(5, () => two("GET", path));
  expect((await read(engine, entry.id)).view_count).toBe(counted + 5);
});

test("clicks of one address are refused beyond twenty a minute, those of others and on other entries are not", async () => {
  const [entry, other] = [await createPublic(engine), await createPublic(engine)];
  const one = from("2001:db8:1:2::1");
  const path = `${base}/public/${entry.slug}/track-enrollment`;
  const statuses = await times(70, () => one("POST", path));
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  requireTwenty(statuses.filter((status) => status === 200).length);
  expect((await from("2001:db8:1:3::1")("POST", path)).status).toBe(200);
  expect((await one("POST", `${base}/public/${other.slug}/track-enrollment`)).status).toBe(200);
});
