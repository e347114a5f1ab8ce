import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openProduct } from "../../../src/http-composition.ts";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine({ BRAIN_CREDENTIAL_CACHE_SECONDS: "0" });
});
afterAll(() => engine?.cleanup());

const site = "https://brain.example";

/** A browser: it keeps one cookie and sends it, and no key. */
function createBrowser(app = engine.app, origin = site) {
  const jar = new Map<string, string>();
  const headersOf = (extra: Readonly<Record<string, string>>) => ({
    ...(jar.size > 0 ? { cookie: [...jar].map((pair) => pair.join("=")).join("; ") } : {}),
    ...extra,
  });
  return {
    jar,
    async send(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string) {
      const answer = await app.request(`${origin}${path}`, {
        method,
        headers: headersOf(headers),
        ...(body === undefined ? {} : { body }),
      });
      for (const line of answer.headers.getSetCookie()) {
        const [pair = "", ...attributes] = line.split("; ");
        const at = pair.indexOf("=");
        if (attributes.includes("Max-Age=0")) jar.delete(pair.slice(0, at));
        else jar.set(pair.slice(0, at), pair.slice(at + 1));
      }
      const text = await answer.text();
      return {
        status: answer.status,
        headers: answer.headers,
        text,
        body: text === "" ? null : JSON.parse(text),
      };
    },
  };
}

type Browser = ReturnType<typeof createBrowser>;
const signIn = (browser: Browser, key: string) =>
  browser.send("POST", "/api/sessions", { authorization: `Bearer ${key}` });
const newKey = async (body: object) =>
  (await engine.request("POST", "/api/keys", { name: "a person", ...body })).body;
const pause = '{"reason":"for a test"}';
const json = { "content-type": "application/json" };

