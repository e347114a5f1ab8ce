import { UnauthorizedError } from "@brain/engine";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { type Authenticator, anybody, identified, requires } from "../../../src/http/kit/access.ts";
import type { ModuleEnv } from "../../../src/http/kit/module-env.ts";
import { noLimits, type RequestLimits } from "../../../src/http/requests/limits.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";

/* These limits are counted in the isolate. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

const bootstrapKey = "limits-key-0123456789";

/** Keys are called like their identity; the part before the point is the tenant. */
function authenticators(): {
  readonly list: readonly Authenticator[];
  readonly asked: string[];
  readonly ended: Set<string>;
} {
  const asked: string[] = [];
  const ended = new Set<string>();
  const one: Authenticator = {
    authenticate: async ({ request }) => {
      const { headers } = request;
      const signed = /;keyid="([a-z0-9]+)"/.exec(headers.get("signature-input") ?? "")?.[1];
      if (signed !== undefined && headers.get("signature") !== "good")
        throw new UnauthorizedError("not signed");
      const id =
        signed === undefined
          ? (/^Bearer (.+)$/.exec(headers.get("authorization") ?? "")?.[1] ?? "")
          : `signed.${signed}`;
      asked.push(id);
      if (ended.has(id)) return null;
      const [tenantId = ""] = id.split(".");
      return id.includes(".") ? { kind: "api_key", id, name: id, tenantId, scopes: ["admin"] } : null;
    },
  };
  return { list: [one], asked, ended };
}

function open(limits: Partial<RequestLimits>) {
  let nowMs = 1_800_000_000_000;
  let address = "192.0.2.1";
  const { list, asked, ended } = authenticators();
  const routes = new Hono<ModuleEnv>()
    .get("/own", identified("a test"), (c) => c.json({ ok: true }))
    .get("/found", requires("admin", "own_tenant", "search"), (c) => c.json({ ok: true }))
    .get("/also", requires("admin", "own_tenant", "search"), (c) => c.json({ ok: true }))
    .get("/file", requires("admin", "own_tenant", "export"), (c) => c.json({ ok: true }))
    .get("/public", anybody("a test"), (c) => c.json({ ok: true }));
  const app = createApp({
    open: () => ({
      invocation: { ...engine.open(), now: () => nowMs },
      apiKey: bootstrapKey,
      clientAddress: address,
      waitUntil: () => undefined,
      afterCommit: () => undefined,
      startJobs: () => undefined,
    }),
    modules: [{ name: "test", routes: [{ path: "/api/test", routes }], limits: [] }],
    authenticators: list,
    requestLimits: { ...noLimits, ...limits },
  });
  const get = (path: string, key?: string) =>
    app.request(`http://limits.test/api/test/${path}`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
  const sign = (keyId: string, signature = "good") =>
    app.request("http://limits.test/api/test/own", {
      headers: { "signature-input": `brain=("@method");keyid="${keyId}"`, signature },
    });
  return {
    asked,
    get,
    sign,
    passSeconds: (seconds: number) => {
      nowMs += seconds * 1_000;
    },
    from: (other: string) => {
      address = other;
    },
    end: (key: string) => ended.add(key),
  };
}

async function statuses(count: number, ask: () => Response | Promise<Response>): Promise<number[]> {
  const all: number[] = [];
  for (let at = 0; at < count; at += 1) all.push((await ask()).status);
  return all;
}

describe("requests of one identity on costly routes", () => {
  test("pass as many as a minute allows, those of one kind together; other routes and identities are not concerned", async () => {
    const { get, passSeconds } = open({ perIdentity: 60, perCostly: 2 });
    const first = await get("found", "a.one");
    expect(first.headers.get("ratelimit-policy")).toBe('"identity";q=60;w=60, "search";q=2;w=60');
    expect(first.headers.get("ratelimit")).toBe('"identity";r=59;t=1, "search";r=1;t=30');
    expect((await get("also", "a.one")).status).toBe(200);
    const refused = await get("found", "a.one");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("30");
    expect(await refused.json()).toMatchObject({
      error: { code: "too_many_requests", details: [{ path: "search" }] },
    });
    const others = [get("file", "a.one"), get("own", "a.one"), get("found", "a.two"), get("found", "b.one")];
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await get("own", "a.one")).headers.get("ratelimit-policy")).toBe('"identity";q=60;w=60');
    passSeconds(30);
    expect(await statuses(2, () => get("found", "a.one"))).toEqual([200, 429]);
  });

  test("pass as many as a tenant may make, however many keys it has; another tenant is not concerned", async () => {
    const { get, passSeconds } = open({ perCostly: 2, perTenantCostly: 3 });
    expect((await get("found", "a.one")).headers.get("ratelimit-policy")).toBe(
      '"search";q=2;w=60, "tenant-search";q=3;w=60',
    );
    const keys = ["a.two", "a.three", "a.four", "a.five"];
    const asked = await Promise.all(keys.map(async (key) => (await get("found", key)).status));
    expect(asked).toEqual([200, 200, 429, 429]);
    const refused = await get("also", "a.six");
    expect(await refused.json()).toMatchObject({
      error: { code: "too_many_requests", details: [{ path: "tenant-search" }] },
    });
    const others = [
      get("file", "a.one"),
      get("own", "a.one"),
      get("found", "b.one"),
      get("found", bootstrapKey),
    ];
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    passSeconds(20);
    expect(await statuses(2, () => get("found", "a.seven"))).toEqual([200, 429]);
  });

  test("control: without that number any of them pass", async () => {
    const { get } = open({});
    expect(await statuses(5, () => get("found", "a.one"))).toEqual([200, 200, 200, 200, 200]);
  });
});

