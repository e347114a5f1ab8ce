import { expect, test } from "vitest";
import { migrate } from "../../../../workers/local/migrate.ts";
import type { Backbone } from "../../../backbone.ts";
import { createEarlierDatabase } from "../../../migrations/databases.ts";
import { recorded } from "../../../recorded.ts";
import { partChecked } from "../../events.ts";
import { openBackbone, publishReports, recorder } from "../../fixture.ts";

/*
 * The table of claims is the charter's, and its Python consumers write to it beside ours.
 */

/** Their claim of an event, word for word; a second one changes nothing and is no error. */
const pythonClaim = `
  INSERT INTO processed_events
    (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id, metadata)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (subscriber_name, stream_message_id) DO NOTHING
  RETURNING id`;

const claimAsPython = (
  backbone: Backbone,
  subscriber: string,
  messageId: string,
  eventId: string | null,
  type = "payment.completed",
) =>
  backbone.sql(pythonClaim, [
    ...[subscriber, "brain:events:stream", messageId, eventId, type, "t-1"],
    JSON.stringify({ schema_version: 1, producer: "paycore" }),
  ]);

test("a Python consumer claims with its own statement, once", async () => {
  const backbone = await openBackbone();
  const event = crypto.randomUUID();
  expect(await claimAsPython(backbone, "course_access_handler", "1700000000000-0", event)).toHaveLength(1);
  expect(await claimAsPython(backbone, "course_access_handler", "1700000000000-0", event)).toHaveLength(0);
  expect(await claimAsPython(backbone, "other_handler", "1700000000000-0", event)).toHaveLength(1);
  expect(await claimAsPython(backbone, "other_handler", "1700000000001-0", null)).toHaveLength(1);
});

test("its columns are those of the charter", async () => {
  const backbone = await openBackbone();
  const columns = await backbone.sql<{
    name: string;
    type: string;
    length: number | null;
    nullable: string;
  }>(`
    SELECT column_name AS name, data_type AS type, character_maximum_length AS length, is_nullable AS nullable
    FROM information_schema.columns WHERE table_name = 'processed_events' AND column_name <> 'replay_epoch'
    ORDER BY ordinal_position`);
  expect(columns.map(({ name, type, length, nullable }) => [name, type, length, nullable])).toEqual([
    ["id", "bigint", null, "NO"],
    ["subscriber_name", "character varying", 255, "NO"],
    ["stream_name", "character varying", 255, "NO"],
    ["stream_message_id", "character varying", 50, "NO"],
    ["event_id", "character varying", 50, "YES"],
    ["event_type", "character varying", 100, "YES"],
    ["processed_at", "timestamp with time zone", null, "NO"],
    ["tenant_id", "character varying", 100, "YES"],
    ["metadata", "jsonb", null, "YES"],
  ]);
});

test("what a Python consumer claimed is not applied by ours of the same name, and the other way round", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  const [first = "", second = ""] = await publishReports(backbone, 2);
  await backbone.relay();
  const sent = await backbone.sql<{ id: string; message: string }>(
    `SELECT id::text, stream_message_id AS message FROM ${recorded} ORDER BY position`,
  );
  await claimAsPython(backbone, "recorder", sent[0]?.message ?? "", first, partChecked.type);
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 1, redelivered: 1 });
  expect(await claimAsPython(backbone, "recorder", sent[1]?.message ?? "", second)).toHaveLength(0);
});

test("claims of forced replays move to a table of their own, and letters of applied events are closed", async () => {
  const { url, client } = await createEarlierDatabase(4);
  const sql = client.query.bind(client);
  await sql(`INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, replay_epoch, metadata)
    VALUES ('a', 's', '1-0', 'e1', 0, NULL), ('a', 's', '1-0', 'e1', 1, NULL), ('a', 's', '1-0', 'e1', 2, NULL),
      ('a', 's', '2-0', 'e2', 0, '{"discarded": true}'), ('b', 's', '1-0', 'e1', 0, NULL)`);
  await sql(`INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_id, reason, error_class,
      error_message, attempts, first_failed_at, last_failed_at)
    SELECT s, 'st', m, e, 'worker_died', 'Error', 'x', 3, now(), now()
    FROM (VALUES ('a', '0-9', 'e1'), ('a', '2-0', 'e2'), ('c', '0-9', 'e1')) AS v(s, m, e)`);
  // Control: before it, the statement of the Python consumers does not even run.
  const claim = ["a", "s", "3-0", "e3", "t", null, null];
  await expect(sql(pythonClaim, claim)).rejects.toMatchObject({ code: "42P10" });

  await migrate(url);
  expect(
    (await sql("SELECT subscriber_name AS s, stream_message_id AS m FROM processed_events ORDER BY 1, 2"))
      .rows,
  ).toEqual([
    { s: "a", m: "1-0" },
    { s: "a", m: "2-0" },
    { s: "b", m: "1-0" },
  ]);
  expect(
    (
      await sql(
        "SELECT stream_message_id AS m, event_id AS e, replay_epoch AS p FROM replay_claims ORDER BY p",
      )
    ).rows,
  ).toEqual([
    { m: "1-0", e: "e1", p: 1 },
    { m: "1-0", e: "e1", p: 2 },
  ]);
  const letters = await sql(
    "SELECT subscriber_name AS s, event_id AS e, status, resolution FROM dead_letters ORDER BY id",
  );
  expect(letters.rows).toEqual([
    { s: "a", e: "e1", status: "resolved", resolution: "applied as 1-0, after it had become a dead letter" },
    { s: "a", e: "e2", status: "open", resolution: null },
    { s: "c", e: "e1", status: "open", resolution: null },
  ]);
  expect((await sql(pythonClaim, claim)).rows).toHaveLength(1);
});

test("the consumer of access gets a name of its own: its claims are copied, what is only ours moves", async () => {
  const { url, client } = await createEarlierDatabase(12);
  const sql = client.query.bind(client);
  await sql(`INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id)
    VALUES ('course_access_handler', 's', '1-0', 'e1'), ('payment', 's', '1-0', 'e1')`);
  await sql(
    "INSERT INTO consumer_shards (subscriber_name, shard, start_id) VALUES ('course_access_handler', 0, '0-0')",
  );
  await migrate(url);
  const claims = await sql("SELECT subscriber_name AS s FROM processed_events ORDER BY 1");
  expect(claims.rows).toEqual([{ s: "course_access" }, { s: "course_access_handler" }, { s: "payment" }]);
  expect((await sql("SELECT subscriber_name AS s FROM consumer_shards")).rows).toEqual([
    { s: "course_access" },
  ]);
});

test("workers of the release before go on claiming while this one is rolled out", async () => {
  const backbone = await openBackbone();
  const claim = () =>
    backbone.sql(`INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type,
      tenant_id, replay_epoch) VALUES ('a', 's', '1-0', 'e1', 't', NULL, 0) ON CONFLICT DO NOTHING RETURNING 1`);
  expect(await claim()).toHaveLength(1);
  expect(await claim()).toHaveLength(0);
});
