import type { MessageId } from "@brain/schemas";
import { encodeStored } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { TooMuchAtOnceError } from "../../core/errors.ts";
import { inHalves } from "../../core/promises/in-parts.ts";
import { maxFailureLength, type PendingEntry } from "../../core/retry.ts";
import type { Database } from "../../db/database.ts";
import { entryId, sentUnder } from "../../db/stream-ids.ts";
import { type EnvelopeRow, outgoingColumns } from "../../publish/record.ts";
import { type Group, rangeCommand } from "../../stream/group.ts";
import { maxPartBytes, partInLua } from "../../stream/parts.ts";
import type { Command, RedisHttp } from "../../stream/redis.ts";
import { parseReadEntries } from "../../stream/replies.ts";
import type { Failure } from "../delivery.ts";

interface PendingDetails {
  /** So many of the entries, the first ones, were looked up: the answer about all of them would have been too large. */
  readonly count: number;
  /** Fields by message id; missing when neither the stream nor the record has the entry. */
  readonly bodies: ReadonlyMap<string, readonly string[]>;
  /** Entries whose body is no longer on the stream. Claiming one would drop it from the pending list. */
  readonly trimmed: ReadonlySet<string>;
  readonly failures: ReadonlyMap<string, StoredFailure>;
  /** What the hash of failures has, also where it is none. */
  readonly failureTexts: ReadonlyMap<string, string>;
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

/** Pending entries of a consumer group, in their order. */
export interface AskedPending {
  readonly shard: number;
  /** Of the hash of failures. */
  readonly retryKey: string;
  readonly entries: readonly PendingEntry[];
}

/**
 * What pending entries hold and when they are due, without raising their delivery count. A body that was trimmed from
 * the stream is restored from the record.
 *
 * @param ask how Redis is asked for them, in one round trip; what it has said already is taken as it is. `first`: only for
 *   the first entries, as far as they have room in one answer
 */
export async function bodiesOfPending(
  deps: { readonly redis: RedisHttp; readonly db: Database },
  group: Group,
  { shard, retryKey, entries }: AskedPending,
  ask: "all" | "first" | PendingReplies,
): Promise<PendingDetails> {
  const all = entries.map((entry) => entry.id);
  const { ids, replies } =
    typeof ask === "string"
      ? await (ask === "first" ? askForPart : askForPending)(deps.redis, group, retryKey, all)
      : { ids: all, replies: ask };
  const bodies = new Map<string, readonly string[]>();
  for (const range of replies.bodies) {
    if (range instanceof Error) throw range;
    for (const entry of parseReadEntries(range))
      if (entry.fields !== null) bodies.set(entry.id, entry.fields);
  }
  const lost = ids.filter((id) => !bodies.has(id));
  if (lost.length > 0) {
    const found = await inHalves(lost, (part) => bodiesFromRecord(deps.db, shard, part));
    for (const [id, fields] of found.flat()) bodies.set(id, fields);
  }
  return {
    count: ids.length,
    bodies,
    trimmed: new Set(lost),
    ...parseFailures(ids, replies.failures),
  };
}

/**
 * KEYS: stream, retry times. ARGV: bytes at most, ids of pending entries.
 *
 * @returns the failures and the bodies of the first ones whose bodies have room together, and of one at least
 */
const partScript = `${partInLua}
return {redis.call('HMGET', KEYS[2], unpack(ids)), bodies}`;

/**
 * The command that looks up the first of these entries, as far as they have room together, and one at least;
 * `toPartReplies` reads what comes.
 *
 * @param share among how many such commands the room of one answer is divided
 */
export function partCommand(
  group: Group,
  retryKey: string,
  ids: readonly MessageId[],
  share: number,
): Command {
  const bytes = String(Math.floor(maxPartBytes / share));
  return ["EVAL", partScript, "2", group.stream, retryKey, bytes, ...ids];
}

/** @returns of as many entries, the first ones, as there are bodies; @throws {RedisReplyError} Redis refused */
export function toPartReplies(reply: unknown): PendingReplies {
  if (reply instanceof Error) throw reply;
  const [failures, bodies] = reply as [unknown, unknown[]];
  return { failures, bodies };
}

interface AskedFor {
  readonly ids: readonly MessageId[];
  readonly replies: PendingReplies;
}

async function askForPending(
  redis: RedisHttp,
  group: Group,
  retryKey: string,
  ids: readonly MessageId[],
): Promise<AskedFor> {
  try {
    const replies = await redis.pipeline(pendingDetailsCommands(group, retryKey, ids));
    return { ids, replies: toPendingReplies(replies) };
  } catch (error) {
    if (error instanceof TooMuchAtOnceError) return askForPart(redis, group, retryKey, ids);
    throw error;
  }
}

/**
 * Other programs write entries of any size, so what is known of all may be more than the service hands on, or than comes
 * in time. One that is too large by itself counts as lost.
 */
async function askForPart(
  redis: RedisHttp,
  group: Group,
  retryKey: string,
  all: readonly MessageId[],
): Promise<AskedFor> {
  try {
    const reply = await redis.eval(partScript, [group.stream, retryKey], [String(maxPartBytes), ...all]);
    const replies = toPartReplies(reply);
    return { ids: all.slice(0, replies.bodies.length), replies };
  } catch (error) {
    if (!(error instanceof TooMuchAtOnceError)) throw error;
    const ids = all.slice(0, 1);
    if (all.length > 1) return askForPart(redis, group, retryKey, ids);
    const failures = await redis.command(["HMGET", retryKey, ...ids]);
    return { ids, replies: { failures, bodies: [] } };
  }
}

/** The commands whose replies `toPendingReplies` takes; one more than there are ids. */
function pendingDetailsCommands(group: Group, retryKey: string, ids: readonly MessageId[]): Command[] {
  return [["HMGET", retryKey, ...ids], ...ids.map((id) => rangeCommand(group, id))];
}

/** @throws {RedisReplyError} Redis refused */
function toPendingReplies([failures, ...bodies]: readonly unknown[]): PendingReplies {
  if (failures instanceof Error) throw failures;
  return { failures, bodies };
}

function parseFailures(
  ids: readonly MessageId[],
  reply: unknown,
): Pick<PendingDetails, "failures" | "failureTexts"> {
  const failures = new Map<string, StoredFailure>();
  const failureTexts = new Map<string, string>();
  if (!Array.isArray(reply)) return { failures, failureTexts };
  ids.forEach((id, index) => {
    const value: unknown = reply[index];
    if (typeof value !== "string") return;
    failureTexts.set(id, value);
    const failure = failureFromText(value);
    if (failure !== null) failures.set(id, failure);
  });
  return { failures, failureTexts };
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
