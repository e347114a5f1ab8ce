import { waitFor } from "./wait-for.ts";

const dayMs = 86_400_000;
/** More than a test of a day takes, ms. */
const neededMs = 60_000;

/**
 * Today in UTC, `YYYY-MM-DD`, for a test that needs it to stay today: in the last minute of a day it waits for the next
 * one.
 */
export async function wholeDay(): Promise<string> {
  const nowMs = await waitFor(
    "the next day",
    () => Date.now(),
    (ms) => dayMs - (ms % dayMs) > neededMs,
    { timeoutMs: 2 * neededMs },
  );
  return new Date(nowMs).toISOString().slice(0, 10);
}
