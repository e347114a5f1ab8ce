import { sql } from "drizzle-orm";
import { judgeSchema, type SchemaState } from "../core/schema-state.ts";
import type { Database } from "./database.ts";
import { sqlState } from "./errors.ts";
import { migrations } from "./migration-list.ts";

const undefinedTable = "42P01";
const invalidSchema = "3F000";
const insufficientPrivilege = "42501";

/**
 * Compares the newest migration that the database has with those that this code needs. One round trip.
 *
 * @throws {TransientError} Postgres is not reachable
 */
export async function readSchemaState(db: Database): Promise<SchemaState> {
  try {
    const [row] = await db.rows<{ newest: number | null }>(
      sql`SELECT max(created_at)::float8 AS newest FROM drizzle.__drizzle_migrations`,
    );
    return judgeSchema(migrations, row?.newest ?? null);
  } catch (error) {
    const state = sqlState(error);
    if (state === undefinedTable || state === invalidSchema) return judgeSchema(migrations, null);
    if (state === insufficientPrivilege) return { kind: "unknown" };
    throw error;
  }
}
