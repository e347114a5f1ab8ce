import type pg from "pg";

/*
 * A record as it is after months: events that were sent and claimed until an hour ago, put there by Postgres itself. Their
 * ids are of the kind that `newEventId` gives, and the janitor has noted that the stream let them go. They are of many
 * lengths: rows of one length leave the same hole at the end of each page, and where a shorter event fits in before it is
 * sent, and no longer when it is, each new event comes to an old page of its own, for ever.
 */

/** Rows in one statement: the progress can be told, and none of them runs for minutes. */
const chunk = 250_000;
/** Time that the rows are spread over: short of what a janitor would archive. */
const spreadDays = 80;
const claimedBy = "bench_set";

/** Everything that is no constraint is made again behind the rows, which takes a fraction of keeping it up with each. */
export async function withoutIndexes(db: pg.Pool, tables: readonly string[], fill: () => Promise<void>) {
  const { rows } = await db.query<{ name: string; definition: string }>(
    `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
     WHERE i.indrelid = ANY($1::text[]::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)`,
    [tables],
  );
  for (const { name } of rows) await db.query(`DROP INDEX ${name}`);
  await fill();
  for (const { definition } of rows) await db.query(definition);
}

/** SQL of an id like those of `newEventId`. @param ms SQL of its time, Unix ms, a bigint */
export const orderedId = (ms: string) =>
  `encode(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send(${ms}) FROM 3) FROM 1 FOR 6), 'hex')::uuid`;

/** Unix ms of row `i` as SQL. */
const atMs = `(extract(epoch FROM now() - interval '1 hour') * 1000 - ${spreadDays * 86_400_000}::numeric * (1 - i::numeric / $3))::bigint`;

/**
 * The relay must have sent something, and the consumers must have begun: a new one would be brought the old events first.
 *
 * @param tell called with the number of rows that are there
 */
export async function fillRecord(
  db: pg.Pool,
  rows: number,
  tell: (done: number) => void = () => undefined,
): Promise<void> {
  await withoutIndexes(db, ["events", "processed_events"], async () => {
    for (let first = 1; first <= rows; first += chunk) {
      const last = Math.min(rows, first + chunk - 1);
      await db.query(
        `INSERT INTO events (id, type, source, tenant_id, correlation_id, schema_version, producer, source_module, meta,
           payload, occurred_at, stored_at, key, shard, stream_message_id, sent_at)
         SELECT r.id, 'distribution.deleted', 'bench', 'tenant-' || i % 50, r.id::text, 1, 'bench', 'course_distribution',
           '{"schema_version":1,"producer":"bench","source_module":"course_distribution"}',
           jsonb_build_object('distribution_id', r.key, 'slug', 'bench-course-' || i % 1000, 'course_id', r.id,
             'deleted_at', r.at, 'deleted_by', repeat('x', (hashint8(i) & 1023) % 400)),
           r.at, r.at, r.key, 0, r.ms || '-' || i, r.at + interval '1 second'
         FROM (
           SELECT i, t.ms, to_timestamp(t.ms / 1000.0) AS at, 'dist_' || lpad(to_hex(i % 1000), 16, '0') AS key,
             ${orderedId("t.ms")} AS id
           FROM generate_series($1::bigint, $2::bigint) AS i CROSS JOIN LATERAL (SELECT ${atMs} AS ms) t
         ) r ORDER BY i`,
        [first, last, rows],
      );
      await db.query(
        `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id,
           processed_at)
         SELECT $3, 'brain:events:stream', e.stream_message_id, e.id::text, e.type, e.tenant_id, e.sent_at
         FROM (SELECT * FROM events ORDER BY position DESC LIMIT $2::bigint - $1::bigint + 1) e ORDER BY e.position`,
        [first, last, claimedBy],
      );
      tell(last);
    }
  });
  // As the janitor leaves it: all of these were handled, and are no longer on the stream.
  const { rowCount } = await db.query(
    `UPDATE relay_shards SET (trimmed_ms, trimmed_seq) = (
       SELECT split_part(stream_message_id, '-', 1)::numeric, split_part(stream_message_id, '-', 2)::numeric
       FROM events ORDER BY position DESC LIMIT 1)
     WHERE shard = 0`,
  );
  if (rowCount !== 1) throw new Error("the relay has sent nothing yet, so it would take the rows for lost");
  await db.query("VACUUM ANALYZE events");
  await db.query("VACUUM ANALYZE stream_entries");
  await db.query("VACUUM ANALYZE processed_events");
}

/** Open dead letters of events of the record that were never applied, and of events that it does not hold. */
export async function fillLetters(db: pg.Pool, letters: number): Promise<void> {
  await db.query(
    `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_id, event_type, raw_fields, reason,
       error_class, error_message, attempts, first_failed_at, last_failed_at, fingerprint)
     SELECT 'bench_each', 'brain:events:stream', '1-' || i, gen_random_uuid()::text, 'distribution.enrollment_clicked', '{}',
       'permanent_error', 'Error', 'the bench', 1, now(), now(), lpad(to_hex(i % 20), 16, '0')
     FROM generate_series(1, $1::integer) AS i`,
    [letters],
  );
  await db.query("VACUUM ANALYZE dead_letters");
}
