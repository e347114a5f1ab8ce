import { observeFlows, observeTypes } from "@brain/engine";
import { createCatalog, defineEvent, openObject, payloadObjects } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { payloadsSql } from "../../../src/engine/events/observed-payloads.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";

const text = z.string().max(200).describe("Something.");
const options = { version: 1, module: "library", criticality: "INFO", when: "Something happened" } as const;
const lent = defineEvent("library.book.lent", {
  ...options,
  version: 2,
  upcasts: { 1: (payload) => payload },
  payload: z.strictObject({
    book_id: text,
    note: text.nullable(),
    reader: z.strictObject({ reader_id: text, age: z.int().nullable() }).nullable(),
    stamps: z.array(z.strictObject({ day: text, desk: text.optional() })).max(50),
    more: openObject(1_000),
  }),
});
const lost = defineEvent("library.book.lost", { ...options, payload: z.strictObject({ book_id: text }) });
const burned = defineEvent("library.book.burned", { ...options, payload: z.strictObject({ book_id: text }) });
const catalog = createCatalog([lent, lost, burned]);
const payloads = catalog.all.map((definition) => ({
  type: definition.type,
  version: definition.version,
  objects: payloadObjects(definition),
}));

let backbone: Backbone;
beforeAll(async () => {
  backbone = await createBackbone({ catalog });
});
afterAll(() => backbone?.cleanup());

/** A row as it stands after years: whatever any release wrote. Its id. */
async function record(
  type: string,
  payload: unknown,
  more: {
    readonly version?: number;
    readonly tenant?: string;
    readonly cause?: string;
    readonly at?: string;
  } = {},
): Promise<string> {
  const { version = 1, tenant = "acme", cause = null, at = "2026-05-01T12:00:00Z" } = more;
  const [row] = await backbone.sql<{ id: string }>(
    `INSERT INTO events (id, type, source, tenant_id, causation_id, schema_version, producer, source_module, meta, payload, occurred_at, stored_at)
     VALUES (gen_random_uuid(), $1, 'desk', $2, $3, $4, 'desk', 'library', '{"producer":"desk"}', $5::jsonb, $6, $6) RETURNING id`,
    [type, tenant, cause, version, JSON.stringify(payload), at],
  );
  return row?.id ?? "";
}

const observe = (tenant: string | null, more: object = {}) =>
  observeTypes({ ...backbone.open(), catalog }, tenant, { payloads, ...more });

