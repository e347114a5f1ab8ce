import { expect, test } from "vitest";
import { migrations as ofEngine } from "../../src/engine/migrations/list.ts";
import { migrate } from "../../workers/local/migrate.ts";
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
