import { decodeEntry, encodeEntry, type MessageId, parseMessageId } from "@brain/schemas";
import { v4 as uuidv4 } from "uuid";
import { TransientError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { Database } from "../db/database.ts";
import { appendBatch, lastGeneratedId, readEntry, type StreamEntry } from "../stream/append.ts";
import type { StreamKeys } from "../stream/keys.ts";
import type { RedisHttp } from "../stream/redis.ts";
import { type EnvelopeRow, toEnvelope } from "./record.ts";
import {
  acquireSql,
  type BatchBounds,
  endBatchSql,
  loadSql,
  markSentSql,
  releaseIfIdleSql,
  releaseSql,
  renewSql,
  renumberBatchSql,
  takeSql,
} from "./relay-sql.ts";

/*
 * The relay copies unsent rows of the record to the stream, one lease per shard:
 *
 *   acquire → take (choose rows, store their ids) → append (one script) → mark sent → take … → release
 *
 * The batch in flight is stored before it is sent and cleared in the transaction that marks its rows. Whatever dies in
 * between, the next holder finds the batch and sends it again under the same ids. Redis refuses ids that are not
 * greater than its last one, so the repeat cannot append twice; a look at the first id tells why it was refused.
 */

export interface RelayDeps {
  readonly db: Database;
  readonly redis: RedisHttp;
  readonly keys: StreamKeys;
  readonly log: Logger;
  readonly settings: RelaySettings;
}

export interface RelaySettings extends BatchBounds {
  /** A holder that vanished is succeeded after this time, ms. */
  readonly leaseMs: number;
  /** Writes `target` as an empty string for readers that cannot do without the field. */
  readonly emptyTarget: boolean;
}

export const defaultRelaySettings: RelaySettings = {
  maxCount: 500,
  maxBytes: 1_048_576,
  leaseMs: 6_000,
  emptyTarget: false,
};

export interface RelayResult {
  readonly sent: number;
  readonly batches: number;
  /** Batches that Redis had already, after a lost reply or a killed relay. */
  readonly repeated: number;
  /** Batches that got new ids because another program wrote in between. */
  readonly renumbered: number;
  /** Another relay holds the lease. `waitMs` until it ends, for the one that left the mark first; else null. */
  readonly busy: { readonly waitMs: number | null } | null;
  /** Time was up before everything was sent. */
  readonly more: boolean;
}

export interface RelayOptions {
  readonly shard: number;
  /** Unix time, ms, after which no new batch is begun. */
  readonly deadlineMs: number;
  readonly now: () => number;
  /** Called after each batch is in the stream, with the event types it held; starts the consumers early. */
  readonly onSent?: (types: ReadonlySet<string>) => void;
}

interface Batch {
  readonly ms: string;
  readonly seq: string;
  readonly rows: readonly EnvelopeRow[];
}

/** Renumbering again and again would mean a clock or a writer gone wild. */
const maxRenumberings = 5;
/** Tries of one append within a run, when its reply was lost. */
const maxAppendTries = 3;

/**
 * Sends what is unsent on one shard. Safe to run anywhere and any number of times at once.
 *
 * @throws {TransientError} Postgres or Redis is not reachable; the events wait in the record
 */
export async function relay(deps: RelayDeps, options: RelayOptions): Promise<RelayResult> {
  const { db, settings } = deps;
  const token = uuidv4();
  const { shard } = options;
  const total = { sent: 0, batches: 0, repeated: 0, renumbered: 0 };
  const acquire = async (): Promise<{ batch: Batch | null; busy: RelayResult["busy"] }> => {
    const [acquired, , loaded] = await db.batch([
      acquireSql(shard, token, settings.leaseMs),
      takeSql(shard, token, settings),
      loadSql(shard, token),
    ]);
    const lease = acquired?.[0] as { acquired: boolean; free_in_ms: number; first_mark: boolean } | undefined;
    if (lease?.acquired !== true) {
      return {
        batch: null,
        busy: { waitMs: lease?.first_mark === true ? Math.max(0, lease.free_in_ms) : null },
      };
    }
    return { batch: toBatch(loaded), busy: null };
  };

  let { batch, busy } = await acquire();
  if (busy !== null) return { ...total, busy, more: false };
  try {
    for (;;) {
      if (batch === null) {
        const [released] = await db.batch([releaseIfIdleSql(shard, token)]);
        if (released !== undefined && released.length > 0) return { ...total, busy: null, more: false };
        ({ batch, busy } = await acquire());
        if (busy !== null) return { ...total, busy: null, more: false };
        continue;
      }
      const sent = await send(deps, shard, token, batch);
      total.sent += sent.batch.rows.length;
      total.batches += 1;
      total.repeated += sent.repeated ? 1 : 0;
      total.renumbered += sent.renumbered;
      options.onSent?.(new Set(sent.batch.rows.map((row) => row.type)));
      const { ms, seq } = sent.batch;
      const finish = [markSentSql(shard, ms, seq), endBatchSql(shard, ms, seq)];
      if (options.now() >= options.deadlineMs) {
        await db.batch([...finish, releaseSql(shard, token)]);
        return { ...total, busy: null, more: true };
      }
      const [, , , , loaded, released] = await db.batch([
        ...finish,
        renewSql(shard, token, settings.leaseMs),
        takeSql(shard, token, settings),
        loadSql(shard, token),
        releaseIfIdleSql(shard, token),
      ]);
      if (released !== undefined && released.length > 0) return { ...total, busy: null, more: false };
      batch = toBatch(loaded);
    }
  } catch (error) {
    await letGo(deps, shard, token);
    throw error;
  }
}

/** The batch stays in flight for the next holder; the lease would only delay it. */
async function letGo({ db, log }: RelayDeps, shard: number, token: string): Promise<void> {
  try {
    await db.batch([releaseSql(shard, token)]);
  } catch {
    log.warn({ shard }, "The relay's lease could not be given back; it ends by itself.");
  }
}

function toBatch(rows: unknown[] | undefined): Batch | null {
  const loaded = (rows ?? []) as (EnvelopeRow & { batch_ms: string; batch_seq: string })[];
  const first = loaded[0];
  return first === undefined ? null : { ms: first.batch_ms, seq: first.batch_seq, rows: loaded };
}

interface Sent {
  readonly batch: Batch;
  readonly repeated: boolean;
  readonly renumbered: number;
}

/** Brings a batch into the stream exactly as stored, or under new ids when another writer took them. */
async function send(deps: RelayDeps, shard: number, token: string, stored: Batch): Promise<Sent> {
  const stream = deps.keys.stream(shard);
  let batch = stored;
  for (let renumbered = 0; renumbered <= maxRenumberings; renumbered += 1) {
    const entries = toEntries(batch, deps.settings.emptyTarget);
    const result = await appendPatiently(deps, stream, entries);
    if (result.kind === "appended") return { batch, repeated: false, renumbered };
    const first = entries[0];
    const standing = first === undefined ? null : await readEntry(deps.redis, stream, first.id);
    if (standing !== null && eventIdOf(standing) === batch.rows[0]?.id)
      return { batch, repeated: true, renumbered };
    batch = await renumber(deps, shard, token, batch);
  }
  throw new TransientError(
    `The stream ${stream} refused new ids ${maxRenumberings} times in a row: another writer's ids run ahead of the clock. Look at its last-generated-id.`,
  );
}

/** Repeats an append whose reply was lost: harmless, because the ids are the same. */
async function appendPatiently(deps: RelayDeps, stream: string, entries: readonly StreamEntry[]) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await appendBatch(deps.redis, stream, deps.keys.relayActive(), entries);
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

async function renumber(deps: RelayDeps, shard: number, token: string, batch: Batch): Promise<Batch> {
  const top = (await lastGeneratedId(deps.redis, deps.keys.stream(shard))) ?? parseMessageId("0-0");
  const [ms = "0", seq = "0"] = top.split("-");
  const [, loaded] = await deps.db.batch([
    renumberBatchSql(shard, batch.ms, batch.seq, ms, seq),
    loadSql(shard, token),
  ]);
  const renumbered = toBatch(loaded);
  if (renumbered === null) throw new TransientError("The relay lost its lease while it renumbered a batch.");
  return renumbered;
}

function toEntries(batch: Batch, emptyTarget: boolean): StreamEntry[] {
  const firstSeq = Number(batch.seq);
  return batch.rows.map((row, index) => ({
    id: `${batch.ms}-${firstSeq + index}` as MessageId,
    fields: encodeEntry(toEnvelope(row), { emptyTarget }),
  }));
}
