import type { SQL } from "drizzle-orm";
import { FencedError, TransientError } from "../../core/errors.ts";
import { HandlerTimeoutError } from "../../core/promises/time-limit.ts";
import type { Session, Tx } from "../../db/database.ts";
import { isDiskFull, mayBeBehindCode } from "../../db/errors.ts";
import { cutBackBy, endWithEvents } from "../../publish/publish.ts";
import type { Consumer } from "../consumer.ts";
import { watchesEntries } from "../define/define-consumer.ts";
import { claimsOf, type Runnable } from "../delivery.ts";
import type { Applied, ApplyDeps } from "./applied.ts";
import { applyStatements } from "./apply-statements.ts";
import type { Claim } from "./claim.ts";
import {
  type ClaimedRow,
  type ClaimResult,
  claimSql,
  closeLetters,
  toClaimResult,
  unclaim,
} from "./dedup.ts";
import { beginRun, type HandlerRun } from "./handler-run.ts";
import { behindTaken, idTakenError } from "./id-taken.ts";
import type { Lane } from "./lane.ts";
import { runHandlers } from "./run-handlers.ts";
import { watchEntries } from "./watch-entries.ts";

/** Longest time that one transaction goes on beginning handlers, ms: bounds locks and what a failure repeats. */
const sliceMs = 1_000;

/** What became of a list. */
export type Attempt =
  | { readonly kind: "done"; readonly applied: readonly Applied[]; readonly remaining: readonly Runnable[] }
  | {
      readonly kind: "failed";
      readonly error: unknown;
      readonly culprit: Runnable | null;
      /** The connection ended on its own, before the transaction did. */
      readonly lost: boolean;
    }
  | { readonly kind: "unavailable"; readonly error: unknown };

/** Applies a list as a whole, or nothing of it. Never throws what a handler threw: `Attempt` says what became of it. */
export async function tryTogether(
  deps: ApplyDeps,
  lane: Lane,
  list: readonly Runnable[],
  deadlineMs: number,
): Promise<Attempt> {
  if (watchesEntries(deps.consumer)) return tryWatch(deps, list);
  const byStatements = await tryStatements(deps, list);
  if (byStatements !== null) return byStatements;
  let session: Session;
  try {
    session = await lane.session();
  } catch (error) {
    return { kind: "unavailable", error };
  }
  const run = beginRun();
  const claims = claimsOf(list);
  const sliceEndMs = Math.min(deadlineMs, deps.now() + sliceMs);
  let applied: readonly Applied[];
  try {
    applied = await session.transaction(
      (tx, [claimed]) =>
        applyInTransaction(
          deps,
          { list, claims, claimed: claimed as ClaimedRow, session, tx },
          run,
          sliceEndMs,
        ),
      {
        first: claimSql(deps.consumer.subscriber, deps.stream, claims),
        last: () => {
          deps.onEnding?.();
          return endWithEvents(deps.publish, run.published, deps.recordAtEnd);
        },
        savepoints: cutBackBy(run.published),
        fence: deps.fence(),
      },
    );
  } catch (error) {
    if (error instanceof FencedError) return { kind: "unavailable", error };
    // A connection may be refused as late as its first statement; no handler has seen the deliveries then.
    const unavailable = await unavailableBy(deps, error, run.claimed);
    if (unavailable !== null) return unavailable;
    // At a handler's time limit we close the connection ourselves.
    const lost = session.broken && !(error instanceof HandlerTimeoutError);
    return { kind: "failed", error, culprit: run.culprit, lost };
  }
  // Behind the commit, so that a failing trigger is never taken for a failing handler.
  if (run.published.length > 0) deps.onPublished();
  const committedMs = deps.now();
  const timed = applied.map((one): Applied => {
    const processingMs = run.processingMs.get(one.delivery);
    return processingMs === undefined ? one : { ...one, times: { processingMs, committedMs } };
  });
  return { kind: "done", applied: timed, remaining: run.remaining };
}

/**
 * Whether an error is about the database and no event.
 *
 * @param hasBegun true: the database was there when the handlers began, so a transient error is one of theirs
 * @returns null: a delivery is to blame
 */
async function unavailableBy(
  deps: ApplyDeps,
  error: unknown,
  hasBegun: boolean,
): Promise<Extract<Attempt, { kind: "unavailable" }> | null> {
  // A disk may have room for the claims and none for the effects.
  if ((!hasBegun && error instanceof TransientError) || isDiskFull(error))
    return { kind: "unavailable", error };
  // No event is to blame for a schema that is behind the code: nothing is tried before that is mended.
  const lacks = mayBeBehindCode(error) ? await deps.schemaLacks() : null;
  return lacks === null ? null : { kind: "unavailable", error: new TransientError(lacks, { cause: error }) };
}

