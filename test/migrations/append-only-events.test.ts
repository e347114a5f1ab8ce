import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { migrations as ofEngine } from "../../src/engine/migrations/list.ts";
import { migrate } from "../../workers/local/migrate.ts";
import { waitFor } from "../wait-for.ts";
import { createOwnDatabase, loadRelease, type OwnDatabase } from "./databases.ts";

/* What a release before had noted in the rows of the record stands beside them after the migration. */

const at = ofEngine.findIndex(({ tag }) => tag.endsWith("append_only_events"));

async function run({ client }: OwnDatabase, migrations: typeof ofEngine): Promise<void> {
  await client.query("BEGIN");
  for (const { statements } of migrations) for (const statement of statements) await client.query(statement);
  await client.query("COMMIT");
}

const entries = ({ rows }: OwnDatabase) =>
  rows(
    "SELECT e.type, s.shard, s.ms || '-' || s.seq AS id, s.sent_at = e.sent_at AS same FROM stream_entries s JOIN events e USING (position) ORDER BY position",
  );

test("what was sent keeps shard, id and time; what was not is queued", async () => {
  const database = await createOwnDatabase();
  await run(database, ofEngine.slice(0, at));
  await database.client.query(`
    INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, key, tenant_id,
      shard, stream_message_id, sent_at)
    SELECT gen_random_uuid(), t.type, 's', 1, 'p', 'm', '{}', '{}', now(), t.key, 'acme', t.shard, t.id, t.at
    FROM (VALUES ('first', 'k', 1, '1700000000000-7', now() - interval '1 day'), ('unsent', 'k', NULL, NULL, NULL),
      ('last', NULL, 0, '18446744073709551615-18446744073709551615', now())) AS t(type, key, shard, id, at)`);
  await run(database, ofEngine.slice(at));
  expect(await entries(database)).toEqual([
    { type: "first", shard: 1, id: "1700000000000-7", same: true },
    { type: "last", shard: 0, id: "18446744073709551615-18446744073709551615", same: true },
  ]);
  expect(
    await database.rows(
      "SELECT e.type, u.tenant_id, u.key, u.slot = e.slot AS same FROM unsent_events u JOIN events e USING (position)",
    ),
  ).toEqual([{ type: "unsent", tenant_id: "acme", key: "k", same: true }]);
});

test.each(["0011", "0019"] as const)("the record of release %s moves whole", async (release) => {
  const database = await loadRelease(release);
  const count = async (what: string) =>
    (await database.rows<{ n: number }>(`SELECT count(*)::integer AS n FROM ${what}`))[0]?.n;
  const before = [
    await count("events WHERE stream_message_id IS NOT NULL"),
    await count("events WHERE sent_at IS NULL"),
  ];
  expect(before[0]).toBeGreaterThan(0);
  await migrate(database.url);
  expect([await count("stream_entries"), await count("unsent_events")]).toEqual(before);
  expect(await count("events")).toBe((before[0] ?? 0) + (before[1] ?? 0));
});

/**
 * Somebody has published and not committed, the migrations wait for him, and somebody reads both tables: then the first
 * one commits.
 */
async function migrateBesideReader(migrations: typeof ofEngine): Promise<PromiseSettledResult<unknown>[]> {
  const database = await createOwnDatabase();
  await run(database, ofEngine.slice(0, at));
  const [publisher, reader, watcher] = await Promise.all([0, 1, 2].map(() => connect(database)));
  if (publisher === undefined || reader === undefined || watcher === undefined) throw new Error("no clients");
  await publisher.query("BEGIN; LOCK TABLE events IN ROW EXCLUSIVE MODE");
  const migrating = run(database, migrations);
  await waitUntilWaiting(watcher, 1);
  // As the job of webhooks does: the one table is locked by then, and the other one is not given to whoever comes later.
  let isRead = false;
  const reading = reader
    .query("SELECT FROM relay_shards r JOIN events e ON e.shard = r.shard")
    .finally(() => {
      isRead = true;
    });
  const ends = Promise.allSettled([migrating, reading]);
  await waitUntilWaiting(watcher, 2, () => isRead);
  await publisher.query("COMMIT");
  return ends;
}

async function connect({ url }: OwnDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

async function waitUntilWaiting(watcher: pg.Client, sessions: number, isOver = () => false): Promise<void> {
  await waitFor(
    "sessions that wait for a lock",
    async () => {
      const { rows } = await watcher.query<{ n: number }>(
        "SELECT count(*)::integer AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return rows[0]?.n ?? 0;
    },
    (waiting) => isOver() || waiting >= sessions,
    { timeoutMs: 20_000, everyMs: 10 },
  );
}

test("beside somebody who reads the relay's table and the record, both come to their end", async () => {
  const ends = await migrateBesideReader(ofEngine.slice(at));
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
});

test("control: with the record alone locked first, Postgres has to end one of them", async () => {
  const lock = 'LOCK TABLE "events" IN ACCESS EXCLUSIVE MODE';
  const migrations = ofEngine.slice(at).map((migration, place) => ({
    ...migration,
    statements: place === 0 ? [lock, ...migration.statements.slice(1)] : migration.statements,
  }));
  const ends = await migrateBesideReader(migrations);
  const failures = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
  expect(failures).toEqual([expect.stringContaining("deadlock detected")]);
});
