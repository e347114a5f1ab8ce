import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { createSubrequestMeter } from "../../../src/engine/core/budget.ts";
import { TransientError } from "../../../src/engine/core/errors.ts";
import type { MigrationSet } from "../../../src/engine/core/schema-state.ts";
import { engineMigrations } from "../../../src/engine/db/applied-migrations.ts";
import { createDatabase } from "../../../src/engine/db/database.ts";
import { readSchemaState } from "../../../src/engine/db/read-schema-state.ts";
import { drainOnce } from "../../../src/engine/dispatch/drain-once.ts";
import { checkHealth } from "../../../src/engine/operations/health.ts";
import type { Backbone } from "../../backbone.ts";
import { invoke } from "../dispatch/fixture.ts";
import {
  createClock,
  deadLetters,
  drainUntilQuiet,
  effects,
  type OpenOptions,
  openBackbone,
  pendingOf,
  publishReports,
  recorder,
} from "../fixture.ts";

const { migrations } = engineMigrations;
const last = `${migrations.at(-1)?.tag} of the engine`;

/** A backbone with all migrations noted; a database that is used again has the notes of the test before. */
async function open(options: OpenOptions = {}): Promise<Backbone> {
  const backbone = await openBackbone(options);
  await backbone.sql("CREATE SCHEMA IF NOT EXISTS brain_engine");
  await backbone.sql(`CREATE TABLE IF NOT EXISTS brain_engine.migrations
    (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)`);
  await backbone.sql("DELETE FROM brain_engine.migrations");
  for (const { when } of migrations) await remember(backbone, when);
  return backbone;
}

/** Takes the newest migration off the list of what was applied; its tables stay. */
const forget = (backbone: Backbone) =>
  backbone.sql(`DELETE FROM brain_engine.migrations
    WHERE created_at = (SELECT max(created_at) FROM brain_engine.migrations)`);

const remember = (backbone: Backbone, when: number) =>
  backbone.sql("INSERT INTO brain_engine.migrations (hash, created_at) VALUES ('x', $1)", [when]);

