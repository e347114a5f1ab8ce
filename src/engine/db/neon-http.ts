import { NeonDbError, types } from "@neondatabase/serverless";

/*
 * SQL over HTTP as Neon serves it: one statement, or a list of them in one transaction, for one round trip.
 *
 * The driver's own function reads the connection string anew for each call, four URLs in all, and looks at a dozen ways
 * to be called; that cost a third of a call. Here it is read once, and what is sent and answered is the same: the errors
 * and the types of values are the driver's.
 *
 * @see https://github.com/neondatabase/neon/tree/main/proxy/src/serverless what the proxy reads and answers
 */

/** A statement with its parameters, as drizzle builds it. */
export interface BuiltStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

export type Row = Record<string, unknown>;

export interface NeonHttp {
  /** @throws {NeonDbError} what Postgres said, or that it could not be asked */
  rows(statement: BuiltStatement): Promise<Row[]>;
  /** All or nothing. @throws {NeonDbError} */
  batch(statements: readonly BuiltStatement[]): Promise<Row[][]>;
}

/** A host that is this machine speaks plain HTTP and WebSocket on its own port; Neon speaks TLS on 443. */
export function isLoopback(host: string): boolean {
  return host === "127.0.0.1" || host === "localhost" || host === "[::1]";
}

/** Where a host of a connection string takes SQL. */
export function sqlEndpoint(host: string, port: number | string): string {
  return isLoopback(host) ? `http://${host}:${port}/sql` : `https://${host.replace(/^[^.]+\./, "api.")}/sql`;
}

export function connectHttp(connectionString: string): NeonHttp {
  const { hostname, port, href } = new URL(connectionString);
  const endpoint = sqlEndpoint(hostname, port);
  const headers = {
    "Neon-Connection-String": href,
    "Neon-Raw-Text-Output": "true",
    "Neon-Array-Mode": "true",
  };
  const ask = async (body: unknown): Promise<unknown> => {
    let answer: Response;
    try {
      // The headers hold the password, which a redirect would carry to a host that nobody configured.
      // biome-ignore lint/style/noRestrictedGlobals: redirects are off
      answer = await fetch(endpoint, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
        redirect: "manual",
      });
    } catch (error) {
      throw unreachable("Postgres could not be asked.", error);
    }
    if (answer.ok) return answer.json();
    if (answer.status === 400) throw refusal(await answer.json());
    throw unreachable(`Postgres' proxy answered ${answer.status}: ${await answer.text()}`);
  };
  return {
    async rows(statement) {
      return toRows((await ask(toRequest(statement))) as Answer);
    },
    async batch(statements) {
      if (statements.length === 0) return [];
      const { results } = (await ask({ queries: statements.map(toRequest) })) as { results?: Answer[] };
      if (!Array.isArray(results)) throw unreachable("Postgres' proxy answered a batch without results.");
      return results.map(toRows);
    },
  };
}

function toRequest({ sql, params }: BuiltStatement) {
  return { query: sql, params: params.map(toText) };
}

/** A value in Postgres' text format; null for NULL. */
function toText(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return toArrayText(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array)
    return `\\x${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @see https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function toArrayText(values: readonly unknown[]): string {
  const elements = values.map((value) => {
    if (Array.isArray(value)) return toArrayText(value);
    const text = toText(value);
    return text === null ? "NULL" : `"${text.replace(/["\\]/g, "\\$&")}"`;
  });
  return `{${elements.join(",")}}`;
}

interface Answer {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  /** In Postgres' text format. */
  readonly rows: readonly (readonly (string | null)[])[];
}

function toRows({ fields, rows }: Answer): Row[] {
  if (rows.length === 0) return [];
  const columns = fields.map(({ name, dataTypeID }) => ({ name, parse: types.getTypeParser(dataTypeID) }));
  return rows.map((values) => {
    const row: Row = {};
    for (const [place, { name, parse }] of columns.entries()) {
      const text = values[place];
      row[name] = text === null || text === undefined ? null : parse(text);
    }
    return row;
  });
}

const errorFields = [
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

function refusal(said: unknown): NeonDbError {
  const fields = said as Readonly<
    Record<(typeof errorFields)[number] | "message", string | null | undefined>
  >;
  const error = new NeonDbError(String(fields.message));
  for (const name of errorFields) error[name] = fields[name] ?? undefined;
  return error;
}

function unreachable(message: string, cause?: unknown): NeonDbError {
  const error = new NeonDbError(message);
  if (cause instanceof Error) error.sourceError = cause;
  return error;
}
