/**
 * SQL over HTTP as Neon serves it at `POST /sql`: one statement, or a fixed list of them in one transaction.
 *
 * Source: https://github.com/neondatabase/neon (proxy/src/serverless) and the driver's own requests.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type pg from "pg";
import { toWrite } from "../requests/pieces.ts";
import { encodingOf, readBody } from "../requests/request-body.ts";
import { type Lease, NeonConnections } from "./connections.ts";
import {
  connectionFailure,
  errorFieldNames,
  type GatewayCredentials,
  postgresErrorFields,
  RefusedSqlError,
  wrongPassword,
} from "./database.ts";
import { Leaving } from "./places.ts";
import { queryText, type TextResult, type TextRow } from "./query.ts";
import { parseConnectionString, parseHeaderOptions, parseSqlRequest, type Statement } from "./request.ts";
import { type LeavingFunctions, mayLeaveState } from "./session-state.ts";
import type { Terminator } from "./terminate.ts";
import { type ArrayTypeOf, mayBeArray, toJsonText } from "./values.ts";

export interface NeonHttpOptions {
  readonly databaseUrl: string;
  readonly credentials: GatewayCredentials;
  /** Of a request, and of an answer. */
  readonly maxBodyBytes: number;
  /** Connections to one database at a time; further requests wait. */
  readonly maxConnections: number;
  /** So many of them for one database; further ones get 503. */
  readonly maxWaiting: number;
  readonly connectTimeoutMs: number;
  readonly terminator: Terminator;
  readonly functions: LeavingFunctions;
}

export interface NeonHttp {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Closes the idle connections to a database, so that it can be dropped or used as a template. */
  closeIdle(database: string): Promise<void>;
  close(): Promise<void>;
}

/** The statements in one transaction. It is not committed before the answers to all of them are known to be whole. */
async function runBatch(client: pg.PoolClient, begin: string, statements: readonly Statement[]) {
  const { stream } = client.connection;
  // They go out with one write; one for each of them was a fifth of what a batch cost here.
  stream.cork();
  const asked = [
    queryText(client, begin),
    ...statements.map(({ query, params }) => queryText(client, query, params)),
  ];
  stream.uncork();
  const outcomes = await Promise.allSettled(asked);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    // On a lost connection this fails as well, and there is nothing to undo.
    await queryText(client, "ROLLBACK").catch(() => undefined);
    throw failed.reason;
  }
  await queryText(client, "COMMIT");
  return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : [])).slice(1);
}

/** Learns which of the columns' types are arrays, those of the database's own types too. One look per type. */
async function learnArrayTypes({ client, arrayTypes }: Lease, results: readonly TextResult[]): Promise<void> {
  const used = results.flatMap(({ fields }) => fields.map(({ dataTypeID }) => dataTypeID));
  const unknown = [...new Set(used)].filter((id) => mayBeArray(id) && !arrayTypes.has(id));
  if (unknown.length === 0) return;
  const found = await client.query<[number, number, string]>({
    text: `SELECT oid, typelem, typdelim FROM pg_catalog.pg_type
           WHERE oid = ANY($1::oid[]) AND typinput = 'pg_catalog.array_in'::regproc`,
    values: [unknown],
    rowMode: "array",
  });
  for (const id of unknown) arrayTypes.set(id, null);
  for (const [id, element, delimiter] of found.rows) arrayTypes.set(id, { element, delimiter });
}

function rowText(row: TextRow, fields: readonly pg.FieldDef[], arrayTypeOf: ArrayTypeOf | null): string[] {
  return row.map((text, column) => {
    if (text === null) return "null";
    return arrayTypeOf === null
      ? JSON.stringify(text)
      : toJsonText(text, fields[column]?.dataTypeID ?? 0, arrayTypeOf);
  });
}

/** The JSON text of one result. `arrayTypeOf` null leaves all values as Postgres' text. */
function resultText(result: TextResult, arrayMode: boolean, arrayTypeOf: ArrayTypeOf | null): string {
  const { fields, command, rowCount } = result;
  const names = fields.map(({ name }) => JSON.stringify(name));
  const rows = result.rows.map((row) => {
    const values = rowText(row, fields, arrayTypeOf);
    if (arrayMode) return `[${values.join(",")}]`;
    return `{${values.map((value, column) => `${names[column]}:${value}`).join(",")}}`;
  });
  const columns = fields.map(
    ({ dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier, format }, column) =>
      `{"name":${names[column]},"dataTypeID":${dataTypeID},"tableID":${tableID},"columnID":${columnID},"dataTypeSize":${dataTypeSize},"dataTypeModifier":${dataTypeModifier},"format":"${format}"}`,
  );
  // Of an empty statement Postgres gives no tag at all.
  return `{"command":"${command ?? ""}","rowCount":${rowCount},"rowAsArray":${arrayMode},"fields":[${columns.join(",")}],"rows":[${rows.join(",")}]}`;
}

