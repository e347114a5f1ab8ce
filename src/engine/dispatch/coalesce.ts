import type { Clock } from "../core/clock.ts";
import { untilTold } from "../core/promises/until-told.ts";

/*
 * Many triggers, one run. Within an isolate a trigger that finds the same work running leaves a note and goes; whoever
 * runs looks at the note before it ends. Other isolates are kept apart by the leases.
 */

interface Running {
  readonly sinceMs: number;
  again: boolean;
  /** Tells the run at once, while it waits for a trigger; else null. */
  tell: (() => void) | null;
}

/** What a run learns of the triggers that come meanwhile. */
export interface Triggers {
  /** True when another one came since it was last asked. */
  readonly takeNews: () => boolean;
  /** Waits for another one, which nobody has asked for then, or so many ms. */
  readonly awaitNews: (limitMs: number) => Promise<void>;
  /** Between the last trigger and the one before it in this isolate, ms; infinite when none is known. */
  readonly gapMs: () => number;
  /** The same over the last few, ms: a burst behind a pause does not look like a steady flow. */
  readonly usualGapMs: () => number;
}

/** When an isolate was last triggered for some work. */
interface Rhythm {
  lastMs: number;
  gapMs: number;
  usualGapMs: number;
}

/** A pause counts as this at most, ms, so that a flow is known again after some ten events. */
const longestGapMs = 100;
/** Weight of the last gap in the usual one. */
const weightOfLast = 0.25;

/** By the name of the work; those that were triggered longest ago are forgotten. */
const isolateRhythms = new Map<string, Rhythm>();
const maxRhythms = 1_000;

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
  /** Nothing has happened: who was triggered before looks again. Default false. */
  readonly isAgain?: boolean;
}

function rhythmOf(name: string): Rhythm {
  return (
    isolateRhythms.get(name) ?? {
      lastMs: Number.NEGATIVE_INFINITY,
      gapMs: Number.POSITIVE_INFINITY,
      usualGapMs: longestGapMs,
    }
  );
}

function noteTrigger(name: string, nowMs: number): Rhythm {
  const rhythm = rhythmOf(name);
  rhythm.gapMs = nowMs - rhythm.lastMs;
  rhythm.usualGapMs += weightOfLast * (Math.min(rhythm.gapMs, longestGapMs) - rhythm.usualGapMs);
  rhythm.lastMs = nowMs;
  isolateRhythms.delete(name);
  isolateRhythms.set(name, rhythm);
  const [oldest] = isolateRhythms.keys();
  if (isolateRhythms.size > maxRhythms && oldest !== undefined) isolateRhythms.delete(oldest);
  return rhythm;
}

/** Waits for a trigger, which is another request's. */
async function waitFor(own: Running, limitMs: number): Promise<void> {
  await untilTold({
    limitMs,
    isTold: () => own.again,
    listen: (tell) => {
      own.tell = tell;
    },
  });
  own.tell = null;
}

/**
 * Runs `work`, again as long as triggers came meanwhile and `mayRepeat` allows. `work` may ask for news itself and go
 * on with what it has open, which is cheaper than to end and begin anew.
 *
 * @returns "joined" when a run was under way: it will look again before it ends; "left" when a trigger came whose news
 * nobody looked for, because `mayRepeat` did not allow it
 */
export async function coalesce(
  { name, now, limitMs, isAgain = false }: CoalesceOptions,
  work: (triggers: Triggers) => Promise<void>,
  mayRepeat: () => boolean,
): Promise<"ran" | "left" | "joined"> {
  const nowMs = now();
  const rhythm = isAgain ? rhythmOf(name) : noteTrigger(name, nowMs);
  const running = isolateRunning.get(name);
  if (running !== undefined && nowMs - running.sinceMs < limitMs) {
    running.again = true;
    running.tell?.();
    return "joined";
  }
  const own: Running = { sinceMs: nowMs, again: false, tell: null };
  isolateRunning.set(name, own);
  const takeNews = () => {
    const news = own.again;
    own.again = false;
    return news;
  };
  const awaitNews = async (limitMs: number) => {
    if (!own.again) await waitFor(own, limitMs);
  };
  const triggers = { takeNews, awaitNews, gapMs: () => rhythm.gapMs, usualGapMs: () => rhythm.usualGapMs };
  try {
    do {
      own.again = false;
      await work(triggers);
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
