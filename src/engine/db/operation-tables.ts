import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  text,
  unique,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";
import { tenantOfTransaction, tenantRows, tenantRowsThrough, withoutTenants } from "./tenant-rows.ts";

/** Keys of persons, for personal fields of events. Erasing a person deletes the row. */
export const subjectKeys = pgTable(
  "subject_keys",
  {
    /** Stands in what is sealed. */
    keyId: uuid("key_id").primaryKey(),
    /** Empty: of no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }).notNull(),
    /** Whose data: an id of ours. */
    subject: varchar("subject", { length: 255 }).notNull(),
    /** Sealed by the key of the environment. */
    sealedKey: text("sealed_key").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [unique("subject_keys_subject_key").on(table.tenantId, table.subject), ...tenantRows()],
);

/** Long work of operators, done in steps by drains: redrives of dead letters, replays, and backfills of new consumers. */
export const jobs = pgTable(
  "jobs",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    /** `redrive`, `replay`, `backfill`. */
    kind: varchar("kind", { length: 10 }).notNull(),
    /** Null: a redrive over several subscribers. */
    subscriberName: varchar("subscriber_name", { length: 255 }),
    /**
     * What the release before reads and has its conflict on: the name given, and something behind it where the operation
     * of another tenant stands here under that name already.
     */
    name: varchar("name", { length: 100 }).notNull(),
    /** The name given, one space for each tenant; null: it stands in `name`. */
    givenName: varchar("given_name", { length: 100 }),
    /** `running`, `paused`, `stopped` (by the stop rule), `completed`, `cancelled`. */
    status: varchar("status", { length: 10 }).notNull().default("running"),
    /** Why it has this status, when nobody asked for it; null otherwise. */
    statusReason: text("status_reason"),
    filter: jsonb("filter").notNull(),
    /** `only_missing` or `force`; null for a redrive. */
    mode: varchar("mode", { length: 12 }),
    /** Generation of the claims of a forced replay; 0 otherwise. */
    replayEpoch: integer("replay_epoch").notNull().default(0),
    /** A replay covers the record up to this position; null for a redrive, whose set is marked on the dead letters. */
    untilPosition: bigint("until_position", { mode: "bigint" }),
    /** The last position, or id of a dead letter, that was deferred or passed over. */
    cursorPosition: bigint("cursor_position", { mode: "bigint" }).notNull().default(sql`0`),
    /** Events in the set when it was frozen. */
    total: integer("total").notNull(),
    /** Handed to the consumers so far. */
    queued: integer("queued").notNull().default(0),
    succeeded: integer("succeeded").notNull().default(0),
    failed: integer("failed").notNull().default(0),
    /** Not needed any more when their turn came: applied or discarded meanwhile. */
    skipped: integer("skipped").notNull().default(0),
    /** Events a second; null: as fast as the consumers are. */
    ratePerSecond: real("rate_per_second"),
    /** Size of the next step; grows 1 → 2 → 5 → 10 … up to `max_step`. */
    step: integer("step").notNull().default(1),
    maxStep: integer("max_step").notNull().default(1000),
    /** Share of failures in a step, 0 … 1, above which the job stops; null: never. */
    stopRatio: real("stop_ratio"),
    /** `succeeded` and `failed` when the step under way began. */
    stepSucceeded: integer("step_succeeded").notNull().default(0),
    stepFailed: integer("step_failed").notNull().default(0),
    nextStepAt: instant("next_step_at").notNull().defaultNow(),
    reason: text("reason"),
    actorId: varchar("actor_id", { length: 255 }),
    /** Whose events it is about, and who sees it; null: those of all, and who may see them. */
    tenantId: varchar("tenant_id", { length: 255 }).default(tenantOfTransaction),
    idempotencyKey: varchar("idempotency_key", { length: 255 }),
    createdAt: instant("created_at").notNull().defaultNow(),
    updatedAt: instant("updated_at").notNull().defaultNow(),
    finishedAt: instant("finished_at"),
  },
  (table) => [
    ...tenantRows(),
    unique("jobs_name_key").on(table.kind, table.subscriberName, table.name),
    uniqueIndex("jobs_given_name_key").on(
      table.kind,
      table.subscriberName,
      sql`coalesce(given_name, name)`,
      sql`coalesce(tenant_id, '')`,
    ),
    uniqueIndex("jobs_idempotency_key").on(table.idempotencyKey),
    index("jobs_running_idx").on(table.nextStepAt).where(sql`status = 'running'`),
  ],
);

