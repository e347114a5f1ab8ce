/**
 * SQL over HTTP as Neon serves it at `POST /sql`: one statement, or a fixed list of them in one transaction.
 *
 * Source: https://github.com/neondatabase/neon (proxy/src/serverless) and the driver's own requests.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import pg from "pg";
import {
  connectionFailure,
  databaseName,
  errorFieldNames,
  type GatewayCredentials,
  type PostgresErrorFields,
  postgresErrorFields,
  withDatabase,
  wrongPassword,
} from "./neon-database.ts";
import { toJsonValue, toParameter } from "./neon-values.ts";
import { readBody } from "./request-body.ts";

export interface NeonHttpOptions {
  readonly databaseUrl: string;
  readonly credentials: GatewayCredentials;
  readonly maxBodyBytes: number;
  /** Connections to one database at a time; further requests wait. */
  readonly maxConnections: number;
}

export interface NeonHttp {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Closes the idle connections to a database, so that it can be dropped or used as a template. */
  closeIdle(database: string): Promise<void>;
  close(): Promise<void>;
}

interface Statement {
  readonly query: string;
  readonly params: readonly unknown[];
}

interface ResultFormat {
  readonly rawText: boolean;
  readonly arrayMode: boolean;
}

/** A request that cannot be run; answered as `{ message, code }`. */
class RefusedSqlError extends Error {
  override readonly name = "RefusedSqlError";
  readonly status: number;
  readonly fields: PostgresErrorFields;

  constructor(status: number, fields: PostgresErrorFields) {
    super(fields.message);
    this.status = status;
    this.fields = fields;
  }
}

const refused = (message: string, status = 400) => new RefusedSqlError(status, { message });

const isolationLevels: Readonly<Record<string, string>> = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
};

function flag(request: IncomingMessage, name: string): boolean {
  return request.headers[name] === "true";
}

/** The BEGIN that the `Neon-Batch-…` headers ask for. */
function beginStatement(request: IncomingMessage): string {
  const level = request.headers["neon-batch-isolation-level"];
  const isolation = typeof level === "string" ? isolationLevels[level] : undefined;
  if (level !== undefined && isolation === undefined) {
    throw refused(
      `Neon-Batch-Isolation-Level is '${level}', expected one of ${Object.keys(isolationLevels).join(", ")}`,
    );
  }
  const modes = [
    ...(isolation ? [`ISOLATION LEVEL ${isolation}`] : []),
    ...(flag(request, "neon-batch-read-only") ? ["READ ONLY"] : []),
    ...(flag(request, "neon-batch-deferrable") ? ["DEFERRABLE"] : []),
  ];
  return `BEGIN ${modes.join(", ")}`;
}

function parseStatement(value: unknown): Statement {
  const { query, params = [] } = (value ?? {}) as { query?: unknown; params?: unknown };
  if (typeof query !== "string") throw refused("expected a statement as { query: string, params: [] }");
  if (!Array.isArray(params)) throw refused("params of a statement must be an array");
  return { query, params };
}

function parseRequest(body: string): { statements: Statement[]; batch: boolean } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw refused(`the body is not JSON: ${String(error)}`);
  }
  if (typeof value === "object" && value !== null && "queries" in value) {
    if (!Array.isArray(value.queries)) throw refused("queries must be an array of statements");
    return { statements: value.queries.map(parseStatement), batch: true };
  }
  return { statements: [parseStatement(value)], batch: false };
}

type TextRow = (string | null)[];

const rawText = { getTypeParser: () => (text: string) => text };

/** Extended protocol also without parameters: one statement per request, as at Neon. */
function submit(client: pg.ClientBase, statement: Statement): Promise<pg.QueryArrayResult<TextRow>> {
  const query = {
    text: statement.query,
    values: statement.params.map(toParameter),
    rowMode: "array" as const,
    types: rawText,
    queryMode: "extended",
  };
  return client.query<TextRow>(query);
}

function formatResult(result: pg.QueryArrayResult<TextRow>, format: ResultFormat): unknown {
  const { fields, command, rowCount } = result;
  const convert = (row: TextRow) =>
    format.rawText
      ? row
      : row.map((text, column) =>
          text === null ? null : toJsonValue(text, fields[column]?.dataTypeID ?? 0),
        );
  const rows = result.rows.map((row) => {
    const values = convert(row);
    return format.arrayMode
      ? values
      : Object.fromEntries(values.map((value, column) => [fields[column]?.name, value]));
  });
  return {
    command,
    rowCount,
    rows,
    fields: fields.map(
      ({ name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier, format: encoding }) => ({
        name,
        dataTypeID,
        tableID,
        columnID,
        dataTypeSize,
        dataTypeModifier,
        format: encoding,
      }),
    ),
    rowAsArray: format.arrayMode,
  };
}

/**
 * Whether `statement` may leave something behind in its session. Only then DISCARD ALL is paid, one round trip;
 * a guess too many costs that, and nothing else.
 */
