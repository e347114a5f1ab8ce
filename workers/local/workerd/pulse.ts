import { setTimeout as delay } from "node:timers/promises";

/*
 * Code that never lets go of the thread of its workerd stops all that the worker does, and no timer of its own ends it. On
 * Cloudflare the limit of processor time does.
 *
 * @see https://developers.cloudflare.com/workers/platform/limits/#cpu-time 30 s a request, when nothing else is set
 */

export interface PulseOptions {
  /** Asks for a sign of life; may hang, and may fail. */
  readonly ask: () => Promise<unknown>;
  /** Without one for so long it counts as stuck, ms, if it was at work all the time; later, if others computed too. */
  readonly limitMs: number;
  /** Processor time that it has used, ms. A debugger may hold it up: then it uses little. */
  readonly usedMs: () => Promise<number>;
  /** Ends what is stuck, and comes back when there is another. */
  readonly onStuck: () => Promise<void>;
}

/** Who is stuck has used this share of the limit since it answered last, however long that took it. */
const busyShare = 0.5;
/** Who uses less than this share of the time is held up, and computes nothing. */
const idleShare = 0.1;

export interface Pulse {
  stop(): void;
}

/** Asks again and again, until it is stopped. What answers with a failure is not stuck, and somebody else's. */
export function watchPulse({ ask, limitMs, usedMs, onStuck }: PulseOptions): Pulse {
  const stopping = new AbortController();
  const pause = (ms: number) =>
    delay(ms, "late", { signal: stopping.signal, ref: false }).catch(() => "stopped");
  const watch = async () => {
    let unansweredMs = 0;
    while (!stopping.signal.aborted) {
      const usedBefore = await usedMs();
      const sign = ask().then(
        () => "answered",
        () => "failed",
      );
      const outcome = await Promise.race([sign, pause(limitMs)]);
      const used = outcome === "late" ? (await usedMs()) - usedBefore : 0;
      unansweredMs = used > idleShare * limitMs ? unansweredMs + used : 0;
      if (unansweredMs > busyShare * limitMs) {
        unansweredMs = 0;
        await onStuck();
      }
      await pause(limitMs / 6);
    }
  };
  void watch();
  return { stop: () => stopping.abort() };
}
