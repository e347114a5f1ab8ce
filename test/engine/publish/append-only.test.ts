import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { sqlState } from "../../../src/engine/db/errors.ts";
import { prepareEvent } from "../../../src/engine/publish/publish.ts";
import { insertEventsSql } from "../../../src/engine/publish/record.ts";
import type { Backbone } from "../../backbone.ts";
import { partChecked } from "../events.ts";
import { openBackbone, publishReports, streamEntries } from "../fixture.ts";

/* The record is only appended to: what becomes of a row stands beside it, and nobody can forget that. */

const unsent = (backbone: Backbone) =>
  backbone.sql("SELECT position::integer, slot, tenant_id, key FROM unsent_events ORDER BY position");
const entries = async (backbone: Backbone) =>
  (
    await backbone.sql<{ id: string }>(
      "SELECT s.ms || '-' || s.seq AS id FROM stream_entries s ORDER BY position",
    )
  ).map(({ id }) => id);
const rowVersions = (backbone: Backbone) =>
  backbone.sql("SELECT position, ctid::text, xmin::text FROM events ORDER BY position");

const prepared = (backbone: Backbone, tenant_id: string | null = null) =>
  prepareEvent(
    backbone.system.open().publish,
    partChecked,
    { part: "p", status: "fine" },
    { source: "engine_test", tenant_id },
  );

async function insertByHand(backbone: Backbone, values = "NULL, NULL"): Promise<void> {
  await backbone.sql(`
    INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, key, tenant_id,
      shard, stream_message_id)
    SELECT gen_random_uuid(), 'lab.part.checked', 's', 1, 'p', 'm', '{}', '{}', now(), 'k' || n, 'acme', ${values}
    FROM generate_series(1, 3) n`);
}

test("sending an event changes no row of the record", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 5);
  const before = await rowVersions(backbone);
  expect(await backbone.relay()).toMatchObject({ sent: 5 });
  expect(await rowVersions(backbone)).toEqual(before);
  expect(await entries(backbone)).toEqual((await streamEntries(backbone)).map(({ id }) => id));
  expect(await unsent(backbone)).toEqual([]);
  // Control: to note it in the row itself writes it anew, with an entry in each index.
  await backbone.sql("UPDATE events SET target = 'sent'");
  expect(await rowVersions(backbone)).not.toEqual(before);
});

test("what anybody inserts is queued with what the relay chooses by, and is sent", async () => {
  const backbone = await openBackbone();
  await insertByHand(backbone);
  const rows = await backbone.sql(
    "SELECT position::integer, slot, tenant_id, key FROM events ORDER BY position",
  );
  expect(await unsent(backbone)).toEqual(rows);
  expect(await backbone.relay()).toMatchObject({ sent: 3 });
  // Control: without the trigger they would wait for ever.
  await backbone.sql("ALTER TABLE events DISABLE TRIGGER events_queued");
  await insertByHand(backbone);
  expect(await backbone.relay()).toMatchObject({ sent: 0 });
  await backbone.sql("ALTER TABLE events ENABLE TRIGGER events_queued");
});

test("an id that is recorded already is not queued again", async () => {
  const backbone = await openBackbone();
  const { db } = backbone.system.open();
  const event = prepared(backbone);
  await db.rows(insertEventsSql([event]));
  await backbone.relay();
  await db.rows(insertEventsSql([event, prepared(backbone)]));
  expect(await unsent(backbone)).toHaveLength(1);
});

test("rows out of a backup of the release before, with their stream ids, count as sent", async () => {
  const backbone = await openBackbone();
  await insertByHand(backbone, "0, '1700000000000-' || n");
  expect(await unsent(backbone)).toEqual([]);
  expect(await entries(backbone)).toEqual(["1700000000000-1", "1700000000000-2", "1700000000000-3"]);
});

test("what is said of an event goes with it", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 2);
  await backbone.relay();
  await publishReports(backbone, 2);
  await backbone.sql("DELETE FROM events WHERE position IN (1, 3)");
  expect([await entries(backbone), await unsent(backbone)]).toMatchObject([{ length: 1 }, [{ position: 4 }]]);
  expect(await backbone.relay()).toMatchObject({ sent: 1 });
  await backbone.sql("TRUNCATE events");
  expect([await entries(backbone), await unsent(backbone)]).toEqual([[], []]);
});

