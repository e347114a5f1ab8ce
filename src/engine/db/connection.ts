import { Client, DatabaseError, type NeonConfig, neonConfig, types } from "@neondatabase/serverless";
import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { FencedError, TransientError } from "../core/errors.ts";
import { settlesWithin } from "../core/promises/time-limit.ts";
import { knowErrorOfConnection, sqlState, translateDatabaseError } from "./errors.ts";
import { isFenced } from "./fence.ts";
import { literal } from "./literal.ts";
import { isLoopback } from "./neon-http.ts";

/*
 * A connection to Postgres by the driver, and what is asked on it around the statements of a transaction. Nobody waits
 * on it for ever: neither for an answer that does not come, nor beyond its end.
 */

export type WebSocketMaker = NonNullable<NeonConfig["webSocketConstructor"]>;

// Neon takes the password ahead of its question, which saves a round trip; so does the gateway.
neonConfig.pipelineConnect = "password";
neonConfig.wsProxy = (host, port) => (isLoopback(host) ? `${host}:${port}/v2` : `${host}/v2`);
// Times and numerics stay text, as over HTTP (`values.ts`) and as drizzle reads them: date, timestamp, timestamptz,
// interval, and the arrays of these and of numeric.
for (const type of [1082, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231]) {
  types.setTypeParser(type, (text: string) => text);
}
knowErrorOfConnection(DatabaseError);

export const dialect = new PgDialect();

/** An open connection and what became of it. */
export interface Link {
  readonly client: Client;
  /** Fulfilled when the connection is lost; whoever waits for an answer fails then. */
  readonly ended: Promise<void>;
  /** Null while the connection stands. */
  lost: unknown;
  /** Counts the connection as lost, once and for all. */
  lose(reason: unknown): void;
}

function createLink(client: Client): Link {
  let announce: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const link: Link = {
    client,
    ended,
    lost: null,
    lose(reason) {
      link.lost ??= reason;
      announce();
    },
  };
  return link;
}

/** The driver queues a statement on a connection that has just died and never answers it; so nobody waits beyond its end. */
export async function ask(link: Link, statement: readonly unknown[]): Promise<{ readonly command: string }> {
  if (link.lost !== null) throw translateDatabaseError(link.lost, "driver");
  const answer = (link.client.query as (...all: unknown[]) => Promise<{ command: string }>)(...statement);
  const dead = link.ended.then((): never => {
    throw translateDatabaseError(link.lost, "driver");
  });
  try {
    return await Promise.race([answer, dead]);
  } catch (error) {
    // The server's last word: it closes the connection, and the news of that may take its time.
    if (lastWords.has(String((error as { severity?: unknown } | null)?.severity))) link.lose(error);
    throw error;
  }
}

/** Severities after which Postgres ends the connection: https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS */
const lastWords: ReadonlySet<string> = new Set(["FATAL", "PANIC"]);

/** Time that connecting may take, ms. */
const connectLimitMs = 10_000;

/**
 * @throws {TransientError} transactions need a WebSocket, and this runtime has none. No retry helps; but events must wait
 *   for a host that has one, and not become dead letters.
 */
function requireWebSocket(): void {
  if (typeof WebSocket !== "undefined" || neonConfig.webSocketConstructor !== undefined) return;
  throw new TransientError(
    'This runtime has no WebSocket, over which transactions reach Postgres. Expected Workers, Deno, or Node 22 or newer; on an older Node give the driver one: neonConfig.webSocketConstructor = ws, of "@neondatabase/serverless".',
    { backend: "postgres" },
  );
}

/** Where a session leads. */
export interface SessionTarget {
  readonly connectionString: string;
  /** This machine, without TLS. */
  readonly isLoopback: boolean;
  /** Null: the runtime's own WebSocket. */
  readonly socket: WebSocketMaker | null;
}

