import { compareMessageIds, type MessageId } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { namesOfType } from "../../consume/apply/judge-claims.ts";
import type { Consumer } from "../../consume/consumer.ts";
import { errorClass } from "../../consume/dead-letters.ts";
import { recordedTypes } from "../../consume/define/recorded-types.ts";
import { signalDeferred } from "../../consume/lease/deferred-signal.ts";
import { failureFromText, failureToText } from "../../consume/sources/pending.ts";
import { ConflictError, NotFoundError } from "../../core/errors.ts";
import type { Tx } from "../../db/database.ts";
import { hasStream, type Invocation, requireStream, type StreamInvocation } from "../../invocation.ts";
import type { RedisHttp } from "../../stream/redis.ts";
import { type Operator, recordAction } from "../operator-actions.ts";
import {
  type KeyQuery,
  type KeyRow,
  nextKeysSql,
  noStreamHeads,
  oneKeySql,
  readStreamHeads,
  type StoredHead,
  type StreamHead,
} from "./blocked-key-heads.ts";
import { listPauses } from "./pauses.ts";

/*
 * Keys that wait. The oldest event of a key, on the stream or deferred in Postgres, holds the later ones back while
 * it waits for another try; a dead letter does, too, for consumers that ask for it. An operator may let the others pass
 * (unblock), or give the event up (skip).
 */

/** A key whose oldest event holds the others back. */
export interface BlockedKey {
  readonly key: string;
  readonly shard: number;
  /** The event that holds the key; null when it could not be decoded. */
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly stream_message_id: string;
  /** Tries so far. */
  readonly attempts: number;
  /** Null: not before somebody acts, or a pause ends. */
  readonly next_try_at: string | null;
  /** The last failure, one line, or that no handler takes it; null when there was none. */
  readonly error: string | null;
  /** Later events of the key that wait behind it. */
  readonly waiting: number;
  /** Where the event stands. A dead letter holds its key only for consumers with `afterDeadLetter: "hold_key"`. */
  readonly where: "stream" | "queue" | "dead_letter";
  /** `retry` on the stream, `dead_letter`, or why it is deferred: `waiting`, `paused`, `redrive`, `replay`. */
  readonly cause: string;
}

async function keyQuery({ db, catalog }: Invocation, consumer: Consumer): Promise<KeyQuery> {
  const { subscriber, afterDeadLetter } = consumer;
  const pauses = await listPauses(db, subscriber);
  return {
    subscriber,
    pausedTypes: pauses.flatMap(({ event_type: type }) => (type === null ? [] : namesOfType(catalog, type))),
    handledTypes: recordedTypes(catalog, consumer),
    holdKeys: afterDeadLetter === "hold_key",
  };
}

/** A page of blocked keys. */
export interface BlockedKeysPage {
  readonly blockedKeys: readonly BlockedKey[];
  readonly nextCursor: string | null;
  /** Pending entries that were too much to look at: their keys may be missing, and `waiting` does not count them. Mostly 0. */
  readonly unseen: number;
}

/**
 * A page of the keys that wait behind a failed or paused event.
 *
 * @param page.cursor `nextCursor` of the page before
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function listBlockedKeys(
  invocation: Invocation,
  consumer: Consumer,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<BlockedKeysPage> {
  const { db } = invocation;
  const [heads, query] = await Promise.all([
    hasStream(invocation) ? readStreamHeads(invocation, consumer) : noStreamHeads,
    keyQuery(invocation, consumer),
  ]);
  const failed = [...heads.byKey.values()].filter((head) => head.text !== null).map((head) => head.key);
  const rows = await db.rows<KeyRow>(nextKeysSql(query, page.cursor ?? "", failed, page.limit + 1));
  const listed = rows.slice(0, page.limit);
  return {
    blockedKeys: listed.flatMap((row) => describeKey(row, heads.byKey.get(row.key)) ?? []),
    nextCursor: rows.length > page.limit ? (listed.at(-1)?.key ?? null) : null,
    unseen: heads.unseen,
  };
}

/** The oldest event of a key, wherever it stands; null when it has none that waits. */
type Holder =
  | { readonly where: "stream"; readonly head: StreamHead }
  | { readonly where: "queue" | "dead_letter"; readonly head: StoredHead };

