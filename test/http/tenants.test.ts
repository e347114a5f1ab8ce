import {
  type Database,
  eventEffects,
  exportEvents,
  findBulkOperation,
  findLetter,
  findRecorded,
  groupLetters,
  listActions,
  listBulkOperations,
  listLetters,
  observeTypes,
  previewRedrive,
  readStory,
  search,
  tenantEventStats,
} from "@brain/engine";
import { v5 as uuidv5 } from "uuid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { expectErrorShape } from "./refusal.ts";

/* Two tenants at every route of the backbone: each sees and changes what is its own, and learns nothing of the other. */

/** Stands in every row of the tenant whose rows are not to be seen. */
const mark = "of-acme-alone";
const subscriber = "agents";
const acmeStory = `story-${mark}`;

let engine: TestEngine;
let acme: string;
let zenith: string;
let all: string;
let event: string;
let letters: string[];
let job: string;
let replayJob: string;

const keyOf = async (body: object): Promise<string> => {
  const made = await engine.request("POST", "/api/keys", { name: "a test", ...body });
  expect(made.status, made.text).toBe(201);
  return made.body.key;
};
const send = (key: string, method: string, path: string, body?: unknown, headers = {}) =>
  engine.request(method, path, body, { authorization: `Bearer ${key}`, ...headers });
const health = (fields: object = {}) => ({
  type: "system.health",
  source: mark,
  payload: { component: "relay", status: "ok", details: { mark } },
  ...fields,
});

beforeAll(async () => {
  engine = await createTestEngine();
  const scopes = ["operations:read", "operate", "events:read", "events:publish:system"];
  acme = await keyOf({ scopes, tenant_id: "acme" });
  zenith = await keyOf({ scopes, tenant_id: "zenith" });
  all = await keyOf({ scopes: ["events:read", "operations:read", "operate", "events:publish", "act_as"] });
  const sent = await send(acme, "POST", "/api/events", health({ correlation_id: acmeStory }));
  expect(sent.status, sent.text).toBe(202);
  event = sent.body.id;
  for (let n = 0; n < 3; n += 1)
    await send(zenith, "POST", "/api/events", {
      ...health(),
      source: "zenith",
      payload: { component: "relay", status: "ok" },
    });
  await engine.settle();
  letters = [];
  for (let n = 0; n < 4; n += 1) letters.push(await plantLetter());
  const started = await send(acme, "POST", "/api/dead-letters/redrive", {
    filter: { ids: [letters[3]] },
    name: mark,
    reason: mark,
  });
  expect(started.status, started.text).toBe(202);
  job = started.body.id;
  const replayed = await send(acme, "POST", "/api/replays", {
    subscriber,
    name: mark,
    mode: "force",
    reason: mark,
  });
  expect(replayed.status, replayed.text).toBe(202);
  replayJob = replayed.body.id;
});
afterAll(() => engine?.cleanup());

/** A dead letter of the event. */
async function plantLetter(): Promise<string> {
  const [row] = await engine.sql<{ id: string }>(
    `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id, correlation_id,
       reason, error_class, error_message, attempts, first_failed_at, last_failed_at, fingerprint, key)
     SELECT $1, $2, '1-' || (SELECT count(*) + 1 FROM dead_letters), $3, 'system.health', 'acme', $4, 'permanent', 'Error', $5::text, 1,
       now(), now(), '00000000000000aa', $5::text RETURNING id::text AS id`,
    [subscriber, `s-${mark}`, event, acmeStory, mark],
  );
  return row?.id ?? "";
}

