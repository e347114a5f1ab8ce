import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { migrations } from "../../src/db/migration-list.ts";
import { checkHealth } from "../../src/operate/health.ts";
import type { Backbone } from "../backbone.ts";
import {
  deadLetters,
  drainUntilQuiet,
  effects,
  openBackbone,
  pendingOf,
  publishReports,
  recorder,
} from "./fixture.ts";

const last = migrations.at(-1)?.tag ?? "";

/** A backbone with all migrations noted; a database that is used again has the notes of the test before. */
async function open(): Promise<Backbone> {
  const backbone = await openBackbone();
  await backbone.sql("CREATE SCHEMA IF NOT EXISTS drizzle");
  await backbone.sql(`CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations
    (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)`);
  await backbone.sql("DELETE FROM drizzle.__drizzle_migrations");
  for (const { when } of migrations) await remember(backbone, when);
  return backbone;
}

/** Takes the newest migration off the list of what was applied; its tables stay. */
const forget = (backbone: Backbone) =>
  backbone.sql(`DELETE FROM drizzle.__drizzle_migrations
    WHERE created_at = (SELECT max(created_at) FROM drizzle.__drizzle_migrations)`);

const remember = (backbone: Backbone, when: number) =>
  backbone.sql("INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', $1)", [when]);

/** A handler of a release whose table is not there yet. */
const early = (statement = sql`INSERT INTO comes_later VALUES (1)`) =>
  recorder({
    retry: { maxAttempts: 2 },
    beforeReport: async (_event, { tx }) => {
      await tx.execute(statement);
    },
  });

describe("a schema that is behind the code", () => {
  test("makes health 503 with the migration that is missing, and is fine again after it", async () => {
    const backbone = await open();
    expect(await checkHealth(backbone.open())).toMatchObject({ status: "healthy", reasons: [] });
    await forget(backbone);
    expect(await checkHealth(backbone.open())).toMatchObject({
      status: "unhealthy",
      database: true,
      reasons: [
        `The schema of the database is behind the code: migration ${last} is missing. Run DATABASE_URL=… npm run migrate`,
      ],
    });
    await backbone.sql("DROP SCHEMA drizzle CASCADE");
    expect((await checkHealth(backbone.open())).reasons).toEqual([
      expect.stringContaining("migrations 0000_init, "),
    ]);
  });

  test("that is newer than the code is fine", async () => {
    const backbone = await open();
    await remember(backbone, Date.now() + 86_400_000 * 365);
    expect(await checkHealth(backbone.open())).toMatchObject({ status: "healthy", reasons: [] });
  });

  test.each([
    ["a table", sql`INSERT INTO comes_later VALUES (1)`],
    ["a column", sql`UPDATE effects SET comes_later = 1`],
    ["a function", sql`SELECT comes_later(1)`],
  ])("costs no event an attempt, whatever is missing: %s", async (_what, statement) => {
    const backbone = await open();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    await forget(backbone);
    const consumer = early(statement);
    for (let tick = 0; tick < 5; tick += 1) {
      expect(await backbone.drain(consumer)).toMatchObject({
        applied: 0,
        retried: 0,
        deadLettered: 0,
        stopped: expect.stringContaining(`migration ${last} is missing`),
      });
    }
    expect(await pendingOf(backbone, consumer)).toMatchObject(ids.map(() => ({ deliveries: 0 })));
    expect(await deadLetters(backbone)).toEqual([]);

    // The migration comes, and everything is applied.
    await backbone.sql("CREATE TABLE comes_later (n int)");
    await backbone.sql("ALTER TABLE effects ADD comes_later int");
    await backbone.sql("CREATE FUNCTION comes_later(int) RETURNS int LANGUAGE sql AS 'SELECT 1'");
    await remember(backbone, migrations.at(-1)?.when ?? 0);
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map(({ event_id }) => event_id).sort()).toEqual([...ids].sort());
  });

  test("control: with all migrations there, a missing table is the handler's own fault, tried again and then a dead letter", async () => {
    const backbone = await open();
    await publishReports(backbone, 1);
    await backbone.relay();
    const consumer = early();
    expect(await backbone.drain(consumer)).toMatchObject({ retried: 1, stopped: null });
    await drainUntilQuiet(backbone, consumer);
    expect(await deadLetters(backbone)).toMatchObject([{ reason: "attempts_exhausted", attempts: 2 }]);
  });

  test("opens the outage brake when many events meet it", async () => {
    const backbone = await open();
    await publishReports(backbone, 20);
    await backbone.relay();
    const consumer = early();
    expect(await backbone.drain(consumer)).toMatchObject({ brake: "opened", deadLettered: 0 });
  });
});