/** @throws {TransientError} Postgres is not reachable */
export async function connect({ connectionString, isLoopback, socket }: SessionTarget): Promise<Link> {
  // The driver's settings are global.
  neonConfig.useSecureWebSocket = !isLoopback;
  if (socket !== null) neonConfig.webSocketConstructor = socket;
  requireWebSocket();
  const client = new Client({ connectionString, connectionTimeoutMillis: connectLimitMs });
  const link = createLink(client);
  // Without a listener a dropped socket would be an unhandled error and end the isolate.
  client.on("error", (error: unknown) => link.lose(error));
  client.on("end", () => link.lose(new Error("The connection ended.")));
  try {
    await client.connect();
  } catch (error) {
    throw translateDatabaseError(error, "driver");
  }
  return link;
}

/** Time that saying goodbye may take, ms; whoever closes or gives up does not depend on the other side's answer. */
const goodbyeLimitMs = 1_000;
/** Time for the answer to BEGIN or COMMIT, ms. Statements in between are bounded by the handler's time limit. */
export const controlLimitMs = 30_000;

/** The driver's own `end` waits for an event that never comes when the connection is gone already. */
export async function endClient({ client, ended }: Link): Promise<void> {
  await settlesWithin(goodbyeLimitMs, Promise.race([ended, client.end()]));
}

interface Answer {
  /** The command tag. */
  readonly command: string;
  readonly rows: readonly unknown[];
}

/** What is asked around the statements of a transaction. @returns the answer to the last of several */
export async function control(link: Link, asked: string, limitMs = controlLimitMs): Promise<Answer> {
  const answers = await controlAll(link, asked, limitMs);
  return answers.at(-1) as Answer;
}

/** The same. @returns the answers to all of several */
async function controlAll(link: Link, asked: string, limitMs = controlLimitMs): Promise<readonly Answer[]> {
  const answer = ask(link, [asked]);
  if (!(await settlesWithin(limitMs, answer))) await giveUp(link, "BEGIN or COMMIT");
  try {
    // Several statements at once have several answers.
    const answers: unknown = await answer;
    return (Array.isArray(answers) ? answers : [answers]) as Answer[];
  } catch (error) {
    throw translateDatabaseError(error, "driver");
  }
}

/** @returns the answers to the statements of `ending`, and to the COMMIT */
export async function commit(link: Link, ending: readonly string[]): Promise<readonly Answer[]> {
  if (ending.length === 0) return controlAll(link, "COMMIT");
  try {
    return await controlAll(link, `${ending.join("; ")}; COMMIT`);
  } catch (error) {
    if (link.lost === null) await rollback(link);
    if (isFenced(error)) throw new FencedError();
    // A statement had failed and somebody caught its error: the fence could not be looked at.
    if (sqlState(error) === "25P02") return [{ command: "ROLLBACK", rows: [] }];
    throw error;
  }
}

/**
 * The text of a statement with its values in it, as literals: the only form in which several
 * statements are one message, and so one round trip.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
 */
export function withValues(statement: SQL): string {
  const { sql: text, params } = dialect.sqlToQuery(statement);
  return text.replaceAll(/\$(\d+)/g, (_slot, place: string) => {
    const value: unknown = params[Number(place) - 1];
    if (value === null || value === undefined) return "NULL";
    if (!["string", "number", "boolean"].includes(typeof value)) {
      throw new Error(
        `A statement that travels with BEGIN or COMMIT has a value that is neither text nor number, at $${place}.`,
      );
    }
    return literal(String(value));
  });
}

/** After a failure the first error counts. Postgres rolls back by itself when the connection ends. */
export async function rollback(link: Link): Promise<void> {
  if (link.lost !== null) return;
  if (!(await settlesWithin(goodbyeLimitMs, ask(link, ["ROLLBACK"])))) await giveUp(link, "ROLLBACK");
}

/** Leaves a connection that does not answer; what waits for it fails. */
async function giveUp(link: Link, unanswered: string): Promise<void> {
  link.lose(new Error(`The connection did not answer ${unanswered}.`));
  await endClient(link);
}
