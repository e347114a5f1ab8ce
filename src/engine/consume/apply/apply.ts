import type { Catalog } from "@brain/schemas";
import type { SQL } from "drizzle-orm";
import { classify } from "../../core/classify.ts";
import { FencedError, TransientError } from "../../core/errors.ts";
import { HandlerTimeoutError } from "../../core/promises/time-limit.ts";
import { type Decision, decideDelivery } from "../../core/retry.ts";
import type { Database, FenceText, Session, Tx } from "../../db/database.ts";
import { isDiskFull, mayBeBehindCode } from "../../db/errors.ts";
import { cutBackBy, endWithEvents, type RecordAtEnd } from "../../publish/publish.ts";
import type { Consumer } from "../consumer.ts";
import { watchesEntries } from "../define/define-consumer.ts";
import { attemptOf, claimsOf, type Delivery, type Runnable } from "../delivery.ts";
import { applyStatements } from "./apply-statements.ts";
import type { Claim } from "./claim.ts";
import { type ClaimedRow, claimSql, closeLetters, toClaimResult, unclaim } from "./dedup.ts";
import { behindTaken, idTakenError } from "./id-taken.ts";
import { beginRun, type HandlerDeps, type HandlerRun, runHandlers } from "./run-handlers.ts";
import { watchEntries } from "./watch-entries.ts";

/*
 * The guarantee: a consumer applies an event once, however often it is delivered and whatever ends whom in between.
 *
 *   BEGIN → claim → handlers → events they published → fence → COMMIT        then, and only then, the source lets it go
 *
 * - One transaction holds all of it: the claim, a row under (subscriber, message id) and (subscriber, event id), what the
 *   handlers did in Postgres, and the events they published. All of it stands, or nothing.
 * - A second delivery waits for a claim that is being made, finds it, and calls no handler. What the claim says of its event
 *   tells whether it is a second one: Redis and other programs give an id twice (`judge-claims.ts`).
 * - The fence is a row that whoever takes over has raised: a worker that comes late cannot commit.
 * - A reply to COMMIT that was lost costs a second delivery, which finds the claim. Nothing else has to be remembered.
 *
 * Optimistic: one transaction for the whole list. When it fails, nothing of it happened. If the failing delivery is
 * known, the ones before it run again together, it runs alone, and the ones behind it run together; if not, the list is
 * halved. When many fail, the rest runs event by event.
 */

/** What became of one delivery. */
export interface Applied {
  readonly delivery: Runnable;
  readonly decision: Decision;
  /** How a duplicate was told: the same entry, or the same event under another id. */
  readonly duplicate: "redelivered" | "published_twice" | null;
  /** What was thrown; null when nothing was. */
  readonly error: unknown;
  /** Null when no handler came to its end. */
  readonly times: HandledTimes | null;
  /** The failure costs no attempt, because the circuit breaker is open. */
  readonly uncounted?: boolean;
}

/** When it was handled. */
export interface HandledTimes {
  /** Its share of the time in its handler. */
  readonly processingMs: number;
  /** Unix ms. */
  readonly committedMs: number;
}

export interface ApplyResult {
  readonly applied: readonly Applied[];
  /** Not tried: time was up, the database was away, or an older delivery with the same key failed. */
  readonly untried: readonly Runnable[];
  /** The database could not be reached; trying on would only count attempts. */
  readonly unavailable: unknown;
}

export interface ApplyDeps extends HandlerDeps {
  readonly db: Database;
  /** What the types of claims are called now. */
  readonly catalog: Catalog;
  readonly stream: string;
  readonly shard: number;
  /** Called after each commit that recorded events; starts the relay. */
  readonly onPublished: () => void;
  /** How what handlers publish is recorded; left out: it is, and nothing else. */
  readonly recordAtEnd?: RecordAtEnd;
  /** The fence of this drain's transactions. */
  readonly fence: () => FenceText;
  /** Judges a failure before it counts; `stop` ends the list there, and what is left of it was not tried. */
  readonly judge: (failure: Applied) => { readonly failure: Applied; readonly stop: boolean };
  /** Called after each commit in which a handler ran, with what it ran for. */
  readonly onApplied: (applied: readonly Delivery[]) => void;
  /** Which migrations the database lacks, as a sentence; null when none. Asked only when a statement does not fit there. */
  readonly schemaLacks: () => Promise<string | null>;
}

/** One connection, opened when first needed, opened anew when it broke. */
export interface Lane {
  /** Begins to open it, so that it is there when it is needed. */
  prepare(): void;
  session(): Promise<Session>;
  close(): Promise<void>;
}

export function createLane({ db, consumer }: Pick<ApplyDeps, "db" | "consumer">): Lane {
  let opening: Promise<Session> | null = null;
  const open = () => {
    opening ??= db.open({ statementTimeoutMs: consumer.handlerTimeoutMs });
    return opening;
  };
  return {
    prepare() {
      // Whoever needs it is told what went wrong.
      open().catch(() => undefined);
    },
    async session() {
      const session = await open().catch((error: unknown) => {
        opening = null;
        throw error;
      });
      if (!session.broken) return session;
      opening = null;
      await session.close();
      return open();
    },
    async close() {
      const last = opening;
      opening = null;
      await last?.then(
        (session) => session.close(),
        () => undefined,
      );
    },
  };
}

