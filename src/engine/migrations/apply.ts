import { type SQL, sql } from "drizzle-orm";
import {
  judgeSchema,
  type MigrationSet,
  missingOf,
  nameMigration,
  type SchemaState,
} from "../core/schema-state.ts";
import {
  engineMigrations,
  type FoundSet,
  findApplied,
  journalTable,
  type RowsOf,
} from "../db/applied-migrations.ts";
import { formerMigrationLock, numberedLock } from "../db/locks.ts";
import { migrations } from "./list.ts";
import { type FailedStep, MigrationError } from "./migration-error.ts";
import type { SqlMigration, SqlMigrationSet } from "./sql-migration.ts";

/** A transaction in progress, drizzle's of any driver for PostgreSQL. */
export interface MigrationTx {
  execute(statement: SQL): PromiseLike<{ readonly rows: readonly unknown[] }>;
}

const engineSet: SqlMigrationSet = { ...engineMigrations, migrations };

/**
 * Applies what is missing of the engine's migrations and of those of `others`, in the order of their times: so each
 * meets the tables that it was written for, whoever's they are. All or nothing, if the caller commits; two runs at once
 * line up. A database of a release that noted everything in one journal keeps it, and what it says of the engine's
 * migrations is noted in the engine's own, so none of them is applied again.
 *
 * Statements that cannot run in a transaction (CREATE INDEX CONCURRENTLY) are refused.
 *
 * @param tx nothing else was done in it
 * @returns the names of what was applied, in that order
 * @throws {MigrationError} roll back then
 * @throws {Error} two sets share a journal, or the migrations of one are out of order
 */
export async function applyMigrations(
  tx: MigrationTx,
  others: readonly SqlMigrationSet[] = [],
): Promise<readonly string[]> {
  const sets = [engineSet, ...others];
  refuseDisorder(sets);
  const found = await attempt(journalStep, async () => {
    // Whoever waited for the lock has to see what its holder has committed.
    await tx.execute(sql`SET TRANSACTION ISOLATION LEVEL READ COMMITTED`);
    await tx.execute(sql`SET LOCAL client_min_messages = warning`);
    // Both, so that a migrator of an earlier release lines up too.
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${formerMigrationLock})`);
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${numberedLock("migrations", 1)})`);
    const inDatabase = await findApplied(rowsIn(tx), sets);
    for (const set of inDatabase) if (!set.hasJournal) await createJournal(tx, set);
    return inDatabase;
  });
  const due = dueOf(found);
  for (const { set, migration } of due) {
    await run(tx, migration, nameMigration(set, migration.tag));
    await attempt(journalStep, () => note(tx, set, [migration]));
  }
  return due.map(({ set, migration }) => nameMigration(set, migration.tag));
}

/** White space and comments: Postgres is asked for nothing. A statement may begin with them. */
function isEmpty(statement: string): boolean {
  for (let rest = statement.trim(); ; ) {
    const isLine = rest.startsWith("--");
    if (!isLine && !rest.startsWith("/*")) return rest === "";
    const end = isLine ? rest.indexOf("\n") : rest.indexOf("*/");
    if (end < 0) return true;
    rest = rest.slice(end + 2 - Number(isLine)).trimStart();
  }
}

/** The names of the migrations of `sets` that have no statement, as drizzle-kit's `--custom` makes them. */
export function withoutStatements(sets: readonly SqlMigrationSet[]): readonly string[] {
  return sets.flatMap((set) =>
    set.migrations
      .filter(({ statements }) => statements.every(isEmpty))
      .map(({ tag }) => nameMigration(set, tag)),
  );
}

/** How the database stands to the engine's migrations and those of `others`; changes nothing. @throws {MigrationError} */
export async function inspectMigrations(
  tx: MigrationTx,
  others: readonly MigrationSet[] = [],
): Promise<SchemaState> {
  const found = await attempt(journalStep, () => findApplied(rowsIn(tx), [engineMigrations, ...others]));
  return judgeSchema(found);
}

const rowsIn =
  (tx: MigrationTx): RowsOf =>
  async (statement) =>
    (await tx.execute(statement)).rows as Record<string, unknown>[];

const journalStep: FailedStep = { migration: null, statement: null, statements: null };

async function attempt<T>(step: FailedStep, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new MigrationError(step, error);
  }
}

/** Missing migrations of all sets, the oldest first; at the same time the engine's. */
function dueOf(found: readonly FoundSet<SqlMigrationSet>[]) {
  return found
    .flatMap(({ set, newestMs }) =>
      missingOf(set.migrations, newestMs).map((migration) => ({ set, migration })),
    )
    .sort((one, other) => one.migration.when - other.migration.when);
}

async function run(tx: MigrationTx, { statements }: SqlMigration, name: string): Promise<void> {
  for (const [index, statement] of statements.entries()) {
    if (statement.trim() === "") continue;
    const step = { migration: name, statement: index + 1, statements: statements.length };
    await attempt(step, async () => tx.execute(sql.raw(statement)));
  }
}

async function note(tx: MigrationTx, set: SqlMigrationSet, applied: readonly SqlMigration[]): Promise<void> {
  if (applied.length === 0) return;
  const rows = applied.map(({ hash, when }) => sql`(${hash}, ${when})`);
  await tx.execute(
    sql`INSERT INTO ${journalTable(set)} (hash, created_at) VALUES ${sql.join(rows, sql`, `)}`,
  );
}

/** Makes the table as drizzle's migrator would, and notes what is in the database already. */
async function createJournal(tx: MigrationTx, { set, newestMs }: FoundSet<SqlMigrationSet>): Promise<void> {
  const { schema } = set.journal;
  // Asked first, because IF NOT EXISTS needs the right to make one also when there is one.
  const [known] = await rowsIn(tx)(sql`SELECT FROM pg_catalog.pg_namespace WHERE nspname = ${schema}`);
  if (known === undefined) await tx.execute(sql`CREATE SCHEMA ${sql.identifier(schema)}`);
  await tx.execute(
    sql`CREATE TABLE ${journalTable(set)} (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)`,
  );
  if (newestMs !== null)
    await note(
      tx,
      set,
      set.migrations.filter(({ when }) => when <= newestMs),
    );
}

function refuseDisorder(sets: readonly SqlMigrationSet[]): void {
  const journals = sets.map(({ journal }) => `${journal.schema}.${journal.table}`);
  const shared = journals.find((name, at) => journals.indexOf(name) !== at);
  if (shared !== undefined) {
    throw new Error(`Two sets of migrations are noted in ${shared}. Give each a table of its own.`);
  }
  for (const { migrations } of sets) {
    const late = migrations.find(({ when }, at) => when <= (migrations[at - 1]?.when ?? -Infinity));
    if (late !== undefined) {
      throw new Error(
        `Migration ${late.tag} is not later than the one before it, by its \`when\`, so databases that have that one would never get it. Generate it anew.`,
      );
    }
  }
}
