import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readAnswer } from "@brain/engine/testing";
import { signRequest } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openProduct } from "../../../src/http-composition.ts";
import { root } from "../../../tools/root.ts";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../../http/refusal.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine({ BRAIN_CREDENTIAL_CACHE_SECONDS: "0" });
});
afterAll(() => engine?.cleanup());

const create = async (more: object = {}) => {
  const body = { name: "a machine", kind: "signing", roles: ["application"], ...more };
  const made = await engine.request("POST", "/api/keys", body);
  expect(made.status, made.text).toBe(201);
  return made.body as { id: string; key: string };
};
const send = async (request: Request) => readAnswer(await engine.app.fetch(request));
const url = "http://localhost/api/me?a=1&b=%20";
const get = (headers = {}) => new Request(url, { headers });
const task = (more = {}) =>
  new Request("http://localhost/api/tasks", {
    method: "POST",
    headers: { "content-type": "application/json", ...more },
    body: JSON.stringify({ title: "a task" }),
  });
/** The same request with something changed. */
async function changed(
  request: Request,
  change: { url?: string; method?: string; body?: string; headers?: Readonly<Record<string, string | null>> },
): Promise<Request> {
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(change.headers ?? {}))
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  const text = change.body ?? (await request.clone().text());
  const method = change.method ?? request.method;
  return new Request(change.url ?? request.url, { method, headers, ...(text === "" ? {} : { body: text }) });
}

