import { DrizzleQueryError } from "drizzle-orm";
import { BrainError, ConflictError, PermanentError, TransientError } from "../core/errors.ts";

/** What Postgres tells of an error beside its message: https://www.postgresql.org/docs/current/protocol-error-fields.html */
export const postgresFields = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
] as const;

type PostgresFields = { [Name in (typeof postgresFields)[number]]?: string | undefined };

/** What Postgres said over HTTP, or that it could not be asked; then it has no `code`. */
export class HttpSqlError extends Error implements PostgresFields {
  // As the driver calls it, which logs may hold.
  override readonly name = "NeonDbError";
  readonly code?: string | undefined;
  readonly constraint?: string | undefined;
  /** Why it could not be asked. */
  readonly sourceError: Error | undefined;

  constructor(message: string, said: PostgresFields = {}, sourceError?: Error) {
    super(message);
    Object.assign(this, said);
    this.sourceError = sourceError;
  }
}

type ErrorOfConnection = new (...parts: never[]) => Error & PostgresFields;

/**
 * The driver's class for what Postgres says over a connection. Null: it is not loaded, so no error can be one of it.
 */
let isolateErrorOfConnection: ErrorOfConnection | null = null;

/** For who loads the driver. */
export function knowErrorOfConnection(made: ErrorOfConnection): void {
  isolateErrorOfConnection = made;
}

/** SQLSTATEs of something that a statement names and the schema does not have. */
const missingObjects: Readonly<Record<string, string>> = {
  "42P01": "a table",
  "42703": "a column",
  "42883": "a function",
};

/** SQLSTATE that the function `publish_events` raises: an id belongs to another event, and is its detail. */
const takenId = "ZE001";

/** What a missing table, column or function means most often: the code was rolled out before its migrations. */
const behind = "the schema may be behind the code: npm run migrate -- --status";

/** SQLSTATE of a write that finds no room. */
const diskFull = "53100";

/** SQLSTATE classes and codes after which the same work may succeed: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const transientStates: readonly { readonly prefix: string; readonly meaning: string }[] = [
  { prefix: "25P02", meaning: "an earlier statement had failed and somebody caught its error" },
  { prefix: "25006", meaning: "it is read-only" },
  { prefix: "25P03", meaning: "the transaction was idle for too long and was ended" },
  { prefix: "08", meaning: "the connection failed" },
  { prefix: "40", meaning: "the transaction was rolled back (serialization failure or deadlock)" },
  { prefix: diskFull, meaning: "its disk is full" },
  { prefix: "53300", meaning: "all of its connections are in use" },
  { prefix: "53", meaning: "the server is out of resources" },
  { prefix: "55P03", meaning: "a lock was not available in time" },
  { prefix: "55006", meaning: "an object is in use" },
  { prefix: "57P", meaning: "the server is shutting down or starting" },
  { prefix: "57014", meaning: "the statement took too long and was cancelled" },
  ...Object.entries(missingObjects).map(([prefix, what]) => ({
    prefix,
    meaning: `${what} is missing; ${behind}`,
  })),
  { prefix: "58", meaning: "the server met a system error" },
];

/** Deeper chains of causes do not occur; the bound ends circles. */
const maxCauses = 6;

/** The error and what it wraps, outermost first; drivers and drizzle wrap in `cause` or `sourceError`. */
function causes(error: unknown): object[] {
  const chain: object[] = [];
  let current: unknown = error;
  while (typeof current === "object" && current !== null && chain.length < maxCauses) {
    chain.push(current);
    const { cause, sourceError } = current as { cause?: unknown; sourceError?: unknown };
    current = cause ?? sourceError;
  }
  return chain;
}

/**
 * The outermost error that Postgres itself gave: over HTTP our own error, over a connection the driver's
 * DatabaseError. Not told by the shape of `code`: Node's EPIPE and EBUSY look like a SQLSTATE.
 */
function postgresError(error: unknown): (Error & PostgresFields & { readonly code: string }) | null {
  for (const cause of causes(error)) {
    if (isOfPostgres(cause) && typeof cause.code === "string")
      return Object.assign(cause, { code: cause.code });
  }
  return null;
}

