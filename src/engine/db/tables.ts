import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";
import { hashSlotOf } from "./hash-slots.ts";
import { tenantRows, tenantRowsThrough, withoutTenants } from "./tenant-rows.ts";

/**
 * A part of a stream id. Redis counts with 64 unsigned bits and takes any id of another program that is greater than its
 * last one, so what a `bigint` holds is not enough.
 */
const idPart = (name: string) => numeric(name, { precision: 20, scale: 0, mode: "bigint" });

/**
 * The record: every event that a module published, committed with the change it tells of. Rows are never changed,
 * except that the end of a request notes its status in `origin`; the janitor deletes what is old, sent and archived. The
 * state of a row is kept in two narrow tables, `unsent_events` and `stream_entries`. Kept in these wide rows, each change
 * wrote the whole row again, with an entry in every index: it was the most expensive work of Postgres here.
 *
 * One table, not one a month: whoever publishes says ON CONFLICT (id), and Postgres gives partitions no key over all of
 * them that lacks the column they are divided by. A partition also costs each statement of the relay planning: with
 * eight of them 1.3 ms for the three of a batch instead of 0.3.
 */
export const events = pgTable(
  "events",
  {
    /** Order of insertion, not of commit: unsent rows are therefore taken by state, never by "greater than the last". */
    position: bigint("position", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    id: uuid("id").notNull(),
    type: varchar("type", { length: 100 }).notNull(),
    source: varchar("source", { length: 255 }).notNull(),
    target: varchar("target", { length: 255 }),
    tenantId: varchar("tenant_id", { length: 100 }),
    actorId: varchar("actor_id", { length: 255 }),
    correlationId: varchar("correlation_id", { length: 255 }),
    causationId: varchar("causation_id", { length: 255 }),
    missionId: varchar("mission_id", { length: 255 }),
    taskId: varchar("task_id", { length: 255 }),
    severity: varchar("severity", { length: 8 }),
    schemaVersion: integer("schema_version").notNull(),
    producer: varchar("producer", { length: 255 }).notNull(),
    sourceModule: varchar("source_module", { length: 100 }).notNull(),
    /** The envelope's meta, complete. */
    meta: jsonb("meta").notNull(),
    payload: jsonb("payload").notNull(),
    /** `timestamp` of the envelope. */
    occurredAt: instant("occurred_at").notNull(),
    storedAt: instant("stored_at").notNull().defaultNow(),
    /** Ordering key; null means that the event has no order among others. */
    key: varchar("key", { length: 255 }),
    /** Hash slot of the key (of the id, when there is none) among 65,536; modulo the number of shards it is the shard. */
    slot: integer("slot").generatedAlwaysAs(hashSlotOf(sql`coalesce(key, id::text)`)),
    /**
     * These three are read and written by the release before alone, see the migration `append_only_events`. Where an event
     * is on the stream stands in `stream_entries`.
     */
    shard: integer("shard"),
    streamMessageId: varchar("stream_message_id", { length: 50 }),
    sentAt: instant("sent_at").defaultNow(),
    /** The request or job that began the work, see `src/engine/publish/origin.ts`; null when an event or another program did. */
    origin: jsonb("origin"),
  },
  (table) => [
    ...tenantRows(),
    uniqueIndex("events_id_key").on(table.id),
    // Of the release before, with the columns: no new row is in them, so they cost an insert nothing that can be measured.
    index("events_unsent_idx").on(table.position).where(sql`sent_at IS NULL`),
    index("events_stream_id_idx")
      .on(
        table.shard,
        sql`(split_part(stream_message_id, '-', 1)::numeric)`,
        sql`(split_part(stream_message_id, '-', 2)::numeric)`,
      )
      .where(sql`stream_message_id IS NOT NULL`),
    // Rows of a day. A block range index would cost less, but keeps the times of deleted rows for ever: once new rows stand
    // where old ones were, every range might hold every day, and each look at one reads the whole record.
    index("events_stored_at_order_idx").on(table.storedAt),
    index("events_type_idx").on(table.type, table.position),
    // With the type, which is asked for most often beside a tenant: what is of another type is passed over in the index.
    index("events_tenant_order_idx")
      .on(table.tenantId, table.position, table.type)
      .where(sql`tenant_id IS NOT NULL`),
    index("events_correlation_idx")
      .on(table.correlationId, table.position)
      .where(sql`correlation_id IS NOT NULL`),
    index("events_actor_idx").on(table.actorId, table.position).where(sql`actor_id IS NOT NULL`),
    // What the search asks for: each gives its rows in the order of the pages. Those of columns that are mostly null hold
    // little. Payloads have none: an index over what is in them would cost each event more than all of these.
    index("events_source_idx").on(table.source, table.position),
    index("events_module_idx").on(table.sourceModule, table.position),
    index("events_key_idx").on(table.key, table.position).where(sql`key IS NOT NULL`),
    index("events_target_idx").on(table.target, table.position).where(sql`target IS NOT NULL`),
    index("events_causation_idx").on(table.causationId, table.position).where(sql`causation_id IS NOT NULL`),
    index("events_mission_idx").on(table.missionId, table.position).where(sql`mission_id IS NOT NULL`),
    index("events_task_idx").on(table.taskId, table.position).where(sql`task_id IS NOT NULL`),
    index("events_severity_idx").on(table.severity, table.position).where(sql`severity IS NOT NULL`),
    index("events_occurred_at_idx").on(table.occurredAt, table.position),
  ],
);

/**
 * The outbox: which events are not on the stream. A trigger of `events` fills it, so nobody can insert an event and forget
 * it; the relay takes rows out when they are sent, and what the stream lost is put in again. A row has what the relay
 * chooses by, so that it reads no row of `events` that it does not send.
 *
 * Rows are taken from its beginning, so that is where the dead ones are: it is vacuumed after 5,000 of them, not after a
 * fifth of a table that is mostly empty. Behind 100,000 dead rows the first choice takes 50 ms and those after it 9, behind
 * none 3 (on a busy machine); while a transaction of somebody is as old as they are, each takes 19.
 */
export const unsentEvents = pgTable(
  "unsent_events",
  {
    position: bigint("position", { mode: "bigint" }).primaryKey(),
    /** Of the event, as the two below. */
    slot: integer("slot").notNull(),
    tenantId: varchar("tenant_id", { length: 100 }),
    key: varchar("key", { length: 255 }),
  },
  () => tenantRows(),
);

/**
 * Where events are on the stream: a row for each one that was sent. It never changes; it goes with its event, or when the
 * stream has lost the entry and the event is to be sent again.
 */
export const streamEntries = pgTable(
  "stream_entries",
  {
    position: bigint("position", { mode: "bigint" }).primaryKey(),
    shard: integer("shard").notNull(),
    ms: idPart("ms").notNull(),
    seq: idPart("seq").notNull(),
    sentAt: instant("sent_at").notNull(),
  },
  (table) => [
    ...tenantRowsThrough("events", { position: "position" }, "stream_entries"),
    // What was sent under which id, in the order of the stream. Not unique: were a record set back to a backup and an id
    // given twice, the relay would stand still; what reads by an id takes one event.
    index("stream_entries_id_idx").on(table.shard, table.ms, table.seq),
  ],
);

/** State of the relay, one row a shard: its lease, the last stream id that its events got, and the batch in flight. */
export const relayShards = pgTable("relay_shards", {
  shard: integer("shard").primaryKey(),
  /** Holder of the lease; null when free. */
  leaseToken: uuid("lease_token"),
  leaseUntil: instant("lease_until"),
  /** Somebody asked for the relay while the lease was taken: the holder goes round again before it lets go. */
  marked: boolean("marked").notNull().default(false),
  lastMs: idPart("last_ms").notNull().default(sql`0`),
  lastSeq: idPart("last_seq").notNull().default(sql`0`),
  /** The last id known to be in the stream. Behind `last_…` after Redis lost data, until the lost events are sent again. */
  knownMs: idPart("known_ms").notNull().default(sql`0`),
  knownSeq: idPart("known_seq").notNull().default(sql`0`),
  /** Positions of the batch in flight, in stream order; null when there is none. Stored before the batch is sent. */
  batchPositions: bigint("batch_positions", { mode: "bigint" }).array(),
  /** Number of the batch in flight, or of the last one. Never given twice; no number is sent before it is stored. */
  batchNumber: bigint("batch_number", { mode: "number" }).notNull().default(0),
  /** Of the ids to be given, 0–999: another one after each try of which nobody knows what became of it. */
  idLane: integer("id_lane").notNull().default(0),
  /** Number of the last batch known to be in the stream. */
  sentNumber: bigint("sent_number", { mode: "number" }).notNull().default(0),
  /** First id of a batch in flight of the release before, which gave ids ahead and no numbers; nobody sets it now. */
  batchMs: idPart("batch_ms"),
  batchSeq: idPart("batch_seq"),
  /** Entries up to this id were trimmed by the janitor, after every group had handled them. */
  trimmedMs: idPart("trimmed_ms").notNull().default(sql`0`),
  trimmedSeq: idPart("trimmed_seq").notNull().default(sql`0`),
  /** The newest entry of another program that stood before one of ours. What is on the stream up to it is not all in the record. */
  foreignMs: idPart("foreign_ms").notNull().default(sql`0`),
  foreignSeq: idPart("foreign_seq").notNull().default(sql`0`),
  /** Number of the Redis database, from 1, that has the stream. Null: the first, or nothing was sent. See `shard-databases.ts`. */
  redisDatabase: integer("redis_database"),
});

/** How many shards the relay sends to; one row. */
export const relayLayout = pgTable("relay_layout", {
  id: integer("id").primaryKey().default(1),
  shards: integer("shards").notNull(),
  /** Not null while the number of shards changes: nothing is sent until every group has handled what was sent before. */
  target: integer("target"),
  changedAt: instant("changed_at").notNull().defaultNow(),
});

/**
 * Claims: one row says that a subscriber applied an event. Written in the transaction of the effects. The charter's
 * table, so that its Python consumers can use it too: they say ON CONFLICT (subscriber_name, stream_message_id). That key
 * and the one over the event's id hold across all months, so this is one table, too. Only `id` is wider than there,
 * because an integer would last for two days at 10,000 events a second.
 */
export const processedEvents = pgTable(
  "processed_events",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    subscriberName: varchar("subscriber_name", { length: 255 }).notNull(),
    streamName: varchar("stream_name", { length: 255 }).notNull(),
    /** Or an id beside it, when another event has it: `src/engine/core/beside-ids.ts`. So also in the tables below. */
    streamMessageId: varchar("stream_message_id", { length: 50 }).notNull(),
    /** Null when the id is longer than the column, or another event has it; the stream message id still guards the delivery. */
    eventId: varchar("event_id", { length: 50 }),
    eventType: varchar("event_type", { length: 100 }),
    processedAt: instant("processed_at").notNull().defaultNow(),
    tenantId: varchar("tenant_id", { length: 100 }),
    /** Null for what a handler applied; else why it must not be: `discarded`, `edited`. The Python consumers keep the event's meta. */
    metadata: jsonb("metadata"),
    /** Always 0, and read by nobody: workers of the release before, still running while this one is rolled out, write it. */
    replayEpoch: integer("replay_epoch").notNull().default(0),
  },
  (table) => [
    ...tenantRows(),
    unique("uq_subscriber_stream_msg_id").on(table.subscriberName, table.streamMessageId),
    unique("uq_subscriber_event_id").on(table.subscriberName, table.eventId),
    index("idx_processed_events_subscriber").on(table.subscriberName),
    index("idx_processed_events_event_id").on(table.eventId),
    index("idx_processed_events_processed_at").on(table.processedAt),
    index("idx_processed_events_tenant").on(table.tenantId),
  ],
);