/** Migrations of a product beside the engine's. */
const library: MigrationSet = {
  owner: null,
  journal: { schema: "public", table: "library_applied" },
  migrations: [
    { tag: "0000_shelves", when: 1000 },
    { tag: "0001_loans", when: 2000 },
  ],
};

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
        `The schema of the database is behind the code: migration ${last} is missing. Run npm run migrate`,
      ],
    });
    await backbone.sql("DROP SCHEMA brain_engine CASCADE");
    await backbone.sql("DELETE FROM drizzle.__drizzle_migrations");
    expect((await checkHealth(backbone.open())).reasons).toEqual([
      expect.stringContaining("migrations 0000_init of the engine, 0001_operations of the engine, "),
    ]);
  });

  test("names what is missing of whose", async () => {
    const backbone = await open({ migrations: [library] });
    const reasons = async () => (await checkHealth(backbone.open())).reasons;
    const behind = "The schema of the database is behind the code: ";
    expect(await reasons()).toEqual([
      `${behind}migrations 0000_shelves, 0001_loans are missing. Run npm run migrate`,
    ]);
    await backbone.sql("CREATE TABLE library_applied (created_at bigint)");
    await backbone.sql("INSERT INTO library_applied VALUES (1000)");
    await forget(backbone);
    expect(await reasons()).toEqual([
      `${behind}migrations ${last}, 0001_loans are missing. Run npm run migrate`,
    ]);
    await remember(backbone, migrations.at(-1)?.when ?? 0);
    await backbone.sql("INSERT INTO library_applied VALUES (2000)");
    expect(await reasons()).toEqual([]);
  });

  test("is asked for in one round trip, whatever was applied, as long as the journals are there", async () => {
    const backbone = await open();
    await backbone.sql("CREATE TABLE library_applied (created_at bigint)");
    const asked = async () => {
      const meter = createSubrequestMeter(100);
      const state = await readSchemaState(createDatabase(backbone.sandbox.neonUrl, meter), [library]);
      return { kind: state.kind, used: meter.used };
    };
    expect(await asked()).toEqual({ kind: "behind", used: 1 });
    await backbone.sql("INSERT INTO library_applied VALUES (2000)");
    expect(await asked()).toEqual({ kind: "current", used: 1 });
    await backbone.sql("DROP TABLE library_applied");
    expect(await asked()).toEqual({ kind: "behind", used: 3 });
  });

  test("misses nothing but what came since in a database of the last release that had one journal, before anybody has moved it over", async () => {
    const backbone = await open();
    await backbone.sql("DROP SCHEMA brain_engine CASCADE");
    await backbone.sql("DELETE FROM drizzle.__drizzle_migrations");
    const lastOfOneJournal = 1_795_672_560_472;
    await backbone.sql(
      `INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', ${lastOfOneJournal})`,
    );
    const since = migrations.filter(({ when }) => when > lastOfOneJournal);
    expect(since.map(({ tag }) => tag)).toContain("0020_record_growth");
    const named = since.map(({ tag }) => `${tag} of the engine`).join(", ");
    expect((await checkHealth(backbone.open())).reasons).toEqual([
      `The schema of the database is behind the code: migrations ${named} are missing. Run npm run migrate`,
    ]);
    // Control: another product's migrations say nothing of the engine's, however new they are.
    await backbone.sql("UPDATE drizzle.__drizzle_migrations SET created_at = created_at + 1");
    expect((await checkHealth(backbone.open())).reasons).toEqual([
      expect.stringContaining("0000_init of the engine"),
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
    [
      "a unique constraint",
      sql`INSERT INTO effects (event_id) SELECT 'x' WHERE false ON CONFLICT (event_id, subscriber) DO NOTHING`,
    ],
  ])("costs no event an attempt, whatever is missing: %s", async (_what, statement) => {
    const backbone = await open();
    const ids = await publishReports(backbone, 3);
    await backbone.relay();
    await forget(backbone);
    const consumer = early(statement);
    for (let drain = 0; drain < 5; drain += 1) {
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
    await backbone.sql("ALTER TABLE effects ADD UNIQUE (event_id, subscriber)");
    await backbone.sql("CREATE FUNCTION comes_later(int) RETURNS int LANGUAGE sql AS 'SELECT 1'");
    await remember(backbone, migrations.at(-1)?.when ?? 0);
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map(({ event_id }) => event_id).sort()).toEqual([...ids].sort());
  });

  test("opens the circuit breaker, also when many events meet it at once", async () => {
    const backbone = await open();
    await publishReports(backbone, 20);
    await backbone.relay();
    const consumer = early();
    expect(await backbone.drain(consumer)).toMatchObject({ breaker: "opened_by_schema", deadLettered: 0 });
  });
});

/** What the effects of a handler need and the test takes away, and how it comes back. */
const losses = [
  [
    "a column",
    "ALTER TABLE effects RENAME COLUMN number TO gone",
    "ALTER TABLE effects RENAME COLUMN gone TO number",
  ],
  ["a table", "ALTER TABLE effects RENAME TO gone", "ALTER TABLE gone RENAME TO effects"],
  // As for a role of the product that was not given a right: the owner of a view has the rights of those who use it.
  [
    "a right",
    `DO $$ BEGIN
      ALTER TABLE effects RENAME TO denied;
      CREATE VIEW effects AS TABLE denied;
      ALTER VIEW effects OWNER TO brain_tenant;
    END $$`,
    "GRANT ALL ON denied TO brain_tenant",
  ],
] as const;

/** Two events, and a clock that the test moves. */
async function openWithTwo(clock: { now(): number }) {
  const backbone = await open({ now: clock.now });
  const ids = await publishReports(backbone, 2);
  await backbone.relay();
  return { backbone, ids };
}

const alertsOf = (backbone: Backbone) =>
  backbone.sql<{ subject: string; severity: string; message: string }>(
    "SELECT subject, severity, message FROM alerts WHERE kind = 'brake_open' AND resolved_at IS NULL",
  );