/** What operators did: who, why, with which filter, on how many. Written in the transaction of the change. */
export const operatorActions = pgTable(
  "operator_actions",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    /** `consumer.paused`, `dead_letters.discarded` … */
    action: varchar("action", { length: 50 }).notNull(),
    /** Id of the user (`x-actor-id`); null: the holder of the key. */
    actorId: varchar("actor_id", { length: 255 }),
    reason: text("reason"),
    subscriberName: varchar("subscriber_name", { length: 255 }),
    filter: jsonb("filter"),
    /** Events, dead letters or keys concerned; null when it is not about a number. */
    affected: integer("affected"),
    jobId: bigint("job_id", { mode: "bigint" }),
    requestId: varchar("request_id", { length: 100 }),
    /** The tenant of the operator's credential, who sees it; null: it was one for all. */
    tenantId: varchar("tenant_id", { length: 255 }).default(tenantOfTransaction),
    at: instant("at").notNull().defaultNow(),
  },
  (table) => [
    ...tenantRows(),
    index("operator_actions_subscriber_idx").on(table.subscriberName, table.id),
    index("operator_actions_request_idx").on(table.requestId).where(sql`request_id IS NOT NULL`),
    index("operator_actions_tenant_idx").on(table.tenantId, table.id).where(sql`tenant_id IS NOT NULL`),
  ],
);

/** Pauses of consumers. `event_type` empty: the whole consumer. */
export const consumerPauses = pgTable(
  "consumer_pauses",
  {
    subscriberName: varchar("subscriber_name", { length: 255 }).notNull(),
    eventType: varchar("event_type", { length: 100 }).notNull().default(""),
    reason: text("reason").notNull(),
    actorId: varchar("actor_id", { length: 255 }),
    pausedAt: instant("paused_at").notNull().defaultNow(),
    /** Null: until somebody resumes it. */
    expiresAt: instant("expires_at"),
  },
  (table) => [primaryKey({ columns: [table.subscriberName, table.eventType] })],
);

/** Answers to requests with an `Idempotency-Key`, so that a repeat gets the same answer and does nothing. */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    key: varchar("key", { length: 255 }).notNull(),
    /** Method and path. */
    route: varchar("route", { length: 300 }).notNull(),
    /** SHA-256 of the request's body, hex. */
    requestHash: varchar("request_hash", { length: 64 }).notNull(),
    /** Null while the first request is under way. */
    status: integer("status"),
    response: text("response"),
    /** When its work was committed, in the same transaction; null: not yet, or it needed none. */
    committedAt: instant("committed_at"),
    /** The story of the first request, to find what it did when its answer was lost. */
    correlationId: varchar("correlation_id", { length: 255 }),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.key, table.route] }),
    index("idempotency_keys_created_at_idx").on(table.createdAt),
  ],
);

/**
 * What somebody should look at. One open row for each kind and subject; what is seen again after its end is another row,
 * which names the one before. Workers of the release before write kind, subject, severity and message alone, so every
 * other column has a default that fits.
 */
export const alerts = pgTable(
  "alerts",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    kind: varchar("kind", { length: 50 }).notNull(),
    /** What it is about, e.g. a consumer group. */
    subject: varchar("subject", { length: 255 }).notNull(),
    /** `warning`, `high` or `critical`. */
    severity: varchar("severity", { length: 10 }).notNull(),
    message: text("message").notNull(),
    /** Times it was seen. */
    count: integer("count").notNull().default(1),
    firstSeenAt: instant("first_seen_at").notNull().defaultNow(),
    lastSeenAt: instant("last_seen_at").notNull().defaultNow(),
    /** When it ended, by itself or closed by somebody; null while it is open. */
    resolvedAt: instant("resolved_at"),
    /** Whose it is; null: the whole system's, and no tenant sees it. */
    tenantId: varchar("tenant_id", { length: 255 }),
    /** While it is open: `open`, `acknowledged` or `reopened`. */
    state: varchar("state", { length: 12 }).notNull().default("open"),
    /** The alert of the same kind and subject that had ended before; null: it is the first one. */
    reopens: bigint("reopens", { mode: "bigint" }),
    /** Ids of the events that led to it, the newest last; at most 20. */
    eventIds: text("event_ids").array().notNull().default(sql`'{}'::text[]`),
    /** When it was put into messages to people, and the same for its end; null: not yet. */
    toldAt: instant("told_at"),
    toldOverAt: instant("told_over_at"),
  },
  (table) => [
    ...tenantRows(),
    uniqueIndex("alerts_open_key").on(table.kind, table.subject).where(sql`resolved_at IS NULL`),
    index("alerts_subject_idx").on(table.kind, table.subject, table.id),
    index("alerts_tenant_idx").on(table.tenantId, table.id).where(sql`tenant_id IS NOT NULL`),
    index("alerts_untold_idx")
      .on(table.id)
      .where(sql`told_at IS NULL OR (resolved_at IS NOT NULL AND told_over_at IS NULL)`),
  ],
);