describe("what a store shows", () => {
  /** Each asked with a database and the tenant of its conditions. */
  const stores: Readonly<Record<string, (db: Database, tenantId: string | null) => Promise<unknown>>> = {
    "one event": (db, tenant) => findRecorded(db, event, tenant),
    "the history": (db, tenant) =>
      search({ db, all: db, now: Date.now }, tenant === null ? {} : { tenant_id: tenant }, {
        order: "desc",
        limit: 100,
        entries: "all",
      }),
    "a story": (db, tenant) => readStory(db, acmeStory, 100, tenant),
    "dead letters": (db, tenant) =>
      listLetters(db, { status: "all", limit: 100, ...(tenant === null ? {} : { tenant_id: tenant }) }),
    "groups of dead letters": (db, tenant) =>
      groupLetters(db, { status: "all", ...(tenant === null ? {} : { tenant_id: tenant }) }),
    "what became of an event": (db, tenant) => eventEffects(engine.open(), db, event, tenant),
    "one dead letter": (db, tenant) => findLetter(db, letters[0] ?? "", tenant),
    "operators' actions": (db, tenant) => listActions(db, { limit: 100, tenant_id: tenant }),
    redrives: (db, tenant) => listBulkOperations(db, ["redrive"], { limit: 100, tenant_id: tenant }),
    "one redrive": (db, tenant) => findBulkOperation(db, ["redrive"], job, tenant),
    "types of events": (db, tenant) => observeTypes({ ...engine.open(), db }, tenant),
    replays: (db, tenant) => listBulkOperations(db, ["replay"], { limit: 100, tenant_id: tenant }),
    "one replay": (db, tenant) => findBulkOperation(db, ["replay"], replayJob, tenant),
  };
  const shown = async (asked: Promise<unknown>) =>
    JSON.stringify(await asked.catch((error: Error) => error.name));

  test.each(Object.entries(stores))("%s: each of the two walls alone hides it", async (_name, ask) => {
    const { db } = engine.open();
    expect(await shown(ask(db, null)), "control: without a wall").toContain(mark);
    expect(await shown(ask(db.ofTenant("acme"), "acme")), "its own").toContain(mark);
    expect(await shown(ask(db, "zenith")), "conditions alone").not.toContain(mark);
    expect(await shown(ask(db.ofTenant("zenith"), null)), "row-level security alone").not.toContain(mark);
  });

  test("the export: its second wall gives nothing at a place of another tenant", async () => {
    const { db } = engine.open();
    const page = { after: new Map(), limit: 100 };
    expect((await exportEvents(db, page)).events).toHaveLength(4);
    expect((await exportEvents(db, { ...page, tenantId: "acme" })).events.map(({ id }) => id)).toEqual([
      event,
    ]);
    const others = await exportEvents(db, { ...page, tenantId: "zenith" });
    expect(others.events).toHaveLength(3);
    expect(JSON.stringify(others.events)).not.toContain(mark);
  });

  test("numbers count the tenant's own", async () => {
    const invocation = engine.open();
    const counts = async (db: Database, tenant: string) => {
      const { event_type_counts, dead_letters } = await tenantEventStats({ ...invocation, db }, tenant);
      return { events: event_type_counts["system.health"] ?? 0, dead_letters };
    };
    expect(await counts(invocation.db, "zenith")).toEqual({ events: 3, dead_letters: 0 });
    expect((await counts(invocation.db.ofTenant("zenith"), "acme")).events).toBe(0);
    const preview = await previewRedrive(
      { ...invocation, db: invocation.db.ofTenant("zenith") },
      { subscriber },
    );
    expect(preview.count + preview.not_redrivable).toBe(0);
  });
});

