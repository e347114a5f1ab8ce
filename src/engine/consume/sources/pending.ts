import type { MessageId } from "@brain/schemas";
import { encodeStored } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { maxFailureLength, type PendingEntry } from "../../core/retry.ts";
import type { Database } from "../../db/database.ts";
import { entryId, sentUnder } from "../../db/stream-ids.ts";
import { type EnvelopeRow, outgoingColumns } from "../../publish/record.ts";
import { type Group, rangeCommand } from "../../stream/group.ts";
import type { Command, RedisHttp } from "../../stream/redis.ts";
import { parseReadEntries } from "../../stream/replies.ts";
import type { Failure } from "../delivery.ts";

interface PendingDetails {
  /** Fields by message id; missing when neither the stream nor the record has the entry. */
  readonly bodies: ReadonlyMap<string, readonly string[]>;
  /** Entries whose body is no longer on the stream. Claiming one would drop it from the pending list. */
  readonly trimmed: ReadonlySet<string>;
  readonly failures: ReadonlyMap<string, StoredFailure>;
}

/** A failure as it stands beside the pending list. */
export interface StoredFailure extends Failure {
  /** An operator gave the entry up: it becomes a dead letter without another try. */
  readonly skip: boolean;
  /** How long the next try was to wait when this one failed, ms; null: a release before stored it. */
  readonly waitMs: number | null;
}

/**
 * The text of a failure as it stands in the hash of retry times: `due:first:attempts:overtakable:skip:error`. In front of the
 * error stands the wait in brackets, which releases before take for a part of it.
 */
export function failureToText(failure: StoredFailure): string {
  const { dueAtMs, firstFailedAtMs, attempts, overtakable, skip, waitMs, error } = failure;
  const wait = waitMs === null ? "" : `[${waitMs}]`;
  return `${dueAtMs}:${firstFailedAtMs}:${attempts}:${overtakable ? 1 : 0}:${skip ? 1 : 0}:${wait}${error.slice(0, maxFailureLength).toWellFormed()}`;
}

/** Null for a text that is no failure. */
export function failureFromText(text: string): StoredFailure | null {
  const [numbers, rest] = splitFailure(text);
  const [dueAtMs, firstFailedAtMs, attempts, overtakable, skip] = numbers.map(Number);
  if (dueAtMs === undefined || firstFailedAtMs === undefined || attempts === undefined) return null;
  if (![dueAtMs, firstFailedAtMs, attempts].every(Number.isFinite)) return null;
  const [inFront = "", wait] = /^\[(\d{1,12})\]/.exec(rest) ?? [];
  return {
    dueAtMs,
    firstFailedAtMs,
    attempts,
    overtakable: overtakable === 1,
    skip: skip === 1,
    waitMs: wait === undefined ? null : Number(wait),
    error: rest.slice(inFront.length),
  };
}

/** The five numbers, and what is behind them, which may hold colons. */
function splitFailure(text: string): [numbers: string[], error: string] {
  const parts = text.split(":");
  return [parts.slice(0, 5), parts.slice(5).join(":")];
}

/** What Redis says of pending entries, in their order. */
export interface PendingReplies {
  /** Of the hash of failures. */
  readonly failures: unknown;
  /** Of the range of each one's id. */
  readonly bodies: readonly unknown[];
}

/**
 * What pending entries hold and when they are due, without raising their delivery count. A body that was trimmed from
 * the stream is restored from the record.
 *
 * @param known null: Redis is asked, in one round trip
 */
export async function bodiesOfPending(
  deps: { readonly redis: RedisHttp; readonly db: Database },
  group: Group,
  { shard, retryKey }: { readonly shard: number; readonly retryKey: string },
  entries: readonly PendingEntry[],
  known: PendingReplies | null = null,
): Promise<PendingDetails> {
  const ids = entries.map((entry) => entry.id);
  const replies = known ?? (await askForPending(deps.redis, group, retryKey, ids));
  const bodies = new Map<string, readonly string[]>();
  for (const range of replies.bodies) {
    if (range instanceof Error) throw range;
    for (const entry of parseReadEntries(range))
      if (entry.fields !== null) bodies.set(entry.id, entry.fields);
  }
  const lost = ids.filter((id) => !bodies.has(id));
  if (lost.length > 0) {
    for (const [id, fields] of await bodiesFromRecord(deps.db, shard, lost)) bodies.set(id, fields);
  }
  return { bodies, trimmed: new Set(lost), failures: parseFailures(ids, replies.failures) };
}

async function askForPending(
  redis: RedisHttp,
  group: Group,
  retryKey: string,
  ids: readonly MessageId[],
): Promise<PendingReplies> {
  return toPendingReplies(await redis.pipeline(pendingDetailsCommands(group, retryKey, ids)));
}

/** The commands whose replies `toPendingReplies` takes; one more than there are ids. */
export function pendingDetailsCommands(group: Group, retryKey: string, ids: readonly MessageId[]): Command[] {
  return [["HMGET", retryKey, ...ids], ...ids.map((id) => rangeCommand(group, id))];
}

/** @throws {RedisReplyError} Redis refused */
export function toPendingReplies([failures, ...bodies]: readonly unknown[]): PendingReplies {
  if (failures instanceof Error) throw failures;
  return { failures, bodies };
}

function parseFailures(ids: readonly MessageId[], reply: unknown): PendingDetails["failures"] {
  const failures = new Map<string, StoredFailure>();
  if (!Array.isArray(reply)) return failures;
  ids.forEach((id, index) => {
    const value: unknown = reply[index];
    if (typeof value !== "string") return;
    const failure = failureFromText(value);
    if (failure !== null) failures.set(id, failure);
  });
  return failures;
}

/** What the record holds under these very ids, whatever time they claim to be of. */
async function bodiesFromRecord(
  db: Database,
  shard: number,
  ids: readonly MessageId[],
): Promise<[string, readonly string[]][]> {
  const rows = await db.rows<EnvelopeRow & { stream_message_id: string }>(
    sql`SELECT ${entryId} AS stream_message_id, ${outgoingColumns} FROM ${sentUnder(shard, ids)}`,
  );
  return rows.map((row) => [row.stream_message_id, encodeStored(row)]);
}
