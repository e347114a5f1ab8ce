import { BrainError, ConflictError, PermanentError, TransientError } from "../core/errors.ts";

/** SQLSTATE classes and codes after which the same work may succeed: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const transientStates: readonly { readonly prefix: string; readonly meaning: string }[] = [
  { prefix: "25P02", meaning: "an earlier statement had failed and somebody caught its error" },
  { prefix: "25P03", meaning: "the transaction was idle for too long and was ended" },
  { prefix: "08", meaning: "the connection failed" },
  { prefix: "40", meaning: "the transaction was rolled back (serialization failure or deadlock)" },
  { prefix: "53", meaning: "the server is out of resources" },
  { prefix: "55P03", meaning: "a lock was not available in time" },
  { prefix: "55006", meaning: "an object is in use" },
  { prefix: "57P", meaning: "the server is shutting down or starting" },
  { prefix: "57014", meaning: "the statement took too long and was cancelled" },
  { prefix: "58", meaning: "the server met a system error" },
];

interface PostgresFields {
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly table?: unknown;
  readonly message?: unknown;
}

/** The innermost error that carries a SQLSTATE; drivers and drizzle wrap it in `cause` or `sourceError`. */
function postgresFields(error: unknown): PostgresFields | null {
  let current: unknown = error;
  for (let depth = 0; depth < 6 && typeof current === "object" && current !== null; depth += 1) {
    const fields = current as PostgresFields & { cause?: unknown; sourceError?: unknown };
    if (typeof fields.code === "string" && /^[0-9A-Z]{5}$/.test(fields.code)) return fields;
    current = fields.cause ?? fields.sourceError;
  }
  return null;
}

/** SQLSTATE of a Postgres error, e.g. `23505`; null when it is none. */
export function sqlState(error: unknown): string | null {
  return (postgresFields(error)?.code as string | undefined) ?? null;
}

/** Name of the violated constraint; null when the error is not about one. */
export function violatedConstraint(error: unknown): string | null {
  const name = postgresFields(error)?.constraint;
  return typeof name === "string" && name !== "" ? name : null;
}

/** Errors that only the driver or drizzle throws, whoever called them. */
const driverErrors: ReadonlySet<string> = new Set(["NeonDbError", "DrizzleQueryError"]);

/**
 * Gives a database error its place in the taxonomy. The message never contains the statement, its parameters or the
 * connection string; the original stays in `cause`. What does not come from the database is returned as it is.
 *
 * @param origin `driver`: whatever it is, the driver threw it (connecting, BEGIN, COMMIT); `caller`: it may also be
 * an error of the code that ran inside the transaction
 */
export function translateDatabaseError(error: unknown, origin: "driver" | "caller"): unknown {
  if (error instanceof BrainError) return error;
  // drizzle wraps whatever a query throws, also what we threw ourselves.
  if (error instanceof Error && error.cause instanceof BrainError) return error.cause;
  const state = sqlState(error);
  if (state !== null) return translateState(error, state);
  const name = (error as { name?: unknown } | null)?.name;
  if (origin === "driver" || (typeof name === "string" && driverErrors.has(name))) {
    return new TransientError("Postgres could not be reached or the connection was lost.", { cause: error });
  }
  return error;
}

function translateState(error: unknown, state: string): BrainError {
  const transient = transientStates.find((entry) => state.startsWith(entry.prefix));
  if (transient) {
    return new TransientError(`Postgres: ${transient.meaning} (SQLSTATE ${state}).`, { cause: error });
  }
  const constraint = violatedConstraint(error);
  const named = constraint === null ? "" : `, constraint ${constraint}`;
  if (state === "23505") {
    return new ConflictError(`Postgres: a row with this key already exists (SQLSTATE 23505${named}).`, {
      cause: error,
    });
  }
  return new PermanentError(`Postgres refused the statement (SQLSTATE ${state}${named}).`, { cause: error });
}

/** Runs a statement outside a transaction, and gives its failure its place in the taxonomy. @throws {BrainError} */
export async function translated<T>(statement: PromiseLike<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    throw translateDatabaseError(error, "driver");
  }
}
