import { sql } from "drizzle-orm";
import { MisplacedShardError } from "../core/errors.ts";
import { withTimeLimit } from "../core/promises/time-limit.ts";
import type { StreamInvocation } from "../invocation.ts";
import { askThere } from "../stream/databases.ts";
import { groupOf } from "../stream/group.ts";
import { raiseAlert, resolveAlert } from "./alerts.ts";
import {
  alarmingDrainsSql,
  describeDrains,
  drainPrefix,
  type FailingWork,
  noteMs,
  safeText,
} from "./failing-work.ts";

/*
 * Drains that fail at every try. A drain that fails once is nothing: the next one goes on. And while all is well nobody
 * should pay for knowing it. So the ticks of cron note it, of the drains that they run themselves, and one failure a tick
 * at most: what it failed with last, when it was tried for as long as the tick lasts. Two or three such ticks are an
 * alert, and the health of the system.
 */

/**
 * What a tick learned of the drains that it ran, by `{subscriber}:{shard}`: what one failed with; null: it came to its end.
 * One that somebody else was running is not in it.
 */
export type DrainOutcomes = Map<string, unknown>;

/** What the tick knew before. */
export interface KnownBefore {
  /** Work that failed the last time. */
  readonly failing: ReadonlySet<string>;
  /** `{subscriber}:{shard}` of those who had something to do. */
  readonly waiting: ReadonlySet<string>;
  /** Shards whose database does not answer. */
  readonly away: ReadonlySet<number>;
}

/** Notes which drains fail, and which do no more. Asks nobody when none fails and none has. Never throws. */
export async function noteDrains(
  invocation: StreamInvocation,
  outcomes: DrainOutcomes,
  known: KnownBefore,
): Promise<void> {
  const failed = [...outcomes].flatMap(([name, error]) =>
    error === null || error instanceof MisplacedShardError
      ? []
      : [{ work: drainPrefix + name, error: safeText(error) }],
  );
  const before = [...known.failing].flatMap((work) =>
    work.startsWith(drainPrefix) ? work.slice(drainPrefix.length) : [],
  );
  if (failed.length === 0 && before.length === 0) return;
  try {
    await withTimeLimit(noteMs, "Noting which drains fail", async () => {
      const over = (await noLongerFailing(invocation, before, outcomes, known)).map(
        (name) => drainPrefix + name,
      );
      await store(invocation, failed, over);
    });
  } catch {
    invocation.log.warn({}, "Which drains fail could not be noted; the next tick does it.");
  }
}

/** Those that came to their end, that have nothing to do any more, or that somebody else has drained since. */
async function noLongerFailing(
  { databases, keys, now }: StreamInvocation,
  before: readonly string[],
  outcomes: DrainOutcomes,
  { waiting, away }: KnownBefore,
): Promise<string[]> {
  const candidates = before.filter(
    (name) => (outcomes.get(name) ?? null) === null && !away.has(shardOf(name)),
  );
  const isUnclear = (name: string) => waiting.has(name) && !outcomes.has(name);
  const unclear = candidates.filter(isUnclear);
  const beats = await askThere(
    databases,
    unclear.map((name) => ({
      number: databases.numberOf(shardOf(name)),
      command: ["HGET", keys.heartbeats(), groupOf(name)],
    })),
  );
  const sinceMs = now() - tickMs;
  return candidates.filter((name) => !isUnclear(name) || cameToItsEnd(beats[unclear.indexOf(name)], sinceMs));
}

/** Cron comes every minute, so what is younger came behind its last visit. */
const tickMs = 60_000;

/** @param beat what the last drain that let go of its lease left */
function cameToItsEnd(beat: unknown, sinceMs: number): boolean {
  if (typeof beat !== "string") return false;
  try {
    const { at, stopped } = JSON.parse(beat) as { at?: unknown; stopped?: unknown };
    return stopped === null && Date.parse(String(at)) > sinceMs;
  } catch {
    return false;
  }
}

const shardOf = (name: string) => Number(name.slice(name.lastIndexOf(":") + 1));

/** All of them are one alert: what stops one drain mostly stops many. */
const subject = "drains";

async function store(
  invocation: StreamInvocation,
  failed: readonly { readonly work: string; readonly error: string }[],
  over: readonly string[],
): Promise<void> {
  const { db, redis, keys } = invocation;
  const [, , rows] = await db.batch([
    sql`
      INSERT INTO failing_work AS f (work, error)
      SELECT work, error FROM json_to_recordset(${JSON.stringify(failed)}::json) AS r (work text, error text)
      ON CONFLICT (work) DO UPDATE SET failures = f.failures + 1, last_failed_at = now(), error = excluded.error`,
    sql`DELETE FROM failing_work WHERE work IN (SELECT json_array_elements_text(${JSON.stringify(over)}::json))`,
    alarmingDrainsSql,
  ]);
  const alarming = (rows ?? []) as FailingWork[];
  if (alarming.length > 0) {
    await raiseAlert(invocation, {
      kind: "work_failing",
      subject,
      severity: "critical",
      message: `${describeDrains(alarming).join(" ")} They are tried again all the time; the log has each failure.`,
    });
  } else if (over.length > 0) await resolveAlert(invocation, "work_failing", subject);
  // Last, because Redis may be what refuses.
  await redis.pipeline([
    ...(failed.length === 0
      ? []
      : [["HSET", keys.failing(), ...failed.flatMap(({ work }) => [work, "1"])] as const]),
    ...(over.length === 0 ? [] : [["HDEL", keys.failing(), ...over] as const]),
  ]);
}
