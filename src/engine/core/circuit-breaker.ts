/**
 * The circuit breaker of one consumer on one shard. When several events in a row fail at their first try, the fault is not
 * theirs: instead of using up everybody's attempts, one event at a time is tried until one succeeds. Later tries do not
 * count, because the few events that never work come again and again. A failure that cannot be the event's own opens it
 * at once, at whichever try.
 *
 * When only one tenant's events failed, the fault may be that tenant's. So while the breaker is open for one tenant
 * alone, an event of another one is tried at once, if there is any. If that succeeds, the breaker closes and the tenant
 * is spared: until one of its events succeeds, its failures count as tries of these events, and not here. If it fails,
 * it is an outage.
 *
 *   closed ──(`after` events fail for now, none succeeds)──▶ open ──(the wait is over)──▶ half open: one event is tried
 *     ▲                                                       ▲                            │ │
 *     │                                                       └──(it fails: longer wait)───┘ │
 *     └───────────────────────────────────(it succeeds)──────────────────────────────────────┘
 */
export interface CircuitBreaker {
  /** First tries that failed since the last success. */
  readonly failures: number;
  /** Unix time, ms; null while closed. */
  readonly openSinceMs: number | null;
  /** Unix time, ms, of the next trial; null while closed. */
  readonly halfOpenAtMs: number | null;
  /** Trials that failed. */
  readonly failedTrials: number;
  /** The last failure, one line. */
  readonly error: string | null;
  /** Whose events failed since the last success, two at most; empty: no tenant's. A failure that is nobody's is everybody's. */
  readonly tenants: readonly string[];
  /** Tenants whose failures do not count, the last 50: others' events succeeded while only theirs failed. */
  readonly spared: readonly string[];
}

export interface CircuitBreakerPolicy {
  /** Events that must fail in a row, for now, before the breaker opens. */
  readonly after: number;
  /** Wait before the first trial, ms; doubled after each one that fails. */
  readonly baseMs: number;
  readonly capMs: number;
}

export const defaultCircuitBreakerPolicy: CircuitBreakerPolicy = { after: 10, baseMs: 1_000, capMs: 60_000 };

export const closedBreaker: CircuitBreaker = {
  failures: 0,
  openSinceMs: null,
  halfOpenAtMs: null,
  failedTrials: 0,
  error: null,
  tenants: [],
  spared: [],
};

export function isOpen(breaker: CircuitBreaker): boolean {
  return breaker.openSinceMs !== null;
}

/** An event that failed for now. */
export interface BreakerFailure {
  /** The try that failed, from 1. */
  readonly attempt: number;
  /** One line. */
  readonly error: string;
  /** What the handler asked to wait; a trial comes no earlier. Null: it did not say. */
  readonly retryAfterMs: number | null;
  /** True when no event can be at fault, e.g. because a column is missing: one such failure is enough. */
  readonly faultless: boolean;
  /** Whose event it is; empty: no tenant's. */
  readonly tenant: string;
}

/** The one tenant for whose events alone the breaker is open; null when it is closed, or it is an outage. */
export function openForOne(breaker: CircuitBreaker): string | null {
  const [tenant, another] = breaker.tenants;
  return isOpen(breaker) && another === undefined ? (tenant ?? null) : null;
}

/** Tenants that are remembered as spared. */
const maxSpared = 50;

/** Notes that events of these tenants were applied: the breaker is closed, for all but those who alone failed. */
export function afterSuccess(breaker: CircuitBreaker, tenants: ReadonlySet<string>): CircuitBreaker {
  const alone = openForOne(breaker);
  const known = alone === null ? breaker.spared : [...breaker.spared, alone];
  const spared = [...new Set(known)].filter((tenant) => !tenants.has(tenant)).slice(-maxSpared);
  return { ...closedBreaker, spared };
}