/** What somebody did about an alert. Goes with it. */
export const alertActions = pgTable(
  "alert_actions",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    alertId: bigint("alert_id", { mode: "bigint" })
      .notNull()
      .references(() => alerts.id, { onDelete: "cascade" }),
    /** `acknowledged`, `closed`. */
    action: varchar("action", { length: 20 }).notNull(),
    /** Id of the user; null: the holder of the key. */
    actorId: varchar("actor_id", { length: 255 }),
    note: text("note"),
    at: instant("at").notNull().defaultNow(),
  },
  (table) => [
    ...tenantRowsThrough("alerts", { id: "alert_id" }, "alert_actions"),
    index("alert_actions_alert_idx").on(table.alertId, table.id),
  ],
);

/**
 * Work that failed at its last try: a row from its first failure to its next success, so that every isolate knows. See
 * `src/engine/alerts/failing-work.ts`.
 */
export const failingWork = pgTable("failing_work", {
  /** `relay:0`, `comparison`, `job:payment_refund_repair` … */
  work: varchar("work", { length: 150 }).primaryKey(),
  /** In a row. */
  failures: integer("failures").notNull().default(1),
  firstFailedAt: instant("first_failed_at").notNull().defaultNow(),
  lastFailedAt: instant("last_failed_at").notNull().defaultNow(),
  /** The last one, one line. */
  error: text("error").notNull(),
});

/** Files of the archive, one a day (UTC, by `stored_at`), and how far each has come. */
export const archiveDays = pgTable("archive_days", {
  day: date("day", { mode: "string" }).primaryKey(),
  /** The last event in the file. */
  cursorPosition: bigint("cursor_position", { mode: "bigint" }).notNull().default(sql`0`),
  /** What the storage needs to go on with the file; null when it needs nothing. */
  state: jsonb("state"),
  rows: integer("rows").notNull().default(0),
  bytes: bigint("bytes", { mode: "number" }).notNull().default(0),
  /** The file is complete; its events may be deleted. */
  archivedAt: instant("archived_at"),
  deletedAt: instant("deleted_at"),
});

/**
 * Entries of other programs, which the record does not hold: kept when the audit log sees them, and in any case before
 * they are trimmed from the stream. Beside the entry as it stood on the stream is what could be read of it, to be
 * searched by; rows are never changed, but for `undecided`.
 */
export const archivedEntries = pgTable(
  "archived_entries",
  {
    id: bigint("id", { mode: "bigint" }).generatedAlwaysAsIdentity().primaryKey(),
    streamName: varchar("stream_name", { length: 255 }).notNull(),
    streamMessageId: varchar("stream_message_id", { length: 50 }).notNull(),
    eventId: varchar("event_id", { length: 255 }),
    eventType: varchar("event_type", { length: 255 }),
    rawFields: jsonb("raw_fields").notNull(),
    /** When it was stored here. */
    archivedAt: instant("archived_at").notNull().defaultNow(),
    /** Among those of the record, so that both are listed in one order. */
    position: bigint("position", { mode: "bigint" })
      .notNull()
      .default(sql`nextval('events_position_seq'::regclass)`),
    shard: integer("shard"),
    source: varchar("source", { length: 255 }),
    target: varchar("target", { length: 255 }),
    tenantId: varchar("tenant_id", { length: 100 }),
    actorId: varchar("actor_id", { length: 255 }),
    correlationId: varchar("correlation_id", { length: 255 }),
    causationId: varchar("causation_id", { length: 255 }),
    missionId: varchar("mission_id", { length: 255 }),
    taskId: varchar("task_id", { length: 255 }),
    severity: varchar("severity", { length: 8 }),
    schemaVersion: integer("schema_version"),
    producer: varchar("producer", { length: 255 }),
    sourceModule: varchar("source_module", { length: 100 }),
    /** Null, like all of these: the entry could not be read, or was kept before it was trimmed and nobody tried. */
    meta: jsonb("meta"),
    payload: jsonb("payload"),
    /** `timestamp` of the envelope. */
    occurredAt: instant("occurred_at"),
    key: varchar("key", { length: 255 }),
    /** What the decoder had to mend, a list of texts. */
    decodeNotes: jsonb("decode_notes").notNull().default([]),
    /** Why it is no event; null: it is one, or nobody tried. */
    unread: text("unread"),
    /** It has the id of an event that was not noted as sent yet, so it may be that event; the janitor finds out. */
    undecided: boolean("undecided").notNull().default(false),
  },
  (table) => [
    ...tenantRows(),
    unique("archived_entries_key").on(table.streamName, table.streamMessageId),
    unique("archived_entries_position_key").on(table.position),
    index("archived_entries_archived_at_idx").on(table.archivedAt),
    index("archived_entries_type_idx").on(table.eventType, table.position),
    index("archived_entries_event_idx").on(table.eventId).where(sql`event_id IS NOT NULL`),
    index("archived_entries_tenant_idx").on(table.tenantId, table.position).where(sql`tenant_id IS NOT NULL`),
    index("archived_entries_correlation_idx")
      .on(table.correlationId, table.position)
      .where(sql`correlation_id IS NOT NULL`),
    index("archived_entries_undecided_idx").on(table.position).where(sql`undecided`),
  ],
);

