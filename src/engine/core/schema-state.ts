/** A migration as a migrator lists it. */
export interface Migration {
  readonly tag: string;
  /** Unix time, ms, by which the migrator knows it. */
  readonly when: number;
}

/** Migrations that are applied in their order and noted in one table. */
export interface MigrationSet {
  /** Whose they are, for messages; null: the product's, which need no word. */
  readonly owner: string | null;
  /** The table that notes what was applied, as drizzle's migrator keeps it: a row with `created_at` for each. */
  readonly journal: { readonly schema: string; readonly table: string };
  /** The oldest first. */
  readonly migrations: readonly Migration[];
}

/** A set, and `when` of the newest of its migrations that a database has; null when it has none. */
export interface AppliedSet {
  readonly set: MigrationSet;
  readonly newestMs: number | null;
}

/** How the schema of the database stands to this code. */
export type SchemaState =
  | { readonly kind: "current" }
  /** Migrated by newer code. Fine: migrations only add what older code does not know. */
  | { readonly kind: "newer" }
  /** `missing`: tags, with the owner of the set behind those that are not the product's. */
  | { readonly kind: "behind"; readonly missing: readonly string[] }
  /** A table of what was applied may not be read. */
  | { readonly kind: "unknown" };

/** Pure. */
export function judgeSchema(applied: readonly AppliedSet[]): SchemaState {
  const missing = applied.flatMap(({ set, newestMs }) =>
    missingOf(set.migrations, newestMs).map(({ tag }) => nameMigration(set, tag)),
  );
  if (missing.length > 0) return { kind: "behind", missing };
  const isNewer = applied.some(({ set, newestMs }) => (newestMs ?? 0) > (set.migrations.at(-1)?.when ?? 0));
  return isNewer ? { kind: "newer" } : { kind: "current" };
}

/** Those that come after the newest one that was applied; all, when none was. */
export function missingOf<M extends Migration>(migrations: readonly M[], newestMs: number | null): M[] {
  return migrations.filter(({ when }) => newestMs === null || when > newestMs);
}

export function nameMigration({ owner }: Pick<MigrationSet, "owner">, tag: string): string {
  return owner === null ? tag : `${tag} of ${owner}`;
}

/** What is missing and what to do, for people; null when nothing is. */
export function describeMissing(state: SchemaState): string | null {
  if (state.kind !== "behind") return null;
  const { missing } = state;
  const what = missing.length === 1 ? `migration ${missing[0]} is` : `migrations ${missing.join(", ")} are`;
  return `The schema of the database is behind the code: ${what} missing. Run npm run migrate`;
}