describe("a signed request", () => {
  test("says who calls; the secret is stored sealed, and no answer shows it", async () => {
    const { id, key } = await create({ tenant_id: "acme" });
    expect(key).toMatch(/^brs_[a-z0-9]{16}_[\w-]{43}$/);
    const reply = await send(await signRequest(get(), key));
    expect(reply.status, reply.text).toBe(200);
    expect(reply.body).toMatchObject({ kind: "machine", id: `key:${id}`, tenant_id: "acme" });
    const shown = await engine.request("GET", `/api/keys/${id}`);
    expect(shown.body).toMatchObject({ kind: "signing", prefix: `brs_${id}` });
    const rows = JSON.stringify(await engine.sql("SELECT * FROM identity_keys"));
    expect(rows).toContain("sealed.v1.");
    for (const text of [rows, shown.text, engine.logs.join("\n")]) expect(text).not.toContain(key.slice(-43));
  });

  test("is taken once, and never as a bearer key", async () => {
    const { key } = await create();
    const signed = await signRequest(task(), key);
    expect((await send(signed.clone())).status).toBe(201);
    expectErrorShape(await send(signed), 401, "unauthorized");
    expect((await send(await signRequest(task(), key))).status).toBe(201);
    for (const bearer of [key, key.replace("brs_", "brk_")])
      expectErrorShape(await send(get({ authorization: `Bearer ${bearer}` })), 401, "unauthorized");
  });

  const changes: Readonly<Record<string, (signed: Request) => Promise<Request>>> = {
    "another path": (signed) => changed(signed, { url: "http://localhost/api/missions" }),
    "another query": (signed) => changed(signed, { url: `${signed.url}?x=1` }),
    "another method": (signed) => changed(signed, { method: "PUT" }),
    "another body": (signed) => changed(signed, { body: '{"title":"another"}' }),
    "no digest": (signed) => changed(signed, { headers: { "content-digest": null } }),
    "another content type": (signed) => changed(signed, { headers: { "content-type": "text/plain" } }),
    "an actor that is not signed": (signed) => changed(signed, { headers: { "x-actor-id": "user-7" } }),
    "a key for repeats that is not signed": (signed) =>
      changed(signed, { headers: { "idempotency-key": "x" } }),
    "no signature": (signed) => changed(signed, { headers: { signature: null } }),
    "a signature of another label": (signed) =>
      changed(signed, {
        headers: { signature: (signed.headers.get("signature") ?? "").replace("brain", "other") },
      }),
    "another time": (signed) =>
      changedInput(signed, /created=(\d+)/, (_all, time) => `created=${Number(time) + 1}`),
    "another nonce": (signed) => changedInput(signed, /nonce="[^"]+"/, () => 'nonce="0123456789abcdef"'),
    "another algorithm": (signed) => changedInput(signed, /hmac-sha256/, () => "none"),
    "fewer parts": (signed) => changedInput(signed, / "content-digest"/, () => ""),
    "a part twice": (signed) => changedInput(signed, /"@query"/, () => '"@query" "@query"'),
    "a part that nobody knows": (signed) => changedInput(signed, /"@query"/, () => '"@query" "@status"'),
    "two keys": (signed) => changedInput(signed, /;nonce/, () => ';keyid="aaaaaaaaaaaaaaaa";nonce'),
    "an unknown key": (signed) => changedInput(signed, /keyid="[^"]+"/, () => 'keyid="aaaaaaaaaaaaaaaa"'),
    "a huge input": (signed) => changedInput(signed, /;alg/, () => `;x="${"y".repeat(90)}"`.repeat(40)),
  };
  const changedInput = (signed: Request, from: RegExp, to: (all: string, part: string) => string) =>
    changed(signed, {
      headers: { "signature-input": (signed.headers.get("signature-input") ?? "").replace(from, to) },
    });

  test.each(Object.entries(changes))("with %s is refused, and no word says why", async (_what, change) => {
    const { key } = await create();
    const signed = await signRequest(task(), key);
    const reply = await send(await change(signed.clone()));
    expectErrorShape(reply, 401, "unauthorized");
    expect(reply.body.error.message).toMatch(/^The signature is not valid/);
    // What was refused has used up nothing.
    expect((await send(signed)).status).toBe(201);
  });

  test.each([
    [-299, 200],
    [299, 200],
    [-302, 401],
    [302, 401],
  ])("made %d s from now is answered %d", async (seconds, status) => {
    const { key } = await create();
    const now = Date.now();
    const app = openProduct(engine.config).createApp(() => ({
      invocation: { ...engine.open(), now: () => now },
      apiKey: testApiKey,
      waitUntil: () => undefined,
      afterCommit: () => undefined,
      startJobs: () => undefined,
    }));
    const signed = await signRequest(get(), key, new Date(now + seconds * 1_000));
    expect((await app.fetch(signed.clone())).status).toBe(status);
    expect((await app.fetch(signed)).status).toBe(401);
  });

  test("is refused while Redis is away, because nobody knows whether it came before", async () => {
    const { key } = await create();
    const open = (redis: unknown) => ({ ...engine.open(), redis }) as ReturnType<typeof engine.open>;
    const away = { command: () => engine.open().redis.command(["SET"]) };
    for (const invocation of [open(null), open(away)]) {
      const app = openProduct(engine.config).createApp(() => ({
        invocation,
        apiKey: testApiKey,
        waitUntil: () => undefined,
        afterCommit: () => undefined,
        startJobs: () => undefined,
      }));
      const reply = await app.fetch(await signRequest(get(), key));
      expect(reply.status).toBeGreaterThanOrEqual(500);
    }
  });

  test("may have the secret before during an overlap; a revoked key signs nothing", async () => {
    const { id, key } = await create();
    const rotated = (await engine.request("POST", `/api/keys/${id}/rotate`, { overlap_seconds: 60 })).body;
    for (const one of [key, rotated.key])
      expect((await send(await signRequest(get(), one))).status).toBe(200);
    await engine.sql(
      `UPDATE identity_keys SET previous_until = now() - interval '1 second' WHERE id = '${id}'`,
    );
    expect((await send(await signRequest(get(), key))).status).toBe(401);
    expect((await send(await signRequest(get(), rotated.key))).status).toBe(200);
    await engine.request("POST", `/api/keys/${id}/revoke`);
    expect((await send(await signRequest(get(), rotated.key))).status).toBe(401);
  });

  test("of the Python helper is the same", async () => {
    const { key } = await create({ scopes: ["act_as"] });
    const folder = `${root}src/modules/identity/`;
    const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
from sign_request import sign_request
body = json.dumps({"title": "of Python"}).encode()
headers = {"Content-Type": "application/json", "X-Actor-Id": "user-7"}
print(json.dumps({"body": body.decode(), "post": sign_request(sys.argv[2], "POST", "http://localhost/api/tasks", body, headers),
  "get": sign_request(sys.argv[2], "GET", sys.argv[3])}))`;
    const { stdout } = await promisify(execFile)("python3", ["-B", "-c", program, folder, key, url]);
    const { body, post, get: read } = JSON.parse(stdout);
    const made = await send(
      new Request("http://localhost/api/tasks", { method: "POST", headers: post, body }),
    );
    expect(made.status, made.text).toBe(201);
    expect((await send(new Request(url, { headers: read }))).body.kind).toBe("machine");
    const other = new Request("http://localhost/api/tasks", {
      method: "POST",
      headers: post,
      body: `${body} `,
    });
    expect((await send(other)).status).toBe(401);
  });
});

test("a signing key is not made where nothing can seal its secret", async () => {
  const bare = await createTestEngine({ BRAIN_SECRETS_KEY: "" });
  const body = { name: "a machine", kind: "signing", roles: ["viewer"] };
  const reply = await bare.request("POST", "/api/keys", body);
  expectErrorShape(reply, 503, "unavailable");
  expect(reply.body.error.message).toContain("BRAIN_SECRETS_KEY");
  await bare.cleanup();
});
