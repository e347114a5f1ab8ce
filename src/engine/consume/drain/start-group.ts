import { compareMessageIds, type MessageId, parseMessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { messageIdOfRow } from "../../core/beside-ids.ts";
import { TransientError } from "../../core/errors.ts";
import { createGroup, readUpTo } from "../../stream/group.ts";
import { moveGroup, olderGroupsOf } from "../../stream/move-group.ts";
import type { RedisHttp } from "../../stream/redis.ts";
import { lastGeneratedId, readEdges } from "../../stream/replies.ts";
import { missingRename, subscribedTypes } from "../define/define-consumer.ts";
import type { DrainBase } from "./base.ts";

/**
 * Creates the group that does not exist: because the consumer is new, because the group had another name, or because
 * Redis lost it. Where it began is remembered in Postgres, so a group that vanished begins there again; what it has
 * applied is known by its claims.
 */
export async function startGroup(drain: DrainBase): Promise<void> {
  const { deps, group, state } = drain;
  if (await takeOverOldGroup(drain)) return;
  if (state.startId !== null) {
    deps.log.info({ start_at: state.startId }, "The consumer group vanished; it is created again.");
    await createGroup(deps.redis, group, state.startId);
    return;
  }
  await requireRenamed(drain);
  const startId = await firstPosition(drain);
  deps.log.info({ start_at: startId }, "The consumer group is new.");
  // First the group, which keeps the janitor from trimming on; then what was trimmed before can be looked at.
  await createGroup(deps.redis, group, startId);
  await rememberStart(drain, startId, await beginBackfill(drain));
}

/** @returns whether the record comes before what is on the stream */
async function beginBackfill({ deps, consumer, options, state }: DrainBase): Promise<boolean> {
  if (consumer.startAt !== "0" || deps.onStart === undefined) return state.backfilling;
  return deps.onStart(consumer, options.shard);
}

/**
 * Notes where a group began that is older than these notes. One that has read nothing is new: whoever created it ended before
 * it began the rest, so that is done here.
 */
export async function rememberExisting(drain: DrainBase): Promise<void> {
  const { deps, consumer, group, state } = drain;
  const readTo = await readUpTo(deps.redis, group);
  const isNew = readTo === null || compareMessageIds(readTo, parseMessageId("0-0")) === 0;
  const first = await firstPosition(drain);
  // What came since the group was created is its own, too.
  const isLater =
    consumer.startAt === "$" && readTo !== null && compareMessageIds(readTo, parseMessageId(first)) < 0;
  await rememberStart(
    drain,
    isLater ? readTo : first,
    isNew ? await beginBackfill(drain) : state.backfilling,
  );
}

/** @returns true when the group goes on where it was under its old name */
async function takeOverOldGroup(drain: DrainBase): Promise<boolean> {
  const { deps, consumer, group, options, state } = drain;
  if (state.startId === null) return false;
  const { shard } = options;
  for (const oldGroup of olderGroupsOf(consumer.subscriber, consumer.formerly)) {
    const compared = await moveGroup(deps.redis, group, oldGroup, {
      shard,
      heartbeats: deps.keys.heartbeats(),
      oldRetries: deps.keys.retryAt(oldGroup, shard),
      retries: deps.keys.retryAt(consumer.group, shard),
    });
    if (compared === null) continue;
    deps.log.info({ old_group: oldGroup, compared }, "The consumer group goes on under its new name.");
    await deps.db.rows(noteComparedSql(drain, compared));
    return true;
  }
  return false;
}

/**
 * A consumer that has another name now must not begin before what it has in Postgres has that name, too.
 *
 * @throws {TransientError} the migration is missing; the events wait
 */
async function requireRenamed({ deps, consumer, options }: DrainBase): Promise<void> {
  const { formerly } = consumer;
  if (formerly.length === 0) return;
  const begun = await deps.db.rows<{ name: string }>(sql`
    SELECT subscriber_name AS name FROM consumer_shards
    WHERE subscriber_name IN ${formerly} AND shard = ${options.shard} AND start_id IS NOT NULL`);
  const missing = missingRename(consumer, (name) => begun.some((row) => row.name === name));
  if (missing !== null) throw new TransientError(missing);
}

async function rememberStart(drain: DrainBase, startId: string, backfilling: boolean): Promise<void> {
  const { deps, consumer, options, group } = drain;
  const compared = await firstCompared(deps.redis, group.stream, startId);
  await deps.db.batch([
    sql`UPDATE consumer_shards SET start_id = ${startId}
      WHERE subscriber_name = ${consumer.subscriber} AND shard = ${options.shard}`,
    noteComparedSql(drain, compared),
  ]);
  drain.state = { ...drain.state, startId, backfilling };
  const key = deps.keys.state(consumer.group, options.shard);
  await drain.lease.run([["HSET", key, "start", startId, "backfilling", backfilling ? "1" : "0"]]);
}

/** Notes that the claims of events behind this id are to be compared, and of all types that are handled now. */
function noteComparedSql({ consumer, options }: DrainBase, compared: MessageId) {
  const since = JSON.stringify(Object.fromEntries(subscribedTypes(consumer).map((type) => [type, compared])));
  return sql`
    UPDATE consumer_shards SET claims_id = ${compared}, claims_since = ${since}::jsonb
    WHERE subscriber_name = ${consumer.subscriber} AND shard = ${options.shard}`;
}

/** The group does not skip what was gone from the stream when it began: a backfill brings that. */
async function firstCompared(redis: RedisHttp, stream: string, startId: string): Promise<MessageId> {
  const start = parseMessageId(startId);
  const gone = (await readEdges(redis, stream))?.goneUpTo ?? start;
  return compareMessageIds(start, gone) < 0 ? gone : start;
}

/**
 * The id behind which a consumer begins. `$` is made an id once, so that it means the same for ever; on a further shard
 * it means the same time, because ids begin with it.
 */
async function firstPosition({ deps, consumer, group }: DrainBase): Promise<string> {
  const { startAt, subscriber } = consumer;
  if (startAt === "0") return "0-0";
  if (startAt !== "$") return startAt;
  const [claims, others] = await deps.db.batch([
    sql`SELECT stream_message_id AS id FROM processed_events
      WHERE subscriber_name = ${subscriber} AND stream_name = ${group.stream}
        AND metadata IS NULL ORDER BY id LIMIT 1`,
    sql`SELECT start_id AS id FROM consumer_shards
      WHERE subscriber_name = ${subscriber} AND start_id IS NOT NULL ORDER BY shard LIMIT 1`,
  ]);
  const [claim] = (claims ?? []) as { id: string }[];
  const [other] = (others ?? []) as { id: string }[];
  if (claim !== undefined) return messageIdOfRow(claim.id);
  const last = (await lastGeneratedId(deps.redis, group.stream)) ?? parseMessageId("0-0");
  if (other === undefined) return last;
  // The other shard's ids may run ahead of the clock; what this one gets next is behind its own last id in any case.
  const sameTime = parseMessageId(`${other.id.split("-", 1)[0]}-0`);
  return compareMessageIds(sameTime, last) < 0 ? sameTime : last;
}