/** Claims of forced replays, each under a number of its own: what was applied before is applied once more, and only once. */
export const replayClaims = pgTable(
  "replay_claims",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    subscriberName: varchar("subscriber_name", { length: 255 }).notNull(),
    replayEpoch: integer("replay_epoch").notNull(),
    streamName: varchar("stream_name", { length: 255 }).notNull(),
    streamMessageId: varchar("stream_message_id", { length: 50 }).notNull(),
    eventId: varchar("event_id", { length: 50 }),
    eventType: varchar("event_type", { length: 100 }),
    processedAt: instant("processed_at").notNull().defaultNow(),
    tenantId: varchar("tenant_id", { length: 100 }),
    metadata: jsonb("metadata"),
  },
  (table) => [
    ...tenantRows(),
    unique("replay_claims_delivery_key").on(table.subscriberName, table.streamMessageId, table.replayEpoch),
    unique("replay_claims_event_key").on(table.subscriberName, table.eventId, table.replayEpoch),
    index("replay_claims_event_idx").on(table.eventId),
    index("replay_claims_processed_at_idx").on(table.processedAt),
  ],
);

/** What could not be handled, with all that is needed to look at it and to run it again. */
export const deadLetters = pgTable(
  "dead_letters",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    /** `*`: nobody can read the entry, so the letter is everybody's. */
    subscriberName: varchar("subscriber_name", { length: 255 }).notNull(),
    streamName: varchar("stream_name", { length: 255 }).notNull(),
    streamMessageId: varchar("stream_message_id", { length: 50 }).notNull(),
    /** Null when the entry could not be decoded. */
    eventId: varchar("event_id", { length: 255 }),
    eventType: varchar("event_type", { length: 255 }),
    tenantId: varchar("tenant_id", { length: 255 }),
    /** The entry's fields as they stood on the stream; null when its body had been trimmed. */
    rawFields: jsonb("raw_fields"),
    reason: varchar("reason", { length: 50 }).notNull(),
    errorClass: varchar("error_class", { length: 255 }).notNull(),
    errorMessage: text("error_message").notNull(),
    /** Where it was thrown, and where its causes were; without values. Null when nothing was thrown. */
    errorStack: text("error_stack"),
    correlationId: varchar("correlation_id", { length: 255 }),
    attempts: integer("attempts").notNull(),
    firstFailedAt: instant("first_failed_at").notNull(),
    lastFailedAt: instant("last_failed_at").notNull(),
    /** `open`, `requeued` (a redrive has taken it), `resolved` (applied after all), `discarded`. */
    status: varchar("status", { length: 10 }).notNull().default("open"),
    shard: integer("shard").notNull().default(0),
    /** Ordering key; null means that the event has no order among others, or could not be decoded. */
    key: varchar("key", { length: 255 }),
    /** The same for failures of one kind: subscriber, event type, error class, normalised message. 16 hex digits. */
    fingerprint: varchar("fingerprint", { length: 16 }).notNull().default(""),
    /** Epoch of the forced replay in which it failed; else 0. */
    replayEpoch: integer("replay_epoch").notNull().default(0),
    /** The redrive that took it last, or the redrive or replay in which it failed last; null: neither. */
    jobId: bigint("job_id", { mode: "bigint" }),
    /** Times it was redriven. */
    redrives: integer("redrives").notNull().default(0),
    /** Why an operator discarded it or how it was resolved; null while open. */
    resolution: text("resolution"),
    resolvedAt: instant("resolved_at"),
    /** The copy that an operator edited and redrove, as entry fields; null when it never was. */
    editedFields: jsonb("edited_fields"),
    editedEventId: varchar("edited_event_id", { length: 255 }),
  },
  (table) => [
    ...tenantRows(),
    unique("dead_letters_delivery_key").on(table.subscriberName, table.streamMessageId),
    index("dead_letters_open_idx").on(table.subscriberName, table.id).where(sql`status = 'open'`),
    index("dead_letters_key_idx")
      .on(table.subscriberName, table.key)
      .where(sql`status IN ('open', 'requeued') AND key IS NOT NULL`),
    index("dead_letters_tenant_idx").on(table.tenantId, table.id).where(sql`tenant_id IS NOT NULL`),
    index("dead_letters_fingerprint_idx").on(table.fingerprint, table.id),
    // A claim asks whether its event has an open letter.
    index("dead_letters_open_event_idx").on(table.subscriberName, table.eventId).where(sql`status = 'open'`),
    index("dead_letters_event_idx").on(table.eventId).where(sql`event_id IS NOT NULL`),
    // Alerts: what came lately, and what should never wait.
    index("dead_letters_failed_idx").on(table.lastFailedAt).where(sql`status = 'open'`),
    index("dead_letters_critical_idx")
      .on(table.id)
      .where(sql`status = 'open' AND upper(raw_fields ->> 'severity') = 'CRITICAL'`),
    index("dead_letters_job_idx").on(table.jobId, table.id).where(sql`job_id IS NOT NULL`),
  ],
);

