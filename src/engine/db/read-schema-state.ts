import { judgeSchema, type MigrationSet, type SchemaState } from "../core/schema-state.ts";
import { engineMigrations, findApplied, type RowsOf, readApplied } from "./applied-migrations.ts";
import type { Database } from "./database.ts";
import { sqlState } from "./errors.ts";

const undefinedTable = "42P01";
const invalidSchema = "3F000";
const insufficientPrivilege = "42501";

/**
 * Compares the newest migrations that the database has with those that this code needs: the engine's, and those of
 * `others`. One round trip; three, while a journal is missing.
 *
 * @throws {TransientError} Postgres is not reachable
 */
export async function readSchemaState(db: Database, others: readonly MigrationSet[]): Promise<SchemaState> {
  const sets = [engineMigrations, ...others];
  const rowsOf: RowsOf = (statement) => db.rows(statement);
  try {
    return judgeSchema(
      await readApplied(rowsOf, sets).catch((error: unknown) => {
        const state = sqlState(error);
        if (state !== undefinedTable && state !== invalidSchema) throw error;
        return findApplied(rowsOf, sets);
      }),
    );
  } catch (error) {
    if (sqlState(error) === insufficientPrivilege) return { kind: "unknown" };
    throw error;
  }
}