/** Notes an event that failed for now. */
export function afterFailure(
  breaker: CircuitBreaker,
  policy: CircuitBreakerPolicy,
  { attempt, error, retryAfterMs, faultless, tenant }: BreakerFailure,
  nowMs: number,
): CircuitBreaker {
  // A failure that no event can be blamed for counts as two tenants': no other event would show that all is well.
  const tenants = [...new Set([...breaker.tenants, tenant, ...(faultless ? ["", "*"] : [])])].slice(0, 2);
  if (isOpen(breaker)) {
    const failedTrials = breaker.failedTrials + 1;
    return {
      ...breaker,
      failedTrials,
      error,
      tenants,
      halfOpenAtMs: nowMs + waitMs(policy, failedTrials, retryAfterMs),
    };
  }
  if ((attempt > 1 || breaker.spared.includes(tenant)) && !faultless) return breaker;
  const failures = breaker.failures + 1;
  if (failures < policy.after && !faultless) return { ...breaker, failures, error, tenants };
  return {
    ...breaker,
    failures,
    error,
    tenants,
    failedTrials: 0,
    openSinceMs: nowMs,
    halfOpenAtMs: nowMs + waitMs(policy, 0, retryAfterMs),
  };
}

function waitMs(
  { baseMs, capMs }: CircuitBreakerPolicy,
  failedTrials: number,
  retryAfterMs: number | null,
): number {
  return Math.min(capMs, Math.max(baseMs * 2 ** Math.min(failedTrials, 30), retryAfterMs ?? 0));
}

/** What may run now: everything (closed), one event as a trial (half open), or nothing (open). */
export function phaseOf(breaker: CircuitBreaker, nowMs: number): "closed" | "half_open" | "open" {
  if (breaker.halfOpenAtMs === null) return "closed";
  return nowMs >= breaker.halfOpenAtMs ? "half_open" : "open";
}

/**
 * The breaker as far as its times can be true by the clock of who reads it. No trial is further away than the longest wait:
 * one that is was noted by a worker whose clock ran ahead, and comes now. By its own word the consumer would stand still
 * until then.
 */
export function believedBreaker(
  breaker: CircuitBreaker,
  { capMs }: CircuitBreakerPolicy,
  nowMs: number,
): CircuitBreaker {
  const { openSinceMs, halfOpenAtMs } = breaker;
  if (openSinceMs === null || halfOpenAtMs === null || halfOpenAtMs <= nowMs + capMs) return breaker;
  return { ...breaker, openSinceMs: Math.min(openSinceMs, nowMs), halfOpenAtMs: nowMs };
}

/** The breaker as text, for storing; an empty one for one that remembers nothing. */
export function breakerToText(breaker: CircuitBreaker): string {
  if (breaker.failures === 0 && !isOpen(breaker) && breaker.spared.length === 0) return "";
  return JSON.stringify({
    failures: breaker.failures,
    open_since: breaker.openSinceMs,
    probe_at: breaker.halfOpenAtMs,
    probes: breaker.failedTrials,
    error: breaker.error,
    tenants: breaker.tenants,
    spared: breaker.spared,
  });
}

/** @returns a closed breaker for a text that says nothing sensible: one may be forgotten, never invented */
export function breakerFromText(text: string | null): CircuitBreaker {
  if (text === null || text === "") return closedBreaker;
  try {
    const { failures, open_since, probe_at, probes, error, tenants, spared } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    const time = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);
    const openSinceMs = time(open_since);
    const halfOpenAtMs = time(probe_at);
    if (time(failures) === null || (openSinceMs === null) !== (halfOpenAtMs === null)) return closedBreaker;
    return {
      failures: time(failures) ?? 0,
      openSinceMs,
      halfOpenAtMs,
      failedTrials: time(probes) ?? 0,
      error: typeof error === "string" ? error : null,
      tenants: textsOf(tenants),
      spared: textsOf(spared),
    };
  } catch {
    return closedBreaker;
  }
}

/** A release before wrote none. */
function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