/**
 * What waits for one subscriber outside of the stream: events behind a key that has waited long, events of a paused
 * type, redriven dead letters and replays. Order is that of the stream ids, here and on the stream together: what is
 * read from the stream while an older event of its key waits here goes behind it.
 */
export const deliveries = pgTable(
  "deliveries",
  {
    place: bigint("place", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    subscriberName: varchar("subscriber_name", { length: 255 }).notNull(),
    /** The drain of this shard handles it. */
    shard: integer("shard").notNull(),
    streamName: varchar("stream_name", { length: 255 }).notNull(),
    streamMessageId: varchar("stream_message_id", { length: 50 }).notNull(),
    /** The two parts of the id, because text does not sort as ids do. */
    streamMs: idPart("stream_ms")
      .notNull()
      .generatedAlwaysAs(sql`split_part(stream_message_id, '-', 1)::numeric`),
    streamSeq: idPart("stream_seq")
      .notNull()
      .generatedAlwaysAs(sql`split_part(stream_message_id, '-', 2)::numeric`),
    /** Null when the entry could not be decoded. */
    eventId: varchar("event_id", { length: 255 }),
    eventType: varchar("event_type", { length: 255 }),
    tenantId: varchar("tenant_id", { length: 255 }),
    key: varchar("key", { length: 255 }),
    /** The entry's fields; null: the record has them under `event_id`. */
    rawFields: jsonb("raw_fields"),
    /** `waiting` (behind a key), `paused` (its type), `redrive`, `replay`, `missed` (its group passed it unhandled), `ahead` (its tenant waits behind another's many). */
    cause: varchar("cause", { length: 10 }).notNull(),
    jobId: bigint("job_id", { mode: "bigint" }),
    deadLetterId: bigint("dead_letter_id", { mode: "bigint" }),
    replayEpoch: integer("replay_epoch").notNull().default(0),
    /** Tries begun; more than `attempts` when a worker died in one. */
    begun: integer("begun").notNull().default(0),
    /** Tries that came to an outcome. */
    attempts: integer("attempts").notNull().default(0),
    dueAt: instant("due_at").notNull().defaultNow(),
    firstFailedAt: instant("first_failed_at"),
    /** When the last failure was stored, by the clock of Postgres; null where none was, or a release before stored it. */
    lastFailedAt: instant("last_failed_at"),
    /** How long the next try was to wait then. */
    waitMs: bigint("wait_ms", { mode: "number" }),
    /** The last failure, one line; null when none. */
    lastError: text("last_error"),
    /** Later events with the same key need not wait for it. */
    overtakable: boolean("overtakable").notNull().default(false),
    /** Not null: an operator gave it up; it becomes a dead letter without another try. */
    skipReason: text("skip_reason"),
    queuedAt: instant("queued_at").notNull().defaultNow(),
  },
  (table) => [
    ...tenantRows(),
    unique("deliveries_delivery_key").on(table.subscriberName, table.streamMessageId, table.replayEpoch),
    index("deliveries_order_idx").on(table.subscriberName, table.shard, table.streamMs, table.streamSeq),
    index("deliveries_key_idx")
      .on(table.subscriberName, table.key, table.streamMs, table.streamSeq)
      .where(sql`key IS NOT NULL`),
    index("deliveries_ahead_idx")
      .on(table.subscriberName, table.shard, table.streamMs, table.streamSeq)
      .where(sql`cause = 'ahead'`),
    index("deliveries_job_idx").on(table.jobId).where(sql`job_id IS NOT NULL`),
  ],
);

/** What is known of a consumer on a shard, beside what Redis has. */
export const consumerShards = pgTable(
  "consumer_shards",
  {
    subscriberName: varchar("subscriber_name", { length: 255 }).notNull(),
    shard: integer("shard").notNull(),
    /** The fence: a drain's transactions commit only under the fencing token that it began with; who takes over raises it. */
    epoch: bigint("epoch", { mode: "number" }).notNull().default(1),
    /** The id behind which its group began; null until it has begun. */
    startId: varchar("start_id", { length: 50 }),
    /** All that the group passed up to this id was found among the claims; null until it was compared. */
    claimsId: varchar("claims_id", { length: 50 }),
    /** Type → the id behind which its events must have left a trace; `*`: all types. Null until it was compared. */
    claimsSince: jsonb("claims_since"),
    /** Tenant → the id up to which its events were deferred ahead of their place, see `src/engine/consume/drain/look-ahead.ts`. */
    ahead: jsonb("ahead").notNull().default({}),
  },
  (table) => [primaryKey({ columns: [table.subscriberName, table.shard] })],
);

withoutTenants(relayShards, "places in the stream");
withoutTenants(relayLayout, "one row: how many shards there are");
withoutTenants(consumerShards, "how far the consumers are, whoever's events they handle");
