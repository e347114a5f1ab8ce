import { createServer, type Server } from "node:http";
import { createVault, rewrapSecrets } from "@brain/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { registerHandlers } from "../../../src/modules/missions/handlers/registry.ts";
import type { Template } from "../../../src/modules/missions/model.ts";
import { createMissionSecrets, sealedMissionColumns } from "../../../src/modules/missions/secrets.ts";
import { missionWorker } from "../../../src/modules/missions/worker.ts";
import { testSecretsKey } from "../../backbone.ts";
import { listen } from "../../listening.ts";
import { createMissions, type MissionSurface } from "./fixture.ts";

const token = "tok-5f0e6b1c9d3a4287";
const newKey = btoa("another-secrets-key-0123456789ab");

let receiver: Server;
let origin: string;
const seen: { readonly url: string; readonly headers: Record<string, unknown>; readonly body: string }[] = [];
let surface: MissionSurface;

beforeEach(async () => {
  seen.length = 0;
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => {
      body += part.toString();
    });
    request.on("end", () => {
      seen.push({ url: request.url ?? "", headers: request.headers, body });
      response.end("ok");
    });
  });
  const port = await listen(receiver);
  origin = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  receiver.close();
  await surface?.cleanup();
});

const open = (settings: Parameters<typeof createMissions>[0] = {}) =>
  createMissions({ httpAllow: ["127.0.0.1"], ...settings });

/** Every text in the tables of missions. */
async function stored(): Promise<string> {
  const rows = await Promise.all(
    ["missions", "mission_templates", "mission_log", "events", "idempotency_keys"].map((table) =>
      surface.sql(`SELECT to_jsonb(t)::text AS text FROM ${table} t`),
    ),
  );
  return JSON.stringify(rows);
}

const call = () => ({
  url: `${origin}/in?key=${token}-query`,
  headers: { Authorization: `Bearer ${token}`, "X-Anything": `${token}-odd`, Accept: "text/plain" },
  body: { note: "hello", deep: [{ key: "sk_live_abcdef123456" }] },
});

describe("secrets of missions", () => {
  test("are stored sealed, sent as they are, and shown by no answer", async () => {
    surface = await open();
    const id = await surface.enqueue({ type: "http_call", payload: call() });
    expect(await stored()).not.toMatch(/tok-5f0e6b|sk_live_/);
    const shown = await surface.get(`/${id}`);
    expect(shown.body.data).toEqual({
      ...call(),
      url: `${origin}/in?(hidden)`,
      headers: { Authorization: "(hidden)", "X-Anything": "(hidden)", Accept: "text/plain" },
      body: { note: "hello", deep: [{ key: "(hidden)" }] },
    });
    expect((await surface.get("")).text).not.toMatch(/tok-5f0e6b|sk_live_|sealed/);
    await surface.work();
    expect(seen).toHaveLength(1);
    expect(seen[0]?.url).toBe(`/in?key=${token}-query`);
    expect(seen[0]?.headers).toMatchObject({
      authorization: `Bearer ${token}`,
      "x-anything": `${token}-odd`,
    });
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual(call().body);
    expect((await surface.get(`/${id}`)).text).not.toMatch(/tok-5f0e6b|sk_live_|sealed/);
    expect(await stored()).not.toMatch(/tok-5f0e6b|sk_live_/);
  });

  test("are found by the same search when they are stored in clear text (control)", async () => {
    surface = await open();
    const id = await surface.enqueue({
      type: "echo",
      payload: { headers: { Authorization: `Bearer ${token}` } },
    });
    expect(await stored()).toContain(token);
    expect((await surface.get(`/${id}`)).text).toContain(token);
  });

  test("are refused where there is no key, and nothing is stored; what has no secret is taken", async () => {
    surface = await open({ secretsKeys: { current: null, previous: null } });
    const refused = await surface.post("/api/missions/enqueue", { type: "http_call", payload: call() });
    expect(refused.status).toBe(503);
    expect(refused.body.error.message).toMatch(/BRAIN_SECRETS_KEY is not set. Nothing was stored/);
    expect(refused.text).not.toContain(token);
    expect(await surface.sql("SELECT * FROM missions")).toEqual([]);
    await surface.enqueue({ type: "http_call", payload: { url: origin, headers: { accept: "*/*" } } });
  });

  test("of an earlier release are read, not shown, and sealed at the next attempt", async () => {
    surface = await open();
    const id = await surface.enqueue({ type: "http_call", payload: { url: origin } });
    await surface.sql("UPDATE missions SET payload = $2::jsonb WHERE id = $1", [id, JSON.stringify(call())]);
    expect((await surface.get(`/${id}`)).text).not.toMatch(/tok-5f0e6b|sk_live_/);
    expect(await stored()).toContain(token);
    await surface.work();
    expect(seen[0]?.headers).toMatchObject({ authorization: `Bearer ${token}` });
    expect(await stored()).not.toMatch(/tok-5f0e6b|sk_live_/);
  });

  test("that are copied to another mission open nowhere: it fails, and says why", async () => {
    surface = await open();
    const victim = await surface.enqueue({ type: "http_call", payload: call() });
    await surface.work();
    const thief = await surface.enqueue({ type: "http_call", payload: { url: origin } });
    await surface.sql(
      `UPDATE missions SET payload = payload || jsonb_build_object('headers',
         (SELECT payload -> 'headers' FROM missions WHERE id = $2)) WHERE id = $1`,
      [thief, victim],
    );
    await surface.work();
    expect(seen).toHaveLength(1);
    expect((await surface.get(`/${thief}`)).body).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/missions.payload cannot be opened/),
    });
  });

  test("that were copied from an answer are refused: nobody meant to send (hidden)", async () => {
    surface = await open();
    const payload = { url: origin, headers: { Authorization: "(hidden)" } };
    const refused = await surface.post("/api/missions/enqueue", { type: "http_call", payload });
    expect(refused.status).toBe(422);
    expect(refused.body.error.details).toEqual([
      { path: "payload", message: 'expected the secret, received "(hidden)"' },
    ]);
  });
});

