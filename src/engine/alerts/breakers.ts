import { sql } from "drizzle-orm";
import type { Consumer } from "../consume/consumer.ts";
import type { BreakerChange } from "../consume/drain/base.ts";
import { consumerShardField } from "../consume/lease/lease.ts";
import { breakerFromText, isOpen } from "../core/circuit-breaker.ts";
import type { StreamInvocation } from "../invocation.ts";
import { askThere } from "../stream/databases.ts";
import { pairs } from "../stream/replies.ts";
import { type Alert, raiseAlert, resolveAlert, tellOver } from "./alerts.ts";

/*
 * The alert of an open circuit breaker. The drain that opens or closes it tells of it; when that could not be noted, because
 * Postgres was what is away, the sweep does it.
 */

const kind = "brake_open";

/** What people are told when the breaker of a consumer on a shard opens. */
export function breakerAlert(
  { subscriber, group }: Pick<Consumer, "subscriber" | "group">,
  shard: number,
  change: Exclude<BreakerChange, "closed">,
): Alert {
  return {
    kind,
    subject: consumerShardField({ group, shard }),
    severity: "critical",
    message: `${whyOpened(subscriber, change)} One at a time is tried until one succeeds, and no attempt is counted. The state of the consumer has the last error.`,
  };
}

function whyOpened(subscriber: string, change: "opened" | "opened_by_schema"): string {
  if (change === "opened") return `Events of ${subscriber} fail one after another.`;
  return `Something that ${subscriber} needs in Postgres is missing, or the right to use it: the database is behind the code, was changed by hand, or lacks a GRANT. Run "npm run migrate -- --status", and bring back what is missing.`;
}

/** An open alert of a circuit breaker. */
export interface NotedBreaker {
  readonly subject: string;
  /** When it was seen last, as Postgres writes it. */
  readonly seen: string;
}

/** Open alerts of circuit breakers, in rows of `NotedBreaker`. */
export const notedBreakersSql = sql`
  SELECT subject, last_seen_at::text AS seen FROM alerts WHERE kind = ${kind} AND resolved_at IS NULL`;

/**
 * Ends alerts of breakers that are closed, and raises those that are missing. Of consumers of other releases, and of shards
 * whose database is away, nobody here can tell: what is open stays open.
 *
 * @param noted asked before: what a drain notes meanwhile is newer than what is seen here, and stays
 * @throws {TransientError} Postgres or the first Redis database is not reachable
 */
export async function lookAtBreakers(
  invocation: StreamInvocation,
  noted: readonly NotedBreaker[],
): Promise<void> {
  const known = await readBreakers(invocation);
  const over = noted.filter(({ subject }) => known.get(subject)?.isOpen === false);
  if (over.length > 0) await endAll(invocation, over);
  const subjects = new Set(noted.map(({ subject }) => subject));
  const missing = [...known].filter(([subject, one]) => one.isOpen && !subjects.has(subject));
  for (const [, { consumer, shard }] of missing)
    await raiseAlert(invocation, breakerAlert(consumer, shard, "opened"));
  if (missing.length === 0) return;
  // A drain that closed it behind the first look, and before the alert stood there, has found nothing to end.
  const now = await readBreakers(invocation);
  for (const [subject] of missing)
    if (now.get(subject)?.isOpen === false) await resolveAlert(invocation, kind, subject);
}

async function endAll(invocation: StreamInvocation, over: readonly NotedBreaker[]): Promise<void> {
  const ended = await invocation.db.rows<{ subject: string }>(sql`
    UPDATE alerts SET resolved_at = now()
    FROM json_to_recordset(${JSON.stringify(over)}::json) AS o (subject text, seen timestamptz)
    WHERE alerts.kind = ${kind} AND alerts.subject = o.subject AND alerts.resolved_at IS NULL
      AND alerts.last_seen_at = o.seen
    RETURNING alerts.subject`);
  for (const { subject } of ended) await tellOver(invocation, kind, subject);
}

interface KnownBreaker {
  readonly consumer: Consumer;
  readonly shard: number;
  readonly isOpen: boolean;
}

/** The breakers of this release by subject, without those of shards of which nobody can tell. */
async function readBreakers({
  databases,
  keys,
  consumers,
  publish,
}: StreamInvocation): Promise<ReadonlyMap<string, KnownBreaker>> {
  const replies = await askThere(
    databases,
    databases.all.map((_, index) => ({ number: index + 1, command: ["HGETALL", keys.breakers()] })),
  );
  const texts = replies.map((reply) => (Array.isArray(reply) ? pairs(reply) : null));
  const known = new Map<string, KnownBreaker>();
  for (const consumer of consumers.values()) {
    for (let shard = 0; shard < publish.shards; shard += 1) {
      const there = texts[databases.numberOf(shard) - 1] ?? null;
      if (there === null) continue;
      const subject = consumerShardField({ group: consumer.group, shard });
      const text = there.get(subject);
      known.set(subject, {
        consumer,
        shard,
        isOpen: typeof text === "string" && isOpen(breakerFromText(text)),
      });
    }
  }
  return known;
}
