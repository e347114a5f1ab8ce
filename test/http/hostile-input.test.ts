import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGatedProduct, type GatedProduct } from "./gated-product.ts";
import { expectErrorShape } from "./refusal.ts";
import { expectNoInternals, isPublic, type Route, routesOf, withParams } from "./routes.ts";

let product: GatedProduct;
beforeAll(async () => {
  product = await createGatedProduct();
});
afterAll(() => product?.close());

describe("hostile input to every route with the key", () => {
  const params = [
    "%00",
    "a%00b",
    "..%2f..%2fetc",
    "%f0%28%8c%28",
    "'%20OR%201=1--",
    "__proto__",
    "x".repeat(3_000),
  ];
  const bodies = [
    "",
    "null",
    "[]",
    '"x"',
    '{"a":',
    "{}",
    '{"__proto__":{"x":1}}',
    '{"title":"\\u0000\\ud800"}',
    "[".repeat(9_000),
  ];
  const queries = [
    "?limit=%00",
    "?q=%00&language=%00",
    "?course_id=%00",
    "?limit[]=1&limit=2",
    "?__proto__[x]=1",
    `?x=${"y".repeat(5_000)}`,
  ];

  async function survives(route: Route, path: string, init: RequestInit): Promise<void> {
    const reply = await product.send(path, { ...init, method: route.method });
    const what = `${route.method} ${path.slice(0, 80)} ${String(init.body ?? "").slice(0, 40)} → ${reply.status} ${reply.text.slice(0, 200)}`;
    expect(reply.status, what).toBeLessThan(500);
    if (reply.status >= 400 && reply.headers.get("content-type")?.includes("json") && reply.body.error) {
      expect(reply.body.error.code, what).toMatch(/^[a-z_]+$/);
    }
    expectNoInternals(product, reply.text);
  }

  test("in the path is refused or unknown, never an error of ours", async () => {
    for (const route of routesOf(product.app).filter(({ path }) => path.includes(":"))) {
      for (const value of params) {
        const body =
          route.method === "GET" ? {} : { body: "{}", headers: { "content-type": "application/json" } };
        await survives(route, withParams(route.path, value), body);
      }
    }
  });

  test("in the body is refused, never an error of ours", async () => {
    for (const route of routesOf(product.app).filter(({ method }) => method !== "GET")) {
      for (const body of bodies) {
        const headers = { "content-type": "application/json" };
        await survives(route, withParams(route.path, randomUUID()), { body, headers });
      }
    }
  });

  test("in the query is refused or ignored, never an error of ours", async () => {
    for (const route of routesOf(product.app)) {
      for (const query of queries) {
        const body =
          route.method === "GET" ? {} : { body: "{}", headers: { "content-type": "application/json" } };
        await survives(route, withParams(route.path, randomUUID()) + query, body);
      }
    }
  });
});

describe("the actor", () => {
  test.each(["anna@example.org", "Anna Schmidt", "", "-a", "a/b", "x".repeat(101), "ü"])(
    "that is no id is refused on every route that knows actors: %s",
    async (actor) => {
      for (const route of routesOf(product.app)) {
        const path = withParams(route.path, randomUUID());
        const reply = await product.send(path, { method: route.method, headers: { "x-actor-id": actor } });
        if (isPublic(route)) expect(reply.text).not.toContain("x-actor-id");
        else expectErrorShape(reply, 422, "validation_failed");
        if (actor.length > 2) expect(reply.text).not.toContain(actor);
      }
    },
  );
});
