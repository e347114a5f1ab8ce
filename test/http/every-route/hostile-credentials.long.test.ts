import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { roles, type Scope, scopesGrant } from "../../../src/http/kit/scopes.ts";
import { testApiKey } from "../../backbone.ts";
import { createGatedProduct, type GatedProduct } from "../gated-product.ts";
import { expectErrorShape } from "../refusal.ts";
import type { Reply } from "../surface.ts";
import { bodyDraft } from "./route-drafts.ts";
import { expectNoInternals, isPublic, nameOf, pathOf, type Route, routesOf } from "./routes.ts";
import { type WriteWatch, watchWrites } from "./write-watch.ts";

/* Every route with every kind of credential that must not open it, as the routes themselves declare. */

let product: GatedProduct;
let writes: WriteWatch;
beforeAll(async () => {
  product = await createGatedProduct({ relays: false });
  // A key notes the hour of its last use, also where it opens nothing.
  writes = await watchWrites(product, ["identity_keys"]);
});
afterAll(() => product?.close());

const guarded = () => routesOf(product.app).filter((route) => !isPublic(route));
const post = (path: string, body: object) =>
  product.send(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** An API key's id and its text, `Bearer …`. */
async function keyFor(
  scopes: readonly string[],
  fields: object = {},
): Promise<{ id: string; bearer: string }> {
  const reply = await post("/api/keys", { name: "a test", scopes, ...fields });
  expect(reply.status, reply.text).toBe(201);
  return { id: reply.body.id, bearer: `Bearer ${reply.body.key}` };
}

/** With a body that the route would take. */
async function call(route: Route, authorization: string, path = pathOf(route)): Promise<Reply> {
  const body = bodyDraft(route);
  return product.send(path, {
    method: route.method,
    headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function expectNothingWritten(): Promise<void> {
  expect(await writes.since()).toEqual([]);
}

describe("a credential that is none", () => {
  const keys: readonly (readonly [string, string])[] = [
    ["no key", ""],
    ["a wrong key", "Bearer wrong-key-0123456789abcdef"],
    ["the beginning of the key", `Bearer ${testApiKey.slice(0, -1)}`],
    ["the key and more", `Bearer ${testApiKey}x`],
    ["an empty key", "Bearer "],
    ["another scheme", `Basic ${btoa(`user:${testApiKey}`)}`],
    ["the key without a scheme", testApiKey],
    ["two keys", `Bearer ${testApiKey} ${testApiKey}`],
    ["the key twice, as two headers are joined", `Bearer ${testApiKey}, Bearer ${testApiKey}`],
    ["a key that is very long", `Bearer ${"a".repeat(100_000)}`],
    ["an API key of the right form that nobody made", `Bearer brk_aaaaaaaaaaaaaaaa_${"A".repeat(43)}`],
    [
      "a token that says it needs no signature",
      `Bearer ${btoa('{"alg":"none"}')}.${btoa('{"sub":"admin"}')}.`,
    ],
  ];

  test.each(keys)("%s opens no route but the public ones", async (_what, authorization) => {
    for (const route of routesOf(product.app)) {
      const reply = await call(route, authorization);
      if (isPublic(route)) {
        // Whatever it says, it does not ask for a key.
        expect([401, 403], nameOf(route)).not.toContain(reply.status);
        await writes.since();
        continue;
      }
      expectErrorShape(reply, 401, "unauthorized");
      expect(reply.headers.get("www-authenticate")).toBe("Bearer, Signature");
      expect(reply.text).not.toContain(testApiKey.slice(0, -1));
      expectNoInternals(product, reply.text);
    }
    await expectNothingWritten();
  });

  test("no service is asked for it", async () => {
    product.postgres.set("cut");
    product.redis.set("cut");
    try {
      for (const route of guarded()) {
        for (const [, authorization] of keys.slice(0, -2)) {
          expectErrorShape(await call(route, authorization), 401, "unauthorized");
        }
      }
    } finally {
      product.postgres.set("open");
      product.redis.set("open");
    }
  });

  test("expired and revoked keys open no route, and say nothing of which it was", async () => {
    const expired = await keyFor(["admin"]);
    const revoked = await keyFor(["admin"]);
    await product.sql("UPDATE identity_keys SET expires_at = now() - interval '1 second' WHERE id = $1", [
      expired.id,
    ]);
    expect((await product.send(`/api/keys/${revoked.id}/revoke`, { method: "POST" })).status).toBe(200);
    await writes.since();
    const texts = new Set<string>();
    for (const { bearer } of [expired, revoked]) {
      for (const route of guarded()) {
        const reply = await call(route, bearer);
        expectErrorShape(reply, 401, "unauthorized");
        texts.add(reply.body.error.message);
      }
    }
    expect(texts.size).toBe(1);
    await expectNothingWritten();
  });
});

test("the scheme may be written in any letters (RFC 9110, section 11.1), the key may not", async () => {
  const { bearer } = await keyFor(["admin"]);
  const status = async (authorization: string) =>
    (await product.send("/api/keys", { headers: { authorization } })).status;
  for (const known of [bearer, `Bearer ${testApiKey}`]) {
    expect(await status(known.replace("Bearer", "bearer"))).toBe(200);
    expect(await status(known.replace("Bearer", "BEARER"))).toBe(200);
    expect(await status(known.toUpperCase())).toBe(401);
  }
});

/** Every scope that a route asks for, and those that grant nothing of it by themselves. */
function allScopes(): readonly Scope[] {
  const asked = guarded().flatMap(({ access }) => (access?.kind === "requires" ? [access.scope] : []));
  const real = asked.map((scope) => scope.replace("<domain>", "course") as Scope);
  return [...new Set<Scope>([...real, ...Object.values(roles).flat(), "act_as"])];
}

describe("a key with one scope", () => {
  test("opens the routes that ask for it, and is refused by all others", async () => {
    const scopes = allScopes();
    expect(scopes.length).toBeGreaterThan(15);
    for (const scope of scopes) {
      const { bearer } = await keyFor([scope]);
      await writes.since();
      let opened = 0;
      for (const route of guarded()) {
        const { access } = route;
        if (access?.kind !== "requires") continue;
        if (scopesGrant([scope], access.scope)) {
          opened += 1;
          continue;
        }
        const reply = await call(route, bearer);
        expect(`${scope}: ${nameOf(route)} ${reply.status}`).toBe(`${scope}: ${nameOf(route)} 403`);
        expectErrorShape(reply, 403, "forbidden");
        expect(reply.body.error.message).toContain(`"${access.scope}"`);
      }
      await expectNothingWritten();
      if (scope !== "act_as") expect(opened, scope).toBeGreaterThan(0);
    }
  });

  test("control: with the scope that a route asks for, it is not refused", async () => {
    for (const route of guarded().filter(({ method }) => method === "GET")) {
      const { access } = route;
      if (access?.kind !== "requires") continue;
      const { bearer } = await keyFor([access.scope]);
      const reply = await call(route, bearer);
      expect([401, 403], `${nameOf(route)} ${reply.text.slice(0, 200)}`).not.toContain(reply.status);
    }
  });
});

describe("a key of one tenant", () => {
  test("is refused where all tenants are concerned, whatever it grants", async () => {
    const { bearer } = await keyFor(["admin"], { tenant_id: "acme" });
    await writes.since();
    let refused = 0;
    for (const route of guarded()) {
      if (route.access?.kind !== "requires" || route.access.reach !== "all_tenants") continue;
      const reply = await call(route, bearer);
      expect(`${nameOf(route)} ${reply.status}`).toBe(`${nameOf(route)} 403`);
      expect(reply.body.error.message).toContain("all tenants");
      refused += 1;
    }
    expect(refused).toBeGreaterThan(10);
    await expectNothingWritten();
  });

  test("may act for nobody else without act_as, on any route", async () => {
    for (const fields of [{}, { tenant_id: "acme" }]) {
      const { bearer } = await keyFor(["*:read", "*:write", "operate", "approve"], fields);
      await writes.since();
      for (const route of guarded()) {
        const body = bodyDraft(route);
        const reply = await product.send(pathOf(route), {
          method: route.method,
          headers: { authorization: bearer, "x-actor-id": "user-7", "content-type": "application/json" },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        expect(`${nameOf(route)} ${reply.status}`).toBe(`${nameOf(route)} 403`);
      }
      await expectNothingWritten();
    }
  });
});

describe("the actor", () => {
  test.each(["anna@example.org", "Anna Schmidt", "", "-a", "a/b", "x".repeat(101), "ü"])(
    "that is no id is refused on every route that knows actors: %s",
    async (actor) => {
      for (const route of routesOf(product.app)) {
        const reply = await product.send(pathOf(route), {
          method: route.method,
          headers: { "x-actor-id": actor },
        });
        if (isPublic(route)) expect(reply.text).not.toContain("x-actor-id");
        else expectErrorShape(reply, 422, "validation_failed");
        if (actor.length > 2) expect(reply.text).not.toContain(actor);
      }
    },
  );
});