describe("a route answers another tenant", () => {
  test.each([
    "/api/events/history",
    "/api/audit/events",
    "/api/audit/export",
    "/api/audit/export?format=csv",
    "/api/events/export",
    "/api/catalog",
    "/api/catalog/system.health",
    "/api/events/stats",
    "/api/dead-letters?status=all",
    "/api/dead-letters/groups?status=all",
    "/api/dead-letters/redrives",
    "/api/replays",
    "/api/operator-actions",
    "/api/overview",
  ])("%s without a row of it", async (path) => {
    const reply = await send(zenith, "GET", path);
    expect(reply.status, reply.text).toBe(200);
    expect(reply.text).not.toContain(mark);
    expect((await send(all, "GET", path)).status).toBe(200);
    const own = await send(acme, "GET", path);
    const isCounted = ["/api/events/stats", "/api/overview"].includes(path);
    if (!isCounted) expect(own.text, "control: its own").toContain(mark);
  });

  const ids: readonly (readonly [
    method: string,
    path: (id: string) => string,
    id: () => string | undefined,
    body?: object,
  ])[] = [
    ["GET", (id) => `/api/events/${id}`, () => event],
    ["GET", (id) => `/api/events/${id}/effects`, () => event],
    ["GET", (id) => `/api/events/correlation/${id}`, () => acmeStory],
    ["GET", (id) => `/api/dead-letters/${id}`, () => letters[0]],
    ["POST", (id) => `/api/dead-letters/${id}/redrive`, () => letters[0], {}],
    [
      "POST",
      (id) => `/api/dead-letters/${id}/redrive`,
      () => letters[0],
      { payload: { component: "c", status: "ok" } },
    ],
    ["POST", (id) => `/api/dead-letters/${id}/discard`, () => letters[0], { reason: "not mine" }],
    ["GET", (id) => `/api/dead-letters/redrives/${id}`, () => job],
    ["POST", (id) => `/api/dead-letters/redrives/${id}/pause`, () => job, {}],
    ["POST", (id) => `/api/dead-letters/redrives/${id}/cancel`, () => job, {}],
    ["GET", (id) => `/api/replays/${id}`, () => replayJob],
    ["POST", (id) => `/api/replays/${id}/pause`, () => replayJob, {}],
    ["POST", (id) => `/api/replays/${id}/resume`, () => replayJob, {}],
    ["POST", (id) => `/api/replays/${id}/cancel`, () => replayJob, {}],
  ];
  test.each(ids.map(([method, path, id, body]) => [method, path(":id"), path, id, body] as const))(
    "%s %s with 404, in the words of an id that is not there, and changes nothing",
    async (method, _shown, path, id, body) => {
      const theirs = id() ?? "";
      const nobodys = theirs.includes("-") ? "00000000-0000-4000-8000-000000000000" : "999999999";
      const before = await engine.sql("SELECT status FROM dead_letters ORDER BY id");
      const reply = await send(zenith, method, path(theirs), body);
      expectErrorShape(reply, 404, "not_found");
      const none = await send(zenith, method, path(nobodys), body);
      expectErrorShape(none, 404, "not_found");
      expect(reply.body.error.message.replaceAll(theirs, "?")).toBe(
        none.body.error.message.replaceAll(nobodys, "?"),
      );
      expect(await engine.sql("SELECT status FROM dead_letters ORDER BY id")).toEqual(before);
    },
  );

  test.each([
    ["GET", "/api/events/history?tenant_id=acme"],
    ["GET", "/api/audit/events?tenant_id=acme"],
    ["GET", "/api/audit/export?tenant_id=acme"],
    ["GET", "/api/events/stream?tenant_id=acme"],
    ["GET", "/api/dead-letters?tenant_id=acme"],
    ["GET", "/api/alerts?tenant_id=acme"],
    ["POST", "/api/dead-letters/redrive", { filter: { tenant_id: "acme" }, dry_run: true }],
    ["POST", "/api/dead-letters/discard", { filter: { tenant_id: "acme" }, reason: "not mine" }],
    ["POST", "/api/replays", { subscriber, name: "theirs", tenant_id: "acme" }],
  ])("%s %s with 403, because it names another one", async (method, path, body?: object) => {
    expectErrorShape(await send(zenith, method, path, body), 403, "forbidden");
  });

  test("what takes a filter finds nothing of it", async () => {
    const filter = { ids: letters };
    const preview = await send(zenith, "POST", "/api/dead-letters/redrive", { filter, dry_run: true });
    expect(preview.body).toMatchObject({ count: 0, not_redrivable: 0 });
    const discarded = await send(zenith, "POST", "/api/dead-letters/discard", { filter, reason: "not mine" });
    expect(discarded.body).toEqual({ discarded: 0, more: false });
    const replayed = await send(zenith, "POST", "/api/replays", { subscriber, dry_run: true });
    expect(replayed.body.count).toBe(0);
  });

  test.each([
    ["GET", "/api/consumers"],
    ["GET", "/api/events/move"],
    ["GET", "/api/settings"],
    ["POST", `/api/consumers/${subscriber}/pause`, { reason: "because" }],
    ["POST", `/api/consumers/${subscriber}/drain`],
    ["POST", "/api/maintenance/reconcile"],
  ])("%s %s with 403, because it concerns all", async (method, path, body?: object) => {
    expectErrorShape(await send(zenith, method, path, body), 403, "forbidden");
  });

  test("the live stream with its own events alone", async () => {
    const follow = async (key: string) => {
      const response = await engine.app.request("/api/events/stream", {
        headers: { authorization: `Bearer ${key}` },
      });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      return {
        async until(expected: string) {
          while (!text.includes(expected)) text += (await reader?.read())?.value ?? "";
          return text;
        },
        close: () => reader?.cancel(),
      };
    };
    const [own, everything] = [await follow(zenith), await follow(all)];
    for (const round of ["first", "second"]) {
      await send(acme, "POST", "/api/events", health());
      const payload = { component: round, status: "ok" };
      const sent = await send(zenith, "POST", "/api/events", {
        type: "system.health",
        source: "zenith",
        payload,
      });
      await engine.relay();
      expect(await own.until(sent.body.id)).not.toContain(mark);
      await everything.until(sent.body.id);
    }
    expect(await everything.until(mark), "control: a credential for all").toContain(mark);
    await Promise.all([own.close(), everything.close()]);
  });
});