/** Nothing is claimed and nothing is fenced: what a watcher does is harmless a second time. */
async function tryWatch(deps: ApplyDeps, list: readonly Runnable[]): Promise<Attempt> {
  try {
    await watchEntries(deps, list);
  } catch (error) {
    const unavailable = await unavailableBy(deps, error, false);
    return unavailable ?? { kind: "failed", error, culprit: null, lost: false };
  }
  return { kind: "done", applied: list.map((delivery) => acked(delivery)), remaining: [] };
}

/** @returns null: they go the ordinary way */
async function tryStatements(deps: ApplyDeps, list: readonly Runnable[]): Promise<Attempt | null> {
  const beganMs = deps.now();
  try {
    const run = await applyStatements(deps, list);
    if (run === null) return null;
    if (run.published.length > 0) deps.onPublished();
  } catch (error) {
    return { kind: "unavailable", error };
  }
  // What the handlers gave is run by the request; all share its time.
  const committedMs = deps.now();
  const times = { processingMs: (committedMs - beganMs) / list.length, committedMs };
  return { kind: "done", applied: list.map((delivery) => acked(delivery, times)), remaining: [] };
}

/** A list in its transaction, whose claims are made. */
interface Claiming {
  readonly list: readonly Runnable[];
  /** One for each of `list`, in its order. */
  readonly claims: readonly Claim[];
  readonly claimed: ClaimedRow;
  readonly session: Session;
  readonly tx: Tx;
}

async function applyInTransaction(
  deps: ApplyDeps,
  claiming: Claiming,
  run: HandlerRun,
  sliceEndMs: number,
): Promise<Applied[]> {
  const { list, claims, session, tx } = claiming;
  const { subscriber } = deps.consumer;
  const scope = { subscriber, stream: deps.stream, catalog: deps.catalog };
  const found = await toClaimResult(tx, scope, claims, claiming.claimed);
  run.claimed = true;
  run.neverApplied = found.neverApplied;
  const { held, runnable } = runnableOf(deps.consumer, claiming, found);
  try {
    const effects = { tx, execute: (statement: SQL) => tx.execute(statement) };
    await runHandlers({ deps, effects, run, sliceEndMs }, runnable);
  } catch (error) {
    // The handler may still hold the connection with a statement; a ROLLBACK would wait behind it.
    if (error instanceof HandlerTimeoutError) await session.close();
    throw error;
  }
  run.remaining = [...held, ...run.remaining];
  const remaining = new Set(run.remaining);
  const isLeft = (_claim: Claim, at: number) => {
    const delivery = list[at];
    return delivery !== undefined && remaining.has(delivery);
  };
  if (remaining.size > 0) {
    const left = claims.filter(isLeft).map((claim) => {
      return { ...claim, place: found.beside.get(claim) ?? claim.place };
    });
    await unclaim(tx, subscriber, left);
  }
  if (found.withLetter.size > 0) {
    const revived = claims.filter((claim, at) => found.withLetter.has(claim) && !isLeft(claim, at));
    if (revived.length > 0) await closeLetters(tx, scope, revived);
  }
  return list.flatMap((delivery, at): Applied | [] => {
    const claim = claims[at];
    return claim === undefined || remaining.has(delivery) ? [] : appliedAs(delivery, claim, found);
  });
}

/** What the handlers are called for, and what has to wait behind one whose id another event has. */
function runnableOf(
  consumer: Consumer,
  { list, claims }: Claiming,
  { claimed, idTaken }: ClaimResult,
): { readonly runnable: readonly Runnable[]; readonly held: readonly Runnable[] } {
  const isIn = (set: ReadonlySet<Claim>) => (_delivery: Runnable, at: number) => {
    const claim = claims[at];
    return claim !== undefined && set.has(claim);
  };
  const ours = list.filter(isIn(claimed));
  const given = idTaken.size === 0 ? [] : list.filter(isIn(idTaken));
  const held = behindTaken(consumer, list, given).filter((one) => ours.includes(one));
  return { held, runnable: held.length === 0 ? ours : ours.filter((one) => !held.includes(one)) };
}

function appliedAs(
  delivery: Runnable,
  claim: Claim,
  { claimed, idTaken, redelivered }: ClaimResult,
): Applied {
  if (claimed.has(claim)) return acked(delivery);
  if (idTaken.has(claim)) return giveUp(delivery);
  const duplicate = redelivered.has(claim) ? "redelivered" : "published_twice";
  return { delivery, decision: { action: "ack" }, duplicate, error: null, times: null };
}

function acked(delivery: Runnable, times: Applied["times"] = null): Applied {
  return { delivery, decision: { action: "ack" }, duplicate: null, error: null, times };
}

/** Another event has its id. */
function giveUp(delivery: Runnable): Applied {
  const decision = { action: "dead-letter", reason: "id_taken" } as const;
  return { delivery, decision, duplicate: null, error: idTakenError(delivery), times: null };
}
