import { randomUUID } from "node:crypto";
import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import pg from "pg";
import { expect, test } from "vitest";
import { newEventId } from "../../../src/engine/publish/event-id.ts";
import { insertEventsSql, type RecordedEvent } from "../../../src/engine/publish/record.ts";
import { boundsSql, throughIndexSql } from "../../../src/engine/retention/archive-sql.ts";
import type { Backbone } from "../../backbone.ts";
import { openBackbone } from "../fixture.ts";

/*
 * What a full record costs, counted in pages: what is read and changed must follow from what is asked for and written,
 * never from how much lies beside it.
 */

interface Pages {
  /** Pages looked at. */
  readonly read: number;
  /** Pages that were clean before. */
  readonly dirtied: number;
}

/** Runs the statement, and takes back what it did. */
async function pagesOf(backbone: Backbone, statement: SQL, ...before: SQL[]): Promise<Pages> {
  const client = new pg.Client({ connectionString: backbone.sandbox.databaseUrl });
  await client.connect();
  try {
    await client.query("BEGIN");
    for (const earlier of before) await client.query(dialect.sqlToQuery(earlier).sql);
    const { sql, params } = dialect.sqlToQuery(statement);
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, params);
    const plan: Record<string, number> = rows[0]["QUERY PLAN"][0].Plan;
    const of = (name: string) => Number(plan[`Shared ${name} Blocks`]);
    return { read: of("Hit") + of("Read"), dirtied: of("Dirtied") };
  } finally {
    await client.end();
  }
}

const dialect = new PgDialect();
const day = 86_400_000;
const nowMs = Date.now();

function prepared(id: string, stored: number): RecordedEvent {
  return {
    key: null,
    event: {
      ...{ id, type: "lab.part.checked", source: "t", target: null, payload: { text: "x".repeat(300) } },
      timestamp: new Date(stored).toISOString(),
      meta: { schema_version: 1, producer: "t", source_module: "laboratory" },
      ...{
        mission_id: null,
        task_id: null,
        correlation_id: id,
        tenant_id: null,
        actor_id: null,
        severity: null,
      },
    },
  };
}

/** Events that were stored at these times, with ids of then. */
async function fill(
  backbone: Backbone,
  times: readonly number[],
  newId: (atMs: number) => string = newEventId,
): Promise<void> {
  await backbone.sql(
    `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, stored_at,
       sent_at, stream_message_id, shard, correlation_id)
     SELECT t.id, 'lab.part.checked', 't', 1, 'p', 'm', '{}', jsonb_build_object('text', repeat('x', 300)), t.at, t.at, t.at,
       t.place || '-0', 0, t.id::text
     FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS t(id, at, place) ORDER BY t.place`,
    [times.map((atMs) => newId(atMs)), times.map((atMs) => new Date(atMs).toISOString())],
  );
}

/** Times of `days` days in a row that end `endDaysAgo`, with `perDay` events each. */
function daysOf(days: number, endDaysAgo: number, perDay: number): number[] {
  const first = Math.floor(nowMs / day) * day - (endDaysAgo + days) * day;
  return Array.from({ length: days * perDay }, (_, n) => first + Math.floor((n * day) / perDay));
}

/** Pages that 500 new events change in a record of 20,000 right behind a checkpoint. */
async function changedBy(newId: (atMs: number) => string): Promise<number> {
  const backbone = await openBackbone();
  await fill(backbone, daysOf(80, 0, 250), newId);
  const events = Array.from({ length: 500 }, (_, n) => prepared(newId(nowMs + n), nowMs));
  await backbone.sql("CHECKPOINT");
  return (await pagesOf(backbone, insertEventsSql(events))).dirtied;
}

test("events that are published together change few pages of a full record", async () => {
  const room = 500 / 7;
  expect(await changedBy(newEventId)).toBeLessThan(room + 60);
  // Control: with random ids nearly every one of them stands on another page of each index over ids.
  expect(await changedBy(() => randomUUID())).toBeGreaterThan(room + 200);
});

const perDay = 250;
/** As long as the record had been when its first days went, with new events where they had been. */
async function readForOneDay(prepare: (backbone: Backbone) => Promise<unknown>): Promise<Pages> {
  const backbone = await openBackbone();
  await prepare(backbone);
  await fill(backbone, daysOf(80, 10, perDay));
  await backbone.sql("VACUUM events");
  await backbone.sql("DELETE FROM events WHERE stored_at < now() - interval '20 days'");
  await backbone.sql("VACUUM events");
  await fill(backbone, daysOf(10, 0, 6 * perDay));
  const asked = new Date(Math.floor(nowMs / day) * day - 15 * day).toISOString().slice(0, 10);
  return pagesOf(backbone, boundsSql(asked), throughIndexSql);
}

test("a day is found for the archive by its own pages, also where room of deleted days was used again", async () => {
  expect((await readForOneDay(async () => undefined)).read).toBeLessThan(perDay + 20);
  // Control: an index over ranges of pages keeps the times of what was deleted, so each range could hold that day.
  const control = await readForOneDay(({ sql: rows }) =>
    rows(`DO $$ BEGIN
      EXECUTE (SELECT string_agg('DROP INDEX ' || indexname, ';') FROM pg_indexes
        WHERE tablename = 'events' AND indexname LIKE 'events_stored_at%');
      CREATE INDEX ON events USING brin (stored_at);
    END $$`),
  );
  expect(control.read).toBeGreaterThan(3 * perDay);
});
