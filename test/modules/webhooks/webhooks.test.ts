import { createServer, type IncomingMessage, type Server } from "node:http";
import { transactAndPublish } from "@brain/engine";
import { taskCreated } from "@brain/schemas";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { HTTP } from "cloudevents";
import pg from "pg";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { listen } from "../../listening.ts";
import { recorded } from "../../recorded.ts";
import { waitFor } from "../../wait-for.ts";

interface Call {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let receiver: Server;
let origin: string;
let engine: TestEngine;
const calls: Call[] = [];
let answer: (call: Call) => { readonly status: number; readonly headers?: Record<string, string> };

beforeEach(async () => {
  calls.length = 0;
  answer = () => ({ status: 204 });
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => {
      body += part.toString();
    });
    request.on("end", () => {
      const call = { path: request.url ?? "", headers: request.headers, body };
      calls.push(call);
      const { status, headers = {} } = answer(call);
      response.writeHead(status, headers).end();
    });
  });
  const port = await listen(receiver);
  origin = `http://127.0.0.1:${port}`;
  engine = await createTestEngine({ BRAIN_MISSION_HTTP_ALLOW: `127.0.0.1:${port}` });
});
afterEach(async () => {
  receiver.close();
  await engine?.cleanup();
});

const root = "/api/webhooks";
const register = async (fields: object = {}) => {
  const request = { url: `${origin}/hook?key=topsecret-query`, event_types: ["task.*"], ...fields };
  const reply = await engine.request("POST", root, request);
  expect(reply.status, reply.text).toBe(201);
  return reply.body as { id: string; secret: string };
};
const publish = (tenant_id: string | null = "acme") =>
  engine.publish({ source: "test", tenant_id }, (record) =>
    record(taskCreated, { task_id: crypto.randomUUID(), mission_type: "echo", priority: "NORMAL" }),
  );
/** Relays, and has the job run once. */
const deliver = async () => {
  await waitFor(
    "everything is sent",
    async () => {
      await engine.settle();
      return engine.sql(`SELECT id FROM ${recorded} WHERE sent_at IS NULL`);
    },
    (unsent) => unsent.length === 0,
  );
  const { db, log, catalog, publish: settings } = engine.open();
  await engine.system.jobs.get("webhook_delivery")?.run({
    db,
    log,
    catalog,
    now: () => new Date(),
    isOver: () => false,
    transact: (context, run) => transactAndPublish(db, settings, context, run),
  });
};
const hurry = () => engine.sql("UPDATE webhook_deliveries SET due_at = now() WHERE status = 'waiting'");
const deliveriesOf = async (id: string) =>
  (await engine.request("GET", `${root}/${id}/deliveries`)).body.deliveries;
const verified = (secret: string, { headers, body }: Call) =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

