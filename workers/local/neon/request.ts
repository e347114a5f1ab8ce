/**
 * What a request for SQL over HTTP asks for: database, statements, transaction and shape of the answer.
 *
 * Source: https://github.com/neondatabase/neon (proxy/src/serverless), whose words for a refusal are used where it has some.
 */

import type { IncomingHttpHeaders } from "node:http";
import { parseSourceJson } from "../requests/source-json.ts";
import { RefusedSqlError } from "./database.ts";
import { toParameter } from "./values.ts";

export interface ConnectionInfo {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface Statement {
  readonly query: string;
  /** In Postgres' text format. */
  readonly params: readonly (string | null)[];
  readonly arrayMode: boolean;
}

export interface SqlRequest {
  readonly statements: readonly Statement[];
  /** A list runs in a transaction, and its answer is a list. */
  readonly batch: boolean;
}

export interface HeaderOptions {
  readonly rawText: boolean;
  readonly arrayMode: boolean;
  /** The BEGIN for a list of statements. */
  readonly begin: string;
  /** What Neon repeats in its answer to a list. */
  readonly echoed: Readonly<Record<string, string>>;
}

const refused = (message: string) => new RefusedSqlError(400, { message });

/** Percent-decoding that leaves alone what is no encoded UTF-8, as Neon's does. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

/** Connection strings that were read before; there are few, and each request brings one. */
const known = new Map<string, ConnectionInfo>();
const maxKnown = 100;

/** @throws RefusedSqlError when a part is missing that Neon requires. */
export function parseConnectionString(headers: IncomingHttpHeaders): ConnectionInfo {
  const header = headers["neon-connection-string"];
  if (typeof header !== "string") throw refused("invalid header: neon-connection-string");
  const before = known.get(header);
  const info = before ?? readConnectionString(header);
  // With a token instead of the password Neon would ask the project's JWKS; there is none here.
  if (info.password === "" || headers.authorization !== undefined)
    throw refused("missing authentication credentials: required password");
  if (before === undefined) {
    if (known.size >= maxKnown) known.clear();
    known.set(header, info);
  }
  return info;
}

function readConnectionString(header: string): ConnectionInfo {
  if (!URL.canParse(header)) {
    throw refused(
      "invalid connection string: the header Neon-Connection-String must be like postgresql://user:password@host/database",
    );
  }
  const url = new URL(header);
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    throw refused(`incorrect scheme: expected postgres:// or postgresql://, received ${url.protocol}//`);
  }
  const database = decode(url.pathname.split("/")[1] ?? "");
  if (database === "") throw refused("missing database name");
  if (database.includes("\0")) throw refused("invalid database name");
  const user = decode(url.username);
  if (user === "") throw refused("missing username");
  return { user, password: decode(url.password), database };
}

const isolationLevels: ReadonlyMap<string, string> = new Map([
  ["ReadUncommitted", "READ UNCOMMITTED"],
  ["ReadCommitted", "READ COMMITTED"],
  ["RepeatableRead", "REPEATABLE READ"],
  ["Serializable", "SERIALIZABLE"],
]);

/** @throws RefusedSqlError for an isolation level that does not exist, also when nothing would use it. */
export function parseHeaderOptions(headers: IncomingHttpHeaders): HeaderOptions {
  const flag = (name: string) => headers[name] === "true";
  const level = headers["neon-batch-isolation-level"];
  const isolation = typeof level === "string" ? isolationLevels.get(level) : undefined;
  if (level !== undefined && isolation === undefined) {
    throw refused(
      `invalid isolation level: Neon-Batch-Isolation-Level is '${level}', expected one of ${[...isolationLevels.keys()].join(", ")}`,
    );
  }
  const readOnly = flag("neon-batch-read-only");
  const deferrable = flag("neon-batch-deferrable");
  const modes = [
    ...(isolation ? [`ISOLATION LEVEL ${isolation}`] : []),
    ...(readOnly ? ["READ ONLY"] : []),
    ...(deferrable ? ["DEFERRABLE"] : []),
  ];
  return {
    rawText: flag("neon-raw-text-output"),
    arrayMode: flag("neon-array-mode"),
    begin: `BEGIN ${modes.join(", ")}`,
    echoed: {
      ...(typeof level === "string" ? { "Neon-Batch-Isolation-Level": level } : {}),
      ...(readOnly ? { "Neon-Batch-Read-Only": "true" } : {}),
      ...(deferrable ? { "Neon-Batch-Deferrable": "true" } : {}),
    },
  };
}

/** The number of parameters is 16 bits in the protocol; more would be cut off there. */
const MAX_PARAMS = 65_535;

function parseStatement(value: unknown, defaultArrayMode: boolean): Statement {
  const { query, params = [], arrayMode } = (value ?? {}) as Record<string, unknown>;
  if (typeof query !== "string") throw refused("expected a statement as { query: string, params: [] }");
  if (query.includes("\0")) throw refused("the query holds a NUL character, which ends a text in Postgres");
  if (!Array.isArray(params)) throw refused("params of a statement must be an array");
  if (params.length > MAX_PARAMS) {
    throw refused(`a statement has at most ${MAX_PARAMS} params, received ${params.length}`);
  }
  if (typeof (arrayMode ?? false) !== "boolean") throw refused("arrayMode of a statement must be a boolean");
  return {
    query,
    params: params.map(toParameter),
    arrayMode: typeof arrayMode === "boolean" ? arrayMode : defaultArrayMode,
  };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return parseSourceJson(body);
  } catch (error) {
    throw refused(`could not parse the HTTP request body as JSON: ${(error as Error).message}`);
  }
}

/** All of a list are on their way at once, and each costs some kilobytes until it is answered. */
const MAX_STATEMENTS = 10_000;

/** @throws RefusedSqlError for anything but a statement or a list of statements as JSON. */
export function parseSqlRequest(body: Uint8Array, defaultArrayMode: boolean): SqlRequest {
  const value = parseJson(body);
  if (typeof value === "object" && value !== null && "queries" in value && !("query" in value)) {
    if (!Array.isArray(value.queries)) throw refused("queries must be an array of statements");
    if (value.queries.length > MAX_STATEMENTS) {
      throw refused(
        `a list has at most ${MAX_STATEMENTS} statements, received ${value.queries.length}; send several lists`,
      );
    }
    return { statements: value.queries.map((item) => parseStatement(item, defaultArrayMode)), batch: true };
  }
  return { statements: [parseStatement(value, defaultArrayMode)], batch: false };
}
