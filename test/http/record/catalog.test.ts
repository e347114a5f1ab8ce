import { readFile } from "node:fs/promises";
import type { Database } from "@brain/engine";
import { type JsonObject, parsePayload } from "@brain/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalog } from "../../../src/composition.ts";
import { findingKinds } from "../../../src/http/kit/product-answers.ts";
import { root } from "../../../tools/root.ts";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../refusal.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
  const health = { type: "system.health", source: "probe", payload: { component: "relay", status: "ok" } };
  for (let n = 0; n < 2; n += 1) {
    const sent = await engine.request("POST", "/api/events", { ...health, tenant_id: "acme" });
    expect(sent.status, sent.text).toBe(202);
  }
  await engine.request("POST", "/api/events", { ...health, tenant_id: "zenith" });
  await engine.settle();
  // What a program outside wrote to the stream itself, under a type that the catalogue does not have.
  const [entry] = await engine.streamEntries();
  const fields = { ...entry?.fields, type: "policy.denied", id: crypto.randomUUID(), payload: "{}" };
  await engine.append(Object.entries(fields).flat());
  await engine.settle();
});
afterAll(() => engine?.cleanup());

interface Listed {
  readonly type: string;
  readonly observed: { readonly count: number; readonly producers: readonly object[] };
}

test("the list has every event of the product, with what is declared and what was seen", async () => {
  const { body } = await engine.request("GET", "/api/catalog");
  expect(body.events.map(({ type }: Listed) => type)).toEqual(catalog.all.map(({ type }) => type));
  const health = body.events.find(({ type }: Listed) => type === "system.health");
  expect(health).toMatchObject({
    module: "core",
    version: 1,
    observed: { count: 3, producers: [{ producer: "probe", source: "probe", count: 3, declared: false }] },
  });
  expect(Date.parse(health.observed.last_seen_at)).not.toBeNaN();
  const silent = body.events.find(({ type }: Listed) => type === "ethics.review");
  expect(silent.observed).toEqual({
    ...{ count: 0, first_seen_at: null, last_seen_at: null, per_hour: 0, payloads: null },
    ...{ producers: [], dead_letters: [] },
  });
  // The product's documents are checked for it.
  expect(body.missing_consumers).toEqual([]);
  expect(body.catch_all).toEqual(["audit_log"]);
});

test("what came over the stream and is in no catalogue is named, with who wrote it", async () => {
  const { body } = await engine.request("GET", "/api/catalog");
  expect(body.unlisted).toEqual([
    expect.objectContaining({ type: "policy.denied", is_foreign: true, count: 1 }),
  ]);
  expect(body.unlisted[0].producers[0]).toMatchObject({ source: "probe", over_the_stream: true });
});

test("a consumer that left dead letters and is gone is named", async () => {
  await engine.sql(
    `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_type, reason, error_class, error_message,
       attempts, first_failed_at, last_failed_at, fingerprint)
     VALUES ('long_gone', 's', '1-1', 'system.health', 'permanent', 'Error', 'e', 1, now(), now(), '00000000000000bb')`,
  );
  const { body } = await engine.request("GET", "/api/catalog");
  expect(body.missing_consumers).toEqual([
    { subscriber: "long_gone", type: "system.health", where: "dead_letters" },
  ]);
  await engine.sql("DELETE FROM dead_letters WHERE subscriber_name = 'long_gone'");
});

test("findings tell what is not as it is declared, with payloads only when they are asked for", async () => {
  const told = async (query: string) =>
    (await engine.request("GET", `/api/catalog${query}`)).body.findings.map(
      ({ kind, type, subject }: { kind: string; type: string; subject: string | null }) =>
        `${kind} ${type} ${subject}`,
    );
  const plain = await told("");
  expect(plain).toContain("foreign_type policy.denied probe");
  expect(plain).toContain("never_received ethics.review null");
  expect(plain).toContain("never_published payment.intent.created null");
  expect(plain.filter((line: string) => line.startsWith("never_filled"))).toEqual([]);
  expect(await told("?payloads=true")).toContain("never_filled system.health details");
  expect((await told("?observed=false")).every((line: string) => line.startsWith("unhandled "))).toBe(true);
  const { body } = await engine.request("GET", "/api/catalog/system.health?payloads=true&newest=2");
  expect(body.observed).toMatchObject({ count: 2, per_hour: 2, payloads: [{ version: 1, count: 2 }] });
  expect(body.fields.find(({ path }: { path: string }) => path === "status")).toMatchObject({
    ...{ filled: 2, looked_at: 2 },
  });
  const refused = await engine.request("GET", "/api/catalog?newest=10001");
  expectErrorShape(refused, 422, "validation_failed");
});

test("each event has an example that may be published, and a meaning for each field", async () => {
  for (const definition of catalog.all) {
    const { status, body } = await engine.request("GET", `/api/catalog/${definition.type}?observed=false`);
    expect(status, definition.type).toBe(200);
    expect(() => parsePayload(definition, body.example as JsonObject), definition.type).not.toThrow();
    expect(body.fields.every(({ meaning }: { meaning: string }) => meaning !== "")).toBe(true);
    expect(body.schema).toMatchObject({ type: "object" });
    expect(body.observed).toBeNull();
  }
});

test("personal fields are told, in the list and in the schema", async () => {
  const { body } = await engine.request("GET", "/api/catalog/course.access.granted");
  expect(body.personal_fields).toEqual([expect.objectContaining({ field: "reason", subject: "user_id" })]);
  expect(body.schema.properties.reason).toHaveProperty("x-brain-pii");
});

test("a type that is not there gets 404 with the one that is probably meant", async () => {
  const reply = await engine.request("GET", "/api/catalog/system.helth");
  expectErrorShape(reply, 404, "not_found");
  expect(reply.body.error.message).toContain("Perhaps system.health is meant.");
});

test("it costs one round trip, and none without a look at the record", async () => {
  let trips = 0;
  const counting = (db: Database): Database =>
    new Proxy(db, {
      get(target, name, receiver) {
        if (name === "batch" || name === "rows" || name === "transaction") trips += 1;
        return Reflect.get(target, name, receiver);
      },
    });
  const app = engine.appOn(counting);
  const headers = { authorization: `Bearer ${testApiKey}` };
  for (const [path, expected] of [
    ["/api/catalog", 1],
    ["/api/catalog?payloads=true", 1],
    ["/api/catalog?payloads=true&flows=true", 2],
    ["/api/catalog/system.health", 1],
    ["/api/catalog?observed=false", 0],
  ] as const) {
    trips = 0;
    expect((await app.request(path, { headers })).status).toBe(200);
    expect(trips, path).toBe(expected);
  }
});

test("what is declared is sent once: who has it is told that it is so still", async () => {
  const first = await engine.request("GET", "/api/catalog?observed=false");
  const tag = first.headers.get("etag") ?? "";
  expect(tag).not.toBe("");
  const again = await engine.request("GET", "/api/catalog?observed=false", undefined, {
    "if-none-match": tag,
  });
  expect(again.status).toBe(304);
  expect(again.text).toBe("");
});

test("the documents say what each kind of finding means", async () => {
  const text = await readFile(`${root}src/http/OBSERVED.md`, "utf8");
  const told = [...text.matchAll(/^\| `([a-z_]+)` \| (?:error|warning|note) \|/gm)].map(([, kind]) => kind);
  expect(told.toSorted()).toEqual([...findingKinds].toSorted());
});