function holderOf(row: KeyRow | undefined, head: StreamHead | undefined): Holder | null {
  const candidates: Holder[] = [];
  if (head !== undefined) candidates.push({ where: "stream", head });
  if (row?.deferred) candidates.push({ where: "queue", head: row.deferred });
  if (row?.letter) candidates.push({ where: "dead_letter", head: row.letter });
  candidates.sort((a, b) => compareMessageIds(idOf(a), idOf(b)));
  return candidates[0] ?? null;
}

function idOf(holder: Holder): MessageId {
  return holder.where === "stream" ? holder.head.messageId : holder.head.message_id;
}

/** Null when the oldest event is ready to run: then the key only looks as if it waited. */
function describeKey(row: KeyRow, onStream: StreamHead | undefined): BlockedKey | null {
  const holder = holderOf(row, onStream);
  const known = row.count + (onStream?.count ?? 0);
  if (holder === null) return null;
  if (holder.where === "stream") {
    const { head } = holder;
    const failure = head.text === null ? null : failureFromText(head.text);
    if (failure === null) return null;
    return {
      ...changedKey(row.key, holder),
      event_type: head.eventType,
      attempts: failure.attempts,
      next_try_at: new Date(failure.dueAtMs).toISOString(),
      error: failure.error === "" ? null : failure.error,
      waiting: known - 1,
      cause: "retry",
    };
  }
  const { event_type, attempts, next_try_at, cause, blocks } = holder.head;
  if (!blocks) return null;
  const error = withoutHandlerReason(holder.head) ?? holder.head.error;
  const waiting = holder.where === "queue" ? known - 1 : known;
  return { ...changedKey(row.key, holder), event_type, attempts, next_try_at, error, waiting, cause };
}

/** Why nobody tries it, and what to do; null: a handler of this release takes it. */
function withoutHandlerReason({ event_type, passed_over_at }: StoredHead): string | null {
  if (passed_over_at === null) return null;
  return `No handler of this release takes ${event_type}: it waits for a worker of a release that has one, and is passed over at ${passed_over_at}. Deploy the handler again, or unblock the key so that later events go on.`;
}

/** Which event, and where it stands. */
export type ChangedKey = Pick<BlockedKey, "key" | "shard" | "event_id" | "stream_message_id" | "where">;

function changedKey(key: string, holder: Holder): ChangedKey {
  const { where, head } = holder;
  const event_id = where === "stream" ? head.eventId : head.event_id;
  return { key, shard: head.shard, event_id, stream_message_id: idOf(holder), where };
}

/** What an operator does about a blocked key. */
export type KeyChange = "unblock" | "skip";

/**
 * `unblock`: the event that holds the key is tried now, and later ones no longer wait for it. `skip`: it becomes a dead
 * letter without another try, and the key goes on. Both take effect with the next drain; of what is deferred, when Redis
 * cannot be told of it, with the first one behind the tick of cron that finds Redis again.
 *
 * @throws {NotFoundError} nothing with this key waits
 * @throws {ConflictError} the event is being worked on, changed while we looked, or is a dead letter already
 * @throws {TransientError} Redis or Postgres is not reachable
 */
