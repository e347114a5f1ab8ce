import { decodeEntry, encodeStored, type MessageId, parseMessageId } from "@brain/schemas";
import { TransientError } from "../core/errors.ts";
import { appendBatch, lastGeneratedId, readClock, readEntry, type StreamEntry } from "../stream/append.ts";
import type { EnvelopeRow } from "./record.ts";
import type { RelayDeps } from "./relay-deps.ts";
import { byIndexSql, loadSql, renumberBatchSql } from "./relay-sql.ts";

/** The batch in flight: its rows in stream order, and the id of the first; the others count up. */
export interface Batch {
  readonly ms: string;
  readonly seq: string;
  /** The last id known to be in the stream before this batch. */
  readonly knownLast: MessageId;
  /** False when the janitor trimmed that entry. */
  readonly knownThere: boolean;
  readonly rows: readonly EnvelopeRow[];
}

/** What became of a batch. */
export type Sent =
  | {
      readonly kind: "sent";
      /** As it stands in the stream; its ids may be new. */
      readonly batch: Batch;
      /** Redis had it already. */
      readonly repeated: boolean;
      /** Times it got new ids. */
      readonly renumbered: number;
    }
  /** The stream ends before what we know was sent; nothing of the batch was appended. */
  | { readonly kind: "lost"; readonly last: MessageId };

/** Renumbering again and again would mean a clock or a writer gone wild. */
const maxRenumberings = 5;
/** Tries of one append within a run, when its reply was lost. */
const maxAppendTries = 3;

/** The rows that `loadSql` gave; null when there are none. */
export function toBatch(rows: unknown[] | undefined): Batch | null {
  const loaded = (rows ?? []) as (EnvelopeRow & {
    batch_ms: string;
    batch_seq: string;
    known_last: string;
    known_there: boolean;
  })[];
  const first = loaded[0];
  if (first === undefined) return null;
  return {
    ms: first.batch_ms,
    seq: first.batch_seq,
    knownLast: first.known_last as MessageId,
    knownThere: first.known_there,
    rows: loaded,
  };
}

/**
 * Brings a batch into the stream exactly as stored, or under new ids when another writer took them.
 *
 * @throws {TransientError} Redis is not reachable; the batch stays in flight
 */
export async function sendBatch(deps: RelayDeps, shard: number, token: string, stored: Batch): Promise<Sent> {
  const stream = deps.keys.stream(shard);
  let batch = stored;
  for (let renumbered = 0; renumbered <= maxRenumberings; renumbered += 1) {
    const entries = toEntries(batch, deps.settings.wireCompat);
    const result = await appendPatiently(deps, stream, batch, entries);
    if (result.kind === "lost") return result;
    if (result.kind === "appended") return { kind: "sent", batch, repeated: false, renumbered };
    const first = entries[0];
    const standing = first === undefined ? null : await readEntry(deps.redis, stream, first.id);
    if (standing !== null && eventIdOf(standing) === batch.rows[0]?.id) {
      return { kind: "sent", batch, repeated: true, renumbered };
    }
    const { knownThere } = batch;
    const renamed = await renumber(deps, shard, token, batch, renumbered);
    batch = { ...renamed, knownThere: knownThere && renamed.knownThere };
  }
  throw new TransientError(
    `The stream ${stream} refused new ids ${maxRenumberings} times in a row: another writer's ids run ahead of the clock. Look at its last-generated-id.`,
  );
}

/** Repeats an append whose reply was lost: harmless, because the ids are the same. */
async function appendPatiently(
  deps: RelayDeps,
  stream: string,
  { knownLast, knownThere }: Batch,
  entries: readonly StreamEntry[],
) {
  const target = { stream, activity: deps.keys.relayActive(), knownLast, knownThere };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await appendBatch(deps.redis, target, entries);
    } catch (error) {
      if (!(error instanceof TransientError) || attempt >= maxAppendTries) throw error;
      deps.log.warn(
        { stream, attempt, entries: entries.length },
        "No answer to an append; sending the same ids again.",
      );
    }
  }
}

function eventIdOf(fields: readonly string[]): string | null {
  const decoded = decodeEntry(fields);
  return decoded.ok ? decoded.event.id : null;
}

/**
 * Lead of new ids over the clock of Redis, by how often the batch was refused, ms. None at first: another writer happened
 * to be faster. One that writes all the time would always be, while our ids travel, so they go ahead of the clock; its
 * own ids, given by Redis, then follow ours until the clock has caught up.
 */
const leadsMs: readonly number[] = [0, 50, 100, 200, 400, 800];
/** Left for what such a writer appends meanwhile, when the stream is that far ahead already. */
const sequenceGap = 100_000;

async function renumber(
  deps: RelayDeps,
  shard: number,
  token: string,
  batch: Batch,
  refusals: number,
): Promise<Batch> {
  const floor = await idBelow(deps, deps.keys.stream(shard), leadsMs[refusals] ?? 0);
  const [, , loaded] = await deps.db.batch([
    byIndexSql,
    renumberBatchSql(shard, token, batch.ms, batch.seq, floor.ms, floor.seq),
    loadSql(shard, token),
  ]);
  const renumbered = toBatch(loaded);
  if (renumbered === null) throw new TransientError("The relay lost its lease while it renumbered a batch.");
  return renumbered;
}

/** The id above which the batch begins: the last one of the stream, and `leadMs` ahead of the clock. */
async function idBelow({ redis }: RelayDeps, stream: string, leadMs: number) {
  const top = (await lastGeneratedId(redis, stream)) ?? parseMessageId("0-0");
  const [ms = "0", seq = "0"] = top.split("-");
  if (leadMs === 0) return { ms, seq };
  const aheadMs = (await readClock(redis)) + leadMs;
  return aheadMs > Number(ms)
    ? { ms: String(aheadMs), seq: "0" }
    : { ms, seq: String(Number(seq) + sequenceGap) };
}

function toEntries(batch: Batch, compat: boolean): StreamEntry[] {
  const firstSeq = Number(batch.seq);
  return batch.rows.map((row, index) => ({
    id: `${batch.ms}-${firstSeq + index}` as MessageId,
    fields: encodeStored(row, { compat }),
  }));
}
