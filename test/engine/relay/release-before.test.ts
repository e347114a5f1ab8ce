import { randomUUID } from "node:crypto";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { ingest } from "../../../src/engine/events/ingest.ts";
import { sendBatch, toBatch } from "../../../src/engine/relay/send-batch.ts";
import type { Backbone } from "../../backbone.ts";
import { waitFor } from "../../wait-for.ts";
import {
  effects,
  endRelayLease,
  openBackbone,
  publishBeats,
  publishReports,
  recorder,
  streamEntries,
} from "../fixture.ts";

/*
 * While a release is rolled out, workers of the one before work on the same tables and the same stream, and after going
 * back they do so alone. What they ask stands here as their text: that release had the migrations up to 0030. It sends
 * with the same script.
 */

/** Events of one key, under the locks that the statement took by itself. */
const recordText = `
  WITH locks AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(hash) FROM (
      SELECT DISTINCT hashtextextended(key, 0) AS hash
      FROM json_array_elements_text($2::json) AS k(key) ORDER BY hash
    ) sorted
  ), inserted AS (
    INSERT INTO events (id, type, source, target, tenant_id, actor_id, correlation_id, causation_id, mission_id,
      task_id, severity, schema_version, producer, source_module, meta, payload, occurred_at, key, origin)
    SELECT e.id, e.type, e.source, e.target, e.tenant_id, e.actor_id, e.correlation_id, e.meta ->> 'causation_id',
      e.mission_id, e.task_id, e.severity, (e.meta ->> 'schema_version')::integer, e.meta ->> 'producer',
      e.meta ->> 'source_module', e.meta, e.payload, e.timestamp, e.key, e.origin
    FROM ROWS FROM (json_to_recordset($1::json) AS (id uuid, type text, source text, target text,
      tenant_id text, actor_id text, correlation_id text, mission_id text, task_id text, severity text,
      meta jsonb, payload jsonb, timestamp timestamptz, key text, origin jsonb))
      WITH ORDINALITY AS e(id, type, source, target, tenant_id, actor_id, correlation_id, mission_id, task_id,
      severity, meta, payload, timestamp, key, origin, place)
    WHERE (SELECT count(*) FROM locks) > 0
    ORDER BY e.place
    ON CONFLICT (id) DO NOTHING RETURNING id
  )
  SELECT CASE WHEN count(*) < $3::integer THEN coalesce(array_agg(id::text), '{}') END AS fresh FROM inserted`;

const beginText = "SELECT * FROM relay_begin(0, $1::uuid, 10000, 1, 1000, 1000000, false)";
const goOnText =
  "SELECT * FROM relay_go_on(0, $1::uuid, $2::bigint, split_part($3, '-', 1)::numeric, split_part($3, '-', 2)::numeric, NULL, NULL, 10000, 1000, 1000000, false)";

const claimText = `
  INSERT INTO processed_events AS o (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id)
  SELECT s, stream, m, e, t, n FROM (SELECT $1::text AS s, $2::text AS stream, c.*
    FROM json_to_recordset($3::json) AS c(m text, e text, t text, n text, p integer)) g WHERE p IS NULL
  ON CONFLICT DO NOTHING RETURNING o.stream_message_id AS m, EXISTS (SELECT FROM dead_letters l
    WHERE l.subscriber_name = o.subscriber_name AND l.event_id = o.event_id AND l.status = 'open') AS dead, false AS never`;

const meta = { schema_version: 1, producer: "lab", source_module: "lab" };

function beatOf(meter: string, reading: number) {
  const payload = { meter_id: meter, reading, faults: 0 };
  const at = { timestamp: "2026-11-27T03:00:00.000Z", key: meter };
  return { id: randomUUID(), type: "lab.meter.read", source: "lab", meta, payload, ...at };
}

const recordValues = (meter: string, numbers: readonly number[]) => [
  JSON.stringify(numbers.map((number) => beatOf(meter, number))),
  JSON.stringify([meter]),
  numbers.length,
];

