import { type Clock, errorClass, type Logger } from "@brain/engine";

/** Keeps a lease alive while an attempt runs. */
export interface Heartbeat {
  /** Aborts when the mission is no longer ours: cancelled, taken over, or its lease could not be renewed in time. */
  readonly lost: AbortSignal;
  stop(): void;
}

/**
 * Renews at a third of the lease, so that one failed renewal costs nothing.
 *
 * @param renew false: the mission is no longer ours
 */
export function startHeartbeat(
  leaseMs: number,
  log: Logger,
  now: Clock,
  renew: () => Promise<boolean>,
): Heartbeat {
  const lost = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let validUntil = now() + leaseMs;
  const beat = async () => {
    // Counted from before the question, so that we never believe in a lease that has ended.
    const asked = now();
    try {
      if (await renew()) validUntil = asked + leaseMs;
      else lost.abort();
    } catch (error) {
      log.warn({ error_class: errorClass(error) }, "The lease of a mission could not be renewed.");
      if (now() >= validUntil) lost.abort();
    }
    if (!stopped && !lost.signal.aborted) timer = setTimeout(beat, leaseMs / 3);
  };
  timer = setTimeout(beat, leaseMs / 3);
  return {
    lost: lost.signal,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
