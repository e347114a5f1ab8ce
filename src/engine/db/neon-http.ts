import { PermanentError, TooMuchAtOnceError } from "../core/errors.ts";
import { abortAfter } from "../core/promises/time-limit.ts";
import { HttpSqlError, postgresFields } from "./errors.ts";
import { steeringWord } from "./statement-text.ts";
import { readerOf, toText } from "./values.ts";

/*
 * SQL over HTTP as Neon serves it: one statement, or a list of them in one transaction, for one round trip.
 *
 * The driver's own function reads the connection string anew for each call, four URLs in all, and looks at a dozen ways
 * to be called; that cost a third of a call. Here it is read once, and what is sent and answered is the same. So the
 * driver is there for connections alone, and loaded with the first of them.
 *
 * @see https://github.com/neondatabase/neon/tree/main/proxy/src/serverless what the proxy reads and answers
 */

/** A statement with its parameters, as drizzle builds it. */
export interface BuiltStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

export type Row = Record<string, unknown>;

/** What the proxy answers to a statement. */
export interface Answer {
  readonly command: string;
  readonly rowCount: number | null;
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  /** In Postgres' text format. */
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface NeonHttp {
  /** @throws {HttpSqlError} what Postgres said, or that it could not be asked */
  one(statement: BuiltStatement): Promise<Answer>;
  /**
   * All or nothing.
   *
   * @param mayTakeMs what the statements may take where that can be longer than usual, ms
   * @throws {HttpSqlError}
   * @throws {PermanentError} a statement would end the transaction, or a part of it; nothing was asked
   */
  batch(statements: readonly BuiltStatement[], mayTakeMs?: number): Promise<readonly Answer[]>;
}

/**
 * Time for an answer, ms. The proxy may be gone without a word, and whoever waits for it holds a request, a lease, or one
 * of the few connections that an invocation may have. Longer than a database needs to wake up, and than any statement of
 * ours takes. What was asked may have happened all the same, as with every answer that is lost.
 */
const answerLimitMs = 60_000;

/** A host that is this machine speaks plain HTTP and WebSocket on its own port; Neon speaks TLS on 443. */
export function isLoopback(host: string): boolean {
  return host === "127.0.0.1" || host === "localhost" || host === "[::1]";
}

/** Where a host of a connection string takes SQL. */
export function sqlEndpoint(host: string, port: number | string): string {
  return isLoopback(host) ? `http://${host}:${port}/sql` : `https://${host.replace(/^[^.]+\./, "api.")}/sql`;
}

/** @param usualMs time for an answer, ms */
export function connectHttp(connectionString: string, usualMs = answerLimitMs): NeonHttp {
  const { hostname, port, href } = new URL(connectionString);
  const endpoint = sqlEndpoint(hostname, port);
  const headers = {
    "Neon-Connection-String": href,
    "Neon-Raw-Text-Output": "true",
    "Neon-Array-Mode": "true",
  };
  const ask = (body: unknown, mayTakeMs = 0): Promise<unknown> => {
    const limitMs = Math.max(usualMs, mayTakeMs);
    return abortAfter(limitMs, async (signal) => {
      let answer: Response;
      try {
        // The headers hold the password, which a redirect would carry to a host that nobody configured.
        // biome-ignore lint/style/noRestrictedGlobals: redirects are off
        answer = await fetch(endpoint, {
          method: "POST",
          headers,
          body: JSON.stringify(body),
          redirect: "manual",
          signal,
        });
        if (answer.ok) return await answer.json();
      } catch (error) {
        throw unreachable(
          signal.aborted ? `Postgres did not answer within ${limitMs} ms.` : "Postgres could not be asked.",
          error,
        );
      }
      if (answer.status === 400) throw refusal(await answer.json());
      const told = `Postgres' proxy answered ${answer.status}: ${await answer.text()}`;
      if (answer.status === 413 || answer.status === 507)
        throw new TooMuchAtOnceError(told, { backend: "postgres" });
      throw unreachable(told);
    });
  };
  return {
    async one(statement) {
      return (await ask(toRequest(statement))) as Answer;
    },
    async batch(statements, mayTakeMs) {
      if (statements.length === 0) return [];
      for (const { sql } of statements) if (steeringWord(sql) !== null) throw new PermanentError(notInBatch);
      const answer = await ask({ queries: statements.map(toRequest) }, mayTakeMs);
      const { results } = answer as { results?: Answer[] };
      if (!Array.isArray(results)) throw unreachable("Postgres' proxy answered a batch without results.");
      return results;
    },
  };
}

const notInBatch =
  "A statement of a transaction over HTTP would begin, end or divide it: BEGIN, COMMIT, ROLLBACK, SAVEPOINT, PREPARE or one that means the same. Leave that out: all statements are committed together, or none.";

function toRequest({ sql, params }: BuiltStatement) {
  return { query: sql, params: params.map(toText) };
}

/** Rows by the names of their columns. */
export function toRows({ fields, rows }: Answer): Row[] {
  if (rows.length === 0) return [];
  const columns = fields.map(({ name, dataTypeID }) => ({ name, read: readerOf(dataTypeID) }));
  return rows.map((values) => {
    const row: Row = {};
    let place = 0;
    for (const { name, read } of columns) {
      const text = values[place++];
      row[name] = text === null || text === undefined ? null : read(text);
    }
    return row;
  });
}

/** Rows as lists of values. */
export function toLists({ fields, rows }: Answer): unknown[][] {
  if (rows.length === 0) return [];
  const columns = fields.map(({ dataTypeID }) => readerOf(dataTypeID));
  return rows.map((values) => values.map((text, place) => (text === null ? null : columns[place]?.(text))));
}

/** A refused password Neon judges itself, and tells without the code that Postgres has for it. */
const refusedPassword = { words: /^password authentication failed\b/, code: "28P01" };

function refusal(said: unknown): HttpSqlError {
  const told = said as Readonly<Record<string, string | null | undefined>>;
  const fields = Object.fromEntries(postgresFields.map((name) => [name, told[name] ?? undefined]));
  const message = String(told.message);
  const { words, code } = refusedPassword;
  return new HttpSqlError(message, fields.code || !words.test(message) ? fields : { ...fields, code });
}

function unreachable(message: string, cause?: unknown): HttpSqlError {
  return new HttpSqlError(message, {}, cause instanceof Error ? cause : undefined);
}