export async function changeBlockedKey(
  invocation: Invocation,
  consumer: Consumer,
  change: KeyChange,
  { key, reason }: { readonly key: string; readonly reason: string },
  by: Operator,
): Promise<ChangedKey> {
  const stream = requireStream(invocation, "; nothing is blocked.");
  const { databases, db } = stream;
  const [heads, query] = await Promise.all([
    readStreamHeads(stream, consumer),
    keyQuery(invocation, consumer),
  ]);
  const [row] = await db.rows<KeyRow>(oneKeySql(query, key));
  const holder = holderOf(row, heads.byKey.get(key));
  if (holder === null) {
    throw new NotFoundError(
      `No event with this key waits for "${consumer.subscriber}". Its blocked keys are those that do.${heads.unseen === 0 ? "" : ` ${heads.unseen} pending entries behind those are too much to look at.`}`,
    );
  }
  const target = changedKey(key, holder);
  // The audit first and the change in Redis last before the commit: what is refused there leaves no trace here.
  await db.transaction(async (tx) => {
    await recordAction(tx, {
      ...by,
      action: change === "unblock" ? "key.unblocked" : "key.skipped",
      reason,
      subscriber: consumer.subscriber,
      filter: { key, event_id: target.event_id, stream_message_id: target.stream_message_id },
      affected: 1,
    });
    if (holder.where === "stream") {
      const redis = databases.of(holder.head.shard);
      await changePending(invocation, redis, consumer, change, holder.head);
    } else await changeStored(tx, change, reason, holder);
  });
  if (holder.where === "queue") await tellDrains(stream, consumer);
  return target;
}

/** It is done; a Redis that is away only delays it, until the tick of cron that finds it again tells the drains. */
async function tellDrains(stream: StreamInvocation, { subscriber, group }: Consumer): Promise<void> {
  try {
    await signalDeferred(stream, [group], stream.publish.shards);
  } catch (error) {
    stream.log.warn(
      { subscriber, error_class: errorClass(error) },
      "Redis could not be told of a key that is no longer blocked; cron does it when it is back.",
    );
  }
}

/** Replaces the text of a failure, if the entry is still pending and nobody changed it meanwhile. */
const replaceFailureScript = `
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if pending.err or #pending == 0 then return 0 end
if redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
return 1`;

async function changePending(
  { keys, now }: Invocation,
  redis: RedisHttp,
  { group }: Consumer,
  change: KeyChange,
  { shard, messageId, eventId, text }: StreamHead,
): Promise<void> {
  const failure = text === null ? null : failureFromText(text);
  if (text === null || failure === null) throw beingWorkedOn(eventId ?? messageId);
  const effect = change === "unblock" ? { overtakable: true } : { skip: true };
  // Without a wait, so that by the clock of a worker that is behind this one it is due, too.
  const replaced = failureToText({ ...failure, dueAtMs: now(), waitMs: 0, ...effect });
  const scope = [keys.stream(shard), keys.retryAt(group, shard)];
  const stored = await redis.eval(replaceFailureScript, scope, [group, messageId, text, replaced]);
  if (Number(stored) !== 1) throw changedMeanwhile();
}

async function changeStored(
  tx: Tx,
  change: KeyChange,
  reason: string,
  { where, head }: Extract<Holder, { where: "queue" | "dead_letter" }>,
): Promise<void> {
  if (where === "dead_letter") {
    throw new ConflictError(
      `The dead letter ${head.id} holds this key. Redrive it, or discard it; then the key goes on.`,
    );
  }
  if (!head.blocks) throw beingWorkedOn(head.event_id ?? head.message_id);
  const effect = change === "unblock" ? sql`overtakable = true` : sql`skip_reason = ${reason}`;
  const { rows } = await tx.execute(sql`
    UPDATE deliveries SET due_at = now(), last_failed_at = now(), wait_ms = 0, ${effect}
    WHERE place = ${head.id}::bigint AND attempts = ${head.attempts} RETURNING place`);
  if (rows.length === 0) throw changedMeanwhile();
}

function beingWorkedOn(event: string): ConflictError {
  return new ConflictError(
    `The event ${event} is being worked on, or is about to be: no failure of it is known. Look again when the drain is over.`,
  );
}

function changedMeanwhile(): ConflictError {
  return new ConflictError("The event changed while this was decided. Look at the blocked keys again.");
}
