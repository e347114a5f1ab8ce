import { sql } from "drizzle-orm";
import type { Alert } from "../alerts/alerts.ts";
import { lookAtBreakers, type NotedBreaker, notedBreakersSql } from "../alerts/breakers.ts";
import { failedWorkSql, watchWork } from "../alerts/failing-work.ts";
import type { Found } from "../alerts/watch.ts";
import { describeError, errorClass } from "../consume/dead-letters.ts";
import { signalDeferred } from "../consume/lease/deferred-signal.ts";
import { type Invocation, ofShard, type StreamInvocation } from "../invocation.ts";
import { markBulkOperationsRunning } from "../operations/bulk/bulk-store.ts";
import { layoutProblem } from "../operations/reshard.ts";
import { restoreTrimmedByOthers } from "../relay/trimmed-by-others.ts";
import type { Dispatch } from "./dispatch.ts";
import { noteMissed } from "./missed.ts";
import type { News, ShardNews } from "./news.ts";
import { relayShards } from "./relay-shards.ts";
import { silentMs, type Workload } from "./workload.ts";

/* The sweep: what cron looks for in Postgres because Redis may not know of it, or may have forgotten it. */

/**
 * Looks at Postgres for what Redis may not know of.
 *
 * @param sent gets what was relayed
 * @returns what it found that people should know
 */
export async function sweep(
  dispatch: Dispatch,
  { silentForMs, failing, away }: Workload,
  sent: ShardNews[],
  handOn: () => void,
): Promise<Found> {
  const { invocation } = dispatch;
  const layout = await logged(invocation, "The look at what is deferred", async () => {
    const noted = await remind(invocation);
    return { noted, problem: await layoutProblem(invocation) };
  });
  if (layout !== null)
    await logged(invocation, "The look at circuit breakers", () => lookAtBreakers(invocation, layout.noted));
  const found: Found = {
    kinds: layout === null ? ["missing_tick"] : ["missing_tick", "reshard_waits"],
    alerts: [...silenceAlerts(silentForMs), ...layoutAlerts(layout?.problem ?? null)],
  };
  for (let shard = 0; shard < invocation.publish.shards; shard += 1) {
    if (away.has(shard)) continue;
    await logged(invocation, "The look for what others trimmed", () =>
      watchWork(
        invocation,
        `cut:${shard}`,
        () => {
          const deps = { ...invocation, ...ofShard(invocation, shard), settings: invocation.relay };
          return restoreTrimmedByOthers(deps, shard);
        },
        () => failing.has(`cut:${shard}`),
      ),
    );
  }
  const noteSent = (news: News | null) => {
    if (news === null) handOn();
    else sent.push(...news);
  };
  await relayShards(dispatch, noteSent, { verify: true, except: away });
  if (layout !== null && !dispatch.failed) return found;
  // It did not come to its end, so the next tick looks again and does not wait for the hour.
  const { redis, keys } = invocation;
  const told = await logged(invocation, "The sweep", () => redis.command(["DEL", keys.relaySwept()]));
  // Redis went away once more, and what ended the sweep may be just that.
  if (told === null) noteMissed(invocation.scope);
  return found;
}

/** Sets the flags again that a Redis that lost its data no longer has. @returns alerts of circuit breakers */
async function remind(invocation: StreamInvocation): Promise<readonly NotedBreaker[]> {
  const { db, redis, keys, consumers, publish } = invocation;
  const [waiting, bulk, failed, noted] = await db.batch([
    sql`SELECT DISTINCT subscriber_name AS subscriber FROM deliveries`,
    sql`SELECT FROM jobs WHERE status = 'running' LIMIT 1`,
    failedWorkSql,
    notedBreakersSql,
  ]);
  const groups = ((waiting ?? []) as { subscriber: string }[]).flatMap(
    ({ subscriber }) => consumers.get(subscriber)?.group ?? [],
  );
  if ((bulk ?? []).length > 0) await markBulkOperationsRunning(invocation);
  const failing = ((failed ?? []) as { work: string }[]).flatMap(({ work }) => [work, "1"]);
  if (failing.length > 0) await redis.command(["HSET", keys.failing(), ...failing]);
  // Last, because one of several databases may be away.
  if (groups.length > 0) await signalDeferred(invocation, groups, publish.shards);
  return (noted ?? []) as readonly NotedBreaker[];
}

/** Cron can go silent without a word; the first tick after a gap says so, and the next look takes it back. */
function silenceAlerts(silentForMs: number | null): Alert[] {
  if (silentForMs === null || silentForMs <= silentMs) return [];
  return [
    {
      kind: "missing_tick",
      subject: "cron",
      severity: "critical",
      message: `Cron did not come for ${Math.round(silentForMs / 1_000)} s; expected every minute. What came meanwhile was handled by the wakes alone. Look at the triggers of the consumer worker.`,
    },
  ];
}

function layoutAlerts(problem: string | null): Alert[] {
  if (problem === null) return [];
  return [{ kind: "reshard_waits", subject: "shards", severity: "critical", message: problem }];
}

/** Null when it failed, which is logged: the other work goes on. */
export async function logged<T>(
  { log }: Invocation,
  what: string,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    log.error({ error_class: errorClass(error) }, `${what} failed: ${describeError(error)}`);
    return null;
  }
}