function isOfPostgres(cause: object): cause is Error & PostgresFields {
  if (cause instanceof HttpSqlError) return true;
  return isolateErrorOfConnection !== null && cause instanceof isolateErrorOfConnection;
}

/** SQLSTATE of a Postgres error, e.g. `23505`; null when it is none. */
export function sqlState(error: unknown): string | null {
  return postgresError(error)?.code ?? null;
}

/** True when a table, column or function is missing that a statement names. */
export function isMissingObject(error: unknown): boolean {
  return (sqlState(error) ?? "") in missingObjects;
}

/** True when Postgres has no room on its disk: whatever is written meets it, so what was being written is not to blame. */
export function isDiskFull(error: unknown): boolean {
  return sqlState(error) === diskFull;
}

/** Of the connection, of a server that ends or only reads, and of one without room or connections. */
const statesOfServer = /^(?:08|25006|53100|53300|57P)/;

/** True when the statement is not to blame: Postgres was not reached, or serves nobody just now. */
export function meetsAnyStatement(error: unknown): boolean {
  const state = sqlState(error);
  return state === null || statesOfServer.test(state);
}

/** Name of the violated constraint; null when the error is not about one. */
export function violatedConstraint(error: unknown): string | null {
  return postgresError(error)?.constraint || null;
}

/**
 * What Postgres said, for a dead letter; null when it said nothing. Names of tables, columns and constraints stay; texts
 * that may be values (of other classes than 23 and 42, or given to RAISE) are taken out.
 */
export function postgresDetail(error: unknown): string | null {
  const found = postgresError(error);
  if (found === null) return null;
  return /^(23|42)/.test(found.code) ? found.message : found.message.replace(/["'].*["']/s, '"…"');
}

/** True when the driver or drizzle threw it, or somebody wrapped what they threw. */
function isOfDriver(error: unknown): boolean {
  return causes(error).some((cause) => cause instanceof DrizzleQueryError || cause instanceof HttpSqlError);
}

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
  if (origin === "driver" || isOfDriver(error)) {
    return new TransientError("Postgres could not be reached or the connection was lost.", {
      cause: error,
      backend: "postgres",
    });
  }
  return error;
}

function translateState(error: unknown, state: string): BrainError {
  const transient = transientStates.find((entry) => state.startsWith(entry.prefix));
  if (transient) {
    const named = state in missingObjects ? missingName(error) : null;
    const meaning = named === null ? transient.meaning : `${named}; ${behind}`;
    return new TransientError(`Postgres: ${meaning} (SQLSTATE ${state}).`, {
      cause: error,
      backend: "postgres",
    });
  }
  const constraint = violatedConstraint(error);
  const named = constraint === null ? "" : `, constraint ${constraint}`;
  if (state === takenId) {
    const id = postgresError(error)?.detail ?? "of an event";
    return new ConflictError(
      `The id ${id} belongs to another event: of another tenant or type, or with another payload. Nothing of this transaction was committed. Give each event an id of its own; the same event may be published again under its id.`,
      { cause: error, issues: [{ path: "id", message: "is taken by another event" }] },
    );
  }
  if (state === "23505") {
    return new ConflictError(`Postgres: a row with this key already exists (SQLSTATE 23505${named}).`, {
      cause: error,
      backend: "postgres",
    });
  }
  return new PermanentError(`Postgres refused the statement (SQLSTATE ${state}${named}).`, {
    cause: error,
    backend: "postgres",
  });
}

/** In what Postgres says of a missing object, before ` does not exist`: a name in quotes, or a function with its types. */
const missingPattern =
  /^((?:relation|column|function) (?:"[^"]{1,130}"|[\w.$]{1,130}(?:\([\w\s,.[\]"]{0,300}\))?)(?: of relation "[^"]{1,63}")?) does not exist/;

/** `relation "loans" does not exist`: what is missing, which is never a value; null: Postgres says it in other words. */
function missingName(error: unknown): string | null {
  const found = missingPattern.exec(postgresError(error)?.message ?? "");
  return found === null ? null : `${found[1]} does not exist`;
}

/** Runs a statement outside a transaction, and gives its failure its place in the taxonomy. @throws {BrainError} */
export async function translated<T>(statement: PromiseLike<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    throw translateDatabaseError(error, "driver");
  }
}