/**
 * The hash chain over what is stored, one row a day (UTC): the rows of the record and of `archived_entries` between two
 * positions, see `src/engine/retention/seal-days.ts`.
 */
export const auditSeals = pgTable("audit_seals", {
  day: date("day", { mode: "string" }).primaryKey(),
  /** Rows behind this position … */
  fromPosition: bigint("from_position", { mode: "bigint" }).notNull(),
  /** … up to this one belong to it. */
  toPosition: bigint("to_position", { mode: "bigint" }).notNull(),
  /** Rows up to here are in its blocks. */
  cursorPosition: bigint("cursor_position", { mode: "bigint" }).notNull(),
  rows: bigint("rows", { mode: "number" }).notNull().default(0),
  blocks: integer("blocks").notNull().default(0),
  /** Root of the day sealed before it; 64 zeros for the first. */
  previous: varchar("previous", { length: 64 }).notNull(),
  /** Hash of the last block; once it is sealed, the root of the day. Hex. */
  root: varchar("root", { length: 64 }).notNull(),
  /** Null: some of its rows are not in a block yet. */
  sealedAt: instant("sealed_at"),
  /** When the root was sent outside; null: it was not. */
  announcedAt: instant("announced_at"),
});

/** Parts of a day's chain: position and hash of each of up to 1,000 rows. */
export const auditBlocks = pgTable(
  "audit_blocks",
  {
    day: date("day", { mode: "string" }).notNull(),
    /** From 1. */
    number: integer("number").notNull(),
    fromPosition: bigint("from_position", { mode: "bigint" }).notNull(),
    toPosition: bigint("to_position", { mode: "bigint" }).notNull(),
    rows: integer("rows").notNull(),
    /** 24 bytes a row in base64: its position, and the first half of its SHA-256. */
    listing: text("listing").notNull(),
    /** Of the block before it and of the listing, hex. */
    hash: varchar("hash", { length: 64 }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.day, table.number] }),
    index("audit_blocks_position_idx").on(table.toPosition),
  ],
);

/** What is set for one tenant; a tenant without a row has the settings of all. */
export const tenantLimits = pgTable(
  "tenant_limits",
  {
    /** Empty: what belongs to no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }).primaryKey(),
    /** Its share of the work beside other tenants' while there is more than is done at once; one without a row has 1. */
    weight: real("weight").notNull().default(1),
    /** Name of a quota → how many; null: any number. What is not named is as set for all. */
    quotas: jsonb("quotas").notNull().default({}),
    changedAt: instant("changed_at").notNull().defaultNow(),
    /** Rows it kept when they were counted, not counted on once they are over its quota; null: never counted. */
    rowsKept: bigint("rows_kept", { mode: "number" }),
    rowsCountedAt: instant("rows_counted_at"),
  },
  // A tenant sees its own limits, and sets none.
  () => tenantRows(),
);

withoutTenants(consumerPauses, "a paused consumer is paused for everybody");
withoutTenants(
  idempotencyKeys,
  "keys of callers, found by a hash of caller and key; they are asked for before a request's work, and the answers are kept behind it",
  // A transaction notes that it was committed, in itself.
  ["SELECT (committed_at, created_at, key, route, status)", "UPDATE (committed_at)"],
);
withoutTenants(failingWork, "work of the system that all share");
withoutTenants(archiveDays, "files that hold the events of all");
withoutTenants(auditSeals, "the chain is over the rows of all");
withoutTenants(auditBlocks, "the chain is over the rows of all");
