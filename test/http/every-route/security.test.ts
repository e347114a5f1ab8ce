import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { identified } from "../../../src/http/kit/access.ts";
import type { ModuleEnv } from "../../../src/http/kit/module-env.ts";
import { testApiKey } from "../../backbone.ts";
import { createGatedProduct, type GatedProduct } from "../gated-product.ts";
import { expectErrorShape } from "../refusal.ts";
import { healthReport } from "../sample-events.ts";
import { createSurface } from "../surface.ts";
import { expectNoInternals, isPublic, nameOf, pathOf, routesOf, withParams } from "./routes.ts";

let product: GatedProduct;
beforeAll(async () => {
  product = await createGatedProduct();
});
afterAll(() => product?.close());

test("the table of routes is the whole product", () => {
  const paths = routesOf(product.app).map(nameOf);
  expect(paths).toEqual(
    expect.arrayContaining([
      "GET /api/health",
      "POST /api/events",
      "POST /api/events/batch",
      "GET /api/events/:id",
      "POST /api/consumers/:subscriber/drain",
      "POST /api/course-factory/generate",
      "GET /api/courses/public/:slug/page",
      "POST /api/courses/distribution/create",
    ]),
  );
  expect(paths.length).toBeGreaterThan(150);
});

test("anybody may call these and no others", () => {
  expect(routesOf(product.app).filter(isPublic).map(nameOf).sort()).toEqual([
    "GET /api/courses/certificates/key",
    "GET /api/courses/public",
    "GET /api/courses/public/:slug",
    "GET /api/courses/public/:slug/outline",
    "GET /api/courses/public/:slug/page",
    "GET /api/health",
    "GET /api/sessions/oidc",
    "GET /api/sessions/oidc/:issuer/callback",
    "GET /api/sessions/oidc/:issuer/start",
    "GET /staging/:course_id/:token/:version",
    "GET /staging/:course_id/:token/:version/assets/:name",
    "GET /staging/:course_id/:token/:version/lessons/:number",
    "GET /staging/:course_id/:token/:version/quiz",
    "POST /api/courses/certificates/verify",
    "POST /api/courses/public/:slug/track-enrollment",
    "POST /api/paycore/webhooks/paypal",
    "POST /api/paycore/webhooks/stripe",
  ]);
});

describe("without the key", () => {
  test("the public routes answer", async () => {
    const headers = { authorization: "" };
    expect((await product.send("/api/health", { headers })).status).toBe(200);
    expect((await product.send("/api/courses/public", { headers })).status).toBe(200);
    expectErrorShape(await product.send("/api/courses/public/no-such-course", { headers }), 404, "not_found");
  });

  test("a key in the address or in a cookie is no key", async () => {
    for (const path of [
      `/api/events/stats?key=${testApiKey}`,
      `/api/events/stats?access_token=${testApiKey}`,
    ]) {
      expectErrorShape(await product.send(path, { headers: { authorization: "" } }), 401, "unauthorized");
    }
    const cookie = { authorization: "", cookie: `authorization=Bearer ${testApiKey}` };
    expectErrorShape(await product.send("/api/events/stats", { headers: cookie }), 401, "unauthorized");
  });

  test.each([
    "/api/courses/public/../distribution",
    "/api/courses/public/%2e%2e/distribution",
    "/api/courses/public/..%2fdistribution",
    "/api/courses/public/..%5cdistribution",
    "/api/courses/public%2f..%2fdistribution",
    "/api/courses/publicity",
    "/api/courses/distribution/%2e%2e%2fpublic",
    "/api/health/../events/stats",
    "/api/health/x",
    "/api//events/stats",
    "/api/events%2fstats",
    "/api/%65vents/stats",
    "//api/events/stats",
    "/API/events/stats",
    "/api/events/stats/",
    "/api/events/stats;/api/health",
    "/api/events/stats%00",
  ])("%s leads nowhere", async (path) => {
    const reply = await product.send(path, { headers: { authorization: "" } });
    expect([401, 404]).toContain(reply.status);
    expectErrorShape(reply, reply.status, reply.status === 401 ? "unauthorized" : "not_found");
  });
});

describe("what is not there", () => {
  test.each(["/favicon.ico", "/api2", "/robots.txt", "/wp-login.php"])(
    "%s is 404 in our shape, with and without the key",
    async (path) => {
      expectErrorShape(await product.send(path), 404, "not_found");
      expectErrorShape(await product.send(path, { headers: { authorization: "" } }), 404, "not_found");
    },
  );

  test.each(["/api/nothing", "/api/events/a/b", "/api/course-factory", "/api"])(
    "%s is 404 with the key, and does not tell that much without",
    async (path) => {
      expectErrorShape(await product.send(path), 404, "not_found");
      expectErrorShape(await product.send(path, { headers: { authorization: "" } }), 401, "unauthorized");
    },
  );

  test("another method on a known path is 405 and tells the possible ones", async () => {
    const patterns = routesOf(product.app).map(({ method, path }) => ({
      method,
      matches: new RegExp(`^${withParams(path, "[^/]+")}$`),
    }));
    for (const path of new Set(routesOf(product.app).map(pathOf))) {
      const allowed = new Set(
        patterns.filter(({ matches }) => matches.test(path)).map(({ method }) => method),
      );
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((name) => !allowed.has(name))) {
        const reply = await product.send(path, { method });
        expect(`${method} ${path} ${reply.status}`).toBe(`${method} ${path} 405`);
        expectErrorShape(reply, 405, "method_not_allowed");
        expect(new Set(reply.headers.get("allow")?.split(", "))).toEqual(allowed);
      }
    }
  });

  test.each(["OPTIONS", "PROPFIND", "X-EVIL"])("the method %s is answered in our shape", async (method) => {
    expectErrorShape(await product.send("/api/events/stats", { method }), 405, "method_not_allowed");
    expectErrorShape(await product.send("/nothing", { method }), 404, "not_found");
  });

  test("a very long address is answered shortly", async () => {
    for (const path of [
      `/api/${"x".repeat(60_000)}`,
      `/${"x/".repeat(30_000)}`,
      `/api/health?${"x".repeat(60_000)}`,
    ]) {
      const reply = await product.send(path);
      expect([200, 404]).toContain(reply.status);
      expect(reply.text.length).toBeLessThan(1_000);
    }
  });
});

