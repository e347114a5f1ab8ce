/**
 * Miniflare waits for ever for a workerd that ends before it has read all of its configuration, and so does whoever wants
 * to dispose of that Miniflare. This notices it.
 */

import type { Readable } from "node:stream";

/** So long after workerd ended Miniflare has started another or said that it cannot, ms. */
export const GIVE_UP_MS = 5_000;

export interface EndWatch {
  /** A workerd has been started; with it this output ends. */
  started(output: Readable): void;
  /** Whatever ends from now on was asked to. */
  stop(): void;
}

/** @param onStuck the newest workerd has ended, and for {@link GIVE_UP_MS} no other was started */
export function watchEnds(onStuck: (error: Error) => void): EndWatch {
  let newest: Readable | null = null;
  let timer: NodeJS.Timeout | undefined;
  return {
    started(output) {
      clearTimeout(timer);
      newest = output;
      output.once("close", () => {
        // The output of one may close behind the start of the next.
        if (output !== newest) return;
        const error = new Error("workerd ended, and its runtime did not notice");
        timer = setTimeout(onStuck, GIVE_UP_MS, error).unref();
      });
    },
    stop() {
      clearTimeout(timer);
      newest = null;
    },
  };
}
