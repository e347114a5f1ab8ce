import type { MessageId } from "@brain/schemas";
import type { ParkedEntry } from "./queue.ts";
import { isBehindQueue, type Known, type Waiting } from "./read-round.ts";
import type { Tick } from "./tick.ts";
import { activePauses } from "./tick-state.ts";

/** Entries of the stream that may wait for a retry, or behind one; beyond that they are parked. */
const maxWaiting = 200;

/** What leaves the stream for the queue, and what stays. Each list keeps the order of the stream. */
export interface ParkChoice {
  readonly parked: readonly { readonly known: Known; readonly cause: ParkedEntry["cause"] }[];
  readonly pending: readonly Waiting[];
  readonly fresh: readonly Known[];
}

/**
 * Decides what goes to the queue: what is behind it already, what is of a paused type, what was trimmed from the stream,
 * and, when much waits, all that waits. Whatever follows with the same key goes along.
 *
 * @param heads the oldest queued id of each key
 */
export function choosePark(
  tick: Tick,
  pending: readonly Waiting[],
  fresh: readonly Known[],
  heads: ReadonlyMap<string, MessageId>,
): ParkChoice {
  const causes = new Map<Known, ParkedEntry["cause"]>();
  const parkedKeys = new Set<string>();
  const pausedTypes = new Set(activePauses(tick.state, tick.deps.now()).map(({ eventType }) => eventType));
  for (const known of [...pending, ...fresh]) {
    if (known.routed?.kind !== "handle") continue;
    const { key } = known;
    const cause = pausedTypes.has(known.routed.incoming.event.type)
      ? "paused"
      : isBehindQueue(known, heads) ||
          (key !== null && parkedKeys.has(key)) ||
          tick.trimmed.has(known.entry.id)
        ? "waiting"
        : null;
    if (cause === null) continue;
    causes.set(known, cause);
    if (key !== null) parkedKeys.add(key);
  }
  const stuck = stuckEntries(pending, fresh).filter((known) => !causes.has(known));
  if (stuck.length > maxWaiting) for (const known of stuck) causes.set(known, "waiting");
  return {
    parked: [...causes].map(([known, cause]) => ({ known, cause })),
    pending: pending.filter((known) => !causes.has(known)),
    fresh: fresh.filter((known) => !causes.has(known)),
  };
}

/** What waits for its time, and what stands behind it. */
function stuckEntries(pending: readonly Waiting[], fresh: readonly Known[]): readonly Known[] {
  const keys = new Set<string>();
  const isStuck = (known: Known, due: boolean) => {
    const stuck = !due || (known.key !== null && keys.has(known.key));
    if (stuck && known.key !== null) keys.add(known.key);
    return stuck && known.routed?.kind === "handle";
  };
  return [
    ...pending.filter((known) => isStuck(known, known.due)),
    ...fresh.filter((known) => isStuck(known, true)),
  ];
}
