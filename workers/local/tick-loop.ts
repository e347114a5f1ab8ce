import { setTimeout as delay } from "node:timers/promises";

export interface TickLoop {
  /** Fulfilled when the first tick is over, whatever came of it. */
  readonly first: Promise<void>;
  /** No further tick; waits for the one that runs, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Fires `tick` at once and then every `intervalMs`, one at a time: a tick that is due while one runs is left out.
 * A failing tick goes to `onError` and the next one comes all the same, as with Cloudflare's cron.
 */
export function startTickLoop(
  tick: () => Promise<void>,
  intervalMs: number,
  onError: (error: unknown) => void,
): TickLoop {
  let running: Promise<void> | null = null;
  const fire = () => {
    running ??= tick()
      .catch(onError)
      .finally(() => {
        running = null;
      });
  };
  fire();
  const first = running ?? Promise.resolve();
  const timer = setInterval(fire, intervalMs);
  return {
    first,
    async stop(graceMs) {
      clearInterval(timer);
      if (running) await Promise.race([running, delay(graceMs)]);
    },
  };
}
