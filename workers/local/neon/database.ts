/** How both halves of the Neon gateway reach Postgres, and whom they let in. */

import pg from "pg";

export interface GatewayCredentials {
  readonly user: string;
  readonly password: string;
}

/**
 * The fields of a Postgres error that Neon and the wire protocol know, in Neon's order. Not the engine's list of what it
 * reads: this program stands for Neon, and would hide it when the engine forgot one.
 */
export const errorFieldNames = [
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

export type PostgresErrorFields = { message: string } & Partial<
  Record<(typeof errorFieldNames)[number], string>
>;

/** A request that cannot be run; answered with its status and, where Postgres said nothing, an empty code. */
export class RefusedSqlError extends Error {
  override readonly name = "RefusedSqlError";
  readonly status: number;
  readonly fields: PostgresErrorFields;

  constructor(status: number, fields: PostgresErrorFields) {
    super(fields.message);
    this.status = status;
    this.fields = fields;
  }
}

/** What pg connects with: all that it reads from the URL itself, but the name of the database, of which it undoes half. */
export function postgresSettings(
  databaseUrl: string,
  database = databaseName(databaseUrl),
): pg.ClientConfig & { readonly database: string } {
  const { host, port, user, password, ssl } = new pg.Client({ connectionString: databaseUrl });
  const others = Object.fromEntries(new URL(databaseUrl).searchParams);
  return { ...others, host, port, user, password, ssl, database };
}

/** The characters that a path may have as they are: pg and the driver of Neon do not undo their encoding. */
const plainInPath = /%(?:24|26|2B|2C|3A|3B|3D|40)/g;

/** A connection URL's path for a database. */
export function databasePath(database: string): string {
  return `/${encodeURIComponent(database).replace(plainInPath, decodeURIComponent)}`;
}

/** `databaseUrl` with another database and everything else (user, TLS settings) as it is. */
export function withDatabase(databaseUrl: string, database: string): string {
  const url = new URL(databaseUrl);
  url.pathname = databasePath(database);
  return url.href;
}

/** The name in a connection URL, or Postgres' default for it: the name of the user. */
export function databaseName(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  return decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username) || "postgres";
}

/** Whoever knows the credentials of the server may use the gateway. A server without password gets a placeholder. */
export function gatewayCredentials(databaseUrl: string): GatewayCredentials {
  const url = new URL(databaseUrl);
  return {
    user: decodeURIComponent(url.username) || "postgres",
    password: decodeURIComponent(url.password) || "local",
  };
}

/** In the words of Neon's proxy, which asks no Postgres about it. Only a session gets a code, by the protocol. */
export function wrongPassword(user: string): PostgresErrorFields {
  return {
    message: `password authentication failed for user '${user}'`,
    hint: "Use the connection string that the gateway printed at its start.",
  };
}

/** What Postgres said, or null when `error` came from the network or from this program. */
export function postgresErrorFields(error: unknown): PostgresErrorFields | null {
  if (!(error instanceof pg.DatabaseError)) return null;
  const fields: PostgresErrorFields = { message: error.message };
  for (const name of errorFieldNames) {
    const value = error[name];
    if (value !== undefined) fields[name] = value;
  }
  return fields;
}

/** A lost or refused connection, in the words of Postgres (class 08: connection exception). */
export function connectionFailure(error: unknown): PostgresErrorFields {
  const reason = error instanceof Error ? error.message || String(error) : String(error);
  return { message: `could not talk to Postgres: ${reason}`, severity: "FATAL", code: "08006" };
}
