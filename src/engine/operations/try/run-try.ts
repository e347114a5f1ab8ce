import { sql } from "drizzle-orm";
import { claimId } from "../../consume/apply/claim.ts";
import { type ClaimState, claimState } from "../../consume/apply/claim-state.ts";
import { beginRun, type Effects, type HandlerRun } from "../../consume/apply/handler-run.ts";
import { runHandlers } from "../../consume/apply/run-handlers.ts";
import type { CallOutside } from "../../consume/define/call-outside.ts";
import { claimOf, noSource, type Runnable } from "../../consume/delivery.ts";
import { interpretEntry } from "../../consume/drain/interpret.ts";
import { TransientError } from "../../core/errors.ts";
import { HandlerTimeoutError } from "../../core/promises/time-limit.ts";
import type { Tx } from "../../db/database.ts";
import type { Invocation } from "../../invocation.ts";
import type { RecordedEvent } from "../../publish/record.ts";
import { showRefused, showTry } from "./show-try.ts";
import { type Collector, createCollector, createKeptLog } from "./shown-lists.ts";
import { type HandlerEnd, maxShown, type Seen, type TryInput, tryLimitMs } from "./tried.ts";
import type { RefusedCall, TryView } from "./try-view.ts";

/*
 * One event, one handler, one transaction that is rolled back. There is no claim and no fence, nothing is acked, nothing
 * published and nobody woken: the handler is called as a drain calls it, and what it does is watched instead of kept.
 */

/** A call of the outside in a try. */
export class OutsideRefusedError extends TransientError {}

/**
 * Runs a handler on an event and keeps nothing.
 *
 * @throws {TransientError} Postgres is not reachable, so nothing was tried
 */
export async function runTry(invocation: Invocation, input: TryInput): Promise<TryView> {
  const { catalog, db } = invocation;
  const { consumer, fields, messageId } = input;
  const { content, key } = interpretEntry(catalog, consumer, fields);
  if (content.kind !== "handle") return showRefused(catalog, input, content, key);
  // What cannot be opened is told when the handler's turn comes, as in a drain.
  const clear = await invocation.publish.personal?.reveal([content.event]).catch(() => []);
  const [event = content.event] = clear ?? [];
  const already = await claimState(db, consumer.subscriber, { messageId, eventId: event.id });
  const delivery = deliveryOf(input, { ...content, event }, key, already);
  const seen: Seen = {
    statements: createCollector(maxShown.statements),
    log: createCollector(maxShown.log),
    calls: createCollector(maxShown.calls),
  };
  const run = runFor(delivery, already);
  const end = await runOnce(invocation, input, delivery, run, seen);
  const handler = content.subscription.kind;
  return showTry({ catalog, input, event, handler, key, already, seen, end, nowMs: invocation.now() });
}

function runFor(delivery: Runnable, already: ClaimState | null): HandlerRun {
  const run = beginRun();
  if (already !== null && already.instead !== "applied")
    run.neverApplied = new Set([claimId(claimOf(delivery))]);
  return run;
}

async function runOnce(
  invocation: Invocation,
  { consumer }: TryInput,
  delivery: Runnable,
  run: HandlerRun,
  seen: Seen,
): Promise<HandlerEnd> {
  const limitMs = Math.min(consumer.handlerTimeoutMs, tryLimitMs);
  const deps = {
    consumer: { ...consumer, handlerTimeoutMs: limitMs },
    publish: { ...invocation.publish, onLargePayload: () => undefined },
    log: createKeptLog(seen.log),
    trace: null,
    now: invocation.now,
    fetch: refuseOutside(seen.calls),
  };
  const session = await invocation.db.open({ statementTimeoutMs: limitMs, begins: true });
  let recorded: ReadonlySet<string> = new Set();
  let isWatching = true;
  let beganMs = performance.now();
  let ms = 0;
  const handle = async (tx: Tx) => {
    beganMs = performance.now();
    try {
      const effects: Effects = { tx, execute: (statement) => tx.execute(statement) };
      await runHandlers({ deps, effects, run, sliceEndMs: Number.POSITIVE_INFINITY }, [delivery]);
    } catch (error) {
      // The handler may still hold the connection with a statement; a ROLLBACK would wait behind it.
      if (error instanceof HandlerTimeoutError) await session.close();
      throw error;
    } finally {
      ms = performance.now() - beganMs;
      isWatching = false;
    }
    recorded = await recordedOf(tx, run.published);
  };
  try {
    const { changes } = await session.trial(
      handle,
      (statement) => isWatching && seen.statements.add(statement),
    );
    return { published: run.published, recorded, changes, error: null, ms };
  } catch (error) {
    // Where the handler was not begun, nothing was tried.
    if (isWatching) throw error;
    return { published: run.published, recorded, changes: [], error, ms };
  } finally {
    await session.close();
  }
}

/** A handler that calls the outside learns at once that it may not. */
function refuseOutside(calls: Collector<RefusedCall>): CallOutside {
  return async (url, { method = "GET" }) => {
    const origin = URL.canParse(url) ? new URL(url).origin : "an address that is none";
    calls.add({ method, origin });
    throw new OutsideRefusedError(
      `Calls to the outside are refused while an event is tried out: ${method} ${origin} was not called.`,
    );
  };
}

/** Which of these the record has. */
async function recordedOf(tx: Tx, published: readonly RecordedEvent[]): Promise<ReadonlySet<string>> {
  if (published.length === 0) return new Set();
  const ids = sql.param(published.map(({ event }) => event.id));
  const { rows } = await tx.execute<{ id: string }>(
    sql`SELECT id::text FROM events WHERE id = ANY(${ids}::uuid[])`,
  );
  return new Set(rows.map(({ id }) => id));
}

/** What has been applied could be handled again by a forced replay alone, so that is what its handler is told. */
function deliveryOf(
  { fields, messageId, replayGeneration }: TryInput,
  content: Runnable["content"],
  key: string | null,
  already: ClaimState | null,
): Runnable {
  const isAgain = already !== null || replayGeneration !== 0;
  return {
    source: noSource,
    row: null,
    messageId,
    fields,
    content,
    key,
    begun: 0,
    ended: 0,
    isBegun: true,
    firstFailedAtMs: null,
    dueAtMs: 0,
    lastError: null,
    overtakable: false,
    skipReason: null,
    isTrimmed: false,
    replayGeneration: isAgain ? Math.max(1, replayGeneration) : 0,
    isReplay: isAgain,
    deadLetterId: null,
  };
}