describe("an operator of a tenant", () => {
  test("redrives and discards its own letters, and its actions are its own", async () => {
    const [, second, third] = letters;
    const discarded = await send(acme, "POST", `/api/dead-letters/${second}/discard`, { reason: mark });
    expect(discarded.status, discarded.text).toBe(200);
    expect(discarded.body.actions).toHaveLength(1);
    const redriven = await send(acme, "POST", `/api/dead-letters/${third}/redrive`, {
      payload: { component: "edited", status: "ok" },
    });
    expect(redriven.status, redriven.text).toBe(202);
    const actions = await engine.sql<{ tenant: string }>(
      "SELECT DISTINCT tenant_id AS tenant FROM operator_actions WHERE action LIKE 'dead_letter%' OR action LIKE 're%'",
    );
    expect(actions).toEqual([{ tenant: "acme" }]);
    const [generation] = await engine.sql(
      "SELECT replay_epoch AS epoch, tenant_id FROM jobs WHERE kind = 'replay'",
    );
    expect(generation).toEqual({ epoch: Number(replayJob), tenant_id: "acme" });
  });
});

describe("the name of a replay or redrive", () => {
  const starts = {
    "/api/replays": (name: string) => ({ subscriber, name, types: ["agent.error"] }),
    "/api/dead-letters/redrive": (name: string) => ({ filter: { subscriber, type: "agent.error" }, name }),
  };
  const lists = { "/api/replays": "replays", "/api/dead-letters/redrive": "redrives" } as const;
  const listOf = {
    "/api/replays": "/api/replays",
    "/api/dead-letters/redrive": "/api/dead-letters/redrives",
  };
  type Path = keyof typeof starts;

  test.each(Object.keys(starts) as Path[])("%s: is each tenant's own", async (path) => {
    const start = (key: string, name: string) => send(key, "POST", path, starts[path](name));
    const first: Record<string, string> = {};
    for (const [who, key] of Object.entries({ acme, zenith, all })) {
      const reply = await start(key, "monday");
      expect(reply.status, `${who} ${reply.text}`).toBe(202);
      expect(reply.body.name).toBe("monday");
      first[who] = reply.body.id;
    }
    for (const [who, key] of Object.entries({ acme, zenith, all })) {
      const again = await start(key, "monday");
      expectErrorShape(again, 409, "conflict");
      expect(again.body.error.details).toEqual([{ path: "name", message: `taken by job ${first[who]}` }]);
    }
    const seen = async (key: string) => {
      const { body } = await send(key, "GET", listOf[path]);
      return body[lists[path]].filter(({ name }: { name: string }) => name === "monday").length;
    };
    expect([await seen(acme), await seen(zenith), await seen(all)]).toEqual([1, 1, 3]);
  });

  test("is not taken by two that start at once, and not from another tenant", async () => {
    const path = "/api/replays";
    const keys = Array.from({ length: 12 }, (_, n) => [acme, zenith, all][n % 3] ?? "");
    const replies = await Promise.all(keys.map((key) => send(key, "POST", path, starts[path]("at once"))));
    for (const key of [acme, zenith, all]) {
      const statuses = replies.filter((_, n) => keys[n] === key).map(({ status }) => status);
      expect(statuses.toSorted()).toEqual([202, 409, 409, 409]);
    }
  });
});

