import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/telemetry/log.ts";
import { activityTtlMs } from "../stream/append.ts";
import type { StreamKeys } from "../stream/keys.ts";
import type { Command, RedisHttp } from "../stream/redis.ts";

/** What is needed to tell that events are being recorded. */
export interface ActivityDeps {
  /** Null: no stream, nobody to tell. */
  readonly redis: RedisHttp | null;
  readonly keys: StreamKeys;
  readonly log: Logger;
  readonly now: Clock;
  /** Tells systems in one process apart. */
  readonly scope: string;
}

/**
 * An isolate renews the key at most this often, so it lives for another two minutes whenever a transaction begins: time
 * to commit, and for a cron tick after that.
 */
const renewAfterMs = 180_000;
/** It is tried again no sooner than this after it began, when it failed or nobody heard how it ended. */
const retryAfterMs = 10_000;

/** Makes cron look for unsent events at each tick for the next minutes. */
export function activityCommand(keys: StreamKeys): Command {
  return ["SET", keys.relayActive(), "1", "PX", String(activityTtlMs)];
}

/**
 * For each system, when this isolate tells next, Unix ms. It cannot be stale: it only remembers what this isolate told. A
 * call that was cut off with its request told nothing: it counts for a moment only.
 */
const isolateNextAtMs = new Map<string, number>();

/**
 * Tells cron that events are about to be recorded. Call it when a transaction begins, not after its commit: an isolate
 * that dies between commit and relay leaves events that only cron can find, and cron lets an idle database sleep.
 *
 * To be left to run in the background: a Redis that does not answer keeps nobody waiting. Never throws: without it the
 * event waits longer, but is not lost.
 */
export async function markActivity({ redis, keys, log, now, scope }: ActivityDeps): Promise<void> {
  try {
    const beganMs = now();
    if (redis === null || beganMs < (isolateNextAtMs.get(scope) ?? 0)) return;
    isolateNextAtMs.set(scope, beganMs + retryAfterMs);
    try {
      await redis.command(activityCommand(keys));
      isolateNextAtMs.set(scope, beganMs + renewAfterMs);
    } catch (error) {
      log.debug(
        { error_class: error instanceof Error ? error.name : typeof error },
        "Redis was not told that events are recorded; if this isolate dies, they wait for cron's hourly look.",
      );
    }
  } catch {
    // A clock or a log that throws is no reason to end a program.
  }
}
