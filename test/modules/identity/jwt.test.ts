import { createHash } from "node:crypto";
import { readAnswer } from "@brain/engine/testing";
import { base64url, exportSPKI, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { openProduct } from "../../../src/http-composition.ts";
import { sandboxEnv, testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../../http/refusal.ts";
import { type LocalIssuer, openIssuer } from "./issuer.ts";

let engine: TestEngine;
let staff: LocalIssuer;
let access: LocalIssuer;
let clockMs = Date.parse("2026-11-26T12:00:00Z");
const nowMs = () => clockMs;

const oidc = (issuer: string) => ({
  name: "staff",
  issuer,
  audience: ["brain", "brain-cli"],
  tenant: { claim: ["org", "tenant"] },
  grants: [
    { claim: "groups", value: "ops", roles: ["operator"] },
    { claim: ["realm", "roles"], value: "reader", roles: ["viewer"] },
    { claim: "scope", value: "events", separated_by: " ", scopes: ["events:publish"] },
  ],
});
const cloudflare = (issuer: string) => ({
  name: "door",
  preset: "cloudflare_access",
  issuer,
  audience: "a-tag",
  tenant: "all",
  name_claim: "email",
  grants: [{ roles: ["application"] }],
});

const twoTenants = (issuer: string) => ({
  name: "two",
  issuer,
  jwks_url: `${issuer}/cdn-cgi/access/certs`,
  audience: "two-tenants",
  tenant: { claim: "org" },
  grants: [{ roles: ["application"] }],
});

beforeAll(async () => {
  staff = await openIssuer({
    nowMs,
    claims: { aud: "brain", groups: ["ops"], org: { tenant: "acme" } },
  });
  access = await openIssuer({ nowMs, keysPath: "/cdn-cgi/access/certs", claims: { aud: ["a-tag"] } });
  const issuers = JSON.stringify([oidc(staff.url), cloudflare(access.url), twoTenants(access.url)]);
  engine = await createTestEngine({ BRAIN_JWT_ISSUERS: issuers });
});
afterAll(() => Promise.all([engine?.cleanup(), staff?.close(), access?.close()]));

/** An isolate that knows no key yet. */
function openIsolate(config = engine.config) {
  const background: Promise<unknown>[] = [];
  const app = openProduct(config).createApp(() => ({
    invocation: { ...engine.open(), now: nowMs },
    apiKey: testApiKey,
    waitUntil: (work) => void background.push(work),
    afterCommit: () => undefined,
    startJobs: () => undefined,
  }));
  return {
    ask: async (headers: Readonly<Record<string, string>>, path = "/api/me", init: RequestInit = {}) =>
      readAnswer(await app.request(path, { ...init, headers })),
    settled: () => Promise.all(background),
  };
}
let isolate: ReturnType<typeof openIsolate>;
beforeEach(() => {
  isolate = openIsolate();
  for (const issuer of [staff, access]) {
    issuer.fault = null;
    issuer.asked.length = 0;
  }
});
const me = (token: string) => isolate.ask({ authorization: `Bearer ${token}` });

describe("a token of an issuer", () => {
  test("says who calls, for which tenant, and what it may do", async () => {
    const reply = await me(await staff.token({ realm: { roles: ["reader"] }, scope: "openid events" }));
    expect(reply.status, reply.text).toBe(200);
    expect(reply.body).toEqual({
      kind: "jwt",
      id: "jwt:staff:user-1",
      name: "jwt:staff:user-1",
      tenant_id: "acme",
      scopes: ["*:read", "operate", "events:publish"],
      acting_as: "jwt:staff:user-1",
    });
  });

  test("has its keys found by discovery, once", async () => {
    for (let time = 0; time < 3; time += 1) expect((await me(await staff.token())).status).toBe(200);
    expect(staff.asked).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });

  test("of Cloudflare Access comes in its own header, also for a service", async () => {
    const person = await access.token({
      email: "ann@example.org",
      sub: "7335d417-61da-459d-899c-0a01c76a2f94",
    });
    const reply = await isolate.ask({ "cf-access-jwt-assertion": person });
    expect(reply.body).toMatchObject({
      id: "jwt:door:7335d417-61da-459d-899c-0a01c76a2f94",
      name: "ann@example.org",
      tenant_id: null,
    });
    const service = await access.token({ sub: "", common_name: "e367826f93b8d71185e03fe518aff3b4.access" });
    expect((await isolate.ask({ "cf-access-jwt-assertion": service })).body.id).toBe(
      "jwt:door:common_name:e367826f93b8d71185e03fe518aff3b4.access",
    );
    expect(access.asked).toEqual(["/cdn-cgi/access/certs"]);
    // In the place of another issuer's tokens it is none.
    expectErrorShape(await me(person), 401, "unauthorized");
  });

  test("with a subject that is no id has its hash; two subjects are two identities", async () => {
    const subjects = ["auth0|1", "auth0|2", "ä", "a b", "a:b", "x".repeat(51), "sha256:1"];
    const ids = new Set<string>();
    for (const sub of subjects) ids.add((await me(await staff.token({ sub }))).body.id);
    expect(ids.size).toBe(subjects.length);
    for (const id of ids) expect(id).toMatch(/^jwt:staff:sha256:[0-9a-f]{32}$/);
  });

  test("does not count where an Authorization header says something else", async () => {
    const token = await access.token();
    const both = (authorization: string) => isolate.ask({ authorization, "cf-access-jwt-assertion": token });
    expect((await both(`Bearer ${testApiKey}`)).body.kind).toBe("bootstrap");
    expectErrorShape(await both("Bearer nonsense"), 401, "unauthorized");
    expectErrorShape(await both("Basic dXNlcjpwYXNz"), 401, "unauthorized");
  });

  test("that a proxy adds changes nothing for a page of another site", async () => {
    const token = await access.token();
    const send = (more: Readonly<Record<string, string>>) =>
      isolate.ask(
        { "cf-access-jwt-assertion": token, "content-type": "application/json", ...more },
        "/api/tasks",
        { method: "POST", body: JSON.stringify({ title: "a task" }) },
      );
    expectErrorShape(await send({ "sec-fetch-site": "cross-site" }), 403, "forbidden");
    expectErrorShape(await send({ "sec-fetch-site": "same-site" }), 403, "forbidden");
    expectErrorShape(await send({ origin: "https://evil.example" }), 403, "forbidden");
    expectErrorShape(await send({ origin: "null" }), 403, "forbidden");
    expect((await send({ "sec-fetch-site": "same-origin" })).status).toBe(201);
    expect((await send({ origin: "http://localhost" })).status).toBe(201);
    expect((await send({})).status).toBe(201);
  });
});

describe("a token is refused, and no word says why,", () => {
  const seconds = () => Math.floor(clockMs / 1_000);
  const changed = (token: string, claims: object) => {
    const [header, payload = "", signature] = token.split(".");
    const all = { ...JSON.parse(new TextDecoder().decode(base64url.decode(payload))), ...claims };
    return [header, base64url.encode(JSON.stringify(all)), signature].join(".");
  };
  const symmetric = async (algorithm: string, secret: Uint8Array) =>
    new SignJWT({ groups: ["ops"], org: { tenant: "acme" } })
      .setProtectedHeader({ alg: algorithm, kid: "key-1" })
      .setIssuer(staff.url)
      .setAudience("brain")
      .setSubject("user-1")
      .setIssuedAt(seconds())
      .setExpirationTime(seconds() + 300)
      .sign(secret);
  const cases: Readonly<Record<string, () => Promise<string> | string>> = {
    "of another issuer": () => staff.token({ iss: "https://issuer.example" }),
    "of the issuer with a slash more": () => staff.token({ iss: `${staff.url}/` }),
    "without an issuer": () => staff.token({ iss: undefined }),
    "of the other issuer's key": () => access.token({ iss: staff.url, aud: "brain" }),
    "for another audience": () => staff.token({ aud: "another" }),
    "for others' audiences": () => staff.token({ aud: ["another", "one more"] }),
    "without an audience": () => staff.token({ aud: undefined }),
    "that has expired": () => staff.token({ exp: seconds() - 31 }),
    "without an end": () => staff.token({ exp: undefined }),
    "with an end that is a text": () => staff.token({ exp: String(seconds() + 300) }),
    "that is not yet valid": () => staff.token({ nbf: seconds() + 60 }),
    "from the future": () => staff.token({ iat: seconds() + 60 }),
    "that is too old": () => staff.token({ iat: seconds() - 90_000, exp: seconds() + 300 }),
    "without its time": () => staff.token({ iat: undefined }),
    "with a part that must be understood": () => staff.token({}, { crit: ["x"], x: 1 }),
    "that was changed": async () => changed(await staff.token(), { groups: ["ops", "more"] }),
    "with a signature that was changed": async () => {
      const token = await staff.token();
      return token.slice(0, -10) + (token.at(-10) === "A" ? "B" : "A") + token.slice(-9);
    },
    "without a signature": async () => (await staff.token()).replace(/[^.]+$/, ""),
    "with the algorithm none": () =>
      new UnsecuredJWT({ groups: ["ops"] }).setIssuer(staff.url).setAudience("brain").encode(),
    "signed with the public key as a secret": async () =>
      symmetric("HS256", new TextEncoder().encode(await exportSPKI(staff.publicKey()))),
    "with an algorithm that its key has not": () => staff.token({}, { alg: "PS256" }).catch(() => "a.b.c"),
    "with an unknown key": () => staff.token({}, { kid: "another" }),
    "with a key that is a path": () => staff.token({}, { kid: "../../keys" }),
    "that is huge": () => staff.token({ more: "x".repeat(20_000) }),
    "that is none": () => "a.b.c",
    "of five parts": () => "a.b.c.d.e",
    "with claims that are no object": () =>
      `${base64url.encode('{"alg":"RS256"}')}.${base64url.encode("[]")}.${base64url.encode("x")}`,
  };

  test.each(Object.entries(cases))("%s", async (_what, make) => {
    clockMs += 60_000;
    expect((await me(await staff.token())).status).toBe(200);
    const reply = await me(await make());
    expectErrorShape(reply, 401, "unauthorized");
    expect(reply.body.error.message).toMatch(/^The (token|key) is not valid/);
    expect(reply.headers.get("www-authenticate")).toContain("Bearer");
    expect(staff.asked.filter((path) => !/^\/(keys|\.well-known\/openid-configuration)$/.test(path))).toEqual(
      [],
    );
  });

  test("with a key or an address of keys of its own", async () => {
    const elsewhere = await openIssuer({ nowMs });
    const { keys } = elsewhere.keys();
    for (const header of [
      { jku: `${elsewhere.url}/keys` },
      { x5u: `${elsewhere.url}/keys` },
      { jwk: keys[0] as never },
      { jwk: keys[0] as never, kid: undefined as never },
    ]) {
      const claims = { iss: staff.url, aud: "brain", groups: ["ops"], org: { tenant: "acme" } };
      const forged = await elsewhere.token(claims, header);
      expectErrorShape(await me(forged), 401, "unauthorized");
      // The same headers do no harm in a token that is good.
      expect((await me(await staff.token({}, { jku: `${elsewhere.url}/keys` }))).status).toBe(200);
    }
    expect(elsewhere.asked).toEqual([]);
    await elsewhere.close();
  });
});

describe("a valid token is forbidden", () => {
  test.each([
    ["to which nothing is granted", { groups: ["others"] }],
    ["whose group only begins like one that is granted", { groups: ["ops2"] }],
    ["whose groups are one text", { groups: "ops,others" }],
    ["whose nested claim stands outside", { groups: [], "realm.roles": ["reader"], roles: ["reader"] }],
    ["that names no tenant", { org: {} }],
    ["whose tenant is empty", { org: { tenant: "" } }],
    ["whose tenant is a list", { org: { tenant: ["acme"] } }],
    ["whose tenant is of another shape", { org: { tenant: "a\nb" } }],
    ["whose tenant is one with a letter that is not seen", { org: { tenant: "acme\u200d" } }],
    ["whose tenant has its accents beside its letters", { org: { tenant: "cafe\u0301" } }],
    ["whose tenant has a letter of another script", { org: { tenant: "\u0430cme" } }],
    ["that names nobody", { sub: undefined }],
    ["whose subject is a number", { sub: 7 }],
  ])("%s", async (_what, claims) => {
    expectErrorShape(await me(await staff.token(claims)), 403, "forbidden");
  });

  test("where its scopes or its tenant do not reach", async () => {
    const token = await staff.token({ groups: [], scope: "events" });
    const get = (path: string, bearer: string) => isolate.ask({ authorization: `Bearer ${bearer}` }, path);
    expectErrorShape(await get("/api/consumers", token), 403, "forbidden");
    expectErrorShape(await get("/api/keys", await staff.token()), 403, "forbidden");
  });
});

describe("an Idempotency-Key of somebody who works for two tenants", () => {
  const taskOf = async (org: string, key: string) => {
    const token = await access.token({ aud: ["two-tenants"], sub: "works-for-two", org });
    const authorization = `Bearer ${token}`;
    return isolate.ask(
      { authorization, "content-type": "application/json", "idempotency-key": key },
      "/api/tasks",
      { method: "POST", body: JSON.stringify({ title: "the same" }) },
    );
  };

  test("is another one for each: neither gets the other's answer, and the work of both is done", async () => {
    const [acme, other] = [await taskOf("acme", "k-1"), await taskOf("other", "k-1")];
    expect([acme.status, other.status], other.text).toEqual([201, 201]);
    expect([acme.body.tenant_id, other.body.tenant_id]).toEqual(["acme", "other"]);
    for (const [tenant, first] of [["acme", acme] as const, ["other", other] as const]) {
      const again = await taskOf(tenant, "k-1");
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect(again.body).toEqual(first.body);
    }
  });

  test("that the release before kept for both together is refused, and nothing is done a second time", async () => {
    const tasks = async () => (await engine.sql("SELECT 1 FROM task_items")).length;
    expect((await taskOf("acme", "k-2")).status).toBe(201);
    const former = createHash("sha256").update("21:jwt:two:works-for-two3:k-2").digest("hex");
    const kept = await engine.sql(
      `UPDATE idempotency_keys SET key = $1 WHERE created_at = (SELECT max(created_at) FROM idempotency_keys) RETURNING 1`,
      [former],
    );
    expect(kept).toHaveLength(1);
    const before = await tasks();
    for (const tenant of ["acme", "other"]) {
      const reply = await taskOf(tenant, "k-2");
      expectErrorShape(reply, 409, "conflict");
      expect(reply.text).not.toContain("the same");
    }
    expect(await tasks()).toBe(before);
  });
});

describe("a session that a token opened", () => {
  const site = "http://127.0.0.1:8787";
  const open = async (claims: object = {}) => {
    const authorization = `Bearer ${await staff.token({ sub: "signs-in", ...claims })}`;
    const opened = await isolate.ask({ authorization }, `${site}/api/sessions`, { method: "POST" });
    expect(opened.status, opened.text).toBe(201);
    const cookie = opened.headers.getSetCookie()[0] ?? "";
    return {
      cookie: cookie.split(";")[0] ?? "",
      maxAge: /Max-Age=(\d+)/.exec(cookie)?.[1],
      body: opened.body,
    };
  };
  const ask = (cookie: string, by = isolate) => by.ask({ cookie }, `${site}/api/me`);

  test.each([
    ["its token", { exp: 600 }, 630],
    ["the age that the settings give its token", { iat: -86_000, exp: 90_000 }, 430],
  ])("ends with %s, and not later", async (_what, times, endS) => {
    const claims = Object.entries(times).map(([name, s]) => [name, Math.floor(clockMs / 1_000) + s]);
    const { cookie, maxAge, body } = await open(Object.fromEntries(claims));
    expect(maxAge).toBe(String(endS));
    expect(Date.parse(body.expires_at)).toBe(clockMs + endS * 1_000);
    clockMs += endS * 1_000 - 1;
    expect((await ask(cookie)).body).toMatchObject({ kind: "session", id: "jwt:staff:signs-in" });
    clockMs += 1;
    expectErrorShape(await ask(cookie), 401, "unauthorized");
  });

  const { grants, ...same } = oidc("");
  test.each<[string, "goes on" | "ends", object | null]>([
    ["as they were", "goes on", {}],
    ["with another name for people", "goes on", { name_claim: "email" }],
    ["without the issuer", "ends", null],
    ["with another issuer of its name", "ends", { issuer: "https://new.example.com" }],
    ["with another tenant for its tokens", "ends", { tenant: "all" }],
    ["with a grant less", "ends", { grants: grants.slice(1) }],
  ])("under settings %s %s", async (_what, becomes, change) => {
    const issuers = [
      ...(change === null ? [] : [{ ...same, grants, issuer: staff.url, ...change }]),
      cloudflare(access.url),
    ];
    const config = parseConfig(sandboxEnv(engine.sandbox, { BRAIN_JWT_ISSUERS: JSON.stringify(issuers) }));
    const { cookie, body } = await open();
    expect((await ask(cookie)).status).toBe(200);
    // What one isolate remembers of a session, all of this process do.
    expect((await ask(cookie, openIsolate(config))).status).toBe(becomes === "goes on" ? 200 : 401);
    // One that the release before opened says nothing of its issuer but the name, which is in the identity.
    await engine.sql(`UPDATE identity_sessions SET origin = '{"kind":"jwt"}' WHERE id = $1`, [body.id]);
    clockMs += 31_000;
    expect((await ask(cookie, openIsolate(config))).status).toBe(change === null ? 401 : 200);
  });
});

describe("the keys of an issuer", () => {
  test("are read again for a key that is not there, and soon no more", async () => {
    await me(await staff.token());
    clockMs += 20_000;
    await staff.rotate(true);
    const answers = await Promise.all([me(await staff.token()), me(await staff.token())]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const asked = staff.asked.length;
    for (let time = 0; time < 20; time += 1) {
      const kid = `made-up-${time}`;
      expect((await me(await staff.token({}, { kid }))).status).toBe(401);
    }
    expect(staff.asked).toHaveLength(asked);
    // The control: later it is looked for again.
    clockMs += 20_000;
    await me(await staff.token({}, { kid: "made-up" }));
    expect(staff.asked.length).toBeGreaterThan(asked);
  });

  test("are renewed behind an answer, so that a key which was taken back ends", async () => {
    const old = await staff.token({ exp: Math.floor(clockMs / 1_000) + 3_600 });
    expect((await me(old)).status).toBe(200);
    await staff.rotate();
    clockMs += 301_000;
    const before = staff.asked.length;
    expect((await me(old)).status).toBe(200);
    await isolate.settled();
    expect(staff.asked.length).toBe(before + 2);
    expect((await me(old)).status).toBe(401);
  });

  test("outlive an issuer that is away for a while, and not for long", async () => {
    const token = await staff.token({ exp: Math.floor(clockMs / 1_000) + 3_600 });
    expect((await me(token)).status).toBe(200);
    staff.fault = { status: 0 };
    clockMs += 600_000;
    expect((await me(token)).status).toBe(200);
    await isolate.settled();
    clockMs += 400_000;
    expectErrorShape(await me(token), 503, "unavailable");
  });

  test.each([
    ["is away", { status: 0 }],
    ["fails", { status: 500 }],
    ["sends on to another place", { status: 302, location: "http://127.0.0.1:1/keys" }],
    ["answers no JSON", { status: 200, body: "<html>" }],
    [
      "answers with a document of another issuer",
      { status: 200, body: '{"issuer":"https://issuer.example"}' },
    ],
    ["answers without an end", { status: 200, body: `{"x":"${"x".repeat(300_000)}"}` }],
  ])("cannot be had when it %s: 503 for its tokens and for no others", async (_what, fault) => {
    staff.fault = fault;
    const reply = await me(await staff.token());
    expectErrorShape(reply, 503, "unavailable");
    expect(reply.body.error.message).toContain('"staff"');
    // It is left in peace for a while.
    const asked = staff.asked.length;
    expectErrorShape(await me(await staff.token()), 503, "unavailable");
    expect(staff.asked).toHaveLength(asked);
    expect((await isolate.ask({ "cf-access-jwt-assertion": await access.token() })).status).toBe(200);
    expect((await isolate.ask({ authorization: `Bearer ${testApiKey}` })).status).toBe(200);
    staff.fault = null;
    clockMs += 6_000;
    expect((await me(await staff.token())).status).toBe(200);
  });
});

test.each([
  ["not JSON", "[", "BRAIN_JWT_ISSUERS: expected a list in JSON"],
  ["no list", "{}", "BRAIN_JWT_ISSUERS: expected a list of issuers"],
  ["no tenant", [{ ...cloudflare("https://a.example"), tenant: undefined }], "0.tenant: expected"],
  ["HS256", [{ ...oidc("https://a.example"), algorithms: ["HS256"] }], "0.algorithms.0: expected RS256"],
  ["none", [{ ...oidc("https://a.example"), algorithms: ["none"] }], "0.algorithms.0: expected RS256"],
  ["plain http", [oidc("http://issuer.example")], "0.issuer: expected https"],
  ["an unknown role", [{ ...oidc("https://a.example"), grants: [{ roles: ["god"] }] }], "grants.0.roles.0"],
  ["an empty grant", [{ ...oidc("https://a.example"), grants: [{}] }], "grants.0.roles: expected"],
  [
    "a claim without a value",
    [{ ...oidc("https://a.example"), grants: [{ claim: "x", roles: ["viewer"] }] }],
    "0.claim",
  ],
  [
    "a misspelt field",
    [{ ...oidc("https://a.example"), audiences: "x" }],
    "BRAIN_JWT_ISSUERS.0: Unrecognized",
  ],
  ["two of one name", [oidc("https://a.example"), oidc("https://b.example")], "1.name"],
  ["one twice", [oidc("https://a.example"), { ...oidc("https://a.example"), name: "b" }], "1.audience"],
])("settings of issuers with %s stop the start", (_what, value, message) => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  expect(() => parseConfig(sandboxEnv(engine.sandbox, { BRAIN_JWT_ISSUERS: text }))).toThrow(message);
});