describe("an event that is sent", () => {
  const statusOf = async (key: string, body: object, headers = {}) =>
    send(key, "POST", "/api/events", body, headers);
  const stored = async (id: string) =>
    (await engine.sql("SELECT tenant_id AS tenant, actor_id AS actor FROM events WHERE id = $1", [id]))[0];

  test("gets the tenant and the actor of its credential", async () => {
    const reply = await statusOf(acme, health());
    const [key] = await engine.sql<{ id: string }>("SELECT id FROM identity_keys WHERE tenant_id = 'acme'");
    expect(await stored(reply.body.id)).toEqual({ tenant: "acme", actor: `key:${key?.id}` });
    expect((await statusOf(acme, health({ tenant_id: "acme", actor_id: `key:${key?.id}` }))).status).toBe(
      202,
    );
  });

  test.each([
    ["of another tenant", { tenant_id: "zenith" }, "tenant_id"],
    ["about another actor", { actor_id: "user-1" }, "actor_id"],
    [
      "of a domain that is not granted",
      { type: "agent.heartbeat", payload: { agent_id: "a", tasks_completed: 1, tasks_failed: 0 } },
      "type",
    ],
  ])("%s is refused, alone and each in a batch", async (_what, fields, path) => {
    const before = await engine.sql("SELECT count(*)::integer AS n FROM events");
    const alone = await statusOf(acme, health(fields));
    expectErrorShape(alone, 403, "forbidden");
    expect(alone.body.error.details[0].path).toBe(path);
    expect(await engine.sql("SELECT count(*)::integer AS n FROM events")).toEqual(before);
    const batch = await send(acme, "POST", "/api/events/batch", [health(fields), health(), health(fields)]);
    expect(batch.status).toBe(207);
    expect(batch.body.results.map((item: { status: string }) => item.status)).toEqual([
      "rejected",
      "accepted",
      "rejected",
    ]);
    expect(batch.body.results[0].error).toMatchObject({ code: "forbidden" });
  });

  test("by a credential for all tenants may be of any, and about others with act_as", async () => {
    const reply = await statusOf(all, health({ tenant_id: "zenith", actor_id: "user-1" }));
    expect(await stored(reply.body.id)).toEqual({ tenant: "zenith", actor: "user-1" });
  });

  test("under the id of another tenant's is refused, and says nothing of it", async () => {
    const before = await engine.request("GET", `/api/events/${event}`);
    const reply = await statusOf(zenith, health({ id: event }));
    expectErrorShape(reply, 409, "conflict");
    // The same words whether the event is like the one that has the id or not.
    const { request_id: _, ...told } = reply.body.error;
    expect(told).toEqual({
      code: "conflict",
      message: `The id ${event} belongs to another event. Give each event an id of its own.`,
      details: [{ path: "id", message: "is taken by another event" }],
    });
    const unlike = await statusOf(zenith, {
      id: event,
      type: "system.health",
      source: "z",
      payload: { component: "c", status: "ok" },
    });
    expect(unlike.body.error).toMatchObject(told);
    expect(await engine.request("GET", `/api/events/${event}`)).toMatchObject({ body: before.body });
    // The control: its own event comes a second time.
    const own = await send(acme, "GET", `/api/events/${event}`);
    const again = await statusOf(acme, { ...health(), id: event, correlation_id: acmeStory });
    expect(own.status).toBe(200);
    expect(again.body).toMatchObject({ status: "deduplicated", id: event });
  });

  test("under one id by two tenants at once is one event, and its own tenant alone hears of it", async () => {
    const id = crypto.randomUUID();
    const keys = Array.from({ length: 12 }, (_, n) => [acme, zenith][n % 2] ?? "");
    const replies = await Promise.all(keys.map((key) => statusOf(key, health({ id, actor_id: null }))));
    const first = keys[replies.findIndex(({ status }) => status === 202)];
    const statuses = (ofFirst: boolean) =>
      replies
        .filter((_, n) => (keys[n] === first) === ofFirst)
        .map(({ status }) => status)
        .toSorted();
    expect(statuses(true)).toEqual([200, 200, 200, 200, 200, 202]);
    expect(statuses(false)).toEqual([409, 409, 409, 409, 409, 409]);
  });

  test("with the same Idempotency-Key and body by two tenants is two events", async () => {
    const headers = { "idempotency-key": "the-same" };
    const first = await statusOf(acme, health({ actor_id: null }), headers);
    const second = await statusOf(zenith, health({ actor_id: null }), headers);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(first.body.id).not.toBe(second.body.id);
    expect((await statusOf(acme, health({ actor_id: null }), headers)).body.id).toBe(first.body.id);
  });

  test("under the id of an event of another tenant is refused to a credential for all, too", async () => {
    const id = crypto.randomUUID();
    const of = (tenant_id: string | null) => health({ id, tenant_id, actor_id: null });
    expect((await statusOf(all, of("acme"))).status).toBe(202);
    for (const other of ["zenith", null]) {
      expectErrorShape(await statusOf(all, of(other)), 409, "conflict");
      const batch = await send(all, "POST", "/api/events/batch", [of(other)]);
      expect(batch.body.results).toMatchObject([{ status: "rejected", error: { code: "conflict" } }]);
    }
    // The control: the same event again.
    expect((await statusOf(all, of("acme"))).body).toMatchObject({ status: "deduplicated", id });
    expect(await stored(id)).toMatchObject({ tenant: "acme" });
  });
});