function refusalOf(error: unknown): RefusedSqlError {
  if (error instanceof RefusedSqlError) return error;
  const fields = postgresErrorFields(error);
  return fields ? new RefusedSqlError(400, fields) : new RefusedSqlError(500, connectionFailure(error));
}

/** Of a request that is refused unread, this much is read all the same, so that its client gets the answer. */
const UNREAD_BYTES = 1024 * 1024;

const preflightHeaders = {
  Allow: "OPTIONS, POST",
  "Access-Control-Allow-Headers":
    "Authorization, Neon-Connection-String, Neon-Raw-Text-Output, Neon-Array-Mode, Neon-Pool-Opt-In, Neon-Batch-Read-Only, Neon-Batch-Isolation-Level",
  "Access-Control-Max-Age": "86400",
};

function respond(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...headers,
    "Access-Control-Allow-Origin": "*",
    ...(body === "" ? {} : { "Content-Type": "application/json" }),
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(toWrite(body));
}

function respondRefusal(response: ServerResponse, { status, fields }: RefusedSqlError): void {
  const nulls = Object.fromEntries(errorFieldNames.map((name) => [name, null]));
  respond(response, status, JSON.stringify({ ...nulls, code: "", severity: "", ...fields }));
}

/** Answers 413 or 400 to what has no right to be read, without reading more than a little of it. */
function leaveUnread(request: IncomingMessage, response: ServerResponse): void {
  if (!(Number(request.headers["content-length"]) <= UNREAD_BYTES)) response.setHeader("Connection", "close");
  request.resume();
}

type HeaderOptions = ReturnType<typeof parseHeaderOptions>;

/** @throws RefusedSqlError when the body is too large, or not sent as it is */
async function readWhole(request: IncomingMessage, response: ServerResponse, maxBytes: number) {
  const body = await readBody(request, maxBytes);
  if (body === null) {
    response.setHeader("Connection", "close");
    throw new RefusedSqlError(413, { message: `request is too large (max is ${maxBytes} bytes)` });
  }
  const encoding = encodingOf(request);
  if (encoding !== null) {
    throw new RefusedSqlError(400, {
      message: `could not parse the HTTP request body as JSON: it comes with Content-Encoding ${encoding}, which is not undone here; send it as it is`,
    });
  }
  return body;
}

/** The JSON text of each statement's result, in their order. */
async function runStatements(
  lease: Lease,
  header: HeaderOptions,
  statements: readonly Statement[],
  batch: boolean,
): Promise<readonly string[]> {
  const { client, arrayTypes } = lease;
  const results = batch
    ? await runBatch(client, header.begin, statements)
    : await Promise.all(statements.map(({ query, params }) => queryText(client, query, params)));
  if (!header.rawText) await learnArrayTypes(lease, results);
  const arrayTypeOf = header.rawText ? null : (id: number) => arrayTypes.get(id) ?? null;
  return results.map((result, index) =>
    resultText(result, statements[index]?.arrayMode ?? false, arrayTypeOf),
  );
}

export function createNeonHttp(options: NeonHttpOptions): NeonHttp {
  const { credentials, maxBodyBytes } = options;
  const connections = new NeonConnections({ ...options, maxAnswerBytes: maxBodyBytes });

  /** The database of a request. @throws RefusedSqlError when it does not come with the gateway's own credentials. */
  const authorize = (request: IncomingMessage): string => {
    const { user, password, database } = parseConnectionString(request.headers);
    if (user !== credentials.user || password !== credentials.password) {
      throw new RefusedSqlError(400, wrongPassword(user));
    }
    return database;
  };

  const run = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const leaving = new Leaving();
    response.on("close", () => {
      if (!response.writableFinished) leaving.leave();
    });
    let database: string;
    let header: HeaderOptions;
    try {
      database = authorize(request);
      header = parseHeaderOptions(request.headers);
    } catch (error) {
      leaveUnread(request, response);
      throw error;
    }
    const body = await readWhole(request, response, maxBodyBytes);
    const { statements, batch } = parseSqlRequest(body, header.arrayMode);
    const answers = await connections.use(database, leaving, (lease) => {
      connections.begin(
        lease,
        statements.some(({ query }) => mayLeaveState(query)),
      );
      return runStatements(lease, header, statements, batch);
    });
    if (batch) respond(response, 200, `{"results":[${answers.join(",")}]}`, header.echoed);
    else respond(response, 200, answers[0] ?? "");
  };

  return {
    closeIdle: (database) => connections.closeIdle(database),
    async handle(request, response) {
      if (request.method === "OPTIONS") {
        request.resume();
        respond(response, 200, "", preflightHeaders);
        return;
      }
      try {
        if (request.method !== "POST") {
          leaveUnread(request, response);
          throw new RefusedSqlError(400, {
            message: `query is not supported: /sql takes POST, received ${request.method}`,
          });
        }
        await run(request, response);
      } catch (error) {
        if (!response.destroyed) respondRefusal(response, refusalOf(error));
      }
    },
    close: () => connections.close(),
  };
}
