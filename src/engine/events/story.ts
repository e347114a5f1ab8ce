import { sql } from "drizzle-orm";
import type { Archive } from "../archive.ts";
import type { Database } from "../db/database.ts";
import { isoText } from "../db/iso-text.ts";
import { entryId, withEntry } from "../db/stream-ids.ts";
import { isOfTenant } from "../db/tenant-rows.ts";
import type { JobOrigin, Origin, RequestOrigin } from "../publish/origin.ts";
import { type EnvelopeRow, envelopeColumns } from "../publish/record.ts";
import type { RecordedDetails } from "./history.ts";

/*
 * One story: the events of a correlation id as a tree of causes and effects, each with who handled it and where it
 * failed. What a request or a job published itself hangs under that request or job. Correlation and causation ids also come from other programs, so nothing is assumed of them: a cause may be
 * missing, be the event itself, or be one of its own effects.
 */

/** A consumer that applied the event. */
export interface Handled {
  readonly subscriber: string;
  /** The last time, if forced replays applied it again. */
  readonly processed_at: string;
  /** The forced replay that applied it last; left out when none did. */
  readonly replay_epoch?: number;
}

/** A consumer that could not handle the event. */
export interface Failed {
  readonly subscriber: string;
  readonly id: string;
  readonly reason: string;
  readonly status: string;
  /** Its message, the first 500 characters. */
  readonly error: string;
  readonly attempts: number;
  readonly first_failed_at: string;
  readonly last_failed_at: string;
}

/** An event of a story, without where it stands in it. */
export interface StoryEvent {
  readonly id: string;
  readonly position: number;
  readonly type: string;
  readonly source: string;
  /** The module that published it, as its envelope says. */
  readonly module: string | null;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly timestamp: string;
  readonly severity: string | null;
  readonly payload: unknown;
  /** Null when no event is known to have caused it. */
  readonly causation_id: string | null;
  /** The request or job that published it; left out when an event caused it or another program told of it. */
  readonly origin_id?: string;
  /** Null until the relay sent it. */
  readonly sent_at: string | null;
  readonly stream_message_id: string | null;
  readonly handled_by: readonly Handled[];
  readonly dead_letters: readonly Failed[];
}

/** What began a part of the story: the first node of what it published. */
export type StoryBegin = (Omit<RequestOrigin, "at"> | Omit<JobOrigin, "at">) & {
  readonly timestamp: string;
  /** Of requests only: HTTP status of the answer; null when it is not known, because nobody lived to note it. */
  readonly status?: number | null;
} & typeof unlikeEvents;

/** What every node of a story has, so that whoever walks over it need not ask what a node is. */
const unlikeEvents = {
  causation_id: null,
  payload: {},
  handled_by: [] as readonly Handled[],
  dead_letters: [] as readonly Failed[],
} as const;

export interface Story {
  /** In the order of their first events. */
  readonly origins: readonly StoryBegin[];
  readonly events: readonly StoryEvent[];
  /** True when the record holds more of it: the limit or the size was reached. */
  readonly truncated: boolean;
}

/** Payloads of one answer together, bytes; what Neon answers over HTTP is limited too. */
const maxPayloadBytes = 4_194_304;

interface EventRow extends Omit<EnvelopeRow, "meta"> {
  readonly position: string;
  readonly module: string | null;
  readonly causation_id: string | null;
  readonly sent_at: string | null;
  readonly stream_message_id: string | null;
  readonly found: number;
  /** JSON text; null when there is none. */
  readonly origin: string | null;
}

/**
 * The events of a correlation id in the order of the record, the oldest ones when there are more than `limit`; null
 * when the record holds none. Two round trips, each through indexes. What went to the archive is looked for when the
 * record holds nothing: its files are read from front to back.
 *
 * @param tenantId whose events alone; null: those of all
 * @param archived left out: the archive is not asked. `db` of all tenants
 */
export async function readStory(
  db: Database,
  correlationId: string,
  limit: number,
  tenantId: string | null = null,
  archived: { readonly db: Database; readonly archive: Archive | null } | null = null,
): Promise<Story | null> {
  let rows = await db.rows<EventRow>(eventsSql(correlationId, limit, tenantId));
  if (rows.length === 0 && archived !== null && archived.archive !== null) {
    const { archive } = archived;
    rows = await archivedRows({ db: archived.db, archive }, correlationId, limit, tenantId);
  }
  const found = rows[0]?.found;
  if (found === undefined) return null;
  const ids = rows.map(({ id }) => id);
  const [handled = [], failed = []] = (await db.batch([
    handledSql(ids, tenantId),
    failedSql(ids, tenantId),
  ])) as [OfEvent<Handled>[], OfEvent<Failed>[]];
  const handledBy = Map.groupBy(handled, ({ event_id }) => event_id);
  const deadLetters = Map.groupBy(failed, ({ event_id }) => event_id);
  const origins = new Map<string, StoryBegin>();
  const events = rows.map((row): StoryEvent => {
    const origin = readOrigin(origins, row.origin);
    const { id, type, source, tenant_id, actor_id, timestamp, severity, payload } = row;
    const { causation_id, sent_at, stream_message_id } = row;
    return {
      ...{ id, position: Number(row.position), type, source, module: row.module, tenant_id, actor_id },
      ...{ timestamp, severity },
      payload: JSON.parse(payload),
      causation_id,
      ...(origin === null ? {} : { origin_id: origin }),
      ...{ sent_at, stream_message_id },
      handled_by: (handledBy.get(id) ?? []).map(({ subscriber, processed_at, replay_epoch }) => ({
        subscriber,
        processed_at,
        ...(replay_epoch === 0 ? {} : { replay_epoch }),
      })),
      dead_letters: (deadLetters.get(id) ?? []).map(({ event_id: _, ...letter }) => letter),
    };
  });
  return { origins: [...origins.values()], events, truncated: found > rows.length };
}

