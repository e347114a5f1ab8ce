/** A migration as the migrator lists it. */
export interface Migration {
  readonly tag: string;
  /** Unix time, ms, by which the migrator knows it. */
  readonly when: number;
}

/** How the schema of the database stands to this code. */
export type SchemaState =
  | { readonly kind: "current" }
  /** Migrated by newer code. Fine: migrations only add what older code does not know. */
  | { readonly kind: "newer" }
  | { readonly kind: "behind"; readonly missing: readonly string[] }
  /** The table of the migrator may not be read. */
  | { readonly kind: "unknown" };

/**
 * Pure.
 *
 * @param needed the oldest first
 * @param newestMs of the newest migration that was applied; null when none was
 */
export function judgeSchema(needed: readonly Migration[], newestMs: number | null): SchemaState {
  const applied = newestMs ?? 0;
  const missing = needed.filter(({ when }) => when > applied).map(({ tag }) => tag);
  if (missing.length > 0) return { kind: "behind", missing };
  return applied > (needed.at(-1)?.when ?? 0) ? { kind: "newer" } : { kind: "current" };
}

/** What is missing and what to do, for people; null when nothing is. */
export function describeMissing(state: SchemaState): string | null {
  if (state.kind !== "behind") return null;
  const { missing } = state;
  const what = missing.length === 1 ? `migration ${missing[0]} is` : `migrations ${missing.join(", ")} are`;
  return `The schema of the database is behind the code: ${what} missing. Run DATABASE_URL=… npm run migrate`;
}