async function connect(backbone: Backbone): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: backbone.sandbox.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** The relay of that release, step by step. Its sessions are ours, too, as behind a pooler. */
function relayBefore(backbone: Backbone) {
  const token = randomUUID();
  const invocation = backbone.open();
  const deps = { ...invocation, settings: invocation.relay };
  return {
    begin: () => backbone.sql(beginText, [token]),
    send: (rows: readonly unknown[]) => {
      const batch = toBatch(rows.slice(0, -1));
      if (batch === null) throw new Error("there is no batch");
      return sendBatch({ deps, shard: 0, token, trustsLastEntry: true }, batch);
    },
    goOn: (number: number, first: string) => backbone.sql(goOnText, [token, number, first]),
  };
}

const readings = async (backbone: Backbone) =>
  (await streamEntries(backbone)).map(({ fields }) => JSON.parse(fields.payload ?? "{}").reading);

/** What stands beside the record: unsent events, then the ids of those that were sent. */
async function standing(backbone: Backbone): Promise<readonly [number, readonly string[]]> {
  const unsent = await backbone.sql("SELECT FROM unsent_events");
  const sent = await backbone.sql<{ id: string }>(
    "SELECT s.ms || '-' || s.seq AS id FROM stream_entries s JOIN events USING (position) ORDER BY s.ms, s.seq",
  );
  return [unsent.length, sent.map(({ id }) => id)];
}

const streamIds = async (backbone: Backbone) => (await streamEntries(backbone)).map(({ id }) => id);

test("both publish and relay in turns: each event is sent once, in the order of its key", async () => {
  const backbone = await openBackbone();
  await backbone.sql(recordText, recordValues("m", [1, 2]));
  expect(await backbone.relay()).toMatchObject({ sent: 2 });
  await publishBeats(backbone, [["m", 3]]);
  await backbone.sql(recordText, recordValues("m", [4]));
  const before = relayBefore(backbone);
  const rows = await before.begin();
  expect(rows).toHaveLength(3);
  expect(await before.send(rows)).toMatchObject({ kind: "sent", repeated: false });
  const ids = await streamIds(backbone);
  await before.goOn(2, ids[2] ?? "");
  expect(await backbone.relay()).toMatchObject({ sent: 0 });
  expect(await readings(backbone)).toEqual([1, 2, 3, 4]);
  expect(await standing(backbone)).toEqual([0, ids]);
});

test("what it publishes waits for ours of the same key, and ours for its", async () => {
  const backbone = await openBackbone();
  const [one, other] = [await connect(backbone), await connect(backbone)];
  await one.query("BEGIN");
  await one.query(recordText, recordValues("m", [1]));
  let isOver = false;
  const ours = publishBeats(backbone, [["m", 2]]).finally(() => {
    isOver = true;
  });
  await waitForLocks(backbone, 1);
  // Control: another key waits for nobody.
  await publishBeats(backbone, [["free", 9]]);
  expect(isOver).toBe(false);
  await one.query("COMMIT");
  await ours;
  await one.query("BEGIN");
  await one.query("SELECT record_events($1, 1, $2, NULL)", recordValues("m", [3]).slice(0, 2));
  const its = other.query(recordText, recordValues("m", [4]));
  await waitForLocks(backbone, 1);
  await one.query("COMMIT");
  await its;
  await backbone.relay();
  expect((await readings(backbone)).filter((reading) => reading !== 9)).toEqual([1, 2, 3, 4]);
});

test("a batch that it sent and never noted is ended by ours, and one it took is sent, both once", async () => {
  const backbone = await openBackbone();
  await backbone.sql(recordText, recordValues("m", [1, 2]));
  const killed = relayBefore(backbone);
  const rows = await killed.begin();
  await killed.send(rows);
  await endRelayLease(backbone);
  await publishBeats(backbone, [["m", 3]]);
  expect(await backbone.relay()).toMatchObject({ repeated: 1 });
  const ids = await streamIds(backbone);
  expect(await standing(backbone)).toEqual([0, ids]);
  await backbone.sql(recordText, recordValues("m", [4]));
  const late = relayBefore(backbone);
  const taken = await late.begin();
  await endRelayLease(backbone);
  expect(await backbone.relay()).toMatchObject({ sent: 1 });
  // Whoever froze in between appends nothing, and what it notes is of a batch that has ended.
  expect(await late.send(taken)).toMatchObject({ kind: "sent", repeated: true });
  await late.goOn(3, "9999999999999-0");
  expect(await readings(backbone)).toEqual([1, 2, 3, 4]);
  expect(await standing(backbone)).toEqual([0, await streamIds(backbone)]);
});

