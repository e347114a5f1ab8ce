import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openProduct } from "../../../src/http-composition.ts";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../../http/refusal.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine({ BRAIN_CREDENTIAL_CACHE_SECONDS: "0" });
});
afterAll(() => engine?.cleanup());

const create = async (body: object, headers = {}) =>
  engine.request("POST", "/api/keys", { name: "a test", ...body }, headers);
const as = (key: string, more = {}) => ({ authorization: `Bearer ${key}`, ...more });
const me = (key: string, more = {}) => engine.request("GET", "/api/me", undefined, as(key, more));

describe("an API key", () => {
  test("is shown once, works, and of its secret a hash is stored", async () => {
    const made = await create({ scopes: ["events:read"], tenant_id: "acme" });
    expect(made.status, made.text).toBe(201);
    expect(made.headers.get("cache-control")).toBe("no-store");
    const { key, id } = made.body;
    expect(key).toMatch(/^brk_[a-z0-9]{16}_[\w-]{43}$/);
    expect((await me(key)).body).toEqual({
      kind: "api_key",
      id: `key:${id}`,
      name: "a test",
      tenant_id: "acme",
      scopes: ["events:read"],
      acting_as: `key:${id}`,
    });
    const shown = await engine.request("GET", `/api/keys/${id}`);
    expect(shown.body).toMatchObject({ id, status: "active", prefix: `brk_${id}` });
    const secret = key.slice(-43);
    expect(shown.text).not.toContain(secret);
    const rows = await engine.sql("SELECT * FROM identity_keys");
    expect(JSON.stringify(rows)).not.toContain(secret);
    const audit = await engine.request("GET", "/api/operator-actions?action=identity.key_created");
    expect(audit.body.operator_actions[0].filter).toMatchObject({ key: id, tenant_id: "acme" });
    expect(audit.text).not.toContain(secret);
  });

  test.each([
    ["another secret", (key: string) => `${key.slice(0, -43)}${"A".repeat(43)}`],
    ["another id", (key: string) => key.replace(/_[a-z0-9]{16}_/, "_aaaaaaaaaaaaaaaa_")],
    ["a shorter one", (key: string) => key.slice(0, -1)],
    ["a longer one", (key: string) => `${key}x`],
    ["its public part", (key: string) => key.slice(0, -44)],
  ])("with %s is refused like any other that is not valid", async (_what, change) => {
    const { key } = (await create({ roles: ["viewer"] })).body;
    const reply = await me(change(key));
    expectErrorShape(reply, 401, "unauthorized");
    expect(reply.body.error.message).toContain("wrong, expired or revoked");
  });

  test("is refused when it has expired or is revoked; until then it works", async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const { key, id } = (await create({ roles: ["viewer"], expires_at: soon })).body;
    expect((await me(key)).status).toBe(200);
    await engine.sql(`UPDATE identity_keys SET expires_at = now() - interval '1 second' WHERE id = '${id}'`);
    expect((await me(key)).status).toBe(401);
    expect((await engine.request("GET", `/api/keys/${id}`)).body.status).toBe("expired");

    const other = (await create({ roles: ["viewer"] })).body;
    expect((await me(other.key)).status).toBe(200);
    const revoked = await engine.request("POST", `/api/keys/${other.id}/revoke`);
    expect(revoked.body).toMatchObject({ status: "revoked" });
    expect((await me(other.key)).status).toBe(401);
    expect((await engine.request("POST", `/api/keys/${other.id}/revoke`)).body.revoked_at).toBe(
      revoked.body.revoked_at,
    );
    expect((await engine.request("POST", `/api/keys/${other.id}/rotate`)).status).toBe(409);
  });

  test("is rotated with an overlap, in which both secrets are good, and stays the same identity", async () => {
    const before = (await create({ roles: ["viewer"] })).body;
    const after = (await engine.request("POST", `/api/keys/${before.id}/rotate`, { overlap_seconds: 60 }))
      .body;
    expect(after.key).not.toBe(before.key);
    expect((await me(before.key)).body.id).toBe((await me(after.key)).body.id);
    await engine.sql(
      `UPDATE identity_keys SET previous_until = now() - interval '1 second' WHERE id = '${before.id}'`,
    );
    expect((await me(before.key)).status).toBe(401);
    expect((await me(after.key)).status).toBe(200);

    const last = (await engine.request("POST", `/api/keys/${before.id}/rotate`, { overlap_seconds: 0 })).body;
    expect((await me(after.key)).status).toBe(401);
    expect((await me(last.key)).status).toBe(200);
  });

  test.each([
    [{}, "scopes"],
    [{ scopes: [] }, "scopes"],
    [{ scopes: ["everything"] }, "scopes.0"],
    [{ scopes: ["*"] }, "scopes.0"],
    [{ scopes: ["events:publish:Course"] }, "scopes.0"],
    [{ roles: ["god"] }, "roles.0"],
    [{ roles: ["viewer"], expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    [{ roles: ["viewer"], expires_at: "tomorrow" }, "expires_at"],
    [{ roles: ["viewer"], extra: 1 }, ""],
  ])("is not made of %j", async (body, path) => {
    const reply = await create(body);
    expectErrorShape(reply, 422, "validation_failed");
    expect(reply.body.error.details.map((issue: { path: string }) => issue.path)).toContain(path);
  });

  test("notes the hour of its last use behind the answer", async () => {
    const { key, id } = (await create({ roles: ["viewer"] })).body;
    expect((await engine.request("GET", `/api/keys/${id}`)).body.last_used_at).toBeNull();
    await me(key);
    await engine.settle();
    const used = (await engine.request("GET", `/api/keys/${id}`)).body.last_used_at;
    expect(used).toMatch(/:00:00\.000Z$/);
  });
});

describe("scopes", () => {
  test("open what they grant and nothing else", async () => {
    const viewer = (await create({ roles: ["viewer"] })).body.key;
    expect((await engine.request("GET", "/api/consumers", undefined, as(viewer))).status).toBe(200);
    const refused = await engine.request(
      "POST",
      "/api/consumers/tasks/pause",
      { reason: "for a test" },
      as(viewer),
    );
    expectErrorShape(refused, 403, "forbidden");
    expect(refused.body.error.message).toContain('"operate"');
    const operator = (await create({ roles: ["operator"] })).body.key;
    const done = await engine.request(
      "POST",
      "/api/consumers/tasks/pause",
      { reason: "for a test" },
      as(operator),
    );
    expect(done.status, done.text).toBe(200);
    await engine.request("POST", "/api/consumers/tasks/resume", {}, as(operator));
    expect(
      (await engine.request("POST", "/api/keys", { name: "x", roles: ["admin"] }, as(operator))).status,
    ).toBe(403);
  });

  test("the actor is the identity; another one needs act_as", async () => {
    const { key, id } = (await create({ roles: ["operator"] })).body;
    const pause = (more: object) =>
      engine.request("POST", "/api/consumers/tasks/pause", { reason: "for a test" }, as(key, more));
    await pause({});
    const refused = await pause({ "x-actor-id": "user-7" });
    expectErrorShape(refused, 403, "forbidden");
    expect(refused.body.error.message).toContain("act_as");
    const audit = await engine.request("GET", "/api/operator-actions?action=consumer.paused&limit=1");
    expect(audit.body.operator_actions[0].actor_id).toBe(`key:${id}`);
    const acting = (await create({ scopes: ["operate", "act_as"] })).body.key;
    expect((await me(acting, { "x-actor-id": "user-7" })).body.acting_as).toBe("user-7");
  });
});

test.each([
  ["acme\u200b", "without invisible characters"],
  ["\u2060acme", "without invisible characters"],
  ["ac\u00adme", "without invisible characters"],
  ["acme\u202e", "without invisible characters"],
  ["ac\ufeffme", "without invisible characters"],
  ["ac\u3164me", "without invisible characters"],
  ["acme\ufe0f", "without invisible characters"],
  ["Mu\u0308ller", 'in its plain form (NFKC), "M\u00fcller"'],
  ["\uff41\uff43\uff4d\uff45", 'in its plain form (NFKC), "acme"'],
  ["acme\u00a0inc", 'in its plain form (NFKC), "acme inc"'],
  ["acme  inc", "with single spaces"],
  ["\u0430cme", '"\u0430cme" has letters of two'],
  ["acme \u039fne", '"\u039fne" has letters of two'],
  ["\u0430\u0441\u0435", "all of its letters look like Latin ones"],
  ["\u0430\u0441\u0435 7", "all of its letters look like Latin ones"],
  ["\u0391\u0392", "all of its letters look like Latin ones"],
])("no key is made for a tenant that looks like another: %j", async (tenantId, expected) => {
  const refused = await create({ roles: ["viewer"], tenant_id: tenantId });
  expectErrorShape(refused, 422, "validation_failed");
  expect(refused.body.error.details).toEqual([
    { path: "tenant_id", message: expect.stringContaining(expected) },
  ]);
});

// Control: what people see may be in it.
test.each([" Müller & Söhne ", "ООО Acme", "ООО Ромашка", "β-team 1", "株式会社アクメ", "acme_1.eu"])(
  "a key is made for the tenant %j",
  async (tenantId) => {
    expect((await create({ roles: ["viewer"], tenant_id: tenantId })).body.tenant_id).toBe(tenantId.trim());
  },
);

describe("a credential of one tenant", () => {
  test("manages the keys of its tenant, and no others are there for it", async () => {
    const admin = (await create({ roles: ["admin"], tenant_id: "acme" })).body;
    const foreign = (await create({ roles: ["viewer"], tenant_id: "other" })).body;
    const own = await create({ roles: ["viewer"] }, as(admin.key));
    expect(own.body.tenant_id).toBe("acme");
    const refused = await create({ roles: ["viewer"], tenant_id: "other" }, as(admin.key));
    expectErrorShape(refused, 403, "forbidden");
    const forAll = await create({ roles: ["viewer"], tenant_id: null }, as(admin.key));
    expectErrorShape(forAll, 403, "forbidden");
    expect(forAll.body.error.message).toContain('"acme"');
    expect((await create({ roles: ["viewer"], tenant_id: null })).body.tenant_id).toBeNull();
    const list = await engine.request("GET", "/api/keys?limit=500", undefined, as(admin.key));
    expect(new Set(list.body.keys.map((key: { tenant_id: string }) => key.tenant_id))).toEqual(
      new Set(["acme"]),
    );
    const paths = [
      ["GET", ""],
      ["POST", "/rotate"],
      ["POST", "/revoke"],
    ] as const;
    for (const [method, rest] of paths) {
      const reply = await engine.request(method, `/api/keys/${foreign.id}${rest}`, undefined, as(admin.key));
      expectErrorShape(reply, 404, "not_found");
      const nowhere = await engine.request(
        method,
        `/api/keys/aaaaaaaaaaaaaaaa${rest}`,
        undefined,
        as(admin.key),
      );
      expect(reply.text.replace(foreign.id, "")).toBe(
        nowhere.text
          .replace("aaaaaaaaaaaaaaaa", "")
          .replace(nowhere.body.error.request_id, reply.body.error.request_id),
      );
    }
    expect((await me(foreign.key)).status).toBe(200);
  });

  test("is refused where all tenants are concerned", async () => {
    const { key } = (await create({ roles: ["admin"], tenant_id: "acme" })).body;
    const reply = await engine.request(
      "POST",
      "/api/consumers/tasks/pause",
      { reason: "for a test" },
      as(key),
    );
    expectErrorShape(reply, 403, "forbidden");
    expect(reply.body.error.message).toContain("all tenants");
  });
});

test("two identities may think of the same idempotency key", async () => {
  const [one, two] = [
    (await create({ roles: ["application"] })).body,
    (await create({ roles: ["application"] })).body,
  ];
  const task = { title: "a task" };
  const send = (key: string) =>
    engine.request("POST", "/api/tasks", task, as(key, { "idempotency-key": "the-same" }));
  const [first, other] = [await send(one.key), await send(two.key)];
  expect([first.status, other.status], other.text).toEqual([201, 201]);
  expect(other.body.task_id).not.toBe(first.body.task_id);
  const again = await send(one.key);
  expect(again.body.task_id).toBe(first.body.task_id);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
});

test("the bootstrap key can be switched off; API keys go on", async () => {
  const { key } = (await create({ roles: ["viewer"] })).body;
  const app = openProduct(engine.config).createApp(() => ({
    invocation: engine.open(),
    apiKey: null,
    waitUntil: () => undefined,
    afterCommit: () => undefined,
    startJobs: () => undefined,
  }));
  const ask = (bearer: string) => app.request("/api/me", { headers: as(bearer) });
  expect((await ask(key)).status).toBe(200);
  expect((await ask(testApiKey)).status).toBe(401);
  expect((await ask("")).status).toBe(401);
  expect((await me(testApiKey)).body.kind).toBe("bootstrap");
});