describe("a schema that was changed by hand, with all migrations noted", () => {
  test.each(losses)(
    "uses up no attempts of two events, and tells of it: %s",
    async (_what, take, giveBack) => {
      const clock = createClock();
      const { backbone, ids } = await openWithTwo(clock);
      const consumer = recorder({ retry: { maxAttempts: 2 } });
      const drain = () =>
        drainOnce(invoke(backbone, [consumer]), consumer, { shard: 0, deadlineMs: clock.now() + 20_000 });
      await backbone.sql(take);
      expect(await drain()).toMatchObject({ breaker: "opened_by_schema", deadLettered: 0, stopped: null });
      for (let time = 0; time < 20; time += 1) {
        clock.advance(60_000);
        expect(await drain()).toMatchObject({ applied: 0, deadLettered: 0, retried: 1, breaker: null });
      }
      expect(await deadLetters(backbone)).toEqual([]);
      expect(await pendingOf(backbone, consumer)).toMatchObject(ids.map(() => ({ deliveries: 0 })));
      expect(await alertsOf(backbone)).toEqual([
        {
          subject: `${consumer.group}:0`,
          severity: "critical",
          message: expect.stringContaining(
            "Something that recorder needs in Postgres is missing, or the right to use it",
          ),
        },
      ]);

      await backbone.sql(giveBack);
      for (let time = 0; time < 3; time += 1) {
        clock.advance(60_000);
        await drain();
      }
      expect((await effects(backbone)).map(({ event_id }) => event_id).sort()).toEqual([...ids].sort());
      expect(await deadLetters(backbone)).toEqual([]);
      expect(await alertsOf(backbone)).toEqual([]);
    },
  );

  test("costs no attempt of an event that has only its last one left", async () => {
    const clock = createClock();
    const { backbone, ids } = await openWithTwo(clock);
    const shop = { away: true };
    const consumer = recorder({
      retry: { maxAttempts: 2 },
      beforeReport: () => {
        if (shop.away) throw new TransientError("the shop is away");
      },
    });
    expect(await backbone.drain(consumer)).toMatchObject({ retried: 2, breaker: null });
    shop.away = false;
    await backbone.sql(losses[0][1]);
    for (let time = 0; time < 10; time += 1) {
      clock.advance(60_000);
      expect(await backbone.drain(consumer)).toMatchObject({ deadLettered: 0, retried: 1 });
    }
    expect(await deadLetters(backbone)).toEqual([]);
    await backbone.sql(losses[0][2]);
    for (let time = 0; time < 3; time += 1) {
      clock.advance(60_000);
      await backbone.drain(consumer);
    }
    expect((await effects(backbone)).map(({ event_id }) => event_id).sort()).toEqual([...ids].sort());
  });

  test("holds up what does not need it ever less often", async () => {
    const clock = createClock();
    const backbone = await open({ now: clock.now });
    const consumer = recorder({
      retry: { maxAttempts: 2 },
      beforeReport: async ({ payload }, { tx }) => {
        if (payload.status === "0") await tx.execute(sql`SELECT comes_later(1)`);
      },
    });
    await publishReports(backbone, 40);
    await backbone.relay();
    let opened = 0;
    for (let second = 0; second < 120; second += 1) {
      if ((await backbone.drain(consumer)).breaker === "opened_by_schema") opened += 1;
      clock.advance(1_000);
    }
    expect(await effects(backbone)).toHaveLength(39);
    expect(await deadLetters(backbone)).toEqual([]);
    expect(opened).toBeLessThan(15);
  });

  test("control: two events that fail for now in another way are dead letters after their attempts", async () => {
    const clock = createClock();
    const { backbone, ids } = await openWithTwo(clock);
    const consumer = recorder({
      retry: { maxAttempts: 2 },
      beforeReport: () => {
        throw new TransientError("the shop is away");
      },
    });
    for (let time = 0; time < 3; time += 1) {
      expect(await backbone.drain(consumer)).toMatchObject({ breaker: null, breakerOpen: false });
      clock.advance(60_000);
    }
    expect(await deadLetters(backbone)).toMatchObject(
      ids.map(() => ({ reason: "attempts_exhausted", attempts: 2 })),
    );
  });
});
