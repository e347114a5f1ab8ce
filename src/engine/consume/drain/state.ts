import type { MessageId } from "@brain/schemas";
import type { CircuitBreaker } from "../../core/circuit-breaker.ts";
import type { ApplyDeps } from "../apply/applied.ts";
import type { Lane } from "../apply/lane.ts";
import type { Delivery } from "../delivery.ts";
import type { DeferredSource } from "../sources/deferred.ts";
import type { StreamSource } from "../sources/stream.ts";
import type { DrainBase } from "./base.ts";
import type { DrainCounts } from "./counts.ts";

/** State of one drain; gone when it ends. */
export interface Drain extends DrainBase {
  readonly stream: StreamSource;
  readonly deferred: DeferredSource;
  readonly apply: ApplyDeps;
  readonly lanes: Lane[];
  readonly counts: DrainCounts;
  /** Being handled now; the renewal of the lease keeps their entries from looking idle. */
  readonly running: Set<Delivery>;
  breaker: CircuitBreaker;
  breakerChanged: boolean;
  /** New entries that the next round reads at most; grows and shrinks with the time that rounds take. */
  readSize: number;
  rounds: number;
  /** Called when the handlers of a transaction have come to their end. */
  onEnding: (() => void) | null;
  /** Deliveries applied when the drain last stayed for news. */
  appliedBefore: number;
  /** How far it has looked ahead for tenants who wait behind others. */
  outlook: Outlook;
}

/** Where a drain has looked; nothing of it outlives the drain. */
export interface Outlook {
  /** Unix time, ms, before which it does not look again. */
  nextMs: number;
  /** Up to here nobody waits but those who are served; null: not known. */
  lookedTo: MessageId | null;
  /** Tenants whose events were being read when it last looked. */
  served: ReadonlySet<string>;
  /** New entries read since. */
  readSince: number;
  /** The round before read as much as it asked for. */
  wasFull: boolean;
}

export function beginOutlook(): Outlook {
  return { nextMs: 0, lookedTo: null, served: new Set(), readSince: 0, wasFull: false };
}

/** Calls that one round needs at most, besides its handlers' own. */
const callsPerRound = 12;

/** True while another round may begin. */
export function mayGoOn(drain: Drain): boolean {
  const { hasChanged, result, options, deps, rounds } = drain;
  // A drain that gave way before its first round would get nowhere when Redis is slow.
  const yields = rounds > 0 && deps.yields?.() === true;
  return !hasChanged && !yields && result.read < options.maxEvents && hasTime(drain);
}

/** True while the lease is ours, the deadline has not come and enough calls are left to finish what is begun. */
export function hasTime({ deps, options, lease }: Drain): boolean {
  if (lease.isLost) return false;
  return deps.now() < options.deadlineMs && !(deps.meter?.isNear(callsPerRound) ?? false);
}

/** What an operator sees of the last drain. */
export function heartbeat({ deps, result }: Drain): string {
  const {
    read,
    applied,
    retried,
    deadLettered,
    stopped,
    deferred: parked,
    paused,
    breakerOpen: braked,
  } = result;
  return JSON.stringify({
    at: new Date(deps.now()).toISOString(),
    read,
    applied,
    retried,
    dead_lettered: deadLettered,
    parked,
    paused,
    braked,
    stopped,
  });
}
