/** Servers that come back by themselves: what ends without having been asked to is started again. */

import { setTimeout as delay } from "node:timers/promises";
import type { Child } from "./child-process.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;
/** What ran this long was not broken from the start: the waits begin anew. */
const HEALTHY_MS = 30_000;

export interface Restarts<T> {
  /**
   * Starts it anew, again and again until it succeeds, and waits longer before each try. Null when `stop` came first.
   */
  start(why: string): Promise<T | null>;
  /** No further try; waits for the one that runs, and ends what it brought. */
  stop(): Promise<void>;
}

/** @param start one try; its failure is told and followed by another */
export function createRestarts<T>(
  name: string,
  start: () => Promise<T>,
  end: (started: T) => Promise<void>,
  say: (line: string) => void,
): Restarts<T> {
  const stopping = new AbortController();
  let waitMs = FIRST_WAIT_MS;
  let startedAt = performance.now();
  let running: Promise<unknown> = Promise.resolve();

  const tryOnce = async (): Promise<T | null> => {
    await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
    if (stopping.signal.aborted) return null;
    try {
      const started = await start();
      startedAt = performance.now();
      if (!stopping.signal.aborted) return started;
      await end(started);
    } catch (error) {
      say(`! ${name} cannot be started: ${error instanceof Error ? error.message : String(error)}`);
    }
    return null;
  };
  return {
    async start(why) {
      say(`! ${name} ${why}; starting it again`);
      if (performance.now() - startedAt > HEALTHY_MS) waitMs = FIRST_WAIT_MS;
      while (!stopping.signal.aborted) {
        const attempt = tryOnce();
        running = attempt;
        const started = await attempt;
        if (started === null) continue;
        say(`✓ ${name} is back`);
        return started;
      }
      return null;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

export interface KeptChild {
  /** Of the process that runs now. */
  pid(): number;
  stop(): Promise<void>;
}

/** Starts a server again each time it ends, until it is stopped. */
export function keepRunning(
  name: string,
  first: Child,
  launch: () => Promise<Child>,
  say: (line: string) => void,
): KeptChild {
  let child = first;
  let stopped = false;
  const restarts = createRestarts(name, launch, (started) => started.stop(), say);
  const watch = async () => {
    for (;;) {
      const how = await child.exited;
      if (stopped) return;
      const next = await restarts.start(`ended (${how})`);
      if (next === null) return;
      child = next;
    }
  };
  const watching = watch();
  return {
    pid: () => child.pid,
    async stop() {
      stopped = true;
      await restarts.stop();
      await child.stop();
      await watching;
    },
  };
}