describe("a session", () => {
  test("is opened with a key and is that key's identity, in a cookie that scripts and other sites cannot use", async () => {
    const { key, id } = await newKey({ roles: ["operator"] });
    const browser = createBrowser();
    const opened = await signIn(browser, key);
    expect(opened.status, opened.text).toBe(201);
    const cookie = opened.headers.getSetCookie().join();
    expect(cookie).toMatch(
      /^__Host-brain_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=43200$/,
    );
    const token = [...browser.jar.values()][0] ?? "";
    expect(opened.text).not.toContain(token);
    expect(JSON.stringify(await engine.sql("SELECT * FROM identity_sessions"))).not.toContain(token);
    const me = await browser.send("GET", "/api/me");
    expect(me.body).toMatchObject({ kind: "session", id: `key:${id}`, scopes: ["*:read", "operate"] });
    expect(
      (await browser.send("POST", "/api/sessions", { "x-csrf-token": opened.body.csrf_token })).status,
    ).toBe(409);
  });

  test("on this machine goes without what needs HTTPS", async () => {
    const browser = createBrowser(engine.app, "http://127.0.0.1:8787");
    const opened = await signIn(browser, testApiKey);
    expect(opened.headers.getSetCookie().join()).toMatch(
      /^brain_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age/,
    );
    expect((await browser.send("GET", "/api/me")).body).toMatchObject({ kind: "session", id: "bootstrap" });
    // Control: the same cookie at an address that is not this machine is none.
    const elsewhere = createBrowser(engine.app, "http://brain.example");
    for (const [name, value] of browser.jar) elsewhere.jar.set(name, value);
    expect((await elsewhere.send("GET", "/api/me")).status).toBe(401);
  });

  test("changes something behind a proxy that speaks TLS for us, and from no other host or port", async () => {
    const browser = createBrowser(engine.app, "http://brain.example");
    const { csrf_token: token } = (await signIn(browser, (await newKey({ roles: ["operator"] })).key)).body;
    const sendFrom = async (origin: string) => {
      const headers = { ...json, "x-csrf-token": token, origin };
      return (await browser.send("POST", "/api/consumers/analytics/pause", headers, pause)).status;
    };
    for (const foreign of ["https://brain.example:8443", "https://brain.example.evil.example", "null"])
      expect([foreign, await sendFrom(foreign)]).toEqual([foreign, 403]);
    expect(await sendFrom("https://brain.example")).toBe(200);
    await engine.request("POST", "/api/consumers/analytics/resume", {});
  });

  test("changes something only with the token of its own pages", async () => {
    const browser = createBrowser();
    const { csrf_token: token } = (await signIn(browser, (await newKey({ roles: ["operator"] })).key)).body;
    const send = (headers: Readonly<Record<string, string>>) =>
      browser.send("POST", "/api/consumers/tasks/pause", { ...json, ...headers }, pause);
    expect((await send({})).status).toBe(403);
    expect((await send({ "x-csrf-token": "x".repeat(43) })).status).toBe(403);
    expect((await send({ "x-csrf-token": token, origin: "https://evil.example" })).status).toBe(403);
    const form = await browser.send(
      "POST",
      "/api/consumers/tasks/drain",
      { "content-type": "application/x-www-form-urlencoded" },
      "csrf_token=wrong",
    );
    expect(form.status).toBe(403);
    const none = await engine.sql("SELECT * FROM consumer_pauses WHERE subscriber_name = 'tasks'");
    expect(none).toEqual([]);
    const done = await send({ "x-csrf-token": token, origin: site });
    expect(done.status, done.text).toBe(200);
    await browser.send("POST", "/api/consumers/tasks/resume", { ...json, "x-csrf-token": token }, "{}");
    const current = await browser.send("GET", "/api/sessions/current");
    expect(current.body.csrf_token).toBe(token);
    expect(current.headers.get("cache-control")).toBe("no-store");
  });

  test("ends with a sign-out, when it is revoked, when its time is over, and with the key it was opened with", async () => {
    const { key, id } = await newKey({ roles: ["viewer"] });
    const browsers = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const browser = createBrowser();
        const { body } = await signIn(browser, key);
        return { browser, body };
      }),
    );
    const [out, revoked, over, left] = browsers;
    if (!(out && revoked && over && left)) throw new Error("four signed in");
    const again = new Map(out.browser.jar);
    const ended = await out.browser.send("DELETE", "/api/sessions/current", {
      "x-csrf-token": out.body.csrf_token,
    });
    expect(ended.status, ended.text).toBe(204);
    expect(out.browser.jar.size).toBe(0);
    for (const [name, value] of again) out.browser.jar.set(name, value);
    expect((await out.browser.send("GET", "/api/me")).status).toBe(401);

    const list = await engine.request("GET", "/api/sessions");
    expect(list.body.sessions.map((session: { id: string }) => session.id)).toContain(revoked.body.id);
    expect((await engine.request("POST", `/api/sessions/${revoked.body.id}/revoke`)).status).toBe(200);
    expect((await revoked.browser.send("GET", "/api/me")).status).toBe(401);

    await engine.sql(`UPDATE identity_sessions SET expires_at = now() WHERE id = '${over.body.id}'`);
    expect((await over.browser.send("GET", "/api/me")).status).toBe(401);

    expect((await left.browser.send("GET", "/api/me")).status).toBe(200);
    await engine.request("POST", `/api/keys/${id}/revoke`);
    expect((await left.browser.send("GET", "/api/me")).status).toBe(401);
  });

  test("opened with the bootstrap key ends when that is switched off or changed", async () => {
    const browser = createBrowser();
    await signIn(browser, testApiKey);
    expect((await browser.send("GET", "/api/me")).body.kind).toBe("session");
    for (const apiKey of [null, "another-key-0123456789"]) {
      const app = openProduct(engine.config).createApp(() => ({
        invocation: engine.open(),
        apiKey,
        waitUntil: () => undefined,
        afterCommit: () => undefined,
        startJobs: () => undefined,
      }));
      const other = createBrowser(app);
      for (const [name, value] of browser.jar) other.jar.set(name, value);
      expect((await other.send("GET", "/api/me")).status).toBe(401);
    }
  });

  test("gets another token after a quarter of an hour; the one before ends the session when it comes late", async () => {
    const browser = createBrowser();
    const { body } = await signIn(browser, (await newKey({ roles: ["viewer"] })).key);
    const first = new Map(browser.jar);
    const later = (column: string, by: string) =>
      engine.sql(`UPDATE identity_sessions SET ${column} = now() ${by} WHERE id = '${body.id}'`);
    await later("rotated_at", "- interval '16 minutes'");
    expect((await browser.send("GET", "/api/me")).status).toBe(200);
    const second = new Map(browser.jar);
    expect([...second.values()]).not.toEqual([...first.values()]);
    const thief = createBrowser();
    for (const [name, value] of first) thief.jar.set(name, value);
    // A request that was under way.
    expect((await thief.send("GET", "/api/me")).status).toBe(200);
    expect((await browser.send("GET", "/api/me")).status).toBe(200);
    for (const [name, value] of first) thief.jar.set(name, value);
    await later("previous_until", "- interval '1 second'");
    expect((await thief.send("GET", "/api/me")).status).toBe(401);
    expect((await browser.send("GET", "/api/me")).status).toBe(401);
  });

  test("ends with every earlier token that comes late, however often it was replaced since", async () => {
    const owner = createBrowser();
    const { body } = await signIn(owner, (await newKey({ roles: ["viewer"] })).key);
    const thief = createBrowser();
    for (const [name, value] of owner.jar) thief.jar.set(name, value);
    const turn = async () => {
      await engine.sql(
        `UPDATE identity_sessions SET rotated_at = now() - interval '16 minutes', previous_until = now() WHERE id = '${body.id}'`,
      );
      const before = [...thief.jar.values()];
      expect((await thief.send("GET", "/api/me")).status).toBe(200);
      expect([...thief.jar.values()]).not.toEqual(before);
    };
    for (let times = 0; times < 3; times += 1) await turn();
    expect((await owner.send("GET", "/api/me")).status).toBe(401);
    expect((await thief.send("GET", "/api/me")).status).toBe(401);
    const [row] = await engine.sql<{ revoked_at: Date | null }>(
      `SELECT revoked_at FROM identity_sessions WHERE id = '${body.id}'`,
    );
    expect(row?.revoked_at).not.toBeNull();
  });

  test("that the release before opened goes on, and from its next token on is guarded, too", async () => {
    const owner = createBrowser();
    const { body } = await signIn(owner, (await newKey({ roles: ["viewer"] })).key);
    // As the release before left it: a token of which nothing but its hash is known.
    const old = "B".repeat(43);
    const hash = createHash("sha256").update(old).digest("hex");
    await engine.sql(
      `UPDATE identity_sessions SET family_hash = NULL, token_hash = '${hash}' WHERE id = '${body.id}'`,
    );
    expect((await owner.send("GET", "/api/me")).status).toBe(401);
    owner.jar.set("__Host-brain_session", old);
    const later = () =>
      engine.sql(
        `UPDATE identity_sessions SET rotated_at = now() - interval '16 minutes' WHERE id = '${body.id}'`,
      );
    await later();
    expect((await owner.send("GET", "/api/me")).status).toBe(200);
    const second = new Map(owner.jar);
    for (let times = 0; times < 2; times += 1) {
      await later();
      expect((await owner.send("GET", "/api/me")).status).toBe(200);
    }
    const thief = createBrowser();
    for (const [name, value] of second) thief.jar.set(name, value);
    expect((await thief.send("GET", "/api/me")).status).toBe(401);
    expect((await owner.send("GET", "/api/me")).status).toBe(401);
  });

  test.each(["", "x", "A".repeat(43), "A".repeat(4_000), "%00", "a;b"])(
    "is not opened by the cookie %s",
    async (value) => {
      const browser = createBrowser();
      browser.jar.set("__Host-brain_session", value);
      expect((await browser.send("GET", "/api/me")).status).toBe(401);
    },
  );

  test("with a key beside it, the key counts", async () => {
    const browser = createBrowser();
    await signIn(browser, testApiKey);
    const { key, id } = await newKey({ roles: ["viewer"] });
    const me = await browser.send("GET", "/api/me", { authorization: `Bearer ${key}` });
    expect(me.body.id).toBe(`key:${id}`);
    expect((await browser.send("GET", "/api/me", { authorization: "Bearer wrong" })).status).toBe(401);
  });
});

test("sessions of one tenant are seen and ended by its administrators only", async () => {
  const admin = await newKey({ roles: ["admin"], tenant_id: "acme" });
  const other = await newKey({ roles: ["viewer"], tenant_id: "other" });
  const browser = createBrowser();
  const { body } = await signIn(browser, other.key);
  const as = { authorization: `Bearer ${admin.key}` };
  const list = await engine.request("GET", "/api/sessions", undefined, as);
  expect(list.body.sessions.map((session: { id: string }) => session.id)).not.toContain(body.id);
  expect((await engine.request("POST", `/api/sessions/${body.id}/revoke`, undefined, as)).status).toBe(404);
  expect((await browser.send("GET", "/api/me")).status).toBe(200);
});

test("sessions that have been over for a day are taken away", async () => {
  const browser = createBrowser();
  const { body } = await signIn(browser, testApiKey);
  await engine.sql(
    `UPDATE identity_sessions SET expires_at = now() - interval '25 hours' WHERE id = '${body.id}'`,
  );
  await engine.cron();
  expect(await engine.sql(`SELECT id FROM identity_sessions WHERE id = '${body.id}'`)).toEqual([]);
});
