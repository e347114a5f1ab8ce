import type { Catalog } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { isUuid } from "../core/encoding/uuid.ts";
import type { Invocation } from "../invocation.ts";
import { parseStreamState, streamStateCommand } from "../stream/group-states.ts";
import { RedisReplyError } from "../stream/redis.ts";

/*
 * How far a move from the Python system has come, told by the stream itself: who still writes there beside the relay, and
 * whose groups are still on it. Other programs write to shard 0 only.
 */

/** The newest entries that are looked at. Their ids and types are fetched, not what they hold. */
const lookedAt = 2_000;

/** The clock of whoever gave an id may be ahead; further than this it says nothing of when the entry came. */
const clockToleranceMs = 300_000;

/** Of the newest entries, the newest first: id of the entry, type and id of the event. */
const newestScript = `
local answer = {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[1])) do
  local type, event = '', ''
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'type' then type = string.sub(entry[2][i + 1], 1, 255) end
    if entry[2][i] == 'id' then event = string.sub(entry[2][i + 1], 1, 37) end
  end
  answer[#answer + 1] = {entry[1], type, event}
end
return answer`;

/** A type that another program appends to the stream itself. */
export interface ForeignWrites {
  /** As it stands on the stream, at most 100 characters. */
  readonly type: string;
  /** The module that the type belongs to; null for one that nobody knows. */
  readonly module: string | null;
  /** True for a type of the catalog: when its module runs here, the other program need not write it. */
  readonly catalogued: boolean;
  /** Among the entries that were looked at. */
  readonly count: number;
  readonly last_id: string;
  /** Null when the id does not tell the time. */
  readonly last_at: string | null;
}

interface NewEntry {
  readonly id: string;
  readonly type: string;
  readonly eventId: string;
}

function foreignWrites(catalog: Catalog, entries: readonly NewEntry[], nowMs: number): ForeignWrites[] {
  const found = new Map<string, ForeignWrites>();
  for (const { id, type } of entries) {
    const known = found.get(type);
    if (known !== undefined) {
      found.set(type, { ...known, count: known.count + 1 });
      continue;
    }
    const definition = catalog.find(catalog.canonicalType(type));
    const foreignModule = catalog.isForeign(type) ? (type.split(".", 1)[0] ?? null) : null;
    const ms = Number(id.split("-", 1)[0]);
    found.set(type, {
      type: type.slice(0, 100),
      module: definition?.module ?? foreignModule,
      catalogued: definition !== undefined,
      count: 1,
      last_id: id,
      last_at: ms > 1e12 && ms <= nowMs + clockToleranceMs ? new Date(ms).toISOString() : null,
    });
  }
  return [...found.values()].sort((a, b) => b.count - a.count || (a.type < b.type ? -1 : 1));
}

function parseNewest(reply: unknown): NewEntry[] {
  if (reply instanceof Error) throw reply;
  if (!Array.isArray(reply)) throw new RedisReplyError("ERR unexpected reply shape for the newest entries");
  return (reply as readonly (readonly unknown[])[]).map(([id, type, eventId]) => ({
    id: String(id),
    type: String(type),
    eventId: String(eventId),
  }));
}

/** Which of the events the record holds. By their own ids: the ids of their entries are noted a moment after the append. */
async function recorded({ db }: Invocation, entries: readonly NewEntry[]): Promise<ReadonlySet<string>> {
  const ids = entries.map(({ eventId }) => eventId.toLowerCase()).filter((id) => isUuid(id));
  if (ids.length === 0) return new Set();
  const rows = await db.rows<{ id: string }>(
    sql`SELECT id::text AS id FROM events WHERE id = ANY(${sql.param(ids)}::uuid[])`,
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * Answer of `GET /api/events/move`. Two round trips: one to Redis, one to Postgres, which says what of the entries is ours.
 *
 * @throws {RedisReplyError} Redis refused
 */
export async function moveState(invocation: Invocation) {
  const { catalog, redis, keys, consumers } = invocation;
  const stream = keys.stream(0);
  const newest = ["EVAL", newestScript, "1", stream, String(lookedAt)] as const;
  const replies = redis === null ? null : await redis.pipeline([streamStateCommand(stream), newest]);
  const state = replies === null ? null : parseStreamState(replies[0]);
  const entries = replies === null ? [] : parseNewest(replies[1]);
  const ours = await recorded(invocation, entries);
  const ownGroups = new Map([...consumers.values()].map(({ group, subscriber }) => [group, subscriber]));
  return {
    stream_running: redis !== null,
    stream,
    looked_at: {
      entries: entries.length,
      of: state?.length ?? 0,
      from_id: entries.at(-1)?.id ?? null,
      to_id: entries[0]?.id ?? null,
    },
    foreign_types: foreignWrites(
      catalog,
      entries.filter(({ eventId }) => !ours.has(eventId.toLowerCase())),
      invocation.now(),
    ),
    foreign_groups: (state?.groups ?? [])
      .filter(({ group }) => !ownGroups.has(group))
      .map(({ group, lag, pending, lastDelivered, consumers: names }) => ({
        group,
        lag,
        pending,
        last_delivered_id: lastDelivered,
        consumers: names.slice(0, 20),
      })),
    own_subscribers: [...ownGroups.values()].sort(),
    timestamp: new Date(invocation.now()).toISOString(),
  };
}