test("it gets a batch of ours whole, whatever of it our isolate had in hand", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 1);
  await backbone.relay();
  const scope = randomUUID();
  const report = { type: "lab.part.checked", source: "lab", payload: { part: "db", status: "ok" } };
  // Takes the batch along, and is killed before it sends it.
  await ingest({ ...backbone.open(), scope }, [report], { correlationId: null, actorId: null });
  const flight = "SELECT cardinality(batch_positions) AS events FROM relay_shards";
  expect(await backbone.sql(flight)).toEqual([{ events: 1 }]);
  await endRelayLease(backbone);
  const before = relayBefore(backbone);
  const rows = await before.begin();
  expect(rows).toMatchObject([{ type: "lab.part.checked", payload: '{"part": "db", "status": "ok"}' }, {}]);
  await before.send(rows);
  await before.goOn(2, (await streamIds(backbone))[1] ?? "");
  expect(await standing(backbone)).toEqual([0, await streamIds(backbone)]);
  // Control: who says that he has it in hand gets its id alone.
  const holder = await connect(backbone);
  await publishReports(backbone, 1);
  await holder.query("BEGIN");
  await holder.query(
    "SELECT set_config('brain.in_hand', (SELECT xmin::text FROM events ORDER BY position DESC LIMIT 1), true)",
  );
  expect((await holder.query(beginText, [randomUUID()])).rows[0]).toMatchObject({ payload: null });
  await holder.query("ROLLBACK");
  // And nobody after him in the same session.
  expect((await holder.query(beginText, [randomUUID()])).rows[0]).toMatchObject({ type: "lab.part.checked" });
  expect(
    (await holder.query("SELECT current_setting('brain.in_hand', true) AS left")).rows[0]?.left,
  ).toBeFalsy();
});

test("what either claims the other one does not apply", async () => {
  const backbone = await openBackbone();
  const consumer = recorder({ subscriber: "both" });
  await publishReports(backbone, 2);
  await backbone.relay();
  const [first, second] = await streamEntries(backbone);
  const claim = (entry: typeof first) =>
    backbone.sql(claimText, [
      "both",
      backbone.stream,
      JSON.stringify([{ m: entry?.id, e: entry?.fields.id, t: "lab.part.checked", n: null }]),
    ]);
  expect(await claim(first)).toEqual([{ m: first?.id, dead: false, never: false }]);
  await backbone.drain(consumer);
  expect((await effects(backbone)).map(({ event_id }) => event_id)).toEqual([second?.fields.id]);
  expect(await claim(second)).toEqual([]);
});

test("nothing that it makes unsent counts as unsent for it for ever", async () => {
  const backbone = await openBackbone();
  await backbone.sql(recordText, recordValues("m", [1, 2]));
  // As if they had been sent before the migration.
  await backbone.sql(
    "UPDATE events SET sent_at = now(), shard = 0, stream_message_id = '1700000000000-' || position",
  );
  await backbone.sql("UPDATE events SET sent_at = NULL, stream_message_id = NULL, shard = NULL");
  expect(await backbone.relay()).toMatchObject({ sent: 2 });
  expect(await backbone.sql("SELECT FROM events WHERE sent_at IS NULL")).toEqual([]);
});

async function waitForLocks(backbone: Backbone, sessions: number): Promise<void> {
  await waitFor(
    "sessions that wait for a lock",
    () =>
      backbone.sql(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      ),
    (waiting) => waiting.length >= sessions,
    { timeoutMs: 20_000, everyMs: 10 },
  );
}