/** Longest time that one transaction goes on beginning handlers, ms: bounds locks and what a failure repeats. */
const sliceMs = 1_000;
/**
 * When at least so many lists failed, and more than one in so many deliveries, the rest runs event by event: a failed
 * list costs three transactions where each delivery alone costs one.
 */
const manyFailures = 4;

/**
 * Applies deliveries in order.
 *
 * @param deadlineMs Unix time, ms, after which nothing new is begun
 */
export async function applyAll(
  deps: ApplyDeps,
  lane: Lane,
  deliveries: readonly Runnable[],
  deadlineMs: number,
): Promise<ApplyResult> {
  const applied: Applied[] = [];
  const untried: Runnable[] = [];
  const failedKeys = new Set<string>();
  const spared = new Set<Runnable>();
  const timedOut = new Map<Runnable, HandlerTimeoutError>();
  let listFailures = 0;
  const lists: (readonly Runnable[])[] = [deliveries];

  for (let list = lists.shift(); list !== undefined; list = lists.shift()) {
    const open = list.filter((delivery) => {
      if (delivery.key === null || !failedKeys.has(delivery.key)) return true;
      untried.push(delivery);
      return false;
    });
    if (open.length === 0) continue;
    // Its try is over, whatever the time is: a second one would hold up all others for as long again.
    const timeout = open.length === 1 && open[0] !== undefined ? timedOut.get(open[0]) : undefined;
    if (timeout === undefined && deps.now() >= deadlineMs) {
      untried.push(...open);
      continue;
    }
    const isDense = listFailures >= manyFailures && listFailures * manyFailures > applied.length;
    if (open.length > 1 && isDense) {
      lists.unshift(...open.map((delivery) => [delivery]));
      continue;
    }
    const attempt: Attempt =
      timeout === undefined
        ? await tryTogether(deps, lane, open, deadlineMs)
        : { kind: "failed", error: timeout, culprit: null, lost: false };
    switch (attempt.kind) {
      case "done":
        applied.push(...attempt.applied);
        for (const one of attempt.applied)
          if (one.delivery.key !== null && holdsKey(deps.consumer, one)) failedKeys.add(one.delivery.key);
        tellApplied(deps, attempt.applied);
        if (attempt.remaining.length > 0) lists.unshift(attempt.remaining);
        break;
      case "unavailable":
        untried.push(...open, ...lists.flat());
        return { applied, untried, unavailable: attempt.error };
      case "failed":
        if (open.length === 1 && open[0] !== undefined) {
          const [alone] = open;
          // A lost connection says nothing about the event; lost twice in a row with the same one, it may.
          if (attempt.lost && !spared.has(alone)) {
            spared.add(alone);
            lists.unshift(open);
            break;
          }
          const { failure, stop } = deps.judge(failed(deps, alone, attempt.error));
          applied.push(failure);
          if (stop) return { applied, untried: [...untried, ...lists.flat()], unavailable: null };
          if (holdsKey(deps.consumer, failure) && alone.key !== null) failedKeys.add(alone.key);
        } else {
          listFailures += 1;
          if (attempt.culprit !== null && attempt.error instanceof HandlerTimeoutError) {
            timedOut.set(attempt.culprit, attempt.error);
          }
          lists.unshift(...split(open, attempt.culprit));
        }
    }
  }
  return { applied, untried, unavailable: null };
}

function failed(deps: ApplyDeps, delivery: Runnable, error: unknown): Applied {
  const { retry } = deps.consumer;
  const outcome = classify(error);
  const decision = decideDelivery(outcome, attemptOf(delivery), retry, delivery.messageId, deps.now());
  return { delivery, decision, duplicate: null, error, times: null };
}

/** True when later deliveries with the same key have to wait for this one. */
export function holdsKey({ afterDeadLetter }: Consumer, { decision }: Applied): boolean {
  if (decision.action === "dead-letter") return afterDeadLetter === "hold_key";
  return decision.action === "retry" && !decision.overtakable;
}

function split(list: readonly Runnable[], culprit: Runnable | null): (readonly Runnable[])[] {
  const at = culprit === null ? -1 : list.indexOf(culprit);
  if (at === -1) {
    const middle = Math.ceil(list.length / 2);
    return [list.slice(0, middle), list.slice(middle)];
  }
  return [list.slice(0, at), list.slice(at, at + 1), list.slice(at + 1)].filter((part) => part.length > 0);
}

type Attempt =
  | { readonly kind: "done"; readonly applied: readonly Applied[]; readonly remaining: readonly Runnable[] }
  | {
      readonly kind: "failed";
      readonly error: unknown;
      readonly culprit: Runnable | null;
      /** The connection ended on its own, before the transaction did. */
      readonly lost: boolean;
    }
  | { readonly kind: "unavailable"; readonly error: unknown };

