import { sql } from "drizzle-orm";
import { isOfTenant } from "../db/tenant-rows.ts";
import type { Invocation } from "../invocation.ts";
import { problemOf } from "../operations/reshard.ts";
import { type Backlog, backlogSql, openLettersSql } from "../operations/standing.ts";
import { type LayoutState, layoutStateSql } from "../relay/layout-sql.ts";
import { askThere, isAway, toShards } from "../stream/databases.ts";
import { parseStreamState, streamStateCommand } from "../stream/group-states.ts";

/** Events counted by type, newest of the record; counting all would cost more the longer the system lives. */
const countedEvents = 10_000;

const typesSql = (tenantId: string | null) => sql`SELECT type, count(*)::integer AS count
  FROM (SELECT type FROM events WHERE ${isOfTenant(sql`tenant_id`, tenantId)}
    ORDER BY position DESC LIMIT ${countedEvents}) newest
  GROUP BY type ORDER BY count DESC, type`;
/** What can be told of each tenant alone: streams, groups and shards are everybody's. */
function countsOf([types, backlog, letters]: readonly (readonly unknown[] | undefined)[], nowMs: number) {
  const unsent = backlog?.[0] as Backlog | undefined;
  return {
    outbox_backlog: unsent?.count ?? 0,
    outbox_oldest_ms: unsent?.oldest_ms ?? null,
    dead_letters: (letters?.[0] as { count: number } | undefined)?.count ?? 0,
    event_type_counts: Object.fromEntries(
      ((types ?? []) as { type: string; count: number }[]).map(({ type, count }) => [type, count]),
    ),
    event_type_counts_window: countedEvents,
    timestamp: new Date(nowMs).toISOString(),
  };
}

/** Answer of `GET /api/events/stats` to one tenant: of its events alone, and nothing of what all share. */
export async function tenantEventStats({ db, redis, now }: Invocation, tenantId: string) {
  const statements = [typesSql(tenantId), backlogSql(tenantId), openLettersSql(tenantId)];
  return { stream_running: redis !== null, ...countsOf(await db.batch(statements), now()) };
}

/** Answer of `GET /api/events/stats`. */
export async function eventStats(invocation: Invocation) {
  const { db, databases, keys, publish } = invocation;
  const [[types, backlog, letters, layouts], replies] = await Promise.all([
    db.batch([typesSql(null), backlogSql(null), openLettersSql(null), layoutStateSql]),
    databases === null
      ? []
      : askThere(
          databases,
          toShards(databases, publish.shards, (shard) => streamStateCommand(keys.stream(shard))),
        ),
  ]);
  const streams = replies.map((reply) => (isAway(reply) ? null : parseStreamState(reply)));
  const layout = layouts?.[0] as LayoutState | undefined;
  return {
    stream_running: databases !== null,
    stream_length: streams.reduce((sum, stream) => sum + (stream?.length ?? 0), 0),
    groups: streams.flatMap((stream, shard) =>
      (stream?.groups ?? []).map(({ group, lag, pending, lastDelivered }) => ({
        group,
        shard,
        lag,
        pending,
        last_delivered_id: lastDelivered,
      })),
    ),
    shards: {
      configured: publish.shards,
      // Null until the relay ran for the first time.
      in_use: layout?.shards ?? null,
      target: layout?.target ?? null,
      problem: layout === undefined ? null : problemOf(layout, invocation),
    },
    ...countsOf([types, backlog, letters], invocation.now()),
  };
}
