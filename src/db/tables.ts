import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

/**
 * The record: every event that a module published, committed with the change it tells of. Rows are never deleted or
 * changed, except that the relay notes when an entry was sent and under which stream id.
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
    shard: integer("shard").notNull(),
    /** Ordering key; null means that the event has no order among others. */
    key: varchar("key", { length: 255 }),
    /** Null until sent. */
    streamMessageId: varchar("stream_message_id", { length: 50 }),
    sentAt: instant("sent_at"),
  },
  (table) => [
    uniqueIndex("events_id_key").on(table.id),
    index("events_unsent_idx").on(table.shard, table.position).where(sql`sent_at IS NULL`),
    // Entries of a time; a block range index costs next to nothing on a table that only grows.
    index("events_stored_at_idx").using("brin", table.storedAt),
    index("events_type_idx").on(table.type, table.position),
    index("events_tenant_idx").on(table.tenantId, table.position).where(sql`tenant_id IS NOT NULL`),
    index("events_correlation_idx").on(table.correlationId).where(sql`correlation_id IS NOT NULL`),
    index("events_actor_idx").on(table.actorId, table.position).where(sql`actor_id IS NOT NULL`),
  ],
);

/** State of the relay, one row a shard: its lease, the last stream id it gave, and the batch in flight. */
export const relayShards = pgTable("relay_shards", {
  shard: integer("shard").primaryKey(),
  /** Holder of the lease; null when free. */
  leaseToken: uuid("lease_token"),
  leaseUntil: instant("lease_until"),
  /** Somebody asked for the relay while the lease was taken: the holder goes round again before it lets go. */
  marked: boolean("marked").notNull().default(false),
  lastMs: bigint("last_ms", { mode: "number" }).notNull().default(0),
  lastSeq: bigint("last_seq", { mode: "number" }).notNull().default(0),
  /** The last id known to be in the stream. Behind `last_…` after Redis lost data, until the lost events are sent again. */
  knownMs: bigint("known_ms", { mode: "number" }).notNull().default(0),
  knownSeq: bigint("known_seq", { mode: "number" }).notNull().default(0),
  /**
   * Positions of the batch in flight, in stream order; null when there is none. Its ids are
   * `{batch_ms}-{batch_seq + index}`. Stored before the batch is sent, so that whoever comes next sends the very same.
   */
  batchPositions: bigint("batch_positions", { mode: "bigint" }).array(),
  batchMs: bigint("batch_ms", { mode: "number" }),
  batchSeq: bigint("batch_seq", { mode: "number" }),
});

/** Claims: one row says that a subscriber applied an event. Written in the transaction of the effects. */
export const processedEvents = pgTable(
  "processed_events",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    subscriberName: varchar("subscriber_name", { length: 255 }).notNull(),
    streamName: varchar("stream_name", { length: 255 }).notNull(),
    streamMessageId: varchar("stream_message_id", { length: 50 }).notNull(),
    /** Null when the id is longer than the column; the stream message id still guards the delivery. */
    eventId: varchar("event_id", { length: 50 }),
    eventType: varchar("event_type", { length: 100 }),
    processedAt: instant("processed_at").notNull().defaultNow(),
    tenantId: varchar("tenant_id", { length: 100 }),
    metadata: jsonb("metadata"),
  },
  (table) => [
    unique("uq_subscriber_stream_msg_id").on(table.subscriberName, table.streamMessageId),
    unique("uq_subscriber_event_id").on(table.subscriberName, table.eventId),
    index("idx_processed_events_subscriber").on(table.subscriberName),
    index("idx_processed_events_event_id").on(table.eventId),
    index("idx_processed_events_processed_at").on(table.processedAt),
    index("idx_processed_events_tenant").on(table.tenantId),
  ],
);

/** What could not be handled, with all that is needed to look at it and to run it again. */
export const deadLetters = pgTable(
  "dead_letters",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
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
    attempts: integer("attempts").notNull(),
    firstFailedAt: instant("first_failed_at").notNull(),
    lastFailedAt: instant("last_failed_at").notNull(),
    status: varchar("status", { length: 10 }).notNull().default("open"),
  },
  (table) => [
    unique("dead_letters_delivery_key").on(table.subscriberName, table.streamMessageId),
    index("dead_letters_open_idx").on(table.subscriberName, table.id).where(sql`status = 'open'`),
  ],
);