/** As the record would give them; what began them is not in the archive. */
async function archivedRows(
  sources: { readonly db: Database; readonly archive: Archive },
  correlation_id: string,
  limit: number,
  tenantId: string | null,
): Promise<EventRow[]> {
  const { findArchived } = await import("./search-archive.ts");
  const filter = { correlation_id, ...(tenantId === null ? {} : { tenant_id: tenantId }) };
  const stretch = { order: "asc", cursor: null, limit: limit + 1 } as const;
  const lines = (await findArchived(sources, filter, "own", stretch)) as RecordedDetails[];
  let bytes = 0;
  return lines.slice(0, limit).flatMap((line, index) => {
    const payload = JSON.stringify(line.payload);
    bytes += payload.length;
    if (index > 0 && bytes > maxPayloadBytes) return [];
    const causation_id = line.meta.causation_id ?? null;
    return {
      ...line,
      position: String(line.position),
      payload,
      module: line.meta.source_module,
      causation_id,
      found: lines.length,
      origin: null,
    };
  });
}

/** @returns the id of the origin, which is in `origins` now */
function readOrigin(origins: Map<string, StoryBegin>, text: string | null): string | null {
  if (text === null) return null;
  const origin = JSON.parse(text) as Origin & { readonly status?: number };
  // The status stands at the first event of the request only.
  const status = origin.status ?? origins.get(origin.id)?.status ?? null;
  const { id, at: timestamp } = origin;
  // Postgres keeps the fields in an order of its own.
  if (origin.type === "job") {
    origins.set(id, { id, type: "job", name: origin.name, timestamp, ...unlikeEvents });
  } else {
    const { type, request_id, method, path, actor_id } = origin;
    const told = { id, type, request_id, method, path, actor_id, status, timestamp };
    origins.set(id, { ...told, ...unlikeEvents });
  }
  return id;
}

type OfEvent<T> = Required<T> & { readonly event_id: string };

function eventsSql(correlationId: string, limit: number, tenantId: string | null) {
  return sql`
    WITH story AS (
      SELECT position FROM events
      WHERE correlation_id = ${correlationId} AND ${isOfTenant(sql`tenant_id`, tenantId)}
      ORDER BY position LIMIT ${limit + 1}
    ), measured AS (
      SELECT position, row_number() OVER running AS place, sum(octet_length(payload::text)) OVER running AS bytes,
        count(*) OVER ()::integer AS found
      FROM story JOIN events USING (position) WINDOW running AS (ORDER BY position)
    )
    SELECT ${envelopeColumns}, e.position::text AS position, e.source_module AS module, e.causation_id, ${isoText(sql`s.sent_at`)} AS sent_at, ${entryId} AS stream_message_id, e.origin::text AS origin, m.found
    FROM measured m JOIN events e ON e.position = m.position ${withEntry}
    WHERE m.place = 1 OR (m.place <= ${limit} AND m.bytes <= ${maxPayloadBytes})
    ORDER BY e.position`;
}

const listed = (values: readonly string[]) =>
  sql`ANY(ARRAY(SELECT json_array_elements_text(${JSON.stringify(values)}::json)))`;

/** Who applied the events, each consumer once an event. */
function handledSql(ids: readonly string[], tenantId: string | null) {
  const isOwn = isOfTenant(sql`tenant_id`, tenantId);
  return sql`
    SELECT DISTINCT ON (event_id, subscriber) event_id, subscriber, processed_at, replay_epoch FROM (
      SELECT event_id, subscriber_name AS subscriber, ${isoText(sql`processed_at`)} AS processed_at, 0 AS replay_epoch
      FROM processed_events WHERE event_id = ${listed(ids)} AND ${isOwn}
      UNION ALL
      SELECT event_id, subscriber_name, ${isoText(sql`processed_at`)}, replay_epoch
      FROM replay_claims WHERE event_id = ${listed(ids)} AND ${isOwn}
    ) claims
    ORDER BY event_id, subscriber, replay_epoch DESC`;
}

