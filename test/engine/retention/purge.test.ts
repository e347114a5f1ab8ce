import { expect, test } from "vitest";
import { purge } from "../../../src/engine/retention/purge.ts";
import type { Backbone } from "../../backbone.ts";
import { openBackbone } from "../fixture.ts";
import { always, times } from "./janitor-fixture.ts";

async function insertClaims(backbone: Backbone, count: number, days: number): Promise<void> {
  await backbone.sql(
    `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, processed_at)
     SELECT 's', 'st', $2 || '-' || n, $2 || '-' || n, now() - $2::integer * interval '1 day'
     FROM generate_series(1, $1::integer) n`,
    [count, String(days)],
  );
}

async function insertLetter(backbone: Backbone, id: string, status: string, days: number): Promise<void> {
  await backbone.sql(
    `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, reason, error_class, error_message,
       attempts, first_failed_at, last_failed_at, status, resolved_at)
     VALUES ('s', 'st', $1, 'permanent_error', 'E', 'm', 1, now() - interval '300 days', now() - interval '300 days',
       $2::text, CASE WHEN $2::text IN ('resolved', 'discarded') THEN now() - $3::integer * interval '1 day' END)`,
    [id, status, days],
  );
}

const count = async (backbone: Backbone, from: string) =>
  (await backbone.sql<{ n: number }>(`SELECT count(*)::integer AS n FROM ${from}`))[0]?.n;

test("deletes claims that are older than their time, in batches, and no others", async () => {
  const backbone = await openBackbone();
  await insertClaims(backbone, 12_000, 91);
  await insertClaims(backbone, 10, 89);
  // Two batches of 5,000 are begun; the third has to wait for the next run.
  expect(await purge(backbone.open(), times(2))).toMatchObject({ processedEvents: 10_000, more: true });
  expect(await purge(backbone.open(), always)).toMatchObject({ processedEvents: 2_000, more: false });
  expect(await count(backbone, "processed_events")).toBe(10);
});

test("follows the setting of how long claims are kept", async () => {
  const backbone = await openBackbone({ env: { BRAIN_DEDUP_DAYS: "365" } });
  await insertClaims(backbone, 5, 91);
  expect(await purge(backbone.open(), always)).toMatchObject({ processedEvents: 0 });
});

test("deletes dead letters that were settled long ago; open ones stay however old they are", async () => {
  const backbone = await openBackbone();
  await insertLetter(backbone, "1-1", "resolved", 91);
  await insertLetter(backbone, "1-2", "discarded", 91);
  await insertLetter(backbone, "1-3", "resolved", 10);
  await insertLetter(backbone, "1-4", "open", 0);
  await insertLetter(backbone, "1-5", "requeued", 0);
  expect(await purge(backbone.open(), always)).toMatchObject({ deadLetters: 2 });
  expect(await backbone.sql("SELECT stream_message_id AS id FROM dead_letters ORDER BY id")).toEqual([
    { id: "1-3" },
    { id: "1-4" },
    { id: "1-5" },
  ]);
});

test("deletes old answers to keyed requests and old alerts that are over; audit and jobs stay", async () => {
  const backbone = await openBackbone();
  await backbone.sql(`
    INSERT INTO idempotency_keys (key, route, request_hash, created_at) VALUES
      ('old', 'POST /x', 'h', now() - interval '3 days'), ('new', 'POST /x', 'h', now())`);
  await backbone.sql(`
    INSERT INTO alerts (kind, subject, severity, message, first_seen_at, resolved_at) VALUES
      ('trim_held_back', 'old', 'warning', 'm', now() - interval '200 days', now() - interval '91 days'),
      ('trim_held_back', 'over', 'warning', 'm', now() - interval '200 days', now() - interval '1 day'),
      ('trim_held_back', 'open', 'warning', 'm', now() - interval '200 days', NULL)`);
  await backbone.sql(`
    INSERT INTO operator_actions (action, at) VALUES ('consumer.paused', now() - interval '900 days')`);
  await backbone.sql(`
    INSERT INTO jobs (kind, name, filter, total, status, created_at)
    VALUES ('redrive', 'old', '{}', 0, 'completed', now() - interval '900 days')`);
  expect(await purge(backbone.open(), always)).toMatchObject({ idempotencyKeys: 1, alerts: 1, more: false });
  expect(await backbone.sql("SELECT key FROM idempotency_keys")).toEqual([{ key: "new" }]);
  expect(await backbone.sql("SELECT subject FROM alerts ORDER BY id")).toEqual([
    { subject: "over" },
    { subject: "open" },
  ]);
  expect(await count(backbone, "operator_actions")).toBe(1);
  expect(await count(backbone, "jobs")).toBe(1);
});

test("decides as many undecided entries as there are: the release before leaves a copy of each event", async () => {
  const backbone = await openBackbone();
  await backbone.sql(`INSERT INTO archived_entries (stream_name, stream_message_id, event_id, event_type, raw_fields, undecided)
    SELECT 's', '1-' || n, NULL, 't', '{}', true FROM generate_series(1, 12000) n`);
  await purge(backbone.open(), always);
  expect(await count(backbone, "archived_entries WHERE undecided")).toBe(0);
  // In pages of 5,000, as far as time and calls reach: each of the five tables is asked once before.
  await backbone.sql("UPDATE archived_entries SET undecided = true");
  expect(await purge(backbone.open(), times(5 + 2))).toMatchObject({ more: true });
  expect(await count(backbone, "archived_entries WHERE undecided")).toBe(2_000);
});
