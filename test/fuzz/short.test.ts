import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createGatedProduct, type GatedProduct } from "../http/gated-product.ts";
import { type Doors, fuzzTargets, keptOf, type Refused } from "./targets.ts";

/* The short form of `npm run fuzz`: the same cases, fewer of them, and the API in this process. */

/** Of all targets together. */
const cases = 3_000;
/** The same each time: a failure tells of a change, not of a draw. `npm run fuzz` draws others. */
const seed = 4_242;

let product: GatedProduct;
beforeAll(async () => {
  product = await createGatedProduct({ relays: false });
});
afterAll(() => product?.close());

const refused: Refused = { correlations: new Set(), ids: new Set() };
const doorsOf = (): Doors => ({
  api: (path, headers, body) => product.send(path, { method: "POST", headers, body: new Uint8Array(body) }),
  webhookSecret: "whsec_planted_secret",
  upstash: inject("services").upstash,
  neonUrl: product.neonUrl,
  redisKey: product.prefix,
});

test("no case of any target is a fault of ours, and nothing refused is kept", async () => {
  const seen = new Map<string, ReadonlyMap<string, number>>();
  for (const { share, target } of fuzzTargets(doorsOf(), refused)) {
    seen.set(target.name, await target.run((cases * share) / 100, seed));
  }
  expect(await keptOf(refused, (text, params) => product.sql(text, params))).toEqual([]);
  // The cases reach what they are for: some are taken, and some are refused.
  const of = (name: string) => [...(seen.get(name)?.keys() ?? [])];
  expect(of("events one by one")).toEqual(expect.arrayContaining(["202", "400", "422"]));
  expect(of("events in batches")).toEqual(expect.arrayContaining(["202", "207", "400", "422"]));
  expect(of("stream entries")).toContain("read");
  expect(of("envelopes")).toEqual(expect.arrayContaining(["taken", "refused"]));
  expect(of("webhooks of Stripe")).toEqual(expect.arrayContaining(["signed 200", "not signed 400"]));
  expect(of("Upstash's gateway")).toEqual(expect.arrayContaining(["200", "400"]));
  expect(of("Neon's gateway over HTTP")).toEqual(expect.arrayContaining(["200", "400"]));
  expect(refused.correlations.size).toBeGreaterThan(100);
}, 600_000);

test("control: what was accepted would be found if it counted as refused", async () => {
  const event = {
    type: "system.health",
    payload: { component: "relay", status: "ok" },
    correlation_id: "fuzz:x",
  };
  const reply = await product.send("/api/events", { method: "POST", body: JSON.stringify(event) });
  expect(reply.status).toBe(202);
  const wrongly: Refused = { correlations: new Set(["fuzz:x"]), ids: new Set() };
  expect(await keptOf(wrongly, (text, params) => product.sql(text, params))).toHaveLength(1);
});
