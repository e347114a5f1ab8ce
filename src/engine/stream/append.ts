import { isMessageId, type MessageId } from "@brain/schemas";
import { appendScript } from "./append-script.ts";
import { type Count, countArgs } from "./counters.ts";
import type { RedisHttp } from "./redis.ts";
import { unexpectedReply } from "./replies.ts";

/**
 * As long as the key that notes recent work lives, cron looks for unsent events at each tick; afterwards only once in a
 * long while. Neon sleeps after five idle minutes: until then the database is awake, and a look costs nothing.
 */
export const activityTtlMs = 300_000;

/** Where batches go. */
export interface AppendTarget {
  readonly stream: string;
  /** Key of the note beside the stream. */
  readonly sent: string;
  /** Key that notes recent work. */
  readonly activity: string;
  /** Hash of what was done on the shard. */
  readonly counters: string;
}

/** What the relay knows of a stream. */
export interface KnownStream {
  /** Number of the last batch that is there; 0 when there is none. */
  readonly number: number;
  /** The last id known to be there; `0-0` when there is none. */
  readonly last: MessageId;
  /** False when that entry was trimmed after everybody had handled it. */
  readonly isThere: boolean;
  /** Id of the event in that entry; null when the record no longer has it. */
  readonly event: string | null;
}

/** A batch to be appended. */
export interface NumberedBatch {
  /** Greater than that of any batch before it, and never used again for another one. */
  readonly number: number;
  /** Tells it from another batch with this number, of a record that was set back to an earlier state. */
  readonly content: string;
  /** Unix ms. */
  readonly nowMs: string;
  /** Of ids in a new millisecond. */
  readonly firstSequence: number;
  /** Ids will be greater than this. */
  readonly floor: MessageId;
  /** Ids that a former release gave the batch: it may stand there already. Else null. */
  readonly earlier: { readonly first: MessageId; readonly last: MessageId; readonly eventId: string } | null;
  /** 0–999, another one after each try of which nobody knows what became of it: so no event gets an id of that try. */
  readonly lane: number;
  /** Fields of each entry, flat: name, value, name, value … */
  readonly entries: readonly (readonly string[])[];
  /** Counted when it is appended. */
  readonly counts: readonly Count[];
}

export type AppendResult =
  | {
      readonly kind: "appended";
      /** Id of the first entry; the others follow by sequence. */
      readonly first: MessageId;
      /** The last entry of another program behind the last known one; null: there is none. */
      readonly foreign: MessageId | null;
      /** The stream could take no more entries. It has this name now, and another one took its place; else null. */
      readonly setAside: string | null;
    }
  /** It stands there since an earlier try. */
  | { readonly kind: "repeated"; readonly first: MessageId; readonly foreign: MessageId | null }
  /** Redis has a batch with this number, which is later than the one before: this relay has been overtaken. */
  | { readonly kind: "ahead"; readonly number: number }
  /**
   * The stream lacks what we know was sent: Redis lost data. Nothing was appended. `last` is the last id up to which the
   * stream is whole, `0-0` when nobody can tell; `number` is that of the last batch which is there.
   */
  | { readonly kind: "lost"; readonly last: MessageId; readonly number: number };

/**
 * Atomic. The same batch may be appended again: it stands there once.
 *
 * @throws {TransientError} not reachable or no answer: whether the batch was appended is unknown
 */
export async function appendBatch(
  redis: RedisHttp,
  target: AppendTarget,
  known: KnownStream,
  batch: NumberedBatch,
): Promise<AppendResult> {
  const { number, content, nowMs, firstSequence, floor, earlier, lane, entries, counts } = batch;
  const args = [...argsOf(number, known, content), nowMs, String(firstSequence), floor];
  args.push(earlier?.first ?? "", earlier?.last ?? "", earlier?.eventId ?? "", String(lane).padStart(3, "0"));
  args.push(...countArgs(counts));
  for (const fields of entries) {
    args.push(String(fields.length));
    for (const field of fields) args.push(field);
  }
  const full = `${target.stream}:full:${nowMs}`;
  const keys = [target.stream, target.sent, target.activity, full, target.counters];
  const reply = await redis.eval(appendScript, keys, args);
  const [kind, value, before, setAside] = wordsOf(reply);
  const foreign = isMessageId(before) ? before : null;
  if (kind === "appended" && isMessageId(value))
    return { kind, first: value, foreign, setAside: setAside || null };
  if (kind === "repeated" && isMessageId(value)) return { kind, first: value, foreign };
  if (kind === "ahead") return { kind, number: Number(value) };
  return lostOf(reply);
}

/**
 * Looks whether the stream is whole. Null when it is.
 *
 * @throws {TransientError} not reachable
 */
export async function findLoss(
  redis: RedisHttp,
  target: AppendTarget,
  known: KnownStream,
): Promise<Extract<AppendResult, { kind: "lost" }> | null> {
  const keys = [target.stream, target.sent, target.activity];
  const reply = await redis.eval(appendScript, keys, argsOf(0, known, ""));
  return wordsOf(reply)[0] === "whole" ? null : lostOf(reply);
}

function argsOf(number: number, known: KnownStream, content: string): string[] {
  const { number: after, last, isThere, event } = known;
  return [String(activityTtlMs), String(number), String(after), content, last, isThere ? (event ?? "1") : ""];
}

function wordsOf(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}

function lostOf(reply: unknown): Extract<AppendResult, { kind: "lost" }> {
  const [kind, last, number] = wordsOf(reply);
  if (kind !== "lost" || !isMessageId(last)) throw unexpectedReply(reply);
  return { kind, last, number: Number(number) };
}
