import { type SQL, sql } from "drizzle-orm";
import type { AppliedSet, MigrationSet } from "../core/schema-state.ts";
import { migrations } from "./migration-list.ts";

/** The engine's own migrations. Their journal has a schema to itself, so that no product's migrator takes it for its own. */
export const engineMigrations: MigrationSet = {
  owner: "the engine",
  journal: { schema: "brain_engine", table: "migrations" },
  migrations,
};

/**
 * Releases up to 0019 noted the migrations of engine and product together here. It is drizzle's default place, so the
 * database of a product that never had such a release may have this table, too.
 */
const sharedJournal: MigrationSet["journal"] = { schema: "drizzle", table: "__drizzle_migrations" };

/** By these rows a database of such a release is told; the milliseconds are nobody else's. Never grows. */
const sharedTimes: readonly number[] = [
  1_795_245_495_655, 1_795_250_500_512, 1_795_264_224_186, 1_795_273_257_309, 1_795_654_769_391,
  1_795_655_794_339, 1_795_656_801_062, 1_795_656_829_854, 1_795_657_686_924, 1_795_658_186_527,
  1_795_658_389_039, 1_795_658_901_288, 1_795_662_181_091, 1_795_665_768_349, 1_795_666_783_005,
  1_795_667_157_472, 1_795_668_915_683, 1_795_669_976_567, 1_795_670_553_546, 1_795_672_560_472,
];

/** Rows of one statement. */
export type RowsOf = (statement: SQL) => Promise<readonly Record<string, unknown>[]>;

/** A set as it was found. */
export interface FoundSet<Set extends MigrationSet = MigrationSet> extends AppliedSet {
  readonly set: Set;
  /** False: its journal is not there yet; `newestMs` is then what the shared journal of earlier releases says of it. */
  readonly hasJournal: boolean;
}

export function journalTable({ journal }: Pick<MigrationSet, "journal">): SQL {
  return sql`${sql.identifier(journal.schema)}.${sql.identifier(journal.table)}`;
}

/**
 * What a database has of each set, in two round trips, whatever tables are missing.
 *
 * @throws what the statements throw
 */
export async function findApplied<Set extends MigrationSet>(
  rowsOf: RowsOf,
  sets: readonly Set[],
): Promise<FoundSet<Set>[]> {
  const journals = [...sets.map(({ journal }) => journal), sharedJournal];
  const exists = await columns<boolean>(rowsOf, journals.map(journalExists));
  const isShared = exists[sets.length] === true;
  const newest = await columns<number | null>(
    rowsOf,
    sets.map((set, at) => (exists[at] ? newestOf(set) : isOurs(set) && isShared ? newestShared : sql`NULL`)),
  );
  return sets.map((set, at) => ({
    set,
    hasJournal: exists[at] === true,
    newestMs: exists[at] ? (newest[at] ?? null) : newestOwn(set, newest[at] ?? null),
  }));
}

/** Of the set's own migrations the newest that came no later. */
function newestOwn({ migrations }: MigrationSet, newestMs: number | null): number | null {
  return migrations.findLast(({ when }) => newestMs !== null && when <= newestMs)?.when ?? null;
}

/** The same in one round trip, for sets whose journals all exist. @throws what the statement throws, when one does not */
export async function readApplied(rowsOf: RowsOf, sets: readonly MigrationSet[]): Promise<AppliedSet[]> {
  const newest = await columns<number | null>(rowsOf, sets.map(newestOf));
  return sets.map((set, at) => ({ set, newestMs: newest[at] ?? null }));
}

const isOurs = ({ journal }: MigrationSet) => journal === engineMigrations.journal;

const newestOf = (set: MigrationSet) => sql`(SELECT max(created_at)::float8 FROM ${journalTable(set)})`;

const newestShared = sql`(SELECT max(created_at)::float8 FROM ${journalTable({ journal: sharedJournal })}
  WHERE created_at IN (${sql.raw(sharedTimes.join(", "))}))`;

function journalExists({ schema, table }: MigrationSet["journal"]): SQL {
  return sql`EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${schema} AND c.relname = ${table})`;
}

/** The values of one row, in order. */
async function columns<T>(rowsOf: RowsOf, expressions: readonly SQL[]): Promise<T[]> {
  const named = expressions.map((expression, at) => sql`${expression} AS ${sql.identifier(`c${at}`)}`);
  const [row] = await rowsOf(sql`SELECT ${sql.join(named, sql`, `)}`);
  return expressions.map((_, at) => row?.[`c${at}`] as T);
}