describe("what is in payloads", () => {
  const hostile = `"]}'; DROP TABLE events; -- \\ ü\u202e`;
  const full = {
    ...{ book_id: 'a "quoted, : text" \\', note: null, more: { any: 1, "thing.": [2, 3] } },
    ...{ reader: { reader_id: "r", age: null }, stamps: [{ day: "1" }, { day: "2", [hostile]: null }] },
  };
  beforeAll(async () => {
    await record(lent.type, { old: true }, { version: 1, at: "2026-04-01T00:00:00Z" });
    await record(lent.type, full, { version: 2 });
    await record(
      lent.type,
      { ...full, reader: null, stamps: [], ["x".repeat(300)]: 1 },
      { version: 2, tenant: "zenith" },
    );
    // What no release of ours wrote is looked at all the same.
    await record(lost.type, [1, "two", null]);
    await record(lost.type, "nothing");
  });

  test("fields are counted where what they belong to is there, and names that nobody declared are told", async () => {
    const { inside } = await observe(null);
    const fields = (inside?.fields ?? []).filter(({ type }) => type === lent.type);
    const told = Object.fromEntries(
      fields.filter(({ declared }) => declared).map(({ path, filled, of }) => [path, [filled, of]]),
    );
    expect(told).toEqual({
      ...{ book_id: [2, 2], note: [0, 2], reader: [1, 2], stamps: [2, 2], more: [2, 2] },
      ...{
        "reader.reader_id": [1, 1],
        "reader.age": [0, 1],
        "stamps[].day": [1, 1],
        "stamps[].desk": [0, 1],
      },
    });
    expect(fields.filter(({ declared }) => !declared)).toEqual([
      { type: lent.type, path: `stamps[].${hostile}`, of: 1, filled: 0, declared: false },
      { type: lent.type, path: "x".repeat(100), of: 2, filled: 1, declared: false },
    ]);
  });

  test("sizes are those of the JSON that travels, of each version", async () => {
    const { inside } = await observe("acme");
    const bytes = new TextEncoder().encode(JSON.stringify(full)).byteLength;
    expect(inside?.payloads.filter(({ type }) => type === lent.type)).toEqual([
      expect.objectContaining({ version: 1, count: 1, max_bytes: 12, last_at: "2026-04-01T00:00:00.000Z" }),
      expect.objectContaining({ version: 2, count: 1, p50_bytes: bytes, p95_bytes: bytes, max_bytes: bytes }),
    ]);
    expect(inside?.payloads.filter(({ type }) => type === lost.type)).toEqual([
      expect.objectContaining({ count: 2, max_bytes: 14 }),
    ]);
  });

  test("of one tenant its own alone is looked at", async () => {
    const { inside, seen } = await observe("zenith");
    expect(seen.map(({ type, count }) => [type, count])).toEqual([[lent.type, 1]]);
    expect(inside?.payloads.map(({ type, count }) => [type, count])).toEqual([[lent.type, 1]]);
    expect(inside?.fields.some(({ path }) => path.startsWith("reader."))).toBe(false);
  });

  test("nothing older than asked is looked at, and no more than asked", async () => {
    const since = await observe(null, { since: "2026-04-15T00:00:00Z" });
    expect(since.inside?.payloads.map(({ version }) => version)).toEqual([2, 1]);
    expect(since.inside?.payloads.find(({ type }) => type === lent.type)?.count).toBe(2);
    expect(since.seen.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    const newest = await observe(null, { newest: 1 });
    expect(newest.seen).toHaveLength(1);
    expect(newest.inside?.payloads.map(({ type, count }) => [type, count])).toEqual([
      [lent.type, 1],
      [lost.type, 1],
    ]);
  });

  test("never in the record and not among the newest are two things", async () => {
    const { ever, seen } = await observe(null, { newest: 1 });
    expect(seen.some(({ type }) => type === lent.type)).toBe(false);
    expect(ever?.get(lent.type)).toEqual({
      first_at: "2026-04-01T00:00:00.000Z",
      last_at: "2026-05-01T12:00:00.000Z",
    });
    expect(ever?.get(burned.type)).toBeNull();
  });
});

test("which events led to which is told of each tenant alone, whatever stands as the cause", async () => {
  const cause = await record(lent.type, {}, { version: 2 });
  await record(lost.type, {}, { cause });
  await record(lost.type, {}, { cause, tenant: "zenith" });
  await record(burned.type, {}, { cause: "no id at all" });
  await record(burned.type, {}, { cause: "00000000-0000-4000-8000-000000000000" });
  const flow = { cause: lent.type, effect: lost.type, module: "library", producer: "desk", is_handled: true };
  expect(await observeFlows(backbone.open(), "acme")).toEqual([{ ...flow, count: 1 }]);
  // The cause is another tenant's: it stays unseen.
  expect(await observeFlows(backbone.open(), "zenith")).toEqual([]);
  expect(await observeFlows(backbone.open(), null)).toEqual([{ ...flow, count: 2 }]);
});

test("a long record is looked at by its indexes, and large payloads stop the look", async () => {
  await backbone.sql(
    `INSERT INTO events (id, type, source, tenant_id, schema_version, producer, source_module, meta, payload, occurred_at, stored_at)
     SELECT gen_random_uuid(), CASE WHEN i % 2 = 0 THEN 'library.book.burned' ELSE 'core.other' END, 'desk', 'many', 1, 'desk', 'library', '{}',
       jsonb_build_object('book_id', CASE WHEN i > 19900 THEN (SELECT string_agg(md5(i::text || n), '') FROM generate_series(1, 1000) n) ELSE 'b' END), now(), now()
     FROM generate_series(1, 20000) i`,
  );
  await backbone.sql("ANALYZE events");
  const { db } = backbone.open();
  expect(JSON.stringify(await db.rows(sql`EXPLAIN SELECT count(payload) FROM events`))).toContain(
    "Seq Scan on events",
  );
  for (const tenantId of [null, "many"]) {
    const look = payloadsSql(payloads, { tenantId, newest: 1_000, since: null });
    const plan = JSON.stringify(await db.rows(sql`EXPLAIN ${look}`));
    expect(plan).toMatch(/Index Scan.* on events/);
    expect(plan).not.toContain("Seq Scan on events");
  }
  const { inside } = await observe(null);
  const [large] = inside?.payloads.filter(({ type }) => type === burned.type) ?? [];
  expect(large?.max_bytes).toBe(32_014);
  // 262,144 bytes are reached with the ninth of the hundred that would be looked at.
  expect(large?.count).toBe(9);
});