describe("a CloudEvent whose id is no UUID", () => {
  const cloud = { "content-type": "application/cloudevents+json" };
  const batched = { "content-type": "application/cloudevents-batch+json" };
  let counted = 0;
  /** Programs of two tenants count from 1 under the same source. */
  const numbered = (fields: object = {}) => {
    counted += 1;
    return {
      ...{ specversion: "1.0", id: String(counted), source: "/thermostat", type: "system.health" },
      data: { component: "relay", status: "ok" },
      ...fields,
    };
  };
  const tell = (key: string, told: object) => send(key, "POST", "/api/events", told, cloud);
  const idBefore = (told: { readonly source: string; readonly id: string }) =>
    uuidv5(JSON.stringify([told.source, told.id]), uuidv5.URL).replace(/^(.{14})./, "$14");
  const tenantsOf = async (ids: readonly string[]) =>
    (
      await engine.sql<{ tenant: string | null }>(
        "SELECT tenant_id AS tenant FROM events WHERE id = ANY($1::uuid[]) ORDER BY tenant_id NULLS LAST",
        [ids],
      )
    ).map(({ tenant }) => tenant);

  test("is another one for each tenant, and a repetition for each alone", async () => {
    const told = numbered();
    const replies = [];
    for (const key of [acme, zenith, all]) replies.push(await tell(key, told));
    expect(replies.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(await tenantsOf(replies.map(({ body }) => body.id))).toEqual(["acme", "zenith", null]);
    for (const [place, key] of [acme, zenith, all].entries()) {
      const again = await tell(key, told);
      expect(again.body).toMatchObject({ status: "deduplicated", id: replies[place]?.body.id });
      const other = await tell(key, { ...told, data: { component: "relay", status: "down" } });
      expectErrorShape(other, 409, "conflict");
    }
  });

  test("is so for a credential of all tenants that names them, alone and in a batch", async () => {
    const told = numbered();
    const both = ["acme", "zenith"].map((tenantid) => ({ ...told, tenantid }));
    const first = await send(all, "POST", "/api/events", both, batched);
    expect(first.body).toMatchObject({ accepted: 2 });
    // Its own event, as the tenant itself tells it.
    expect((await tell(zenith, told)).body).toMatchObject({
      status: "deduplicated",
      id: first.body.results[1].id,
    });
    expect((await send(all, "POST", "/api/events/batch", both, batched)).body).toMatchObject({
      deduplicated: 2,
    });
  });

  test("that a release before recorded under the id of source and id alone is a repetition", async () => {
    const [told, other] = [numbered(), numbered()];
    const before = async (of: typeof told, tenant_id: string) =>
      statusOf(all, {
        ...{ id: idBefore(of), type: of.type, source: of.source, tenant_id, payload: of.data },
      });
    const statusOf = (key: string, body: object) => send(key, "POST", "/api/events", body);
    for (const one of [told, other]) expect((await before(one, "acme")).status).toBe(202);
    expect((await tell(acme, told)).body).toMatchObject({ status: "deduplicated", id: idBefore(told) });
    const changed = { ...told, data: { component: "relay", status: "down" } };
    expectErrorShape(await tell(acme, changed), 409, "conflict");
    const batch = await send(acme, "POST", "/api/events/batch", [told, numbered(), other, changed], batched);
    expect(batch.body.results.map(({ status }: { status: string }) => status)).toEqual([
      "deduplicated",
      "accepted",
      "deduplicated",
      "rejected",
    ]);
    // To another tenant it means nothing, and takes nothing away.
    const own = await tell(zenith, told);
    expect(own.status, own.text).toBe(202);
    expect((await tell(zenith, told)).body).toMatchObject({ status: "deduplicated", id: own.body.id });
  });
});
