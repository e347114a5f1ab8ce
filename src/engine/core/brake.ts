/**
 * The outage brake of one consumer on one shard. When several events in a row fail at their first try, the fault is not
 * theirs: instead of using up everybody's attempts, one event at a time is tried until one succeeds. Later tries do not
 * count, because the few events that never work come again and again. A failure that cannot be the event's own opens it
 * at once, at whichever try.
 *
 *   closed ──(`after` events fail for now, none succeeds)──▶ open ──(probe fails)──▶ open, longer wait
 *     ▲                                                          │
 *     └────────────────────────(probe succeeds)──────────────────┘
 */
export interface Brake {
  /** First tries that failed since the last success. */
  readonly failures: number;
  /** Unix time, ms; null while closed. */
  readonly openSinceMs: number | null;
  /** Unix time, ms, of the next probe; null while closed. */
  readonly probeAtMs: number | null;
  /** Probes that failed. */
  readonly probes: number;
  /** The last failure, one line. */
  readonly error: string | null;
}

export interface BrakePolicy {
  /** Events that must fail in a row, for now, before the brake opens. */
  readonly after: number;
  /** Wait before the first probe, ms; doubled after each one that fails. */
  readonly baseMs: number;
  readonly capMs: number;
}

export const defaultBrakePolicy: BrakePolicy = { after: 10, baseMs: 1_000, capMs: 60_000 };

export const closedBrake: Brake = { failures: 0, openSinceMs: null, probeAtMs: null, probes: 0, error: null };

export function isOpen(brake: Brake): boolean {
  return brake.openSinceMs !== null;
}

/** An event that failed for now. */
export interface BrakeFailure {
  /** The try that failed, from 1. */
  readonly attempt: number;
  /** One line. */
  readonly error: string;
  /** What the handler asked to wait; a probe comes no earlier. Null: it did not say. */
  readonly retryAfterMs: number | null;
  /** True when no event can be at fault, e.g. because a column is missing: one such failure is enough. */
  readonly faultless: boolean;
}

/** Notes an event that failed for now. */
export function afterFailure(
  brake: Brake,
  policy: BrakePolicy,
  { attempt, error, retryAfterMs, faultless }: BrakeFailure,
  nowMs: number,
): Brake {
  if (isOpen(brake)) {
    const probes = brake.probes + 1;
    return { ...brake, probes, error, probeAtMs: nowMs + waitMs(policy, probes, retryAfterMs) };
  }
  if (attempt > 1 && !faultless) return brake;
  const failures = brake.failures + 1;
  if (failures < policy.after && !faultless) return { ...brake, failures, error };
  return {
    failures,
    error,
    probes: 0,
    openSinceMs: nowMs,
    probeAtMs: nowMs + waitMs(policy, 0, retryAfterMs),
  };
}

function waitMs({ baseMs, capMs }: BrakePolicy, probes: number, retryAfterMs: number | null): number {
  return Math.min(capMs, Math.max(baseMs * 2 ** Math.min(probes, 30), retryAfterMs ?? 0));
}

/** What a tick may run now: everything, one event as a probe, or nothing before `probeAtMs`. */
export function allowedBy(brake: Brake, nowMs: number): "all" | "probe" | "nothing" {
  if (brake.probeAtMs === null) return "all";
  return nowMs >= brake.probeAtMs ? "probe" : "nothing";
}

/** The brake as text, for storing; an empty one for a brake that remembers nothing. */
export function brakeToText(brake: Brake): string {
  if (brake.failures === 0 && !isOpen(brake)) return "";
  return JSON.stringify({
    failures: brake.failures,
    open_since: brake.openSinceMs,
    probe_at: brake.probeAtMs,
    probes: brake.probes,
    error: brake.error,
  });
}

/** @returns the closed brake for a text that says nothing sensible: a brake may be forgotten, never invented */
export function brakeFromText(text: string | null): Brake {
  if (text === null || text === "") return closedBrake;
  try {
    const { failures, open_since, probe_at, probes, error } = JSON.parse(text) as Record<string, unknown>;
    const time = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);
    const openSinceMs = time(open_since);
    const probeAtMs = time(probe_at);
    if (time(failures) === null || (openSinceMs === null) !== (probeAtMs === null)) return closedBrake;
    return {
      failures: time(failures) ?? 0,
      openSinceMs,
      probeAtMs,
      probes: time(probes) ?? 0,
      error: typeof error === "string" ? error : null,
    };
  } catch {
    return closedBrake;
  }
}