async function tryTogether(
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
  let applied: readonly Applied[];
  try {
    applied = await session.transaction(
      (tx, [claimed]) =>
        applyInTransaction(
          deps,
          { session, tx, claims, claimed: claimed as ClaimedRow },
          list,
          run,
          Math.min(deadlineMs, deps.now() + sliceMs),
        ),
      {
        first: claimSql(deps.consumer.subscriber, deps.stream, claims),
        last: () => endWithEvents(deps.publish, run.published, deps.recordAtEnd),
        savepoints: cutBackBy(run.published),
        fence: deps.fence(),
      },
    );
  } catch (error) {
    if (error instanceof FencedError) return { kind: "unavailable", error };
    // A connection may be refused as late as its first statement; no handler has seen the deliveries then. And a disk may
    // have room for the claims and none for the effects.
    const away = (!run.claimed && error instanceof TransientError) || isDiskFull(error);
    if (away) return { kind: "unavailable", error };
    // No event is to blame for a schema that is behind the code: nothing is tried before that is mended.
    const lacks = mayBeBehindCode(error) ? await deps.schemaLacks() : null;
    if (lacks !== null) return { kind: "unavailable", error: new TransientError(lacks, { cause: error }) };
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

/** Nothing is claimed and nothing is fenced: what a watcher does is harmless a second time. */
async function tryWatch(deps: ApplyDeps, list: readonly Runnable[]): Promise<Attempt> {
  try {
    await watchEntries(deps, list);
  } catch (error) {
    if (error instanceof TransientError || isDiskFull(error)) return { kind: "unavailable", error };
    const lacks = mayBeBehindCode(error) ? await deps.schemaLacks() : null;
    if (lacks !== null) return { kind: "unavailable", error: new TransientError(lacks, { cause: error }) };
    return { kind: "failed", error, culprit: null, lost: false };
  }
  return { kind: "done", applied: list.map((delivery) => acked(delivery)), remaining: [] };
}

function acked(delivery: Runnable, times: Applied["times"] = null): Applied {
  return { delivery, decision: { action: "ack" }, duplicate: null, error: null, times };
}

/** Another event has its id. */
function giveUp(delivery: Runnable): Applied {
  const decision = { action: "dead-letter", reason: "id_taken" } as const;
  return { delivery, decision, duplicate: null, error: idTakenError(delivery), times: null };
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

/** A transaction whose claims are made. */
interface Claiming {
  readonly session: Session;
  readonly tx: Tx;
  readonly claims: readonly Claim[];
  readonly claimed: ClaimedRow;
}

async function applyInTransaction(
  deps: ApplyDeps,
  { session, tx, claims, claimed: row }: Claiming,
  list: readonly Runnable[],
  run: HandlerRun,
  sliceEndMs: number,
): Promise<Applied[]> {
  const { subscriber } = deps.consumer;
  const scope = { subscriber, stream: deps.stream, catalog: deps.catalog };
  const found = await toClaimResult(tx, scope, claims, row);
  const { claimed, redelivered, withLetter, idTaken } = found;
  run.claimed = true;
  run.neverApplied = found.neverApplied;
  const isIn = (set: ReadonlySet<Claim>) => (_delivery: Runnable, at: number) => {
    const claim = claims[at];
    return claim !== undefined && set.has(claim);
  };
  const ours = list.filter(isIn(claimed));
  const given = idTaken.size === 0 ? [] : list.filter(isIn(idTaken));
  const held = behindTaken(deps.consumer, list, given).filter((one) => ours.includes(one));
  const fresh = held.length === 0 ? ours : ours.filter((one) => !held.includes(one));
  try {
    const effects = { tx, execute: (statement: SQL) => tx.execute(statement) };
    await runHandlers(deps, effects, fresh, run, sliceEndMs);
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
  if (withLetter.size > 0) {
    const revived = claims.filter((claim, at) => withLetter.has(claim) && !isLeft(claim, at));
    if (revived.length > 0) await closeLetters(tx, scope, revived);
  }
  return list.flatMap((delivery, at): Applied | [] => {
    const claim = claims[at];
    if (claim === undefined || remaining.has(delivery)) return [];
    if (claimed.has(claim)) return acked(delivery);
    if (idTaken.has(claim)) return giveUp(delivery);
    const duplicate = redelivered.has(claim) ? "redelivered" : "published_twice";
    return { delivery, decision: { action: "ack" }, duplicate, error: null, times: null };
  });
}

/** Tells of those for whom a handler ran. */
function tellApplied(deps: ApplyDeps, applied: readonly Applied[]): void {
  const ran = applied.flatMap(({ delivery, duplicate, decision }) =>
    duplicate === null && decision.action === "ack" ? [delivery] : [],
  );
  if (ran.length > 0) deps.onApplied(ran);
}
