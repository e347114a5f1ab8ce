import { readAnswer } from "@brain/engine/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";

/* Two isolates, each with what it remembers of credentials, and a clock that the test moves. */

let engine: TestEngine;
let clockMs = Date.now();
beforeAll(async () => {
  engine = await createTestEngine({ BRAIN_CREDENTIAL_CACHE_SECONDS: "60" });
});
afterAll(() => engine?.cleanup());

/** @param credential a key; one that names a cookie is sent as such */
type Isolate = (
  method: string,
  path: string,
  credential: string,
  body?: object,
) => ReturnType<typeof readAnswer>;

/** The modules of the product loaded anew, so that it shares nothing with others but the services. */
async function openIsolate(): Promise<Isolate> {
  vi.resetModules();
  const { openProduct } = await import("../../../src/http-composition.ts");
  const { loadRoutes } = await import("../../../src/http/mounted-routes.ts");
  const app = openProduct(engine.config).createApp(() => ({
    invocation: { ...engine.open(), now: () => clockMs },
    apiKey: testApiKey,
    waitUntil: (work) => void work.catch(() => undefined),
    afterCommit: () => undefined,
    startJobs: () => undefined,
  }));
  // What was loaded later would be of the isolate that was opened last.
  await loadRoutes(app);
  return async (method, path, credential, body) => {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const who = credential.includes("=") ? { cookie: credential } : { authorization: `Bearer ${credential}` };
    const headers = { ...who, "content-type": "application/json" };
    return readAnswer(await app.request(`http://127.0.0.1${path}`, { method, headers, ...json }));
  };
}

const cacheMs = 60_000;

describe("a key", () => {
  test("that one isolate revokes is refused by another one within the time for which that remembers it", async () => {
    const [here, there] = [await openIsolate(), await openIsolate()];
    const { key, id } = (await here("POST", "/api/keys", testApiKey, { name: "k", roles: ["viewer"] })).body;
    const seenBy = async (isolate: Isolate) => (await isolate("GET", "/api/me", key)).status;
    expect([await seenBy(here), await seenBy(there)]).toEqual([200, 200]);
    expect((await here("POST", `/api/keys/${id}/revoke`, testApiKey)).status).toBe(200);
    expect(await seenBy(here)).toBe(401);
    // The control: the other one has not heard of it, and its cache is what lets the key in.
    clockMs += cacheMs - 1;
    expect(await seenBy(there)).toBe(200);
    clockMs += 1;
    expect(await seenBy(there)).toBe(401);
  });

  test("is not remembered for longer by an isolate whose clock is set back", async () => {
    const [here, there] = [await openIsolate(), await openIsolate()];
    const { key, id } = (await here("POST", "/api/keys", testApiKey, { name: "k", roles: ["viewer"] })).body;
    expect((await there("GET", "/api/me", key)).status).toBe(200);
    expect((await here("POST", `/api/keys/${id}/revoke`, testApiKey)).status).toBe(200);
    clockMs -= 3_600_000;
    expect((await there("GET", "/api/me", key)).status).toBe(401);
    clockMs += 3_600_000;
  });

  test("that was over for a month is taken away, as is a session that was for a day; others stay", async () => {
    const isolate = await openIsolate();
    const make = async (more: object) =>
      (await isolate("POST", "/api/keys", testApiKey, { name: "k", roles: ["viewer"], ...more })).body;
    const kinds = ["bearer", "signing"];
    const [expired, revoked, lately, good] = await Promise.all(
      [0, 1, 2, 3].map((n) => make({ kind: kinds[n % 2] })),
    );
    await engine.sql("UPDATE identity_keys SET expires_at = now() - interval '31 days' WHERE id = $1", [
      expired.id,
    ]);
    await engine.sql("UPDATE identity_keys SET revoked_at = now() - interval '31 days' WHERE id = $1", [
      revoked.id,
    ]);
    await engine.sql("UPDATE identity_keys SET revoked_at = now() - interval '29 days' WHERE id = $1", [
      lately.id,
    ]);
    for (let n = 0; n < 3; n += 1)
      expect((await isolate("POST", "/api/sessions", testApiKey)).status).toBe(201);
    const [ended, over, goingOn] = await engine.sql<{ id: string }>("SELECT id FROM identity_sessions");
    await engine.sql("UPDATE identity_sessions SET revoked_at = now() - interval '25 hours' WHERE id = $1", [
      ended?.id,
    ]);
    await engine.sql("UPDATE identity_sessions SET expires_at = now() - interval '25 hours' WHERE id = $1", [
      over?.id,
    ]);
    await engine.cron();
    const ids = async (table: string) =>
      (await engine.sql<{ id: string }>(`SELECT id FROM ${table}`)).map(({ id }) => id);
    const keys = await ids("identity_keys");
    expect([expired, revoked, lately, good].map(({ id }) => keys.includes(id))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(await ids("identity_sessions")).toEqual([goingOn?.id]);
  });
});

describe("a session", () => {
  test.each(["revoked", "ended with its key", "ended by an earlier token"])(
    "that is %s is refused at once by the isolate that does it, and by others within the time for which they remember it",
    async (how) => {
      const [here, there] = [await openIsolate(), await openIsolate()];
      const made = (await here("POST", "/api/keys", testApiKey, { name: "k", roles: ["viewer"] })).body;
      const opened = await here("POST", "/api/sessions", made.key);
      const cookieOf = ({ headers }: { readonly headers: Headers }) =>
        headers.getSetCookie()[0]?.split(";")[0] ?? "";
      const first = cookieOf(opened);
      clockMs += 16 * 60_000;
      const cookie = cookieOf(await here("GET", "/api/me", first));
      expect(cookie).not.toBe(first);
      clockMs += cacheMs + 1;
      const seenBy = async (isolate: Isolate) => (await isolate("GET", "/api/me", cookie)).status;
      expect([await seenBy(here), await seenBy(there)]).toEqual([200, 200]);
      const end = {
        revoked: () => here("POST", `/api/sessions/${opened.body.id}/revoke`, testApiKey),
        "ended with its key": () => here("POST", `/api/keys/${made.id}/revoke`, testApiKey),
        "ended by an earlier token": () => here("GET", "/api/me", first),
      }[how];
      expect((await end?.())?.status).toBe(how === "ended by an earlier token" ? 401 : 200);
      expect(await seenBy(here)).toBe(401);
      // The control: what the other one remembers lets the session in.
      expect(await seenBy(there)).toBe(200);
      clockMs += cacheMs;
      expect(await seenBy(there)).toBe(401);
    },
  );
});