function leavesSessionState(statement: Statement, command: string): boolean {
  if (command === "SET") return !/^\s*set\s+local\b/i.test(statement.query);
  if (["LISTEN", "PREPARE", "LOAD", "DO", "CALL"].includes(command)) return true;
  return /\btemp(orary)?\b|advisory_lock|set_config/i.test(statement.query);
}

async function runBatch(client: pg.PoolClient, begin: string, statements: readonly Statement[]) {
  const control = (query: string) => submit(client, { query, params: [] });
  // All of it is on the wire before the first answer: a failed statement makes COMMIT a rollback.
  const outcomes = await Promise.allSettled([
    control(begin),
    ...statements.map((statement) => submit(client, statement)),
    control("COMMIT"),
  ]);
  const results = outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  return results.slice(1, -1);
}

/** Gives the connection back as a fresh session, or ends it when its transaction is still open. */
async function release(client: pg.PoolClient, dirty: boolean, broken: boolean): Promise<void> {
  if (broken || client.getTransactionStatus() !== "I") {
    client.release(true);
    return;
  }
  try {
    if (dirty) await client.query("DISCARD ALL");
    client.release();
  } catch (error) {
    client.release(error instanceof Error ? error : true);
  }
}

function refusalOf(error: unknown): RefusedSqlError {
  if (error instanceof RefusedSqlError) return error;
  const fields = postgresErrorFields(error);
  return fields ? new RefusedSqlError(400, fields) : new RefusedSqlError(500, connectionFailure(error));
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": text.length });
  response.end(text);
}

/** The database a request is for. @throws RefusedSqlError when it does not come with the gateway's own credentials. */
function authorizedDatabase(request: IncomingMessage, credentials: GatewayCredentials): string {
  const header = request.headers["neon-connection-string"];
  if (typeof header !== "string" || !URL.canParse(header)) {
    throw refused(
      "the header Neon-Connection-String is missing or no connection string: postgresql://user:password@host/database",
    );
  }
  const url = new URL(header);
  const user = decodeURIComponent(url.username);
  if (user !== credentials.user || decodeURIComponent(url.password) !== credentials.password) {
    throw new RefusedSqlError(400, wrongPassword(user));
  }
  return databaseName(header);
}

export function createNeonHttp(options: NeonHttpOptions): NeonHttp {
  const pools = new Map<string, pg.Pool>();

  const poolOf = (database: string): pg.Pool => {
    const known = pools.get(database);
    if (known) return known;
    const settings = {
      connectionString: withDatabase(options.databaseUrl, database),
      max: options.maxConnections,
      idleTimeoutMillis: 1000,
      connectionTimeoutMillis: 5000,
      allowExitOnIdle: true,
      keepAlive: true,
      pipeline: true,
    };
    const pool = new pg.Pool(settings);
    // An idle connection that Postgres ends (restart, DROP DATABASE … WITH FORCE) leaves the pool; nobody waits for it.
    pool.on("error", () => undefined);
    // One in use reports its loss through its query as well; without a listener the program would end.
    pool.on("connect", (client) => client.on("error", () => undefined));
    pools.set(database, pool);
    return pool;
  };

  const closeIdle = async (database: string) => {
    const pool = pools.get(database);
    pools.delete(database);
    await pool?.end();
  };

  const run = async (request: IncomingMessage, body: string): Promise<unknown> => {
    const database = authorizedDatabase(request, options.credentials);
    const { statements, batch } = parseRequest(body);
    const begin = batch ? beginStatement(request) : "";
    const format = {
      rawText: flag(request, "neon-raw-text-output"),
      arrayMode: flag(request, "neon-array-mode"),
    };
    const client = await poolOf(database).connect();
    let dirty = true;
    let broken = false;
    try {
      const results = batch
        ? await runBatch(client, begin, statements)
        : await Promise.all(statements.map((statement) => submit(client, statement)));
      dirty = results.some((result, index) => {
        const statement = statements[index];
        return statement !== undefined && leavesSessionState(statement, result.command);
      });
      const answers = results.map((result) => formatResult(result, format));
      return batch ? { results: answers } : answers[0];
    } catch (error) {
      broken = postgresErrorFields(error) === null;
      throw error;
    } finally {
      await release(client, dirty, broken);
    }
  };

  return {
    closeIdle,
    async handle(request, response) {
      try {
        if (request.method !== "POST") throw refused(`/sql takes POST, received ${request.method}`, 405);
        const body = await readBody(request, options.maxBodyBytes);
        if (body === null) throw refused(`request is too large (max is ${options.maxBodyBytes} bytes)`, 413);
        respond(response, 200, await run(request, body));
      } catch (error) {
        const { status, fields } = refusalOf(error);
        const nulls = Object.fromEntries(errorFieldNames.map((name) => [name, null]));
        respond(response, status, { ...nulls, ...fields });
      }
    },
    async close() {
      await Promise.all([...pools.keys()].map(closeIdle));
    },
  };
}
