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
  "42704": "a type or another object",
  "3F000": "a schema",
};

/** SQLSTATE of a right that is not granted; also of a row that a policy refuses, and of what a function raises by this name. */
const notAllowed = "42501";
/** Where Postgres finds that a right is not granted. Its words may be in another language. */
const judgeOfRights = "aclcheck_error";

/** SQLSTATE that the function `publish_events` raises: an id belongs to another event, and is its detail. */
const takenId = "ZE001";

/** What a missing table, column or function means most often: the code was rolled out before its migrations. */
const behind = "the schema may be behind the code: npm run migrate -- --status";

/** What a missing right means most often. */
const notGranted =
  "the role that the program connects as lacks a GRANT, most likely on what the last migrations made";

/** SQLSTATE of a write that finds no room. */
const diskFull = "53100";

/** SQLSTATE classes and codes after which the same work may succeed: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const transientStates: readonly { readonly prefix: string; readonly meaning: string }[] = [
  { prefix: "25P02", meaning: "an earlier statement had failed and somebody caught its error" },
  { prefix: "25006", meaning: "it is read-only" },
  { prefix: "25P03", meaning: "the transaction was idle for too long and was ended" },
  { prefix: "08", meaning: "the connection failed" },
  { prefix: "28", meaning: "it refuses the role or its password; check both in NEON_DATABASE_URL" },
  {
    prefix: "3D000",
    meaning: "the database does not exist; create it, or check the name behind the host in NEON_DATABASE_URL",
  },
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

/**
 * True when a table, column or function is missing that a statement names, or the right to use it: no event, and no
 * request, brought that about.
 */
export function isMissingObject(error: unknown): boolean {
  return (sqlState(error) ?? "") in missingObjects || isMissingRight(error);
}

function isMissingRight(error: unknown): boolean {
  const found = postgresError(error);
  return found?.code === notAllowed && found.routine === judgeOfRights;
}

/**
 * True when the schema may be behind the code: something that a statement names is missing, or does not fit it, such as
 * the unique constraint of its ON CONFLICT or the type of a column.
 */
export function mayBeBehindCode(error: unknown): boolean {
  return /^(?:42|3F)/.test(sqlState(error) ?? "");
}

/** True when Postgres has no room on its disk: whatever is written meets it, so what was being written is not to blame. */
export function isDiskFull(error: unknown): boolean {
  return sqlState(error) === diskFull;
}

/** Of the connection, of a server that lets nobody in, that ends or only reads, and of one without room or connections. */
const statesOfServer = /^(?:08|25006|28|3D000|53100|53300|57P)/;

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

/** Null: the same work would fail again. */
function meaningOfTransient(error: unknown, state: string): string | null {
  const said = postgresError(error)?.message ?? "";
  if (isMissingRight(error))
    return `${deniedPattern.exec(said)?.[0] ?? "a right is not granted"}; ${notGranted}`;
  const named = state in missingObjects ? missingPattern.exec(said) : null;
  if (named !== null) return `${named[1]} does not exist; ${behind}`;
  return transientStates.find(({ prefix }) => state.startsWith(prefix))?.meaning ?? null;
}

function translateState(error: unknown, state: string): BrainError {
  const meaning = meaningOfTransient(error, state);
  if (meaning !== null) {
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

/** In what Postgres says of a missing object, before ` does not exist`: a name in quotes, or a function with its types. Never a value. */
const missingPattern =
  /^((?:relation|column|function|type|schema) (?:"[^"]{1,130}"|[\w.$]{1,130}(?:\([\w\s,.[\]"]{0,300}\))?)(?: of relation "[^"]{1,63}")?) does not exist/;

/** What Postgres says of a missing right, when it says it like this: on what. Never a value. */
const deniedPattern = /^(?:permission denied for|must be owner of) [a-z ]{3,40} [\w.$]{1,130}$/;

/** Runs a statement outside a transaction, and gives its failure its place in the taxonomy. @throws {BrainError} */
export async function translated<T>(statement: PromiseLike<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    throw translateDatabaseError(error, "driver");
  }
}