test("a tenant's requests queue their own events, and see no entry of another one", async () => {
  const backbone = await openBackbone();
  const all = backbone.system.open().db;
  const [acme, other] = [all.ofTenant("acme"), all.ofTenant("other")];
  await acme.rows(insertEventsSql([prepared(backbone, "acme"), prepared(backbone, "acme")]));
  await other.rows(insertEventsSql([prepared(backbone, "other")]));
  const seen = sql`SELECT (SELECT count(*) FROM unsent_events)::integer AS unsent,
    (SELECT count(*) FROM stream_entries)::integer AS sent`;
  const of = async (db: typeof all) => (await db.rows(seen))[0];
  expect([await of(all), await of(acme), await of(other)]).toEqual([
    { unsent: 3, sent: 0 },
    { unsent: 2, sent: 0 },
    { unsent: 1, sent: 0 },
  ]);
  expect(await backbone.relay()).toMatchObject({ sent: 3 });
  expect([await of(all), await of(acme), await of(other)]).toEqual([
    { unsent: 0, sent: 3 },
    { unsent: 0, sent: 2 },
    { unsent: 0, sent: 1 },
  ]);
  const queue = (tenant: string) =>
    acme.rows(sql`INSERT INTO unsent_events (position, slot, tenant_id) VALUES (999, 0, ${tenant})`);
  // Postgres refuses both: by the policy, and for want of a grant.
  expect(await queue("other").catch(sqlState)).toBe("42501");
  expect(await acme.rows(sql`DELETE FROM stream_entries`).catch(sqlState)).toBe("42501");
  // The function that records inserts as who calls it.
  expect(await acme.rows(insertEventsSql([prepared(backbone, "other")])).catch(sqlState)).toBe("42501");
  // Control: without its policy the same role sees what is everybody's.
  await backbone.sql("DROP POLICY tenant_rows ON stream_entries");
  expect(await of(acme)).toEqual({ unsent: 0, sent: 3 });
});

/* What workers of the release before say of the old columns by themselves, while both run. */

test("the release before finds nothing unsent that was sent, and nothing sent that was not", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 2);
  await backbone.relay();
  await publishReports(backbone, 1);
  const [row] =
    await backbone.sql(`SELECT (SELECT count(*) FROM events WHERE sent_at IS NULL)::integer AS backlog,
    (SELECT count(*) FROM events WHERE stream_message_id IS NOT NULL)::integer AS placed`);
  expect(row).toEqual({ backlog: 0, placed: 0 });
});

test("what it makes unsent is sent again, once, and only under the id that the event has", async () => {
  const backbone = await openBackbone();
  // Sent before the migration: these have their ids in the old columns, too.
  await insertByHand(backbone, "0, '1700000000000-' || n");
  const requeue = () =>
    backbone.sql(
      "UPDATE events SET sent_at = NULL, stream_message_id = NULL, shard = NULL WHERE position < 3",
    );
  await backbone.sql("INSERT INTO relay_shards (shard) VALUES (0)");
  await requeue();
  expect((await unsent(backbone)).map(({ position }) => position)).toEqual([1, 2]);
  expect(await backbone.relay()).toMatchObject({ sent: 2 });
  await requeue();
  expect(await unsent(backbone)).toEqual([]);
  // One that was sent again since, whose old columns still tell of the first time.
  await backbone.sql("UPDATE stream_entries SET seq = 77 WHERE position = 3");
  await backbone.sql("UPDATE events SET sent_at = NULL, stream_message_id = NULL, shard = NULL");
  expect(await unsent(backbone)).toEqual([]);
});

test("a pass of it that had begun before the migration ends its batch", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 3);
  await backbone.sql(
    "UPDATE events SET sent_at = now(), shard = 0, stream_message_id = '1700000000000-' || position WHERE position < 3",
  );
  expect(await entries(backbone)).toEqual(["1700000000000-1", "1700000000000-2"]);
  expect((await unsent(backbone)).map(({ position }) => position)).toEqual([3]);
});
