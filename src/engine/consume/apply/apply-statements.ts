import { type SQL, sql } from "drizzle-orm";
import { FencedError } from "../../core/errors.ts";
import { type Database, type Ending, type FenceText, isFenced } from "../../db/database.ts";
import { sqlState } from "../../db/errors.ts";
import { endWithEvents, type RecordAtEnd } from "../../publish/publish.ts";
import { givesStatements } from "../define/define-consumer.ts";
import { claimsOf, type Runnable } from "../delivery.ts";
import { claimAllSql } from "./dedup.ts";
import { beginRun, type HandlerDeps, type HandlerRun } from "./handler-run.ts";
import { runHandlers } from "./run-handlers.ts";

/*
 * The short way of statement handlers: one transaction, sent as one request over HTTP.
 *
 *   limit, claims, statements of the handlers, events they published, fence
 *
 * The guarantee is that of `apply.ts`, because the parts and their order are the same, and all of it commits or nothing.
 * What cannot be decided without reading ends the transaction: a claim that somebody has, a dead letter that is open, a
 * statement that fails. Then nothing happened, and the ordinary way, which can read, finds out what is so. A reply that
 * was lost goes there too, and finds the claims.
 */

/** Text of the deliveries of one request, characters: far below what Neon takes. */
const maxTextLength = 4_000_000;

/** Beyond the time of a handler: for the way there and back, and for the COMMIT, ms. */
const answerMarginMs = 5_000;

export interface StatementDeps extends HandlerDeps {
  readonly db: Database;
  readonly stream: string;
  readonly recordAtEnd?: RecordAtEnd;
  readonly onEnding?: () => void;
  readonly fence: () => FenceText;
}

/**
 * Applies deliveries by statements alone.
 *
 * @returns null when they have to go the ordinary way: nothing was applied, as far as is known
 * @throws {FencedError} another worker took over: nothing was applied
 */
export async function applyStatements(
  deps: StatementDeps,
  list: readonly Runnable[],
): Promise<Pick<HandlerRun, "published"> | null> {
  if (!list.every(mayGoAlone) || textLength(list) > maxTextLength) return null;
  const { subscriber, handlerTimeoutMs } = deps.consumer;
  const run = beginRun();
  const statements: SQL[] = [];
  const gather = async (statement: SQL) => statements.push(statement);
  let ending: Ending | null = null;
  try {
    const effects = { tx: null, execute: gather };
    await runHandlers({ deps, effects, run, sliceEndMs: Number.POSITIVE_INFINITY }, list);
    deps.onEnding?.();
    ending = await endWithEvents(deps.publish, run.published, deps.recordAtEnd);
    const before = [
      sql`SELECT set_config('statement_timeout', ${String(Math.ceil(handlerTimeoutMs))}, true)`,
      claimAllSql(subscriber, deps.stream, claimsOf(list)),
      ...statements,
    ];
    const all = [...before, ...ending.statements, sql.raw(deps.fence())];
    const answers = await deps.db.batch(all, handlerTimeoutMs + answerMarginMs);
    ending.committed?.(answers.slice(before.length, -1));
  } catch (error) {
    ending?.failed?.(sqlState(error) !== null);
    if (isFenced(error)) throw new FencedError();
    return null;
  }
  return run;
}

function mayGoAlone({ content, replayGeneration }: Runnable): boolean {
  return replayGeneration === 0 && givesStatements(content.subscription);
}

function textLength(list: readonly Runnable[]): number {
  return list.reduce(
    (sum, { fields }) => sum + (fields ?? []).reduce((own, { length }) => own + length, 0),
    0,
  );
}
