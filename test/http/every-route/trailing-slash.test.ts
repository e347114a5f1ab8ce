import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGatedProduct, type GatedProduct } from "../gated-product.ts";
import type { Reply } from "../surface.ts";
import { isPublic, pathOf, type Route, routesOf } from "./routes.ts";

let product: GatedProduct;
beforeAll(async () => {
  product = await createGatedProduct();
});
afterAll(() => product?.close());

/** What two answers to the same question have in common: the ids and times of each are its own. */
function shapeOf({ status, headers, body }: Reply) {
  return {
    status,
    type: headers.get("content-type"),
    allow: headers.get("allow"),
    code: body?.error?.code ?? null,
    details: body?.error?.details ?? null,
    fields: body === null || typeof body !== "object" ? null : Object.keys(body),
  };
}

async function ask(
  path: string,
  { method }: Pick<Route, "method">,
  headers: Readonly<Record<string, string>> = {},
) {
  const hasBody = method !== "GET" && method !== "HEAD";
  const init = hasBody
    ? { method, body: "{}", headers: { "content-type": "application/json", ...headers } }
    : { method, headers };
  return product.send(path, init);
}

test("every route answers with a slash at its end as without", async () => {
  for (const route of routesOf(product.app)) {
    const path = pathOf(route);
    const plain = shapeOf(await ask(path, route));
    expect(shapeOf(await ask(`${path}/`, route)), `${route.method} ${path}/`).toEqual(plain);
    if (plain.status !== 404) continue;
    // An id that nobody knows, and not a path: the route itself was found.
    expect(plain.code).toBe("not_found");
  }
});

test("HEAD, a query behind the slash, and methods that are not there answer as without", async () => {
  for (const [path, method] of [
    ["/api/health", "HEAD"],
    ["/api/events/history", "HEAD"],
    ["/api/courses/public", "HEAD"],
    ["/api/events/history", "DELETE"],
    ["/api/health", "POST"],
  ] as const) {
    const plain = await ask(path, { method });
    expect(plain.status, `${method} ${path}`).toBe(method === "HEAD" ? 200 : 405);
    expect(shapeOf(await ask(`${path}/`, { method }))).toEqual(shapeOf(plain));
  }
  const limited = await product.send("/api/events/history/?limit=1");
  expect(limited.status).toBe(200);
  expect((await product.send("/api/events/history/?limit=x")).status).toBe(422);
});

describe("without the key", () => {
  const variants: readonly (readonly [string, (path: string) => string])[] = [
    ["a slash at its end", (path) => `${path}/`],
    ["two slashes at its end", (path) => `${path}//`],
    ["an encoded slash at its end", (path) => `${path}%2f`],
    ["two slashes inside", (path) => path.replace("/api/", "/api//")],
    ["two slashes in front", (path) => `/${path}`],
    ["an encoded slash inside", (path) => path.replace("/api/", "/api%2F")],
    ["an encoded letter", (path) => path.replace("/api/", "/%61pi/")],
    ["an encoded letter and a slash", (path) => `${path.replace("/api/", "/ap%69/")}/`],
    ["a dot segment", (path) => path.replace("/api/", "/api/courses/public/%2e%2e/../../")],
    ["a public prefix", (path) => path.replace("/api/", "/api/courses/public//..%2f../")],
  ];

  test.each(variants)("%s slips past no check", async (_what, variant) => {
    for (const route of routesOf(product.app)) {
      if (isPublic(route)) continue;
      const path = variant(pathOf(route));
      const reply = await ask(path, route, { authorization: "" });
      // What leads out of the API may be a page of the console: it asks to sign in, and shows nothing.
      const isPage = !new URL(path, "http://localhost").pathname.startsWith("/api");
      if (isPage && reply.status === 303) {
        expect(reply.headers.get("location"), path).toMatch(/^\/sign-in\b/);
        expect(reply.text, path).toBe("");
        continue;
      }
      expect([401, 404, 405], `${route.method} ${path}`).toContain(reply.status);
      expect(["unauthorized", "not_found", "method_not_allowed"], `${route.method} ${path}`).toContain(
        reply.body?.error?.code,
      );
    }
  });
});

test("a repetition with its key is known with the slash and without", async () => {
  const send = (path: string) =>
    product.send(path, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "slash-1" },
      body: JSON.stringify({ type: "echo", name: "once", payload: {} }),
    });
  const first = await send("/api/missions/enqueue");
  expect(first.status).toBe(202);
  const again = await send("/api/missions/enqueue/");
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.body).toEqual(first.body);
});

test("a public route with a slash takes no idempotency key, as without", async () => {
  for (const path of ["/api/courses/public/x/track-enrollment", "/api/courses/public/x/track-enrollment/"]) {
    const reply = await product.send(path, { method: "POST", headers: { "idempotency-key": "slash-2" } });
    expect(reply.status).toBe(400);
  }
});
