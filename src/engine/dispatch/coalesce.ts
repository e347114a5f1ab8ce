import type { Clock } from "../core/clock.ts";

/*
 * Many triggers, one run. Within an isolate a trigger that finds the same work running leaves a note and goes; whoever
 * runs looks at the note before it ends. Other isolates are kept apart by the leases.
 */

interface Running {
  readonly sinceMs: number;
  again: boolean;
}

/**
 * Work that runs in this isolate, by name. An invocation may be ended from outside without cleaning up, so an entry
 * older than its limit counts as gone; the leases make two runs at once harmless.
 */
const isolateRunning = new Map<string, Running>();
/** Unix ms until which someone in this isolate sleeps before it triggers the named work again. */
const isolateSleepers = new Map<string, number>();

export interface CoalesceOptions {
  readonly name: string;
  readonly now: Clock;
  /** After this time, ms, a run is taken for dead. */
  readonly limitMs: number;
}

/**
 * Runs `work`, again as long as triggers came meanwhile and `mayRepeat` allows. `work` may ask for news itself and go
 * on with what it has open, which is cheaper than to end and begin anew.
 *
 * @returns "joined" when a run was under way: it will look again before it ends; "left" when a trigger came whose news
 * nobody looked for, because `mayRepeat` did not allow it
 */
export async function coalesce(
  { name, now, limitMs }: CoalesceOptions,
  work: (takeNews: () => boolean) => Promise<void>,
  mayRepeat: () => boolean,
): Promise<"ran" | "left" | "joined"> {
  const running = isolateRunning.get(name);
  if (running !== undefined && now() - running.sinceMs < limitMs) {
    running.again = true;
    return "joined";
  }
  const own: Running = { sinceMs: now(), again: false };
  isolateRunning.set(name, own);
  const takeNews = () => {
    const news = own.again;
    own.again = false;
    return news;
  };
  try {
    do {
      own.again = false;
      await work(takeNews);
    } while (own.again && mayRepeat());
    return own.again ? "left" : "ran";
  } finally {
    if (isolateRunning.get(name) === own) isolateRunning.delete(name);
  }
}

/** Sleeps until `untilMs`, unless somebody in this isolate already sleeps for the same work and wakes earlier. */
export async function sleepOnce(name: string, now: Clock, untilMs: number): Promise<boolean> {
  const other = isolateSleepers.get(name);
  if (other !== undefined && other <= untilMs && other > now()) return false;
  isolateSleepers.set(name, untilMs);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, untilMs - now())));
  if (isolateSleepers.get(name) === untilMs) isolateSleepers.delete(name);
  return true;
}