describe("the request id", () => {
  const idOf = async (given: string) =>
    (await product.send("/api/health", { headers: { "x-request-id": given } })).headers.get("x-request-id");

  test("of the caller is kept when it is harmless", async () => {
    expect(await idOf("trace-42_a=")).toBe("trace-42_a=");
  });

  test.each(["x".repeat(101), "<script>", "a b", "a\tb", "é", 'a"b', "a;b", "%0d%0aset-cookie:x"])(
    "of the caller is replaced when it could do harm: %s",
    async (given) => {
      expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe("an error inside", () => {
  const planted = "planted-4711";
  const thrown = new Hono<ModuleEnv>()
    .get("/error", identified("a test"), () => {
      throw new Error(
        `connect postgres://brain:${planted}@db/x failed, authorization: Bearer ${planted}-0123456789`,
      );
    })
    .get("/text", identified("a test"), () => {
      throw `a thrown text ${planted}`;
    })
    .get("/cause", identified("a test"), () => {
      throw new TypeError("fetch failed", { cause: new Error(planted) });
    });

  test("is 500 with nothing but the request id; the log has it under that id, without passwords", async () => {
    const surface = await createSurface({ mounts: [{ path: "/api/broken", routes: thrown }] });
    try {
      const reply = await surface.send("/api/broken/error", { headers: { "x-request-id": "look-here" } });
      expectErrorShape(reply, 500, "internal_error");
      expect(reply.text).not.toMatch(/planted|connect|postgres/);
      const line = surface.logs.find((entry) => entry.includes("look-here")) ?? "";
      expect(JSON.parse(line)).toMatchObject({ level: "error", status: 500, path: "/api/broken/error" });
      expect(line).toContain("connect");
      expect(line).not.toContain(planted);

      // A called service that cannot be reached may be there again in a moment.
      const caused = await surface.send("/api/broken/cause");
      expectErrorShape(caused, 503, "unavailable");
      expect(caused.text).not.toContain(planted);
    } finally {
      await surface.cleanup();
    }
  });

  test("Postgres away: 503 everywhere, nothing shown or logged of how it is reached", async () => {
    product.logs.length = 0;
    product.postgres.set("cut");
    const texts: string[] = [];
    try {
      const event = healthReport({ note: planted }, { id: randomUUID() });
      const posted = await product.send("/api/events", { method: "POST", body: JSON.stringify(event) });
      expectErrorShape(posted, 503, "unavailable");
      expect(posted.headers.get("retry-after")).toBe("1");
      for (const path of [
        "/api/events/stats",
        "/api/events/history",
        "/api/consumers",
        `/api/events/${event.id}`,
      ]) {
        const reply = await product.send(path);
        expectErrorShape(reply, 503, "unavailable");
        texts.push(reply.text);
      }
      texts.push(posted.text);
    } finally {
      product.postgres.set("open");
    }
    expect(product.logs.length).toBeGreaterThan(0);
    for (const text of [...texts, ...product.logs]) {
      expectNoInternals(product, text);
      expect(text).not.toContain(planted);
    }
  });

  test("Redis refusing a batch: nothing of the events is logged, and they wait", async () => {
    product.logs.length = 0;
    await product.command("SET", product.stream, "not a stream");
    const event = healthReport({ note: planted }, { id: randomUUID() });
    const posted = await product.send("/api/events", { method: "POST", body: JSON.stringify(event) });
    expect(posted.status).toBe(202);
    await product.background();
    expect(product.logs.join("\n")).toContain("WRONGTYPE");
    const stats = await product.send("/api/events/stats");
    const drained = await product.send("/api/consumers/course_distribution/drain", { method: "POST" });
    expect(drained.status).toBeGreaterThanOrEqual(500);
    // The log says where it happened; that is for its readers alone.
    for (const text of [stats.text, drained.text]) expectNoInternals(product, text);
    for (const text of [...product.logs, stats.text, drained.text]) {
      for (const secret of [planted, ...product.secrets]) expect(text).not.toContain(secret);
    }
    await product.command("DEL", product.stream);
    await product.settle();
    expect((await product.send(`/api/events/${event.id}`)).body.sent_at).not.toBeNull();
  });

  test("a table that is missing is a schema that is behind: not available now, and no SQL is shown", async () => {
    await product.sql("ALTER TABLE dead_letters RENAME TO dead_letters_away");
    try {
      const reply = await product.send("/api/events/stats");
      expectErrorShape(reply, 503, "unavailable");
      expectNoInternals(product, reply.text);
      expect(reply.body.error.message).toContain("npm run migrate -- --status tells which");
      expect(reply.body.error.message).not.toMatch(/dead_letters|Try again/);
    } finally {
      await product.sql("ALTER TABLE dead_letters_away RENAME TO dead_letters");
    }
  });
});
