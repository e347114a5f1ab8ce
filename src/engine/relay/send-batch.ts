import { addToSequence, encodeStored, type MessageId, parseMessageId } from "@brain/schemas";
import { TransientError } from "../core/errors.ts";
import type { EnvelopeRow } from "../publish/record.ts";
import { type AppendResult, type AppendTarget, appendBatch, type NumberedBatch } from "../stream/append.ts";
import { publishedOverTime } from "../stream/count-series.ts";
import { counterFields } from "../stream/counters.ts";
import { followSql, leaveLaneSql } from "./lost-sql.ts";
import type { RelayDeps } from "./relay-deps.ts";
import { type BatchHead, firstSequence, type LoadedRow, loadSql } from "./relay-sql.ts";

/** The batch in flight: its rows in stream order, and how it follows what was sent before. */
export interface Batch {
  readonly head: BatchHead;
  readonly rows: readonly EnvelopeRow[];
}

/** What became of a batch. */
export type Sent =
  | {
      readonly kind: "sent";
      readonly batch: Batch;
      /** Id of its first entry; the others count up. */
      readonly first: MessageId;
      /** The last entry of another program that stands before it, behind what was sent before; null: there is none. */
      readonly foreign: MessageId | null;
      /** Redis had it already. */
      readonly repeated: boolean;
    }
  /** Another relay has taken over; nothing was appended. */
  | { readonly kind: "overtaken" }
  /** The stream ends before what we know was sent; nothing was appended. */
  | Extract<AppendResult, { kind: "lost" }>;

/** Tries of one append within a run, when its reply was lost. */
const maxAppendTries = 3;
/** Times that a batch gets a new number in one run; each time somebody else was faster with theirs. */
const maxFollows = 5;

/** Who brings a batch to the stream, and where. */
export interface Sending {
  readonly deps: RelayDeps;
  readonly shard: number;
  /** Of the lease. */
  readonly token: string;
  /** False: that the last entry we know of is gone means nothing. */
  readonly trustsLastEntry: boolean;
  /** Told when the record was set back, with the last id that it knew; left out: the log alone is. */
  readonly onSetBack?: ((known: string) => Promise<unknown>) | undefined;
}

/** The rows that `loadSql` gave; null when there is no batch. */
export function toBatch(rows: readonly unknown[] | undefined): Batch | null {
  const loaded = (rows ?? []) as LoadedRow[];
  const head = loaded[0]?.head;
  if (typeof head !== "string") return null;
  return { head: JSON.parse(head) as BatchHead, rows: loaded };
}

/** The keys of a shard. */
export function targetOf({ keys }: Pick<RelayDeps, "keys">, shard: number): AppendTarget {
  return {
    stream: keys.stream(shard),
    sent: keys.sent(shard),
    activity: keys.relayActive(),
    counters: keys.counters(shard),
  };
}

/**
 * Brings a batch into the stream, once, however often it is tried and by whomever.
 *
 * @throws {TransientError} Redis or Postgres is not reachable; the batch stays in flight
 */
export async function sendBatch(sending: Sending, stored: Batch): Promise<Sent> {
  const { deps, shard } = sending;
  let batch = stored;
  for (let follows = 0; follows <= maxFollows; follows += 1) {
    const result = await appendPatiently(sending, batch);
    if (result === null) return { kind: "overtaken" };
    if (result.kind === "lost") return result;
    if (result.kind !== "ahead") {
      const isNew = result.kind === "appended";
      if (isNew && result.setAside !== null) tellOfSetAside(deps, shard, result.setAside);
      return { kind: "sent", batch, first: result.first, foreign: result.foreign, repeated: !isNew };
    }
    const next = await follow(sending, batch, result.number);
    if (next === null) return { kind: "overtaken" };
    batch = next;
  }
  throw new TransientError(
    `Redis had a later batch than that of shard ${shard} ${maxFollows + 1} times in a row: another system sends to the same stream. Give each its own BRAIN_REDIS_PREFIX.`,
  );
}

/**
 * Repeats an append whose reply was lost: harmless, because it is told from a first one. Whoever repeats it must still
 * hold the lease. @returns null when it does not
 */
async function appendPatiently(
  { deps, shard, token, trustsLastEntry }: Sending,
  batch: Batch,
): Promise<AppendResult | null> {
  const { after: number, known_last: last, known_there: isThere, known_event: event } = batch.head;
  const target = targetOf(deps, shard);
  const known = { number, last: parseMessageId(last), isThere: isThere && trustsLastEntry, event };
  const numbered = toNumbered(batch, shard, deps.settings.wireCompat);
  let { lane } = numbered;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await appendBatch(deps.redis, target, known, { ...numbered, lane });
    } catch (error) {
      if (!(error instanceof TransientError) || attempt >= maxAppendTries) throw error;
      deps.log.warn(
        { stream: target.stream, attempt, batch: batch.head.number, entries: batch.rows.length },
        "No answer to an append; sending the same batch again.",
      );
    }
    const [renewed] = await deps.db.rows<{ lane: number }>(leaveLaneSql(shard, token, deps.settings.leaseMs));
    if (renewed === undefined) return null;
    lane = renewed.lane;
  }
}

/**
 * Redis has a later batch than the record knows of. Either another relay went on with ours, or the record was set back,
 * to a backup: then the batch gets a number behind. @returns null in the first case
 */
async function follow(
  { deps, shard, token, onSetBack }: Sending,
  { head }: Batch,
  found: number,
): Promise<Batch | null> {
  const [, loaded] = await deps.db.batch([
    followSql(shard, token, head.number, found, deps.settings.leaseMs),
    loadSql(shard, token),
  ]);
  const batch = toBatch(loaded);
  if (batch !== null) {
    deps.log.error(
      { shard, batch: head.number, found },
      "Redis has a later batch than the record knows of: the record was set back to an earlier state, or another system sends to the same stream. The relay goes on behind it.",
    );
    await onSetBack?.(head.known_last);
  }
  return batch;
}

function tellOfSetAside({ log }: RelayDeps, shard: number, setAside: string): void {
  log.error(
    { shard, set_aside: setAside },
    `Another writer gave the last id there is to an entry, so the stream took no more of anybody. It is called ${setAside} now; its entries were copied to a new one, except those that blocked it. Our consumers begin again and know what they applied; other programs must create their groups again. Find the writer, and delete ${setAside} when nobody needs it.`,
  );
}

function toNumbered({ head, rows }: Batch, shard: number, compat: boolean): NumberedBatch {
  const eventId = rows[0]?.id ?? "";
  const first = head.earlier === null ? null : parseMessageId(head.earlier);
  const last = first === null ? null : addToSequence(first, rows.length - 1);
  return {
    number: head.number,
    content: `${eventId} ${rows.at(-1)?.id} ${rows.length}`,
    nowMs: head.now_ms,
    firstSequence: firstSequence(shard),
    floor: last ?? parseMessageId(head.floor),
    lane: head.lane,
    earlier: first === null || last === null ? null : { first, last, eventId },
    entries: rows.map((row) => encodeStored(row, { compat })),
    counts: [
      // First, because the script takes a thousand at most.
      ...publishedOverTime(rows.length, Number(head.now_ms)),
      ...[...Map.groupBy(rows, ({ type }) => type)].map(([type, own]) => ({
        field: counterFields.published(type),
        delta: own.length,
      })),
    ],
  };
}