describe("requests of one identity", () => {
  test("pass as many as a minute allows; the next is told when to come back, and another identity is not concerned", async () => {
    const { get, passSeconds } = open({ perIdentity: 6 });
    const first = await get("own", "a.one");
    expect(first.headers.get("ratelimit-policy")).toBe('"identity";q=6;w=60');
    expect(first.headers.get("ratelimit")).toBe('"identity";r=5;t=10');
    expect(await statuses(6, () => get("own", "a.one"))).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = await get("own", "a.one");
    expect(refused.headers.get("retry-after")).toBe("10");
    expect(refused.headers.get("ratelimit")).toBe('"identity";r=0;t=10');
    expect(await refused.json()).toMatchObject({
      error: { code: "too_many_requests", details: [{ path: "identity" }] },
    });
    expect((await get("own", "a.two")).status).toBe(200);
    passSeconds(10);
    expect(await statuses(2, () => get("own", "a.one"))).toEqual([200, 429]);
  });

  test("count for their tenant together", async () => {
    const { get } = open({ perTenant: 3 });
    expect(await statuses(2, () => get("own", "a.one"))).toEqual([200, 200]);
    expect(await statuses(2, () => get("own", "a.two"))).toEqual([200, 429]);
    expect((await get("own", "b.one")).status).toBe(200);
  });

  test("control: without a limit all pass, and nothing is said of one", async () => {
    const { get } = open({});
    expect(new Set(await statuses(50, () => get("own", "a.one")))).toEqual(new Set([200]));
    expect((await get("own", "a.one")).headers.get("ratelimit")).toBeNull();
  });
});

describe("requests without a credential", () => {
  test("are counted for each network address, an IPv6 network as one", async () => {
    const { get, from } = open({ perAddress: 2 });
    expect(await statuses(3, () => get("public"))).toEqual([200, 200, 429]);
    from("2001:db8:1:2::1");
    expect(await statuses(2, () => get("public"))).toEqual([200, 200]);
    from("2001:db8:1:2:ffff::9");
    expect(await statuses(1, () => get("public"))).toEqual([429]);
  });
});

describe("credentials that are refused", () => {
  test("are looked up no more once an address had too many; another address, and the bootstrap key, go on", async () => {
    const { get, from, asked, passSeconds } = open({ refusalsPerAddress: 3 });
    expect(await statuses(5, () => get("own", "guess"))).toEqual([401, 401, 401, 429, 429]);
    expect(asked).toHaveLength(3);
    expect((await get("own", bootstrapKey)).status).toBe(200);
    from("192.0.2.2");
    expect((await get("own", "a.one")).status).toBe(200);
    from("192.0.2.1");
    passSeconds(20);
    expect((await get("own", "a.one")).status).toBe(200);
  });

  test("do not shut out one that was good at the same address, until that is refused itself", async () => {
    const { get, end, passSeconds } = open({ refusalsPerAddress: 3 });
    expect((await get("own", "a.one")).status).toBe(200);
    expect(await statuses(4, () => get("own", "guess"))).toEqual([401, 401, 401, 429]);
    expect(await statuses(3, () => get("own", "a.one"))).toEqual([200, 200, 200]);
    // Control: one that nobody has seen is not looked up.
    expect((await get("own", "a.two")).status).toBe(429);
    end("a.one");
    expect(await statuses(2, () => get("own", "a.one"))).toEqual([401, 429]);
    // Long ago is not lately.
    expect((await get("own", "b.three")).status).toBe(429);
    passSeconds(60);
    expect((await get("own", "b.three")).status).toBe(200);
    passSeconds(601);
    expect(await statuses(3, () => get("own", "guess"))).toEqual([401, 401, 401]);
    expect((await get("own", "b.three")).status).toBe(429);
  });

  test("do not shut out a key that signed well there; wrong signatures count, those of such a key for itself", async () => {
    const { get, sign } = open({ refusalsPerAddress: 3 });
    expect((await sign("one")).status).toBe(200);
    expect(await statuses(4, () => get("own", "guess"))).toEqual([401, 401, 401, 429]);
    expect(await statuses(2, () => sign("one"))).toEqual([200, 200]);
    // Control: one that nobody has seen is not looked up.
    expect((await sign("two")).status).toBe(429);
    // Who names the key shuts it out no sooner than the bound, and no other.
    expect(await statuses(2, () => sign("one", "wrong"))).toEqual([401, 401]);
    expect((await sign("one")).status).toBe(200);
    expect(await statuses(2, () => sign("one", "wrong"))).toEqual([401, 429]);
    expect((await sign("one")).status).toBe(429);
  });

  test("count where they are signatures of a key that nobody has seen", async () => {
    const { sign } = open({ refusalsPerAddress: 2 });
    expect(await statuses(3, () => sign("one", "wrong"))).toEqual([401, 401, 429]);
  });

  test("control: without a limit each is looked up", async () => {
    const { get, asked } = open({});
    expect(new Set(await statuses(20, () => get("own", "guess")))).toEqual(new Set([401]));
    expect(asked).toHaveLength(20);
  });

  test("a request without any costs no look-up, and does not count", async () => {
    const { get } = open({ refusalsPerAddress: 1 });
    expect(new Set(await statuses(5, () => get("own")))).toEqual(new Set([401]));
    expect((await get("own", "guess")).status).toBe(401);
  });
});