describe("a webhook", () => {
  test("gets each event of its types once, signed, as a CloudEvent with the event's id", async () => {
    const { id, secret } = await register();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    const event = await publish();
    await deliver();
    await deliver();
    expect(calls).toHaveLength(1);
    const [call] = calls as [Call];
    expect(call.path).toBe("/hook?key=topsecret-query");
    expect(call.headers).toMatchObject({
      "webhook-id": event.id,
      "content-type": "application/cloudevents+json",
    });
    expect(verified(secret, call)).toMatchObject({
      id: event.id,
      type: "task.created",
      tenantid: "acme",
      position: expect.stringMatching(/^\d+$/),
      data: event.payload,
    });
    expect(HTTP.toEvent({ headers: call.headers, body: call.body })).toMatchObject({ id: event.id });
    expect(() => verified("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", call)).toThrow();
    expect(await deliveriesOf(id)).toMatchObject([
      { event_id: event.id, status: "delivered", attempt: 1, attempts: [{ status: 204, error: null }] },
    ]);
  });

  test("is told where the schema of the data is, which holds for it", async () => {
    const other = await createTestEngine({
      BRAIN_MISSION_HTTP_ALLOW: new URL(origin).host,
      BRAIN_PUBLIC_URL: "https://brain.example/",
      BRAIN_PUBLIC_SCHEMAS: "true",
    });
    await engine.cleanup();
    engine = other;
    await register();
    await publish();
    await deliver();
    const event = JSON.parse(calls[0]?.body ?? "{}");
    expect(event.dataschema).toBe("https://brain.example/schemas/task.created/1.json");
    const { pathname } = new URL(event.dataschema);
    const { text } = await engine.request("GET", pathname, undefined, { authorization: "" });
    const ajv = new Ajv2020();
    addFormats.default(ajv);
    expect(ajv.compile(JSON.parse(text))(event.data)).toBe(true);
  });

  test("gets only its tenant's events, of its types, since it was made", async () => {
    await publish();
    await register({ tenant_id: "acme" });
    await register({ tenant_id: "acme", event_types: ["course.*"] });
    await register({ tenant_id: "acme", event_types: ["task_created"] });
    await publish("other");
    await publish(null);
    expect(calls).toEqual([]);
    const mine = await publish("acme");
    await deliver();
    expect(calls.map(({ headers }) => headers["webhook-id"])).toEqual([mine.id]);
  });

  test("gets what is recorded under an older name of its types, as of today's name, and by an older name what is of today's", async () => {
    const newer = await register({ event_types: ["task.item.created"] });
    const older = await register({ event_types: ["task.*"], tenant_id: "acme" });
    await register({ event_types: ["course.*"] });
    const event = await publish();
    await engine.sql(
      `DO $$ BEGIN SET LOCAL session_replication_role = replica; UPDATE events SET type = 'TaskCreated'; END $$`,
    );
    await deliver();
    expect(calls.map(({ body }) => JSON.parse(body))).toMatchObject([
      { id: event.id, type: "task.item.created" },
      { id: event.id, type: "task.item.created" },
    ]);
    for (const { id } of [newer, older]) expect(await deliveriesOf(id)).toHaveLength(1);
  });

  test("in binary form has the attributes in headers", async () => {
    const { secret } = await register({ form: "binary" });
    const event = await publish();
    await deliver();
    const [call] = calls as [Call];
    expect(verified(secret, call)).toEqual(event.payload);
    expect(call.headers).toMatchObject({
      "ce-id": event.id,
      "ce-type": "task.created",
      "ce-tenantid": "acme",
    });
    expect(HTTP.toEvent({ headers: call.headers, body: call.body })).toMatchObject({
      id: event.id,
      data: event.payload,
    });
  });

  test("that fails is tried again later, and the tries are listed", async () => {
    const { id, secret } = await register();
    answer = () => ({ status: calls.length < 3 ? 503 : 200 });
    await publish();
    await deliver();
    await deliver();
    expect(calls).toHaveLength(1);
    for (let round = 0; round < 2; round += 1) {
      await hurry();
      await deliver();
    }
    expect(calls).toHaveLength(3);
    expect(new Set(calls.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    for (const call of calls) expect(() => verified(secret, call)).not.toThrow();
    const [delivery] = await deliveriesOf(id);
    expect(delivery).toMatchObject({ status: "delivered", attempt: 3 });
    expect(delivery.attempts.map(({ status }: { status: number }) => status)).toEqual([503, 503, 200]);
    expect((await engine.request("GET", `${root}/${id}`)).body.failing_since).toBeNull();
  });

  test("waits as long as the receiver says, and gives up behind its last try", async () => {
    const { id } = await register();
    answer = () => ({ status: 429, headers: { "retry-after": "3600" } });
    await publish();
    await deliver();
    const [row] = await engine.sql<{ wait: number }>(
      "SELECT extract(epoch FROM due_at - now())::float8 AS wait FROM webhook_deliveries",
    );
    expect(row?.wait).toBeGreaterThan(3_000);
    for (let tries = 1; tries < 10; tries += 1) {
      await hurry();
      await deliver();
    }
    expect(calls).toHaveLength(10);
    expect(await deliveriesOf(id)).toMatchObject([{ status: "failed", attempt: 10, next_attempt_at: null }]);
  });

  test("that failed for days is disabled with an alert, and goes on when it is enabled", async () => {
    const { id } = await register();
    answer = () => ({ status: 500 });
    await publish();
    await deliver();
    // Not yet: it has failed for a moment only (control).
    await hurry();
    await deliver();
    expect((await engine.request("GET", `${root}/${id}`)).body.status).toBe("enabled");
    await engine.sql("UPDATE webhook_endpoints SET failing_since = now() - interval '5 days 1 minute'");
    await hurry();
    await deliver();
    expect((await engine.request("GET", `${root}/${id}`)).body).toMatchObject({
      status: "disabled",
      disabled_reason: "No delivery has arrived for 5 days.",
    });
    const alerts = async () => (await engine.request("GET", "/api/alerts")).body.alerts;
    expect(await alerts()).toMatchObject([{ kind: "webhook_disabled", subject: id }]);
    await publish();
    await hurry();
    await deliver();
    expect(calls).toHaveLength(3);
    answer = () => ({ status: 200 });
    expect((await engine.request("POST", `${root}/${id}/enable`)).body.status).toBe("enabled");
    await hurry();
    await deliver();
    // What waited arrives; what came while it was disabled does not.
    expect(calls).toHaveLength(4);
    expect(await alerts()).toEqual([]);
  });

  test("whose receiver is gone (410) is disabled at once", async () => {
    const { id } = await register();
    answer = () => ({ status: 410 });
    await publish();
    await deliver();
    expect((await engine.request("GET", `${root}/${id}`)).body).toMatchObject({
      status: "disabled",
      disabled_reason: "The receiver answered 410: it is gone.",
    });
  });

  test("is replayed one by one, tested, and signed by two secrets while one is being replaced", async () => {
    const { id, secret } = await register();
    const event = await publish();
    await deliver();
    const [delivery] = await deliveriesOf(id);
    const rotated = (await engine.request("POST", `${root}/${id}/rotate`, { overlap_seconds: 60 })).body;
    expect((await engine.request("POST", `${root}/${id}/deliveries/${delivery.id}/replay`)).status).toBe(202);
    await deliver();
    expect(calls[1]?.headers["webhook-id"]).toBe(event.id);
    for (const one of [secret, rotated.secret]) expect(() => verified(one, calls[1] as Call)).not.toThrow();
    expect((await engine.request("POST", `${root}/${id}/rotate`, { overlap_seconds: 0 })).status).toBe(200);
    const tested = await engine.request("POST", `${root}/${id}/test`);
    expect(tested.body).toMatchObject({ is_test: true, event_type: "webhooks.test" });
    await deliver();
    expect(JSON.parse(calls[2]?.body ?? "")).toMatchObject({
      type: "webhooks.test",
      data: { endpoint_id: id },
    });
    for (const one of [secret, rotated.secret]) expect(() => verified(one, calls[2] as Call)).toThrow();
  });

  test("is signed by the secret before for as long as the database's clock says, whatever the worker's is", async () => {
    const usual = engine;
    onTestFinished(() => usual.cleanup());
    const late = { now: () => Date.now() - 3_600_000 };
    engine = await createTestEngine({ BRAIN_MISSION_HTTP_ALLOW: new URL(origin).host }, late);
    const { id, secret } = await register();
    const rotated = (await engine.request("POST", `${root}/${id}/rotate`, { overlap_seconds: 60 })).body;
    expect((await engine.request("POST", `${root}/${id}/test`)).status).toBe(202);
    await deliver();
    for (const one of [secret, rotated.secret]) expect(() => verified(one, calls[0] as Call)).not.toThrow();
  });

  test("is called also when there were more deliveries than 32 bits count", async () => {
    await engine.sql("ALTER TABLE webhook_deliveries ALTER COLUMN id RESTART WITH 3000000000");
    const { id } = await register();
    await publish();
    await deliver();
    expect(calls).toHaveLength(1);
    expect(await deliveriesOf(id)).toMatchObject([{ id: "3000000000", status: "delivered" }]);
  });

  test("is not slowed down by another one that fails", async () => {
    const bad = await register({ url: `${origin}/bad` });
    await register({ url: `${origin}/good` });
    answer = ({ path }) => ({ status: path === "/bad" ? 500 : 200 });
    for (let n = 0; n < 12; n += 1) await publish();
    await deliver();
    expect(calls.filter(({ path }) => path === "/good")).toHaveLength(12);
    expect((await deliveriesOf(bad.id)).every(({ status }: { status: string }) => status === "waiting")).toBe(
      true,
    );
  });
});

describe("webhooks are safe", () => {
  test("an address in a private network is refused, also one that a redirect leads to", async () => {
    for (const url of [
      "http://169.254.169.254/x",
      "http://localhost/",
      "http://10.0.0.1/",
      "http://u:p@example.com/",
    ]) {
      const reply = await engine.request("POST", root, { url, event_types: ["*"] });
      expect(reply.status, url).toBe(422);
      expect(reply.body.error.details[0].path).toBe("url");
    }
    const { id } = await register();
    answer = () => ({ status: 302, headers: { location: "http://169.254.169.254/" } });
    await publish();
    await deliver();
    expect(await deliveriesOf(id)).toMatchObject([{ attempts: [{ error: "Redirects are not followed." }] }]);
  });

  test("secrets are shown once and stored sealed, the query of an address is not shown", async () => {
    const { id, secret } = await register();
    await publish();
    await deliver();
    const shown = [
      await engine.request("GET", root),
      await engine.request("GET", `${root}/${id}`),
      await engine.request("GET", `${root}/${id}/deliveries`),
    ];
    const rows = await engine.sql(
      "SELECT (SELECT jsonb_agg(e) FROM webhook_endpoints e)::text AS a, (SELECT jsonb_agg(d) FROM webhook_deliveries d)::text AS b, (SELECT jsonb_agg(k) FROM idempotency_keys k)::text AS c, (SELECT jsonb_agg(o) FROM operator_actions o)::text AS d",
    );
    const everything = JSON.stringify([shown.map(({ text }) => text), rows, engine.logs]);
    expect(everything).toContain(id);
    expect(everything).not.toContain(secret.slice(6));
    expect(everything).not.toContain("topsecret-query");
    const keyed = await engine.request(
      "POST",
      root,
      { url: origin, event_types: ["*"] },
      { "idempotency-key": "k" },
    );
    expect(keyed.status).toBe(400);
  });

  test("a credential of another tenant finds nothing, and may not subscribe for others", async () => {
    const { id } = await register({ tenant_id: "acme" });
    await publish();
    await deliver();
    const [delivery] = await deliveriesOf(id);
    const keyOf = async (tenant_id: string, scopes: string[]) => {
      const reply = await engine.request("POST", "/api/keys", { name: "test", tenant_id, scopes });
      return { authorization: `Bearer ${reply.body.key}` };
    };
    const other = await keyOf("other", ["webhooks:read", "webhooks:write"]);
    const body = { url: origin, event_types: ["*"] };
    const tries: [string, string, unknown?][] = [
      ["GET", `/${id}`],
      ["PUT", `/${id}`, body],
      ["DELETE", `/${id}`],
      ["POST", `/${id}/rotate`],
      ["POST", `/${id}/enable`],
      ["POST", `/${id}/disable`, { reason: "mine now" }],
      ["POST", `/${id}/test`],
      ["GET", `/${id}/deliveries`],
      ["POST", `/${id}/deliveries/${delivery.id}/replay`],
    ];
    for (const [method, path, sent] of tries) {
      const reply = await engine.request(method, root + path, sent, other);
      expect(reply.status, `${method} ${path}`).toBe(404);
    }
    expect((await engine.request("GET", root, undefined, other)).body.endpoints).toEqual([]);
    expect((await engine.request("POST", root, { ...body, tenant_id: "acme" }, other)).status).toBe(403);
    const own = await engine.request("POST", root, body, other);
    expect(own.body.tenant_id).toBe("other");
    // By an endpoint of its own, too: neither the other's delivery nor the place that it is at in the log.
    const ofOwn = `${root}/${own.body.id}/deliveries`;
    const replayed = await engine.request("POST", `${ofOwn}/${delivery.id}/replay`, undefined, other);
    expect(replayed.status).toBe(404);
    for (const rest of ["", `?cursor=${Number(delivery.id) + 1}`, "?status=delivered"]) {
      const log = await engine.request("GET", ofOwn + rest, undefined, other);
      expect(log.body.deliveries, rest).toEqual([]);
    }
    expect(await deliveriesOf(id)).toHaveLength(1);
    const reads = await keyOf("acme", ["webhooks:read"]);
    expect((await engine.request("POST", `${root}/${id}/test`, undefined, reads)).status).toBe(403);
    expect((await engine.request("GET", `${root}/${id}`, undefined, reads)).status).toBe(200);
  });
});

test("what a tenant does to its endpoints keeps no event from those of others, and ends its alerts alone", async () => {
  const [theirs, mine] = await Promise.all(["acme", "other"].map((tenant_id) => register({ tenant_id })));
  await engine.sql(`INSERT INTO alerts (kind, subject, severity, message)
    SELECT 'webhook_disabled', id::text, 'warning', 'failed for days' FROM webhook_endpoints`);
  const event = await publish("acme");
  await engine.settle();
  const made = await engine.request("POST", "/api/keys", {
    name: "test",
    tenant_id: "other",
    scopes: ["webhooks:read", "webhooks:write"],
  });
  const asOther = async (method: string, path: string, body?: object) => {
    const reply = await engine.request(method, root + path, body, {
      authorization: `Bearer ${made.body.key}`,
    });
    expect(reply.status, `${method} ${path}: ${reply.text}`).toBeLessThan(300);
    return reply.body;
  };
  const { id } = await asOther("POST", "", { url: `${origin}/other`, event_types: ["*"] });
  await asOther("POST", `/${mine?.id}/disable`, { reason: "no more" });
  await asOther("POST", `/${mine?.id}/enable`);
  await asOther("POST", `/${id}/rotate`);
  await asOther("POST", `/${id}/test`);
  await asOther("DELETE", `/${id}`);
  const open = await engine.sql<{ subject: string }>("SELECT subject FROM alerts WHERE resolved_at IS NULL");
  expect(open.map(({ subject }) => subject)).toEqual([theirs?.id]);
  await deliver();
  expect(calls.map(({ headers }) => headers["webhook-id"])).toEqual([event.id]);
});

describe("an event that another program wrote to the stream", () => {
  const write = (fields: Readonly<Record<string, string>> = {}) => {
    const entry = {
      id: crypto.randomUUID(),
      type: "task.created",
      source: "python",
      timestamp: "2026-03-01T10:00:00.000Z",
      payload: JSON.stringify({ task_id: "t-1", mission_type: "echo", priority: "NORMAL" }),
      meta: JSON.stringify({ schema_version: 1, producer: "python", source_module: "tasks" }),
      tenant_id: "acme",
      ...fields,
    };
    return engine.redis("XADD", engine.stream, "*", ...Object.entries(entry).flat()).then(() => entry.id);
  };
  const keep = () => engine.drain("audit_log");
  /** Ids of messages that came. */
  const came = () => calls.map(({ headers }) => headers["webhook-id"]);
  beforeEach(() => engine.settle());

  test("is delivered once, signed, to its tenant and to who wants all, and listed", async () => {
    const mine = await register({ tenant_id: "acme", url: `${origin}/mine` });
    await register({ tenant_id: "other" });
    await register({ tenant_id: "acme", event_types: ["course.*"] });
    const all = await register({ tenant_id: null });
    const id = await write();
    await keep();
    await deliver();
    await deliver();
    expect(came()).toEqual([id, id]);
    const call = calls.find(({ path }) => path === "/mine") as Call;
    const said = { id, type: "task.created", tenantid: "acme", producer: "python", data: { task_id: "t-1" } };
    expect(verified(mine.secret, call)).toMatchObject(said);
    expect(HTTP.toEvent({ headers: call.headers, body: call.body })).toMatchObject({ id });
    for (const endpoint of [mine, all]) {
      expect(await deliveriesOf(endpoint.id)).toMatchObject([
        { event_id: id, event_type: "task.created", is_test: false, status: "delivered", attempt: 1 },
      ]);
    }
    // A replay sends the same again.
    const [{ id: delivery }] = await deliveriesOf(mine.id);
    expect((await engine.request("POST", `${root}/${mine.id}/deliveries/${delivery}/replay`)).status).toBe(
      202,
    );
    await deliver();
    expect(calls.at(-1)?.body).toBe(call.body);
  });

  test("has nothing in it but what its definition names, because nobody has looked at the rest", async () => {
    await register();
    const payload = {
      task_id: "t-1",
      mission_type: "echo",
      priority: "NORMAL",
      customer_mail: "a@b.example",
    };
    const meta = { schema_version: 1, producer: "python", source_module: "tasks", note: "a@b.example" };
    await write({ payload: JSON.stringify(payload), meta: JSON.stringify(meta) });
    await keep();
    await deliver();
    expect(calls).toHaveLength(1);
    expect(calls[0]?.body).not.toContain("a@b.example");
  });

  test("is not delivered when its type is unknown, its id cannot be a message's, nobody can read it, or it has no tenant", async () => {
    await register({ tenant_id: "acme", event_types: ["*"] });
    await write({ type: "python.report.written" });
    await write({ id: "an id.with:everything\n" });
    await write({ payload: "{" });
    await write({ tenant_id: "" });
    await engine.redis("XADD", engine.stream, "*", "hello", "world");
    const last = await write();
    await keep();
    await deliver();
    expect(came()).toEqual([last]);
  });

  test("whose payload is none of its type ends as failed, and says why", async () => {
    const { id } = await register();
    await write({ payload: JSON.stringify({ task_id: 7 }) });
    await keep();
    await deliver();
    expect(calls).toEqual([]);
    expect(await deliveriesOf(id)).toMatchObject([
      { status: "failed", attempts: [{ status: null, error: expect.stringContaining("Another program") }] },
    ]);
  });

  test("that is a copy of one of ours, or comes twice, is not delivered again", async () => {
    await register();
    const event = await publish();
    await deliver();
    await write({ id: event.id });
    const twice = await write();
    await write({ id: twice });
    await keep();
    await deliver();
    expect(came()).toEqual([event.id, twice]);
  });

  test("is not delivered to who came later, and what waits for a transaction is not passed over", async () => {
    await register({ event_types: ["course.*"] });
    await write();
    await keep();
    await deliver();
    await register();
    const late = await write();
    const client = new pg.Client({ connectionString: engine.sandbox.databaseUrl });
    await client.connect();
    onTestFinished(() => client.end());
    // An entry that got its position before `late` does, and commits behind it.
    await client.query("BEGIN");
    const slow = crypto.randomUUID();
    await client.query(
      `INSERT INTO archived_entries (stream_name, stream_message_id, event_id, event_type, raw_fields, source, meta, payload,
         occurred_at, tenant_id, shard)
       VALUES ('s', '1-1', $1, 'task.created', '{}', 'python', '{"schema_version":1,"producer":"p","source_module":"m"}',
         '{"task_id":"t-2","mission_type":"echo","priority":"NORMAL"}', now(), 'acme', 0)`,
      [slow],
    );
    await keep();
    await deliver();
    expect(came()).toEqual([]);
    await client.query("COMMIT");
    await deliver();
    expect(new Set(came())).toEqual(new Set([slow, late]));
  });
});

test("a wake starts what is to be delivered; without an endpoint it costs one question in 30 s", async () => {
  const job = engine.system.jobs.get("webhook_delivery");
  let asked = 0;
  const { db } = engine.open();
  const counting = {
    ...db,
    rows: (...args: Parameters<typeof db.rows>) => {
      asked += 1;
      return db.rows(...args);
    },
  };
  const at = (seconds: number) => ({ db: counting as typeof db, now: () => new Date(seconds * 1_000) });
  for (const seconds of [1, 2, 30]) expect(await job?.wantsNews?.(at(seconds))).toBe(false);
  expect(asked).toBe(1);
  await register();
  expect(await job?.wantsNews?.(at(31))).toBe(true);
  const event = await publish();
  await engine.system.afterCommit();
  expect(calls.map(({ headers }) => headers["webhook-id"])).toEqual([event.id]);
});
