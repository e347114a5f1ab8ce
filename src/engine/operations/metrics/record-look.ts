import { sql } from "drizzle-orm";
import type { Invocation } from "../../invocation.ts";
import { type PauseRow, pausesSql } from "../consumers/pauses.ts";

/** What only Postgres knows. Times are Unix ms by the worker's clock, so that it can be kept and be true later. */
export interface RecordLook {
  readonly atMs: number;
  /** Events that are committed and not on the stream yet; `oldestMs` null when there is none. */
  readonly backlog: { readonly count: number; readonly oldestMs: number | null };
  /** Open dead letters by subscriber; `*` for entries of which not even the type can be read. */
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Deferred deliveries, by `{subscriber}:{shard}`. */
  readonly deferred: Readonly<Record<string, { readonly count: number; readonly oldestMs: number }>>;
  /** Subscribers that are paused as a whole. */
  readonly paused: readonly string[];
}

/** By the clock of Postgres, which set the time. */
const ageMs = (time: string) => sql.raw(`floor(extract(epoch FROM now() - ${time}) * 1000)::float8`);

interface WaitingRow {
  readonly subscriber: string;
  readonly shard: number;
  readonly count: number;
  readonly oldest_age: number;
}

/** Asks Postgres, in one round trip. */
export async function lookAtRecord({ db, now }: Pick<Invocation, "db" | "now">): Promise<RecordLook> {
  const [backlog, letters, deferred, pauses] = await db.batch([
    sql`SELECT count(*)::integer AS count,
      ${ageMs("(SELECT stored_at FROM events WHERE position = min(u.position))")} AS oldest_age FROM unsent_events u`,
    sql`SELECT subscriber_name AS subscriber, count(*)::integer AS count
      FROM dead_letters WHERE status = 'open' GROUP BY subscriber_name`,
    sql`SELECT subscriber_name AS subscriber, shard, count(*)::integer AS count, ${ageMs("min(queued_at)")} AS oldest_age
      FROM deliveries GROUP BY subscriber_name, shard`,
    pausesSql(null),
  ]);
  const [unsent] = (backlog ?? []) as { count: number; oldest_age: number | null }[];
  const open = (letters ?? []) as { subscriber: string; count: number }[];
  const waiting = (deferred ?? []) as WaitingRow[];
  const atMs = now();
  const oldestAge = unsent?.oldest_age ?? null;
  return {
    atMs,
    backlog: { count: unsent?.count ?? 0, oldestMs: oldestAge === null ? null : atMs - oldestAge },
    deadLetters: Object.fromEntries(open.map(({ subscriber, count }) => [subscriber, count])),
    deferred: Object.fromEntries(
      waiting.map(({ subscriber, shard, count, oldest_age: age }) => [
        `${subscriber}:${shard}`,
        { count, oldestMs: atMs - age },
      ]),
    ),
    paused: ((pauses ?? []) as PauseRow[]).flatMap((row) =>
      row.event_type === null ? [row.subscriber] : [],
    ),
  };
}

/** Reads what `JSON.stringify` made of one; null when it is none of this release. */
export function parseRecordLook(text: unknown): RecordLook | null {
  if (typeof text !== "string") return null;
  try {
    const value = JSON.parse(text) as Partial<RecordLook> | null;
    const isWhole =
      typeof value?.atMs === "number" &&
      typeof value.backlog?.count === "number" &&
      [value.deadLetters, value.deferred, value.paused].every((part) => typeof part === "object");
    return isWhole ? (value as RecordLook) : null;
  } catch {
    return null;
  }
}
