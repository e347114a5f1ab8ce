import { compareMessageIds, type MessageId } from "@brain/schemas";
import { orderOf } from "../../core/ordering.ts";
import {
  type Delivery,
  inStreamOrder,
  isRunnable,
  type Runnable,
  type TakenFromStream,
} from "../delivery.ts";
import { markCommands } from "../lease/deferred-signal.ts";
import type { NewDeferredRow } from "../sources/deferred-writes-sql.ts";
import type { Drain } from "./state.ts";

/*
 * Deferring moves entries from the stream to the table of deferred deliveries, with all that is known of their tries. The
 * pending list of Redis is short and shared by all keys: what may wait long must not fill it.
 */

/** Entries of the stream that may wait for a retry, or behind one; beyond that they are deferred. */
const maxWaiting = 200;

/** One that leaves the stream, and why. */
export interface Deferral {
  readonly delivery: Delivery;
  readonly cause: NewDeferredRow["cause"];
}

/** What leaves the stream, and what stays. Each list keeps the order of the stream. */
export interface Deferrals extends Pick<TakenFromStream, "waiting" | "fresh"> {
  readonly deferred: readonly Deferral[];
}

/** What the choice depends on besides the deliveries. */
export interface DeferConditions {
  readonly pausedTypes: ReadonlySet<string>;
  /** The oldest id among the deferred deliveries, of each key at hand. */
  readonly heads: ReadonlyMap<string, MessageId>;
  /** Unix time, ms. */
  readonly nowMs: number;
}

/**
 * Decides what is deferred. Pure. These go, and whatever follows with the same key goes along:
 *
 * - what is behind a deferred one with its key
 * - what is of a paused type
 * - what was trimmed from the stream
 * - all that waits, when that is much, or is too large to be looked at together with what is behind it
 *
 * What an operator gave up stays: it is about to become a dead letter, and the table would forget that it was given up.
 */
export function chooseDeferred(
  { waiting, fresh, isPart = false }: Pick<TakenFromStream, "waiting" | "fresh" | "isPart">,
  { pausedTypes, heads, nowMs }: DeferConditions,
): Deferrals {
  const causes = new Map<Delivery, Deferral["cause"]>();
  const deferredKeys = new Set<string>();
  const given = waiting.length === 0 ? fresh : inStreamOrder([...waiting, ...fresh]);
  for (const delivery of given) {
    if (!mayMove(delivery)) continue;
    const key = orderOf(delivery);
    const isBehind = key !== null && (deferredKeys.has(key) || isOlder(heads.get(key), delivery.messageId));
    if (pausedTypes.has(delivery.content.event.type)) causes.set(delivery, "paused");
    else if (isBehind || delivery.isTrimmed) causes.set(delivery, "waiting");
    else continue;
    if (key !== null) deferredKeys.add(key);
  }
  const stuck = stuckOf(given, nowMs).filter((delivery) => !causes.has(delivery));
  if (stuck.length > (isPart ? 0 : maxWaiting)) for (const delivery of stuck) causes.set(delivery, "waiting");
  const stays = (delivery: Delivery) => !causes.has(delivery);
  return {
    deferred: [...causes].map(([delivery, cause]) => ({ delivery, cause })),
    waiting: waiting.filter(stays),
    fresh: fresh.filter(stays),
  };
}

function mayMove(delivery: Delivery): delivery is Runnable {
  return isRunnable(delivery) && delivery.skipReason === null;
}

function isOlder(head: MessageId | undefined, id: MessageId): boolean {
  return head !== undefined && compareMessageIds(head, id) < 0;
}

/** What waits for its time, and what stands behind it. */
function stuckOf(deliveries: readonly Delivery[], nowMs: number): readonly Delivery[] {
  const keys = new Set<string>();
  return deliveries.filter((delivery) => {
    const key = orderOf(delivery);
    const isStuck = delivery.dueAtMs > nowMs || (key !== null && keys.has(key));
    if (isStuck && key !== null) keys.add(key);
    return isStuck && mayMove(delivery);
  });
}

/**
 * Stores them in the table, then acks them. What an operator decides about one of them in between is stored, too.
 *
 * @throws {TransientError} not stored: they stay pending
 * @throws {FencedError} another worker took over: they stay pending, and stand in the table too
 */
export async function defer(drain: Drain, deferred: readonly Deferral[]): Promise<void> {
  if (deferred.length === 0) return;
  const { deps, lease, stream } = drain;
  await drain.deferred.store(deferred);
  const deferredMark = crypto.randomUUID();
  const deliveries = deferred.map(({ delivery }) => delivery);
  const marks = markCommands(deps.keys, lease.scope, deferredMark);
  let decided = await stream.handOver(deliveries, marks);
  while (decided !== null) {
    await drain.deferred.noteDecided(deliveries, decided);
    decided = await stream.handOver(deliveries, marks);
  }
  drain.state = { ...drain.state, deferredMark };
  drain.result.deferred += deferred.length;
}