function failedSql(ids: readonly string[], tenantId: string | null) {
  return sql`
    SELECT event_id, subscriber_name AS subscriber, id::text AS id, reason, status, left(error_message, 500) AS error, attempts,
      ${isoText(sql`first_failed_at`)} AS first_failed_at, ${isoText(sql`last_failed_at`)} AS last_failed_at
    FROM dead_letters WHERE event_id = ${listed(ids)} AND ${isOfTenant(sql`tenant_id`, tenantId)}
    ORDER BY dead_letters.id`;
}

/** What a tree is built of. */
interface Caused {
  readonly id: string;
  readonly causation_id?: string | null;
  readonly origin_id?: string;
}

/** An event with what it caused, in the order of the record. */
export type StoryNode<E extends Caused> = E & { readonly children: readonly StoryNode<E>[] };

/**
 * The trees of a story. An event whose cause is not among them hangs under the request or job that published it, and is
 * a root when none did. Where causes go in a circle, the earliest event of the circle is a root, so that every event has
 * exactly one node. No recursion: a chain may be as long as the story.
 */
export function growTrees<E extends Caused>(events: readonly E[]): readonly StoryNode<E>[] {
  const indexes = new Map(events.map(({ id }, index) => [id.toLowerCase(), index]));
  const indexOf = (id: string | null | undefined) => indexes.get(id?.toLowerCase() ?? "") ?? null;
  const causes = events.map(
    ({ causation_id: cause, origin_id: origin }) => indexOf(cause) ?? indexOf(origin),
  );
  breakCircles(causes);
  const nodes = events.map((event) => ({ ...event, children: [] as StoryNode<E>[] }));
  return nodes.filter((node, index) => {
    const cause = causes[index] ?? null;
    if (cause !== null) nodes[cause]?.children.push(node);
    return cause === null;
  });
}

/** Makes the first member of each circle a root. */
function breakCircles(causes: (number | null)[]): void {
  const state = new Uint8Array(causes.length);
  const [onPath, done] = [1, 2];
  for (let start = 0; start < causes.length; start += 1) {
    const path: number[] = [];
    let at: number | null = start;
    while (at !== null && state[at] === 0) {
      state[at] = onPath;
      path.push(at);
      at = causes[at] ?? null;
    }
    if (at !== null && state[at] === onPath) {
      const circle = path.slice(path.indexOf(at));
      causes[circle.reduce((first, index) => Math.min(first, index))] = null;
    }
    for (const index of path) state[index] = done;
  }
}

/** An event with its depth below its root; what it caused follows at once. */
export type StoryLine<E extends Caused> = Omit<E, "children"> & { readonly depth: number };

/** Origins and events in one list, an origin in front of the first event that has no other cause here. */
export function withOrigins({ origins, events }: Story): readonly (StoryBegin | StoryEvent)[] {
  const waiting = new Map(origins.map((origin) => [origin.id, origin]));
  const ids = new Set(events.map(({ id }) => id));
  return events.flatMap((event): readonly (StoryBegin | StoryEvent)[] => {
    const origin = waiting.get(event.origin_id ?? "");
    if (origin === undefined || ids.has(event.causation_id?.toLowerCase() ?? "")) return [event];
    waiting.delete(origin.id);
    return [origin, event];
  });
}

/** The trees line by line, each event before what it caused. */
export function flattenTrees<E extends Caused>(roots: readonly StoryNode<E>[]): readonly StoryLine<E>[] {
  const lines: StoryLine<E>[] = [];
  const open = roots.toReversed().map((node) => ({ node, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth } = next;
    const { children, ...event } = node;
    lines.push({ ...event, depth } as unknown as StoryLine<E>);
    for (const child of children.toReversed()) open.push({ node: child, depth: depth + 1 });
  }
  return lines;
}

/**
 * JSON text of the trees. `JSON.stringify` calls itself for each level, and the depth of a story is up to whoever sends
 * events.
 */
export function treesToJson<E extends Caused>(roots: readonly StoryNode<E>[]): string {
  let text = "[";
  const open: { readonly nodes: readonly StoryNode<E>[]; index: number }[] = [{ nodes: roots, index: 0 }];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const node = level.nodes[level.index];
    if (node === undefined) {
      open.pop();
      text += open.length === 0 ? "]" : "]}";
      continue;
    }
    const { children, ...event } = node;
    text += `${level.index === 0 ? "" : ","}${JSON.stringify(event).slice(0, -1)},"children":[`;
    level.index += 1;
    open.push({ nodes: children, index: 0 });
  }
  return text;
}

/** The earliest and the latest time that events tell, which other programs set. */
export function spanOf(events: readonly { readonly timestamp: string }[]) {
  const times = events.map(({ timestamp }) => timestamp).toSorted();
  return { first_at: times[0] ?? null, last_at: times.at(-1) ?? null };
}