describe("secrets of templates", () => {
  const template = () => ({
    name: "Nightly",
    steps: [
      {
        order: 1,
        action: "http_call",
        config: {
          url: `${origin}/{{path}}`,
          headers: { Authorization: "Bearer {{token}}", "X-Fixed": `${token}-fixed`, "X-Whole": "{{other}}" },
        },
      },
    ],
    variables: {
      path: { type: "string", default: "in" },
      token: { type: "string", default: token },
      other: { type: "string", default: "4711" },
    },
  });

  test("are sealed with the defaults of the variables that go into them, and filled in for a mission", async () => {
    surface = await open();
    const made = await surface.post("/api/missions/templates", template());
    expect(made.status).toBe(201);
    expect(made.text).not.toContain(token);
    expect(made.body.steps[0].config.headers).toEqual({
      Authorization: "(hidden)",
      "X-Fixed": "(hidden)",
      "X-Whole": "{{other}}",
    });
    expect(made.body.variables).toMatchObject({
      path: { default: "in" },
      token: { default: "(hidden)" },
      other: { default: "(hidden)" },
    });
    expect(await stored()).not.toMatch(/tok-5f0e6b|4711/);
    const { id } = made.body;
    const run = { variables: { path: "out" } };
    expect((await surface.post(`/api/missions/templates/${id}/instantiate`, run)).status).toBe(201);
    expect(await stored()).not.toMatch(/tok-5f0e6b/);
    await surface.work();
    expect(seen[0]).toMatchObject({
      url: "/out",
      headers: { authorization: `Bearer ${token}`, "x-fixed": `${token}-fixed`, "x-whole": "4711" },
    });
    // What was read cannot be written back by mistake.
    const { name, steps, variables } = made.body;
    const back = await surface.send(`/api/missions/templates/${id}`, {
      method: "PUT",
      body: JSON.stringify({ name, steps, variables }),
      headers: { "content-type": "application/json" },
    });
    expect(back.status).toBe(422);
  });

  test("have the new key after a rotation, and the old one can go", async () => {
    surface = await open();
    const made = await surface.post("/api/missions/templates", template());
    const id = await surface.enqueue({ type: "http_call", payload: call() });
    const before = await stored();
    const oldId = /sealed\.v1\.([0-9a-f]{16})/.exec(before)?.[1] ?? "none";
    const rotating = { current: newKey, previous: testSecretsKey };
    const job = rewrapSecrets("mission_secrets", createVault(rotating), sealedMissionColumns);
    expect(await job.run(surface.job())).toBeNull();
    expect(await stored()).not.toContain(oldId);
    // From here on the old key is gone.
    const settings = {
      handlers: [],
      worker: true,
      httpAllow: ["127.0.0.1"],
      secretsKeys: { current: newKey, previous: null },
    };
    await missionWorker(settings).run(surface.job());
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${token}`]);
    expect((await surface.get(`/${id}`)).body.status).toBe("completed");
    const [row] = await surface.sql<Template>("SELECT * FROM mission_templates WHERE id = $1", [
      made.body.id,
    ]);
    const opened = await createMissionSecrets(registerHandlers(settings), settings.secretsKeys).openTemplate(
      row as Template,
    );
    expect(opened.steps[0]?.config.headers).toMatchObject({ Authorization: "Bearer {{token}}" });
    expect(opened.variables.token?.default).toBe(token);
  });
});
