import type { SqlMigration } from "./sql-migration.ts";

/** Generated from the SQL files of this folder by `npm run generate`, because a Worker cannot read them; the oldest first. */
export const migrations: readonly SqlMigration[] = [
  {
    tag: "0000_init",
    when: 1_795_245_495_655,
    hash: "e70e8b2a3cdb86a0fc538c109782b238d0e8740cf8daa36a0d737bd8ba87400b",
    statements: [
      `CREATE TABLE "dead_letters" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "dead_letters_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"subscriber_name" varchar(255) NOT NULL,
	"stream_name" varchar(255) NOT NULL,
	"stream_message_id" varchar(50) NOT NULL,
	"event_id" varchar(255),
	"event_type" varchar(255),
	"tenant_id" varchar(255),
	"raw_fields" jsonb,
	"reason" varchar(50) NOT NULL,
	"error_class" varchar(255) NOT NULL,
	"error_message" text NOT NULL,
	"attempts" integer NOT NULL,
	"first_failed_at" timestamp (3) with time zone NOT NULL,
	"last_failed_at" timestamp (3) with time zone NOT NULL,
	"status" varchar(10) DEFAULT 'open' NOT NULL,
	CONSTRAINT "dead_letters_delivery_key" UNIQUE("subscriber_name","stream_message_id")
);`,
      `CREATE TABLE "events" (
	"position" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "events_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" uuid NOT NULL,
	"type" varchar(100) NOT NULL,
	"source" varchar(255) NOT NULL,
	"target" varchar(255),
	"tenant_id" varchar(100),
	"actor_id" varchar(255),
	"correlation_id" varchar(255),
	"causation_id" varchar(255),
	"mission_id" varchar(255),
	"task_id" varchar(255),
	"severity" varchar(8),
	"schema_version" integer NOT NULL,
	"producer" varchar(255) NOT NULL,
	"source_module" varchar(100) NOT NULL,
	"meta" jsonb NOT NULL,
	"payload" jsonb NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"stored_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"shard" integer NOT NULL,
	"key" varchar(255),
	"stream_message_id" varchar(50),
	"sent_at" timestamp (3) with time zone
);`,
      `CREATE TABLE "processed_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "processed_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"subscriber_name" varchar(255) NOT NULL,
	"stream_name" varchar(255) NOT NULL,
	"stream_message_id" varchar(50) NOT NULL,
	"event_id" varchar(50),
	"event_type" varchar(100),
	"processed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"tenant_id" varchar(100),
	"metadata" jsonb,
	CONSTRAINT "uq_subscriber_stream_msg_id" UNIQUE("subscriber_name","stream_message_id"),
	CONSTRAINT "uq_subscriber_event_id" UNIQUE("subscriber_name","event_id")
);`,
      `CREATE TABLE "relay_shards" (
	"shard" integer PRIMARY KEY NOT NULL,
	"lease_token" uuid,
	"lease_until" timestamp (3) with time zone,
	"marked" boolean DEFAULT false NOT NULL,
	"last_ms" bigint DEFAULT 0 NOT NULL,
	"last_seq" bigint DEFAULT 0 NOT NULL,
	"known_ms" bigint DEFAULT 0 NOT NULL,
	"known_seq" bigint DEFAULT 0 NOT NULL,
	"batch_positions" bigint[],
	"batch_ms" bigint,
	"batch_seq" bigint
);`,
      `CREATE INDEX "dead_letters_open_idx" ON "dead_letters" USING btree ("subscriber_name","id") WHERE status = 'open';`,
      `CREATE UNIQUE INDEX "events_id_key" ON "events" USING btree ("id");`,
      `CREATE INDEX "events_unsent_idx" ON "events" USING btree ("shard","position") WHERE sent_at IS NULL;`,
      `CREATE INDEX "events_stored_at_idx" ON "events" USING brin ("stored_at");`,
      `CREATE INDEX "events_type_idx" ON "events" USING btree ("type","position");`,
      `CREATE INDEX "events_tenant_idx" ON "events" USING btree ("tenant_id","position") WHERE tenant_id IS NOT NULL;`,
      `CREATE INDEX "events_correlation_idx" ON "events" USING btree ("correlation_id") WHERE correlation_id IS NOT NULL;`,
      `CREATE INDEX "events_actor_idx" ON "events" USING btree ("actor_id","position") WHERE actor_id IS NOT NULL;`,
      `CREATE INDEX "idx_processed_events_subscriber" ON "processed_events" USING btree ("subscriber_name");`,
      `CREATE INDEX "idx_processed_events_event_id" ON "processed_events" USING btree ("event_id");`,
      `CREATE INDEX "idx_processed_events_processed_at" ON "processed_events" USING btree ("processed_at");`,
      `CREATE INDEX "idx_processed_events_tenant" ON "processed_events" USING btree ("tenant_id");`,
    ],
  },
  {
    tag: "0001_operations",
    when: 1_795_250_500_512,
    hash: "26a49640ec93fe79c2a2cbd9e3747bc7a3d6af75a0f48d4d901e2e52c996bcf5",
    statements: [
      `CREATE TABLE "consumer_shards" (
	"subscriber_name" varchar(255) NOT NULL,
	"shard" integer NOT NULL,
	"epoch" bigint DEFAULT 1 NOT NULL,
	"start_id" varchar(50),
	CONSTRAINT "consumer_shards_subscriber_name_shard_pk" PRIMARY KEY("subscriber_name","shard")
);`,
      `CREATE TABLE "deliveries" (
	"place" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "deliveries_place_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"subscriber_name" varchar(255) NOT NULL,
	"shard" integer NOT NULL,
	"stream_name" varchar(255) NOT NULL,
	"stream_message_id" varchar(50) NOT NULL,
	"stream_ms" bigint GENERATED ALWAYS AS (split_part(stream_message_id, '-', 1)::bigint) STORED NOT NULL,
	"stream_seq" bigint GENERATED ALWAYS AS (split_part(stream_message_id, '-', 2)::bigint) STORED NOT NULL,
	"event_id" varchar(255),
	"event_type" varchar(255),
	"tenant_id" varchar(255),
	"key" varchar(255),
	"raw_fields" jsonb,
	"cause" varchar(10) NOT NULL,
	"job_id" bigint,
	"dead_letter_id" bigint,
	"replay_epoch" integer DEFAULT 0 NOT NULL,
	"begun" integer DEFAULT 0 NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"first_failed_at" timestamp (3) with time zone,
	"last_error" text,
	"overtakable" boolean DEFAULT false NOT NULL,
	"skip_reason" text,
	"queued_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "deliveries_delivery_key" UNIQUE("subscriber_name","stream_message_id","replay_epoch")
);`,
      `CREATE TABLE "relay_layout" (
	"id" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"shards" integer NOT NULL,
	"target" integer,
	"changed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);`,
      `CREATE TABLE "alerts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "alerts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" varchar(50) NOT NULL,
	"subject" varchar(255) NOT NULL,
	"severity" varchar(10) NOT NULL,
	"message" text NOT NULL,
	"count" integer DEFAULT 1 NOT NULL,
	"first_seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"resolved_at" timestamp (3) with time zone
);`,
      `CREATE TABLE "archive_days" (
	"day" date PRIMARY KEY NOT NULL,
	"cursor_position" bigint DEFAULT 0 NOT NULL,
	"state" jsonb,
	"rows" integer DEFAULT 0 NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"archived_at" timestamp (3) with time zone,
	"deleted_at" timestamp (3) with time zone
);`,
      `CREATE TABLE "archived_entries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "archived_entries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"stream_name" varchar(255) NOT NULL,
	"stream_message_id" varchar(50) NOT NULL,
	"event_id" varchar(255),
	"event_type" varchar(255),
	"raw_fields" jsonb NOT NULL,
	"archived_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "archived_entries_key" UNIQUE("stream_name","stream_message_id")
);`,
      `CREATE TABLE "consumer_pauses" (
	"subscriber_name" varchar(255) NOT NULL,
	"event_type" varchar(100) DEFAULT '' NOT NULL,
	"reason" text NOT NULL,
	"actor_id" varchar(255),
	"paused_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone,
	CONSTRAINT "consumer_pauses_subscriber_name_event_type_pk" PRIMARY KEY("subscriber_name","event_type")
);`,
      `CREATE TABLE "idempotency_keys" (
	"key" varchar(255) NOT NULL,
	"route" varchar(300) NOT NULL,
	"request_hash" varchar(64) NOT NULL,
	"status" integer,
	"response" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_key_route_pk" PRIMARY KEY("key","route")
);`,
      `CREATE TABLE "jobs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "jobs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" varchar(10) NOT NULL,
	"subscriber_name" varchar(255),
	"name" varchar(100) NOT NULL,
	"status" varchar(10) DEFAULT 'running' NOT NULL,
	"status_reason" text,
	"filter" jsonb NOT NULL,
	"mode" varchar(12),
	"replay_epoch" integer DEFAULT 0 NOT NULL,
	"until_position" bigint,
	"cursor_position" bigint DEFAULT 0 NOT NULL,
	"total" integer NOT NULL,
	"queued" integer DEFAULT 0 NOT NULL,
	"succeeded" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"skipped" integer DEFAULT 0 NOT NULL,
	"rate_per_second" real,
	"step" integer DEFAULT 1 NOT NULL,
	"max_step" integer DEFAULT 1000 NOT NULL,
	"stop_ratio" real,
	"step_succeeded" integer DEFAULT 0 NOT NULL,
	"step_failed" integer DEFAULT 0 NOT NULL,
	"next_step_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"reason" text,
	"actor_id" varchar(255),
	"idempotency_key" varchar(255),
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "jobs_name_key" UNIQUE("kind","subscriber_name","name")
);`,
      `CREATE TABLE "operator_actions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "operator_actions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"action" varchar(50) NOT NULL,
	"actor_id" varchar(255),
	"reason" text,
	"subscriber_name" varchar(255),
	"filter" jsonb,
	"affected" integer,
	"job_id" bigint,
	"request_id" varchar(100),
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);`,
      `ALTER TABLE "processed_events" DROP CONSTRAINT "uq_subscriber_stream_msg_id";`,
      `ALTER TABLE "processed_events" DROP CONSTRAINT "uq_subscriber_event_id";`,
      `DROP INDEX "events_unsent_idx";`,
      `ALTER TABLE "events" ALTER COLUMN "shard" DROP NOT NULL;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "shard" integer DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "key" varchar(255);`,
      `ALTER TABLE "dead_letters" ADD COLUMN "fingerprint" varchar(16) DEFAULT '' NOT NULL;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "replay_epoch" integer DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "job_id" bigint;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "redrives" integer DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "resolution" text;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "resolved_at" timestamp (3) with time zone;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "edited_fields" jsonb;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "edited_event_id" varchar(255);`,
      `ALTER TABLE "events" ADD COLUMN "slot" integer GENERATED ALWAYS AS (('x' || left(md5(coalesce(key, id::text)), 4))::bit(16)::integer) STORED;`,
      `ALTER TABLE "processed_events" ADD COLUMN "replay_epoch" integer DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "relay_shards" ADD COLUMN "trimmed_ms" bigint DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "relay_shards" ADD COLUMN "trimmed_seq" bigint DEFAULT 0 NOT NULL;`,
      `CREATE INDEX "deliveries_order_idx" ON "deliveries" USING btree ("subscriber_name","shard","stream_ms","stream_seq");`,
      `CREATE INDEX "deliveries_key_idx" ON "deliveries" USING btree ("subscriber_name","key","stream_ms","stream_seq") WHERE key IS NOT NULL;`,
      `CREATE INDEX "deliveries_job_idx" ON "deliveries" USING btree ("job_id") WHERE job_id IS NOT NULL;`,
      `CREATE UNIQUE INDEX "alerts_open_key" ON "alerts" USING btree ("kind","subject") WHERE resolved_at IS NULL;`,
      `CREATE INDEX "archived_entries_archived_at_idx" ON "archived_entries" USING btree ("archived_at");`,
      `CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys" USING btree ("created_at");`,
      `CREATE UNIQUE INDEX "jobs_idempotency_key" ON "jobs" USING btree ("idempotency_key");`,
      `CREATE INDEX "jobs_running_idx" ON "jobs" USING btree ("next_step_at") WHERE status = 'running';`,
      `CREATE INDEX "operator_actions_subscriber_idx" ON "operator_actions" USING btree ("subscriber_name","id");`,
      `CREATE INDEX "dead_letters_key_idx" ON "dead_letters" USING btree ("subscriber_name","key") WHERE status IN ('open', 'requeued') AND key IS NOT NULL;`,
      `CREATE INDEX "dead_letters_fingerprint_idx" ON "dead_letters" USING btree ("fingerprint","id");`,
      `CREATE INDEX "dead_letters_job_idx" ON "dead_letters" USING btree ("job_id","id") WHERE job_id IS NOT NULL;`,
      `CREATE INDEX "events_sent_at_idx" ON "events" USING brin ("sent_at");`,
      `CREATE INDEX "events_unsent_idx" ON "events" USING btree ("position") WHERE sent_at IS NULL;`,
      `ALTER TABLE "processed_events" ADD CONSTRAINT "uq_subscriber_stream_msg_id" UNIQUE("subscriber_name","stream_message_id","replay_epoch");`,
      `ALTER TABLE "processed_events" ADD CONSTRAINT "uq_subscriber_event_id" UNIQUE("subscriber_name","event_id","replay_epoch");`,
    ],
  },
  {
    tag: "0002_course_business",
    when: 1_795_264_224_186,
    hash: "c07511917b47b66f34ceaaf2b48e100105108762ff61f356753c702fe2855ab4",
    statements: [
      `DROP INDEX "events_correlation_idx";`,
      `CREATE INDEX "dead_letters_event_idx" ON "dead_letters" USING btree ("event_id") WHERE event_id IS NOT NULL;`,
      `CREATE INDEX "events_correlation_idx" ON "events" USING btree ("correlation_id","position") WHERE correlation_id IS NOT NULL;`,
    ],
  },
  {
    tag: "0004_claims_and_dead_letters",
    when: 1_795_654_769_391,
    hash: "016b05e79a7083de08527874e7ba8ed3f327e0b018f99b8a9066a35501fb8375",
    statements: [
      `CREATE TABLE "replay_claims" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "replay_claims_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"subscriber_name" varchar(255) NOT NULL,
	"replay_epoch" integer NOT NULL,
	"stream_name" varchar(255) NOT NULL,
	"stream_message_id" varchar(50) NOT NULL,
	"event_id" varchar(50),
	"event_type" varchar(100),
	"processed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"tenant_id" varchar(100),
	"metadata" jsonb,
	CONSTRAINT "replay_claims_delivery_key" UNIQUE("subscriber_name","stream_message_id","replay_epoch"),
	CONSTRAINT "replay_claims_event_key" UNIQUE("subscriber_name","event_id","replay_epoch")
);`,
      `ALTER TABLE "processed_events" DROP CONSTRAINT "uq_subscriber_stream_msg_id";`,
      `ALTER TABLE "processed_events" DROP CONSTRAINT "uq_subscriber_event_id";`,
      `ALTER TABLE "dead_letters" ADD COLUMN "error_stack" text;`,
      `ALTER TABLE "dead_letters" ADD COLUMN "correlation_id" varchar(255);`,
      `CREATE INDEX "replay_claims_event_idx" ON "replay_claims" USING btree ("event_id");`,
      `CREATE INDEX "replay_claims_processed_at_idx" ON "replay_claims" USING btree ("processed_at");`,
      `CREATE INDEX "dead_letters_open_event_idx" ON "dead_letters" USING btree ("subscriber_name","event_id") WHERE status = 'open';`,
      `-- Claims of forced replays move to their own table; what is left has one row for each event, as the charter says.
INSERT INTO "replay_claims" ("subscriber_name", "replay_epoch", "stream_name", "stream_message_id", "event_id", "event_type",
	"processed_at", "tenant_id", "metadata")
SELECT "subscriber_name", "replay_epoch", "stream_name", "stream_message_id", "event_id", "event_type", "processed_at",
	"tenant_id", "metadata" FROM "processed_events" WHERE "replay_epoch" <> 0 ORDER BY "id";`,
      `DELETE FROM "processed_events" WHERE "replay_epoch" <> 0;`,
      `-- Events that were applied after they had become dead letters.
UPDATE "dead_letters" "l" SET "status" = 'resolved', "resolved_at" = now(),
	"resolution" = 'applied as ' || "p"."stream_message_id" || ', after it had become a dead letter'
FROM "processed_events" "p"
WHERE "l"."status" = 'open' AND "p"."subscriber_name" = "l"."subscriber_name" AND "p"."event_id" = "l"."event_id"
	AND "p"."metadata" IS NULL AND "l"."replay_epoch" = 0;`,
      `ALTER TABLE "processed_events" ADD CONSTRAINT "uq_subscriber_stream_msg_id" UNIQUE("subscriber_name","stream_message_id");`,
      `ALTER TABLE "processed_events" ADD CONSTRAINT "uq_subscriber_event_id" UNIQUE("subscriber_name","event_id");`,
    ],
  },
  {
    tag: "0006_stream_ids",
    when: 1_795_656_801_062,
    hash: "a8794daaa08de61ec55c7e583ce1ea2b62885e28cc14698db4edf6bb72c8c101",
    statements: [
      `DROP INDEX "events_sent_at_idx";`,
      `-- Redis counts ids with 64 unsigned bits. Dropping a column takes its indexes along.
ALTER TABLE "deliveries" DROP COLUMN "stream_ms", DROP COLUMN "stream_seq",
  ADD COLUMN "stream_ms" numeric(20, 0) GENERATED ALWAYS AS (split_part(stream_message_id, '-', 1)::numeric) STORED NOT NULL,
  ADD COLUMN "stream_seq" numeric(20, 0) GENERATED ALWAYS AS (split_part(stream_message_id, '-', 2)::numeric) STORED NOT NULL;`,
      `CREATE INDEX "deliveries_order_idx" ON "deliveries" USING btree ("subscriber_name","shard","stream_ms","stream_seq");`,
      `CREATE INDEX "deliveries_key_idx" ON "deliveries" USING btree ("subscriber_name","key","stream_ms","stream_seq") WHERE key IS NOT NULL;`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "last_ms" SET DATA TYPE numeric(20, 0);`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "last_ms" SET DEFAULT 0;`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "last_seq" SET DATA TYPE numeric(20, 0);`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "last_seq" SET DEFAULT 0;`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "known_ms" SET DATA TYPE numeric(20, 0);`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "known_ms" SET DEFAULT 0;`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "known_seq" SET DATA TYPE numeric(20, 0);`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "known_seq" SET DEFAULT 0;`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "batch_ms" SET DATA TYPE numeric(20, 0);`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "batch_seq" SET DATA TYPE numeric(20, 0);`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "trimmed_ms" SET DATA TYPE numeric(20, 0);`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "trimmed_ms" SET DEFAULT 0;`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "trimmed_seq" SET DATA TYPE numeric(20, 0);`,
      `ALTER TABLE "relay_shards" ALTER COLUMN "trimmed_seq" SET DEFAULT 0;`,
      `CREATE INDEX "events_stream_id_idx" ON "events" USING btree ("shard",(split_part(stream_message_id, '-', 1)::numeric),(split_part(stream_message_id, '-', 2)::numeric)) WHERE stream_message_id IS NOT NULL;`,
    ],
  },
  {
    tag: "0007_claims_compared",
    when: 1_795_656_829_854,
    hash: "0e7d33dad39024c9699eed4b63dfff55dd9bd4fc4b7b6ad7d6a7fe774d1005e3",
    statements: [
      `ALTER TABLE "consumer_shards" ADD COLUMN "claims_id" varchar(50);`,
      `ALTER TABLE "consumer_shards" ADD COLUMN "claims_since" jsonb;`,
    ],
  },
  {
    tag: "0008_idempotency_commits",
    when: 1_795_657_686_924,
    hash: "d1830fef4bbfeb141f7d28a769eced96e78ffd0e637a1008eab57e8011e956f8",
    statements: [
      `ALTER TABLE "idempotency_keys" ADD COLUMN "committed_at" timestamp (3) with time zone;`,
      `ALTER TABLE "idempotency_keys" ADD COLUMN "correlation_id" varchar(255);`,
    ],
  },
  {
    tag: "0009_failing_work",
    when: 1_795_658_186_527,
    hash: "bef942ecc970ba6c31b04da8482b3975b3b1f828342a55983c2a63d7cf71f57a",
    statements: [
      `CREATE TABLE "failing_work" (
	"work" varchar(150) PRIMARY KEY NOT NULL,
	"failures" integer DEFAULT 1 NOT NULL,
	"first_failed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_failed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"error" text NOT NULL
);`,
    ],
  },
  {
    tag: "0010_relay_batches",
    when: 1_795_658_389_039,
    hash: "52ed3f1fa50ed2965fe2efa9d0b23ad5318778fa2b45c8d7b3b59dd1b19118e0",
    statements: [
      `ALTER TABLE "relay_shards" ADD COLUMN "batch_number" bigint DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "relay_shards" ADD COLUMN "sent_number" bigint DEFAULT 0 NOT NULL;`,
    ],
  },
  {
    tag: "0013_relay_id_lanes",
    when: 1_795_665_768_349,
    hash: "ae51634f752fe42b31b00eab9ed1e85d8c233237cc1748fb3c33c726e7ef2245",
    statements: [`ALTER TABLE "relay_shards" ADD COLUMN "id_lane" integer DEFAULT 0 NOT NULL;`],
  },
  {
    tag: "0018_event_origins",
    when: 1_795_670_553_546,
    hash: "2fa25176bea9e19a999186058be9b45024f058a3afb5c6536533ccd667a22616",
    statements: [`ALTER TABLE "events" ADD COLUMN "origin" jsonb;`],
  },
  {
    tag: "0020_record_growth",
    when: 1_795_689_560_834,
    hash: "d4a95f2e2ee42269fba1c0d5b9730878a603f58afab8ec5c2e43d274ac763bcb",
    statements: [
      `-- A record of millions is better given this index beforehand, see README.md: then nothing waits for it here.
CREATE INDEX IF NOT EXISTS "events_stored_at_order_idx" ON "events" USING btree ("stored_at");`,
      `DROP INDEX IF EXISTS "events_stored_at_idx";`,
    ],
  },
  {
    tag: "0021_relay_functions",
    when: 1_795_700_504_068,
    hash: "8cecb8e9be712744a8cda6ed268e73a2fa84210df2f038efa58387faa4d55f76",
    statements: [
      `-- What the relay asks of Postgres, as functions. Postgres plans a statement that comes by itself anew each time, which
-- took longer than to run it: for a lone event 2.1 and 1.8 ms of processor time for the two requests of a pass, against
-- 0.5 and 0.3. The statements of a function are planned once in a session, behind any pooler and over HTTP.
--
-- A release that changes one gives it another name: the release before still calls this one.
--
-- Rows are always found through an index, and in its order. A table that is new, or grew since it was last analyzed,
-- makes the planner read all of it for each batch: measured 33 µs a row instead of 3 for \`relay_load\` on a table of
-- 20,000, and for \`relay_take\` a bitmap of all unsent rows, measured and sorted, instead of the first 1,000. And a plan
-- that is kept must not be one for the table as it was.

-- The batch in flight, in stream order; the first row has what the relay must know of it as JSON text in "head", for the
-- others it is null. No rows when there is none or the lease is lost.
CREATE FUNCTION relay_load(p_shard integer, p_token uuid)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT CASE WHEN b.place = 1 THEN json_build_object(
      -- A release that gave ids ahead gave no numbers: its batch, told by its ids, has the next one.
      'number', r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END, 'after', r.sent_number,
      'known_last', r.known_ms || '-' || r.known_seq,
      -- False when the janitor trimmed that entry: then nobody can tell by it whether the stream is whole.
      'known_there', (r.known_ms, r.known_seq) > (r.trimmed_ms, r.trimmed_seq),
      -- The event that was sent under that id; null when the record no longer has it.
      'known_event', (SELECT s.id FROM events s WHERE s.shard = r.shard AND s.stream_message_id IS NOT NULL
        AND (split_part(s.stream_message_id, '-', 1)::numeric, split_part(s.stream_message_id, '-', 2)::numeric)
          = (r.known_ms, r.known_seq) LIMIT 1),
      'now_ms', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text,
      'floor', CASE WHEN (r.last_ms, r.last_seq) > (r.trimmed_ms, r.trimmed_seq)
        THEN r.last_ms || '-' || r.last_seq ELSE r.trimmed_ms || '-' || r.trimmed_seq END,
      'lane', r.id_lane, 'earlier', r.batch_ms || '-' || r.batch_seq)::text END,
    e.id::text, e.type::text, e.source::text, e.target::text, e.payload::text,
    to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    (e.meta || jsonb_build_object('position', e.position))::text,
    e.mission_id::text, e.task_id::text, e.correlation_id::text, e.tenant_id::text, e.actor_id::text, e.severity::text
  FROM relay_shards r
  CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS b(position, place)
  JOIN events e ON e.position = b.position
  WHERE r.shard = p_shard AND r.lease_token = p_token
  ORDER BY b.place;
END $$;`,
      `-- Chooses the next unsent rows of the shard and stores them with the next number as the batch in flight, unless there is
-- one. As many rows as fit below both bounds; a single row is always taken. Rows are chosen by state, never by "greater
-- than the last": a row of a long transaction becomes visible late. Nothing is chosen while the number of shards changes.
-- Whoever calls it holds the lock of the layout, taken by a statement before, so that this one sees what was committed
-- when the lock was granted.
--
-- With several shards the index lists the rows of all, and those of other shards are passed over: of 20,000 unsent rows
-- the first 1,000 take 4 ms on one shard and 8 ms on one of four. An index that begins with the shard would have to be
-- built anew when their number changes.
CREATE FUNCTION relay_take(p_shard integer, p_token uuid, p_max_count integer, p_max_bytes integer) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  WITH mine AS (
    SELECT r.shard, l.shards
    FROM relay_shards r JOIN relay_layout l ON l.id = 1
    WHERE r.shard = p_shard AND r.lease_token = p_token AND r.batch_positions IS NULL
      AND l.target IS NULL AND r.shard < l.shards
  ), candidates AS (
    SELECT e.position, octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes
    FROM events e
    WHERE e.sent_at IS NULL AND e.slot % (SELECT shards FROM mine) = p_shard AND EXISTS (SELECT FROM mine)
    ORDER BY e.position LIMIT p_max_count
  ), bounded AS (
    SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS bytes_before FROM candidates
  ), chosen AS (
    SELECT array_agg(position ORDER BY position) AS positions FROM bounded WHERE bytes_before < p_max_bytes
  )
  UPDATE relay_shards r SET batch_positions = chosen.positions, batch_number = batch_number + 1
  FROM mine, chosen
  WHERE r.shard = mine.shard AND chosen.positions IS NOT NULL;
END $$;`,
      `-- Notes on the rows of a batch that they were sent, the first one under the id \`p_ms\`-\`p_seq\`, and ends it: its last id
-- becomes the shard's. Does nothing when that batch is no longer in flight.
CREATE FUNCTION relay_end(p_shard integer, p_number bigint, p_ms numeric, p_seq numeric) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  UPDATE events e
  SET sent_at = now(), shard = p_shard, stream_message_id = p_ms::text || '-' || (p_seq + b.place - 1)
  FROM (
    SELECT u.position, u.place
    FROM relay_shards r CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS u(position, place)
    WHERE r.shard = p_shard AND r.batch_positions IS NOT NULL
      AND r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END = p_number
  ) b
  WHERE e.position = b.position;
  UPDATE relay_shards r
  SET last_ms = p_ms, last_seq = p_seq + cardinality(batch_positions) - 1,
    known_ms = p_ms, known_seq = p_seq + cardinality(batch_positions) - 1,
    batch_number = p_number, sent_number = p_number, batch_positions = NULL, batch_ms = NULL, batch_seq = NULL
  WHERE r.shard = p_shard AND r.batch_positions IS NOT NULL
    AND r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END = p_number;
END $$;`,
      `-- Takes the lease of a shard when it is free, over, or already ours; otherwise leaves the mark. A batch that is in flight
-- then may have been appended by whoever was last, so it gets another lane of ids. With the lease comes the next batch,
-- the rows of \`relay_load\`; when there is none, the lease is let go at once unless it is kept. Makes the row of the
-- layout when there is none: a new system begins with \`p_shards\`, one that has been sending goes on with what it had.
--
-- The last row has JSON text in "head": "acquired", "held" (the lease is still ours), "free_in_ms" (until the lease
-- ends), "first_mark" (true for whoever set the mark), "shards" and "target" of the layout, "was_failing" (a failure of
-- this relay was noted and no success since).
CREATE FUNCTION relay_begin(p_shard integer, p_token uuid, p_lease_ms integer, p_shards integer, p_max_count integer,
  p_max_bytes integer, p_keep boolean)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  lease record;
  holds boolean;
BEGIN
  -- Shared until the end of the transaction by whoever chooses rows; a change of the layout waits for it alone.
  PERFORM pg_advisory_xact_lock_shared(1918985580, 1);
  INSERT INTO relay_layout (id, shards)
  SELECT 1, coalesce((SELECT max(shard) + 1 FROM relay_shards), p_shards)
  WHERE NOT EXISTS (SELECT FROM relay_layout)
  ON CONFLICT (id) DO NOTHING;
  WITH before AS (SELECT marked FROM relay_shards WHERE shard = p_shard)
  INSERT INTO relay_shards AS r (shard, lease_token, lease_until)
  VALUES (p_shard, p_token, now() + p_lease_ms * interval '1 millisecond')
  ON CONFLICT (shard) DO UPDATE SET
    lease_token = CASE WHEN r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = p_token
      THEN excluded.lease_token ELSE r.lease_token END,
    lease_until = CASE WHEN r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = p_token
      THEN excluded.lease_until ELSE r.lease_until END,
    marked = NOT (r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = p_token),
    id_lane = CASE WHEN (r.lease_token IS NULL OR r.lease_until <= now() OR r.lease_token = p_token)
      AND r.batch_positions IS NOT NULL THEN (r.id_lane + 1) % 1000 ELSE r.id_lane END
  RETURNING lease_token = p_token AS acquired,
    ceil(extract(epoch FROM lease_until - now()) * 1000)::integer AS free_in_ms,
    NOT coalesce((SELECT marked FROM before), false) AS first_mark,
    (SELECT l.shards FROM relay_layout l) AS shards, (SELECT l.target FROM relay_layout l) AS target,
    EXISTS (SELECT FROM failing_work w WHERE w.work = 'relay:' || p_shard) AS was_failing
  INTO lease;
  holds := lease.acquired;
  IF holds THEN
    PERFORM relay_take(p_shard, p_token, p_max_count, p_max_bytes);
    RETURN QUERY SELECT * FROM relay_load(p_shard, p_token);
    IF NOT FOUND AND NOT p_keep THEN
      UPDATE relay_shards SET lease_token = NULL, lease_until = NULL
      WHERE shard = p_shard AND lease_token = p_token AND batch_positions IS NULL AND NOT marked;
      holds := NOT FOUND;
    END IF;
  END IF;
  head := json_build_object('acquired', lease.acquired, 'held', holds, 'free_in_ms', lease.free_in_ms,
    'first_mark', lease.first_mark, 'shards', lease.shards, 'target', lease.target, 'was_failing', lease.was_failing);
  RETURN NEXT;
END $$;`,
      `-- \`relay_end\` for the batch \`p_number\`, unless that is null; then the lease for another round and the next batch, the
-- rows of \`relay_load\`. When there is none and nobody left a mark, the lease is let go. The last row has JSON text in
-- "head": "held", whether it is not.
CREATE FUNCTION relay_next(p_shard integer, p_token uuid, p_number bigint, p_ms numeric, p_seq numeric,
  p_lease_ms integer, p_max_count integer, p_max_bytes integer)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1918985580, 1);
  IF p_number IS NOT NULL THEN
    PERFORM relay_end(p_shard, p_number, p_ms, p_seq);
  END IF;
  UPDATE relay_shards SET lease_until = now() + p_lease_ms * interval '1 millisecond'
  WHERE shard = p_shard AND lease_token = p_token;
  PERFORM relay_take(p_shard, p_token, p_max_count, p_max_bytes);
  RETURN QUERY SELECT * FROM relay_load(p_shard, p_token);
  UPDATE relay_shards SET lease_token = NULL, lease_until = NULL
  WHERE shard = p_shard AND lease_token = p_token AND batch_positions IS NULL AND NOT marked;
  head := json_build_object('held', NOT FOUND);
  RETURN NEXT;
END $$;`,
    ],
  },
  {
    tag: "0022_tenant_rows",
    when: 1_795_704_682_253,
    hash: "f82351db73fc46212b0a59a4fda4ce3683e02d710285411e3555675a2a12485a",
    statements: [
      `-- The role that statements of one tenant run as. All databases of a server share it.
DO $$
DECLARE
  is_known boolean := EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'brain_tenant');
  -- A member may also be one that inherits and may not change to the role, since PostgreSQL 16.
  has_options CONSTANT boolean := current_setting('server_version_num')::integer >= 160000;
BEGIN
  IF NOT is_known THEN
    BEGIN
      CREATE ROLE brain_tenant NOLOGIN NOINHERIT;
    EXCEPTION
      -- The migration of another database of the server made it meanwhile.
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE insufficient_privilege USING
          MESSAGE = format('the role brain_tenant is not there, and %I may not create roles', current_user),
          HINT = format('Let a role that may create roles run: CREATE ROLE brain_tenant NOLOGIN; GRANT brain_tenant TO %I%s. Then run this again.',
            current_user, CASE WHEN has_options THEN ' WITH INHERIT FALSE' ELSE '' END);
    END;
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'brain_tenant' AND (rolsuper OR rolbypassrls)) THEN
    RAISE EXCEPTION USING MESSAGE = 'the role brain_tenant passes row-level security by',
      HINT = 'Run: ALTER ROLE brain_tenant NOSUPERUSER NOBYPASSRLS. Then run this again.';
  END IF;
  IF NOT pg_catalog.pg_has_role(current_user, 'brain_tenant', CASE WHEN has_options THEN 'SET' ELSE 'MEMBER' END) THEN
    BEGIN
      -- Not to inherit: policies hold whoever inherits the rights of the role.
      EXECUTE format('GRANT brain_tenant TO %I%s', current_user, CASE WHEN has_options THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END);
    EXCEPTION
      WHEN unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE insufficient_privilege USING
          MESSAGE = format('%I may not take the role brain_tenant', current_user),
          HINT = format('Let a role that may create roles run: GRANT brain_tenant TO %I%s. Then run this again.',
            current_user, CASE WHEN has_options THEN ' WITH INHERIT FALSE' ELSE '' END);
    END;
  END IF;
  IF NOT pg_catalog.has_schema_privilege('brain_tenant', current_schema(), 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO brain_tenant', current_schema());
  END IF;
END $$;`,
      `ALTER TABLE "dead_letters" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "deliveries" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "events" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "processed_events" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "replay_claims" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "jobs" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "operator_actions" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "jobs" ADD COLUMN "tenant_id" varchar(255) DEFAULT nullif(current_setting('brain.tenant', true), '');`,
      `ALTER TABLE "operator_actions" ADD COLUMN "tenant_id" varchar(255) DEFAULT nullif(current_setting('brain.tenant', true), '');`,
      `CREATE INDEX "dead_letters_tenant_idx" ON "dead_letters" USING btree ("tenant_id","id") WHERE tenant_id IS NOT NULL;`,
      `CREATE INDEX "operator_actions_tenant_idx" ON "operator_actions" USING btree ("tenant_id","id") WHERE tenant_id IS NOT NULL;`,
      `CREATE POLICY "all_rows" ON "dead_letters" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "dead_letters" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `CREATE POLICY "all_rows" ON "deliveries" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "deliveries" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `CREATE POLICY "all_rows" ON "events" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "events" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `CREATE POLICY "all_rows" ON "processed_events" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "processed_events" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `CREATE POLICY "all_rows" ON "replay_claims" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "replay_claims" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `CREATE POLICY "all_rows" ON "jobs" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "jobs" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `CREATE POLICY "all_rows" ON "operator_actions" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "operator_actions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `GRANT SELECT, INSERT ON "events", "processed_events", "replay_claims", "operator_actions" TO "brain_tenant";`,
      `GRANT SELECT, UPDATE ON "dead_letters" TO "brain_tenant";`,
      `GRANT SELECT, INSERT, UPDATE ON "deliveries", "jobs" TO "brain_tenant";`,
      `GRANT SELECT ("committed_at", "created_at", "key", "route", "status"), UPDATE ("committed_at") ON "idempotency_keys" TO "brain_tenant";`,
    ],
  },
  {
    tag: "0023_fair_tenants",
    when: 1_795_706_094_955,
    hash: "f2c22ed37d4a4e41795e58df05eba0d451b1564b48f36b28a9e9033db1479605",
    statements: [
      `CREATE TABLE "tenant_limits" (
	"tenant_id" varchar(100) PRIMARY KEY NOT NULL,
	"weight" real DEFAULT 1 NOT NULL,
	"quotas" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"changed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);`,
      `ALTER TABLE "consumer_shards" ADD COLUMN "ahead" jsonb DEFAULT '{}'::jsonb NOT NULL;`,
      `ALTER TABLE "relay_shards" ADD COLUMN "foreign_ms" numeric(20, 0) DEFAULT 0 NOT NULL;`,
      `ALTER TABLE "relay_shards" ADD COLUMN "foreign_seq" numeric(20, 0) DEFAULT 0 NOT NULL;`,
      `CREATE INDEX "deliveries_ahead_idx" ON "deliveries" USING btree ("subscriber_name","shard","stream_ms","stream_seq") WHERE cause = 'ahead';`,
      `-- \`relay_take\`, for when more is unsent than one batch holds: each tenant has its share of it. Of the first 20,000 unsent
-- rows those go that would be next if tenants took turns, a row each, or as many as their weight says. Whatever a tenant
-- has in the batch is what has waited longest of it, and a row whose key an older one of another tenant has stays until
-- that is sent: so the order of each key is kept. The oldest row of all always goes.
--
-- With 10,000 unsent rows of one tenant it takes 30 ms where \`relay_take\` takes 4, and 46 ms once there is a second one.
CREATE FUNCTION relay_take_fairly(p_shard integer, p_token uuid, p_max_count integer, p_max_bytes integer) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  WITH mine AS (
    SELECT r.shard, l.shards
    FROM relay_shards r JOIN relay_layout l ON l.id = 1
    WHERE r.shard = p_shard AND r.lease_token = p_token AND r.batch_positions IS NULL
      AND l.target IS NULL AND r.shard < l.shards
  ), near AS MATERIALIZED (
    SELECT e.position, coalesce(e.tenant_id, '') COLLATE "C" AS tenant, e.key COLLATE "C" AS key
    FROM events e
    WHERE e.sent_at IS NULL AND e.slot % (SELECT shards FROM mine) = p_shard AND EXISTS (SELECT FROM mine)
    ORDER BY e.position LIMIT 20000
  ), weights AS MATERIALIZED (
    SELECT coalesce(jsonb_object_agg(tenant_id, weight), '{}') AS of FROM tenant_limits WHERE weight <> 1
  ), several AS MATERIALIZED (
    SELECT coalesce(min(tenant) <> max(tenant), false) AS are FROM near
  ), turns AS (
    SELECT position, (row_number() OVER (PARTITION BY tenant ORDER BY position) - 1)
        / coalesce(((SELECT of FROM weights) ->> tenant)::float8, 1) AS turn,
      key IS NULL OR min(tenant) OVER same_key = max(tenant) OVER same_key AS may_go
    FROM near WHERE (SELECT are FROM several)
    WINDOW same_key AS (PARTITION BY key ORDER BY position ROWS UNBOUNDED PRECEDING)
  ), candidates AS (
    SELECT position, turn FROM turns WHERE may_go
    UNION ALL SELECT position, 0 FROM near WHERE NOT (SELECT are FROM several)
    ORDER BY turn, position LIMIT p_max_count
  ), bounded AS (
    SELECT c.position, sum(size.bytes) OVER (ORDER BY c.turn, c.position) - size.bytes AS bytes_before
    FROM candidates c CROSS JOIN LATERAL (
      SELECT octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes
      FROM events e WHERE e.position = c.position
    ) size
  ), chosen AS (
    SELECT array_agg(position ORDER BY position) AS positions FROM bounded WHERE bytes_before < p_max_bytes
  )
  UPDATE relay_shards r SET batch_positions = chosen.positions, batch_number = batch_number + 1
  FROM mine, chosen
  WHERE r.shard = mine.shard AND chosen.positions IS NOT NULL;
END $$;`,
      `-- \`relay_end\`, and which entry of another program stands before the batch; null when none came since the one before. In
-- one transaction: whoever sees rows as sent sees which entry of another program stands before them.
CREATE FUNCTION relay_note_end(p_shard integer, p_number bigint, p_ms numeric, p_seq numeric, p_foreign_ms numeric,
  p_foreign_seq numeric) RETURNS void
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  IF p_foreign_ms IS NOT NULL THEN
    UPDATE relay_shards r SET foreign_ms = p_foreign_ms, foreign_seq = p_foreign_seq
    WHERE r.shard = p_shard AND r.batch_positions IS NOT NULL
      AND r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END = p_number;
  END IF;
  PERFORM relay_end(p_shard, p_number, p_ms, p_seq);
END $$;`,
      `-- \`relay_next\` with \`relay_note_end\`, and with \`relay_take_fairly\` when \`p_fairly\`.
CREATE FUNCTION relay_go_on(p_shard integer, p_token uuid, p_number bigint, p_ms numeric, p_seq numeric,
  p_foreign_ms numeric, p_foreign_seq numeric, p_lease_ms integer, p_max_count integer, p_max_bytes integer,
  p_fairly boolean)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1918985580, 1);
  IF p_number IS NOT NULL THEN
    PERFORM relay_note_end(p_shard, p_number, p_ms, p_seq, p_foreign_ms, p_foreign_seq);
  END IF;
  UPDATE relay_shards SET lease_until = now() + p_lease_ms * interval '1 millisecond'
  WHERE shard = p_shard AND lease_token = p_token;
  IF p_fairly THEN
    PERFORM relay_take_fairly(p_shard, p_token, p_max_count, p_max_bytes);
  ELSE
    PERFORM relay_take(p_shard, p_token, p_max_count, p_max_bytes);
  END IF;
  RETURN QUERY SELECT * FROM relay_load(p_shard, p_token);
  UPDATE relay_shards SET lease_token = NULL, lease_until = NULL
  WHERE shard = p_shard AND lease_token = p_token AND batch_positions IS NULL AND NOT marked;
  head := json_build_object('held', NOT FOUND);
  RETURN NEXT;
END $$;`,
    ],
  },
  {
    tag: "0024_alert_model",
    when: 1_795_711_606_715,
    hash: "3fccc4ceed227229a52d97b82df3a7523f3428636fbe9684956b262f412fab47",
    statements: [
      `CREATE TABLE "alert_actions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "alert_actions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"alert_id" bigint NOT NULL,
	"action" varchar(20) NOT NULL,
	"actor_id" varchar(255),
	"note" text,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);`,
      `ALTER TABLE "alert_actions" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "alerts" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "alerts" ADD COLUMN "tenant_id" varchar(255);`,
      `ALTER TABLE "alerts" ADD COLUMN "state" varchar(12) DEFAULT 'open' NOT NULL;`,
      `ALTER TABLE "alerts" ADD COLUMN "reopens" bigint;`,
      `ALTER TABLE "alerts" ADD COLUMN "event_ids" text[] DEFAULT '{}'::text[] NOT NULL;`,
      `ALTER TABLE "alerts" ADD COLUMN "told_at" timestamp (3) with time zone;`,
      `ALTER TABLE "alerts" ADD COLUMN "told_over_at" timestamp (3) with time zone;`,
      `ALTER TABLE "alert_actions" ADD CONSTRAINT "alert_actions_alert_id_alerts_id_fk" FOREIGN KEY ("alert_id") REFERENCES "alerts"("id") ON DELETE cascade ON UPDATE no action;`,
      `CREATE INDEX "alert_actions_alert_idx" ON "alert_actions" USING btree ("alert_id","id");`,
      `CREATE INDEX "alerts_subject_idx" ON "alerts" USING btree ("kind","subject","id");`,
      `CREATE INDEX "alerts_tenant_idx" ON "alerts" USING btree ("tenant_id","id") WHERE tenant_id IS NOT NULL;`,
      `CREATE INDEX "alerts_untold_idx" ON "alerts" USING btree ("id") WHERE told_at IS NULL OR (resolved_at IS NOT NULL AND told_over_at IS NULL);`,
      `CREATE POLICY "all_rows" ON "alerts" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "alerts" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `CREATE POLICY "all_rows" ON "alert_actions" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "alert_actions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "alerts" owner WHERE owner."id" = "alert_actions"."alert_id")) WITH CHECK (EXISTS (SELECT FROM "alerts" owner WHERE owner."id" = "alert_actions"."alert_id"));`,
      `UPDATE "alerts" SET "told_at" = "first_seen_at", "told_over_at" = "resolved_at" WHERE "resolved_at" IS NOT NULL;`,
      `GRANT SELECT, UPDATE ("state", "resolved_at") ON "alerts" TO "brain_tenant";`,
      `GRANT SELECT, INSERT ON "alert_actions" TO "brain_tenant";`,
    ],
  },
  {
    tag: "0025_audit_log",
    when: 1_795_713_496_723,
    hash: "ae8c856cf67cf311d5934204188d8418707d6347b27f0e3fdb03b03c0ca04b31",
    statements: [
      `CREATE TABLE "audit_blocks" (
	"day" date NOT NULL,
	"number" integer NOT NULL,
	"from_position" bigint NOT NULL,
	"to_position" bigint NOT NULL,
	"rows" integer NOT NULL,
	"listing" text NOT NULL,
	"hash" varchar(64) NOT NULL,
	CONSTRAINT "audit_blocks_day_number_pk" PRIMARY KEY("day","number")
);`,
      `CREATE TABLE "audit_seals" (
	"day" date PRIMARY KEY NOT NULL,
	"from_position" bigint NOT NULL,
	"to_position" bigint NOT NULL,
	"cursor_position" bigint NOT NULL,
	"rows" bigint DEFAULT 0 NOT NULL,
	"blocks" integer DEFAULT 0 NOT NULL,
	"previous" varchar(64) NOT NULL,
	"root" varchar(64) NOT NULL,
	"sealed_at" timestamp (3) with time zone,
	"announced_at" timestamp (3) with time zone
);`,
      `ALTER TABLE "archived_entries" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "archived_entries" ADD COLUMN "position" bigint DEFAULT nextval('events_position_seq'::regclass) NOT NULL;`,
      `ALTER TABLE "archived_entries" ADD COLUMN "shard" integer;`,
      `ALTER TABLE "archived_entries" ADD COLUMN "source" varchar(255);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "target" varchar(255);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "tenant_id" varchar(100);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "actor_id" varchar(255);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "correlation_id" varchar(255);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "causation_id" varchar(255);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "mission_id" varchar(255);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "task_id" varchar(255);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "severity" varchar(8);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "schema_version" integer;`,
      `ALTER TABLE "archived_entries" ADD COLUMN "producer" varchar(255);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "source_module" varchar(100);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "meta" jsonb;`,
      `ALTER TABLE "archived_entries" ADD COLUMN "payload" jsonb;`,
      `ALTER TABLE "archived_entries" ADD COLUMN "occurred_at" timestamp (3) with time zone;`,
      `ALTER TABLE "archived_entries" ADD COLUMN "key" varchar(255);`,
      `ALTER TABLE "archived_entries" ADD COLUMN "decode_notes" jsonb DEFAULT '[]'::jsonb NOT NULL;`,
      `ALTER TABLE "archived_entries" ADD COLUMN "unread" text;`,
      `ALTER TABLE "archived_entries" ADD COLUMN "undecided" boolean DEFAULT false NOT NULL;`,
      `CREATE INDEX "audit_blocks_position_idx" ON "audit_blocks" USING btree ("to_position");`,
      `-- A record of millions is better given these beforehand, see README.md: then nothing waits for them here.
CREATE INDEX IF NOT EXISTS "events_source_idx" ON "events" USING btree ("source","position");`,
      `CREATE INDEX IF NOT EXISTS "events_module_idx" ON "events" USING btree ("source_module","position");`,
      `CREATE INDEX IF NOT EXISTS "events_key_idx" ON "events" USING btree ("key","position") WHERE key IS NOT NULL;`,
      `CREATE INDEX IF NOT EXISTS "events_target_idx" ON "events" USING btree ("target","position") WHERE target IS NOT NULL;`,
      `CREATE INDEX IF NOT EXISTS "events_causation_idx" ON "events" USING btree ("causation_id","position") WHERE causation_id IS NOT NULL;`,
      `CREATE INDEX IF NOT EXISTS "events_mission_idx" ON "events" USING btree ("mission_id","position") WHERE mission_id IS NOT NULL;`,
      `CREATE INDEX IF NOT EXISTS "events_task_idx" ON "events" USING btree ("task_id","position") WHERE task_id IS NOT NULL;`,
      `CREATE INDEX IF NOT EXISTS "events_severity_idx" ON "events" USING btree ("severity","position") WHERE severity IS NOT NULL;`,
      `CREATE INDEX IF NOT EXISTS "events_occurred_at_idx" ON "events" USING btree ("occurred_at","position");`,
      `CREATE INDEX "archived_entries_type_idx" ON "archived_entries" USING btree ("event_type","position");`,
      `CREATE INDEX "archived_entries_event_idx" ON "archived_entries" USING btree ("event_id") WHERE event_id IS NOT NULL;`,
      `CREATE INDEX "archived_entries_tenant_idx" ON "archived_entries" USING btree ("tenant_id","position") WHERE tenant_id IS NOT NULL;`,
      `CREATE INDEX "archived_entries_correlation_idx" ON "archived_entries" USING btree ("correlation_id","position") WHERE correlation_id IS NOT NULL;`,
      `CREATE INDEX "archived_entries_undecided_idx" ON "archived_entries" USING btree ("position") WHERE undecided;`,
      `ALTER TABLE "archived_entries" ADD CONSTRAINT "archived_entries_position_key" UNIQUE("position");`,
      `CREATE POLICY "all_rows" ON "archived_entries" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "archived_entries" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `GRANT SELECT ON "archived_entries" TO "brain_tenant";`,
    ],
  },
  {
    tag: "0026_tenant_quotas",
    when: 1_795_714_253_987,
    hash: "76330f02d02074b03e79aea99e694bd90b84399c39828b427b6c47361f1d97f9",
    statements: [
      `ALTER TABLE "tenant_limits" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "tenant_limits" ADD COLUMN "rows_kept" bigint;`,
      `ALTER TABLE "tenant_limits" ADD COLUMN "rows_counted_at" timestamp (3) with time zone;`,
      `CREATE POLICY "all_rows" ON "tenant_limits" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "tenant_limits" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `GRANT SELECT ON "tenant_limits" TO "brain_tenant";`,
    ],
  },
  {
    tag: "0027_alert_watches",
    when: 1_795_714_518_496,
    hash: "edc0db23344f972bd8a21d4fbfafd143476a3e5cf1750692690c17c437eb30ff",
    statements: [
      `CREATE INDEX "dead_letters_failed_idx" ON "dead_letters" USING btree ("last_failed_at") WHERE status = 'open';`,
      `CREATE INDEX "dead_letters_critical_idx" ON "dead_letters" USING btree ("id") WHERE status = 'open' AND upper(raw_fields ->> 'severity') = 'CRITICAL';`,
    ],
  },
  {
    tag: "0028_subject_keys",
    when: 1_795_715_811_447,
    hash: "d1ee059637c2b427b05dcd222908d58caeaf93b6ed61b4c3239ddc5a3dbadb02",
    statements: [
      `CREATE TABLE "subject_keys" (
	"key_id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" varchar(100) NOT NULL,
	"subject" varchar(255) NOT NULL,
	"sealed_key" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "subject_keys_subject_key" UNIQUE("tenant_id","subject")
);`,
      `ALTER TABLE "subject_keys" ENABLE ROW LEVEL SECURITY;`,
      `CREATE POLICY "all_rows" ON "subject_keys" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "subject_keys" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON "subject_keys" TO "brain_tenant";`,
    ],
  },
  {
    tag: "0029_tenant_order",
    when: 1_795_718_188_360,
    hash: "a4dd10aa6f435fdaf78f8d06d3e14959c03911991f34014eaf9ac07209645f5b",
    statements: [
      `-- A record of millions is better given this beforehand, see README.md: then nothing waits for it here.
CREATE INDEX IF NOT EXISTS "events_tenant_order_idx" ON "events" USING btree ("tenant_id","position","type") WHERE tenant_id IS NOT NULL;`,
      `DROP INDEX "events_tenant_idx";`,
    ],
  },
  {
    tag: "0030_audit_by_request",
    when: 1_795_723_202_423,
    hash: "3ad247288f569845ac4ec85f7bff64e70cb9d362aa5bd82ee4156291358a3fe9",
    statements: [
      `CREATE INDEX "operator_actions_request_idx" ON "operator_actions" USING btree ("request_id") WHERE request_id IS NOT NULL;`,
    ],
  },
  {
    tag: "0031_claim_function",
    when: 1_795_746_830_450,
    hash: "62c4f6f906d187fcf209ed174902b26978a3cec40fa6ef2cba43360942359f48",
    statements: [
      `-- What a drain asks with each list of deliveries, as a function: planned once in a session, behind any pooler and over
-- HTTP, as what the relay asks is (\`relay_functions\`). As a statement that came by itself it took 1.3 ms to read and plan,
-- and 0.14 ms to run.
--
-- Claims deliveries in their order: \`p_rows\` has objects with "m" (message id), "e" (event id or null), "t" (type) and "n"
-- (tenant or null). One row for each that is claimed now; "dead" says that its event has an open dead letter. Two unique
-- keys guard, and who meets a claim that is being made waits for it. Those with "p" (a forced replay) are passed over.
--
-- Letters are looked for through their index, whatever the table's size was when the plan was made.
CREATE FUNCTION claim_deliveries(p_subscriber text, p_stream text, p_rows json)
RETURNS TABLE (m text, dead boolean, never boolean)
LANGUAGE plpgsql
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  INSERT INTO processed_events AS o (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id)
  SELECT p_subscriber, p_stream, c.m, c.e, c.t, c.n
  FROM json_to_recordset(p_rows) AS c(m text, e text, t text, n text, p integer)
  WHERE c.p IS NULL
  ON CONFLICT DO NOTHING
  RETURNING o.stream_message_id::text,
    EXISTS (SELECT FROM dead_letters l
      WHERE l.subscriber_name = o.subscriber_name AND l.event_id = o.event_id AND l.status = 'open'),
    false;
END $$;`,
    ],
  },
  {
    tag: "0032_append_only_events",
    when: 1_795_748_809_972,
    hash: "c43d596bf4f66f9362838797cfe02497ae786bd370ceb799be6044d4b07b51c9",
    statements: [
      `-- \`events\` is only appended to. That a row was sent, and under which id, is no longer noted in it: each such UPDATE wrote
-- a wide row again and an entry in all of its indexes. What is not sent stands in \`unsent_events\`, what was sent in
-- \`stream_entries\`.
--
-- 100,000 events that are published and relayed in batches of 1,000 (PostgreSQL 18) make the log of Postgres grow by 211 MB
-- instead of 355, and \`events\` with its indexes by 105 MB instead of 212; the two tables are 18 MB then. To note a batch as
-- sent takes 6.3 ms instead of 38. To insert, choose and load one takes as long as before.
--
-- For 1,000,000 rows it takes 6 s on a busy machine of two cores, in which nobody can publish or read events.
--
-- The release before, beside this one or after going back, calls the same functions for each pass, which have new bodies,
-- and inserts into \`events\`, where a trigger puts its rows into \`unsent_events\`. So it publishes, relays and drains as
-- ever. What it says itself about the columns \`sent_at\`, \`shard\` and \`stream_message_id\` of \`events\`:
--
-- - All that it inserts has a time in \`sent_at\` by default, and what was unsent gets one here. So it sees nothing as
--   unsent: neither a false alarm nor a true one of a backlog. It would otherwise take every event for unsent.
-- - Rows that were sent before keep what they have there, with the two indexes, so it finds these as quickly as ever. Rows
--   sent since have no stream id there. Its comparison of record and stream, of claims, and what it restores when Redis
--   lost data pass them over; this release's comparison looks at the whole stream once more and sends again what is missing.
--   What somebody acked in a group of ours, or trimmed unread, and the release before has looked at meanwhile is not looked
--   at again: a consumer that missed events by it gets them by a replay.
-- - What it makes unsent, or notes as sent, by itself is carried over by a trigger: \`requeueLostSql\` for rows that were sent
--   before, and the pass of a worker that had begun when this migration came.
-- - It archives and deletes what is old by \`sent_at\`; rows of its age were sent, or the relay has stood still for 90 days.
-- - Its audit log takes entries of ours for foreign ones and keeps copies of them, undecided, so its search shows these events
--   twice; the janitor of this release removes them. A replay that it runs over rows sent since fails at the stream id that is
--   null, and can be continued by this release.
-- - Its webhooks and its export wait: they go by the stream ids in \`events\`. Their cursors stay where they are, so this
--   release goes on from there, and nothing is left out.
--
-- The record loses nothing by it, and what is sent twice has one effect. A later migration drops the columns, their indexes and the
-- trigger \`events_noted\`.

-- No relay is in the middle of a pass, and none begins one; and nobody else writes or reads until the end. Both tables are
-- locked here, or neither: a later migration alters "relay_shards" in the same transaction, and who reads that table together
-- with "events", as the job of webhooks does, would wait for us with the one while we wait for the other, until Postgres ends
-- one of us. Whoever is in the way of the second lock gets both back before Postgres looks for a deadlock (after 1 s), and we
-- ask again. After a minute we wait in line.
DO $$
DECLARE
  patience text := current_setting('lock_timeout');
BEGIN
  FOR try IN 1..200 LOOP
    BEGIN
      PERFORM set_config('lock_timeout', CASE WHEN try < 200 THEN '250ms' ELSE patience END, true);
      PERFORM pg_advisory_xact_lock(1918985580, 1);
      LOCK TABLE "relay_shards", "events" IN ACCESS EXCLUSIVE MODE;
      EXIT;
    EXCEPTION WHEN lock_not_available THEN
      IF try = 200 THEN
        RAISE;
      END IF;
      PERFORM pg_sleep(0.05);
    END;
  END LOOP;
  PERFORM set_config('lock_timeout', patience, true);
END $$;`,
      `CREATE TABLE "stream_entries" (
	"position" bigint NOT NULL,
	"shard" integer NOT NULL,
	"ms" numeric(20, 0) NOT NULL,
	"seq" numeric(20, 0) NOT NULL,
	"sent_at" timestamp (3) with time zone NOT NULL
);`,
      `CREATE TABLE "unsent_events" (
	"position" bigint NOT NULL,
	"slot" integer NOT NULL,
	"tenant_id" varchar(100),
	"key" varchar(255)
) WITH (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);`,
      `INSERT INTO "unsent_events" ("position", "slot", "tenant_id", "key")
SELECT "position", "slot", "tenant_id", "key" FROM "events" WHERE sent_at IS NULL ORDER BY "position";`,
      `INSERT INTO "stream_entries" ("position", "shard", "ms", "seq", "sent_at")
SELECT "position", coalesce("shard", 0), split_part("stream_message_id", '-', 1)::numeric, split_part("stream_message_id", '-', 2)::numeric, "sent_at"
FROM "events" WHERE sent_at IS NOT NULL AND stream_message_id IS NOT NULL ORDER BY "position";`,
      `UPDATE "events" SET "sent_at" = now() WHERE sent_at IS NULL;`,
      `ALTER TABLE "unsent_events" ADD PRIMARY KEY ("position");`,
      `ALTER TABLE "stream_entries" ADD PRIMARY KEY ("position");`,
      `CREATE INDEX "stream_entries_id_idx" ON "stream_entries" USING btree ("shard","ms","seq");`,
      `ALTER TABLE "events" ALTER COLUMN "sent_at" SET DEFAULT now();`,
      `ALTER TABLE "stream_entries" ENABLE ROW LEVEL SECURITY;`,
      `ALTER TABLE "unsent_events" ENABLE ROW LEVEL SECURITY;`,
      `CREATE POLICY "all_rows" ON "stream_entries" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "stream_entries" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "events" owner WHERE owner."position" = "stream_entries"."position")) WITH CHECK (EXISTS (SELECT FROM "events" owner WHERE owner."position" = "stream_entries"."position"));`,
      `CREATE POLICY "all_rows" ON "unsent_events" AS PERMISSIVE FOR ALL TO public USING (true);`,
      `CREATE POLICY "tenant_rows" ON "unsent_events" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));`,
      `GRANT SELECT, INSERT ON "unsent_events" TO "brain_tenant";`,
      `GRANT SELECT ON "stream_entries" TO "brain_tenant";`,
      `-- Queues what is inserted, whoever inserts it, also what the release before does. A row that comes with the stream id of the
-- release before, out of a backup, was sent. For a lone event and for a thousand it costs less than what an insert takes
-- longer from one time to the next (0.72 ms, 52 ms, on a busy machine); so the statements that insert need not do it.
CREATE FUNCTION queue_events() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO unsent_events (position, slot, tenant_id, key)
  SELECT a.position, a.slot, a.tenant_id, a.key FROM added a WHERE a.stream_message_id IS NULL;
  IF EXISTS (SELECT FROM added a WHERE a.stream_message_id IS NOT NULL) THEN
    INSERT INTO stream_entries (position, shard, ms, seq, sent_at)
    SELECT a.position, coalesce(a.shard, 0), split_part(a.stream_message_id, '-', 1)::numeric,
      split_part(a.stream_message_id, '-', 2)::numeric, coalesce(a.sent_at, now())
    FROM added a WHERE a.stream_message_id IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;`,
      `CREATE TRIGGER "events_queued" AFTER INSERT ON "events" REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION queue_events();`,
      `-- What is said of an event goes with it.
CREATE FUNCTION forget_events() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  DELETE FROM stream_entries s USING gone g WHERE s.position = g.position;
  DELETE FROM unsent_events u USING gone g WHERE u.position = g.position;
  RETURN NULL;
END $$;`,
      `CREATE TRIGGER "events_forgotten" AFTER DELETE ON "events" REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION forget_events();`,
      `CREATE FUNCTION forget_all_events() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  -- Not TRUNCATE, which may have been asked of them by the same statement.
  DELETE FROM stream_entries;
  DELETE FROM unsent_events;
  RETURN NULL;
END $$;`,
      `CREATE TRIGGER "events_all_forgotten" AFTER TRUNCATE ON "events"
FOR EACH STATEMENT EXECUTE FUNCTION forget_all_events();`,
      `-- Carries over what the release before notes in \`events\` by itself. An id that is not the one under which the event was sent
-- last says nothing. Before the row is written, so that no row stays without a time there: nobody would give it one when it is
-- sent, and the release before would take it for unsent from then on. (What Postgres generates, as the slot, is not in NEW yet.)
CREATE FUNCTION note_of_release_before() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF NEW.stream_message_id IS NULL THEN
    DELETE FROM stream_entries s WHERE s.position = NEW.position AND s.ms || '-' || s.seq = OLD.stream_message_id;
    IF FOUND THEN
      INSERT INTO unsent_events (position, slot, tenant_id, key)
      VALUES (OLD.position, OLD.slot, OLD.tenant_id, OLD.key) ON CONFLICT (position) DO NOTHING;
    END IF;
  ELSE
    DELETE FROM unsent_events u WHERE u.position = NEW.position;
    IF FOUND THEN
      INSERT INTO stream_entries (position, shard, ms, seq, sent_at)
      VALUES (NEW.position, NEW.shard, split_part(NEW.stream_message_id, '-', 1)::numeric,
        split_part(NEW.stream_message_id, '-', 2)::numeric, coalesce(NEW.sent_at, now()))
      ON CONFLICT (position) DO NOTHING;
    END IF;
  END IF;
  NEW.sent_at := coalesce(NEW.sent_at, now());
  RETURN NEW;
END $$;`,
      `CREATE TRIGGER "events_noted" BEFORE UPDATE OF stream_message_id ON "events" FOR EACH ROW
WHEN (NEW.stream_message_id IS DISTINCT FROM OLD.stream_message_id)
EXECUTE FUNCTION note_of_release_before();`,
      `-- The functions of \`0021_relay_functions\` and \`0023_fair_tenants\`, which say what they do, on the two tables. They keep
-- their names, because they mean the same to who calls them. LATERAL with a LIMIT says in which order tables are read: a
-- plan that is kept is made for tables as they were, and when both are small Postgres reads \`events\` from its beginning.
CREATE OR REPLACE FUNCTION relay_load(p_shard integer, p_token uuid)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT CASE WHEN b.place = 1 THEN json_build_object(
      -- A release that gave ids ahead gave no numbers: its batch, told by its ids, has the next one.
      'number', r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END, 'after', r.sent_number,
      'known_last', r.known_ms || '-' || r.known_seq,
      -- False when the janitor trimmed that entry: then nobody can tell by it whether the stream is whole.
      'known_there', (r.known_ms, r.known_seq) > (r.trimmed_ms, r.trimmed_seq),
      -- The event that was sent under that id; null when the record no longer has it.
      'known_event', (SELECT k.id FROM stream_entries s
        CROSS JOIN LATERAL (SELECT e.id FROM events e WHERE e.position = s.position LIMIT 1) k
        WHERE s.shard = r.shard AND (s.ms, s.seq) = (r.known_ms, r.known_seq) LIMIT 1),
      'now_ms', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text,
      'floor', CASE WHEN (r.last_ms, r.last_seq) > (r.trimmed_ms, r.trimmed_seq)
        THEN r.last_ms || '-' || r.last_seq ELSE r.trimmed_ms || '-' || r.trimmed_seq END,
      'lane', r.id_lane, 'earlier', r.batch_ms || '-' || r.batch_seq)::text END,
    e.id::text, e.type::text, e.source::text, e.target::text, e.payload::text,
    to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    (e.meta || jsonb_build_object('position', e.position))::text,
    e.mission_id::text, e.task_id::text, e.correlation_id::text, e.tenant_id::text, e.actor_id::text, e.severity::text
  FROM relay_shards r
  CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS b(position, place)
  JOIN events e ON e.position = b.position
  WHERE r.shard = p_shard AND r.lease_token = p_token
  ORDER BY b.place;
END $$;`,
      `CREATE OR REPLACE FUNCTION relay_take(p_shard integer, p_token uuid, p_max_count integer, p_max_bytes integer) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  WITH mine AS (
    SELECT r.shard, l.shards
    FROM relay_shards r JOIN relay_layout l ON l.id = 1
    WHERE r.shard = p_shard AND r.lease_token = p_token AND r.batch_positions IS NULL
      AND l.target IS NULL AND r.shard < l.shards
  ), candidates AS (
    SELECT u.position, size.bytes
    FROM unsent_events u CROSS JOIN LATERAL (
      SELECT octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes
      FROM events e WHERE e.position = u.position LIMIT 1
    ) size
    WHERE u.slot % (SELECT shards FROM mine) = p_shard AND EXISTS (SELECT FROM mine)
    ORDER BY u.position LIMIT p_max_count
  ), bounded AS (
    SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS bytes_before FROM candidates
  ), chosen AS (
    SELECT array_agg(position ORDER BY position) AS positions FROM bounded WHERE bytes_before < p_max_bytes
  )
  UPDATE relay_shards r SET batch_positions = chosen.positions, batch_number = batch_number + 1
  FROM mine, chosen
  WHERE r.shard = mine.shard AND chosen.positions IS NOT NULL;
END $$;`,
      `CREATE OR REPLACE FUNCTION relay_take_fairly(p_shard integer, p_token uuid, p_max_count integer, p_max_bytes integer) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  WITH mine AS (
    SELECT r.shard, l.shards
    FROM relay_shards r JOIN relay_layout l ON l.id = 1
    WHERE r.shard = p_shard AND r.lease_token = p_token AND r.batch_positions IS NULL
      AND l.target IS NULL AND r.shard < l.shards
  ), near AS MATERIALIZED (
    SELECT u.position, coalesce(u.tenant_id, '') COLLATE "C" AS tenant, u.key COLLATE "C" AS key
    FROM unsent_events u
    WHERE u.slot % (SELECT shards FROM mine) = p_shard AND EXISTS (SELECT FROM mine)
    ORDER BY u.position LIMIT 20000
  ), weights AS MATERIALIZED (
    SELECT coalesce(jsonb_object_agg(tenant_id, weight), '{}') AS of FROM tenant_limits WHERE weight <> 1
  ), several AS MATERIALIZED (
    SELECT coalesce(min(tenant) <> max(tenant), false) AS are FROM near
  ), turns AS (
    SELECT position, (row_number() OVER (PARTITION BY tenant ORDER BY position) - 1)
        / coalesce(((SELECT of FROM weights) ->> tenant)::float8, 1) AS turn,
      key IS NULL OR min(tenant) OVER same_key = max(tenant) OVER same_key AS may_go
    FROM near WHERE (SELECT are FROM several)
    WINDOW same_key AS (PARTITION BY key ORDER BY position ROWS UNBOUNDED PRECEDING)
  ), candidates AS (
    SELECT position, turn FROM turns WHERE may_go
    UNION ALL SELECT position, 0 FROM near WHERE NOT (SELECT are FROM several)
    ORDER BY turn, position LIMIT p_max_count
  ), bounded AS (
    SELECT c.position, sum(size.bytes) OVER (ORDER BY c.turn, c.position) - size.bytes AS bytes_before
    FROM candidates c CROSS JOIN LATERAL (
      SELECT octet_length(e.payload::text) + octet_length(e.meta::text) AS bytes
      FROM events e WHERE e.position = c.position LIMIT 1
    ) size
  ), chosen AS (
    SELECT array_agg(position ORDER BY position) AS positions FROM bounded WHERE bytes_before < p_max_bytes
  )
  UPDATE relay_shards r SET batch_positions = chosen.positions, batch_number = batch_number + 1
  FROM mine, chosen
  WHERE r.shard = mine.shard AND chosen.positions IS NOT NULL;
END $$;`,
      `CREATE OR REPLACE FUNCTION relay_end(p_shard integer, p_number bigint, p_ms numeric, p_seq numeric) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  positions bigint[];
BEGIN
  -- Locked, so that of two relays that end one batch the second one finds it ended.
  SELECT r.batch_positions INTO positions FROM relay_shards r
  WHERE r.shard = p_shard AND r.batch_positions IS NOT NULL
    AND r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END = p_number
  FOR UPDATE;
  IF positions IS NULL THEN
    RETURN;
  END IF;
  INSERT INTO stream_entries (position, shard, ms, seq, sent_at)
  SELECT u.position, p_shard, p_ms, p_seq + b.place - 1, now()
  FROM unnest(positions) WITH ORDINALITY AS b(position, place)
    CROSS JOIN LATERAL (SELECT q.position FROM unsent_events q WHERE q.position = b.position LIMIT 1) u
  ON CONFLICT (position) DO UPDATE
  SET shard = excluded.shard, ms = excluded.ms, seq = excluded.seq, sent_at = excluded.sent_at;
  DELETE FROM unsent_events u WHERE u.position = ANY(positions);
  UPDATE relay_shards r
  SET last_ms = p_ms, last_seq = p_seq + cardinality(batch_positions) - 1,
    known_ms = p_ms, known_seq = p_seq + cardinality(batch_positions) - 1,
    batch_number = p_number, sent_number = p_number, batch_positions = NULL, batch_ms = NULL, batch_seq = NULL
  WHERE r.shard = p_shard AND r.batch_positions IS NOT NULL
    AND r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END = p_number;
END $$;`,
    ],
  },
  {
    tag: "0033_record_function",
    when: 1_795_750_710_486,
    hash: "9bd6022c6573fee209c82711ef3c5baad7dfb1e4b02d25bc760e1e77b97a66b7",
    statements: [
      `-- What publishing asks of Postgres, as a function: planned once in a session, as what the relay asks is (\`relay_functions\`).
-- A lone event takes 0.44 ms then, and took 0.79 as a statement that came by itself (medians, measured in turn on a busy
-- machine); a thousand take as long as before. A session in which tenants and others take turns plans it anew with each
-- change, as policies make Postgres do, and so takes as long as before at the worst.
--
-- Records events in their order; an id that is recorded already is left as it is. \`p_rows\` is a list of \`p_count\` events as
-- \`toRow\` in \`publish/record.ts\` makes them. Null when all of them were new, else the ids that were.
--
-- \`p_keys\` is a list of the keys that are locked until the transaction ends, null for none; \`p_turn\` the number of the turn
-- that is waited for when none is free, null when there are so few keys that they need none. Both come before the first
-- row has its position, as statements of their own, and in one order for all: see \`publish/record.ts\`. A statement that did
-- it all had the snapshot of before it waited, which none of it looks at: what is recorded meanwhile under the same id is
-- found by ON CONFLICT all the same. Here the rows are inserted with a snapshot of when the locks were granted, where the
-- transaction is READ COMMITTED, as ours are.
--
-- Whoever calls it inserts as himself: a tenant's policies hold in it.
CREATE FUNCTION record_events(p_rows json, p_count integer, p_keys json, p_turn integer) RETURNS text[]
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  fresh text[];
BEGIN
  IF p_turn IS NOT NULL THEN
    PERFORM CASE WHEN pg_try_advisory_xact_lock(1918985580, 2) THEN true
      WHEN pg_try_advisory_xact_lock(1918985580, 3) THEN true
      WHEN pg_try_advisory_xact_lock(1918985580, 4) THEN true
      ELSE pg_advisory_xact_lock(1918985580, p_turn)::text IS NOT NULL END;
  END IF;
  IF p_keys IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hash) FROM (
      SELECT DISTINCT hashtextextended(key, 0) AS hash FROM json_array_elements_text(p_keys) AS k(key) ORDER BY hash
    ) sorted;
  END IF;
  WITH inserted AS (
    INSERT INTO events (id, type, source, target, tenant_id, actor_id, correlation_id, causation_id, mission_id,
      task_id, severity, schema_version, producer, source_module, meta, payload, occurred_at, key, origin)
    SELECT e.id, e.type, e.source, e.target, e.tenant_id, e.actor_id, e.correlation_id, e.meta ->> 'causation_id',
      e.mission_id, e.task_id, e.severity, (e.meta ->> 'schema_version')::integer, e.meta ->> 'producer',
      e.meta ->> 'source_module', e.meta, e.payload, e.timestamp, e.key, e.origin
    FROM ROWS FROM (json_to_recordset(p_rows) AS (id uuid, type text, source text, target text,
      tenant_id text, actor_id text, correlation_id text, mission_id text, task_id text, severity text,
      meta jsonb, payload jsonb, timestamp timestamptz, key text, origin jsonb))
      WITH ORDINALITY AS e(id, type, source, target, tenant_id, actor_id, correlation_id, mission_id, task_id,
      severity, meta, payload, timestamp, key, origin, place)
    ORDER BY e.place
    ON CONFLICT (id) DO NOTHING
    RETURNING id
  )
  SELECT CASE WHEN count(*) < p_count THEN coalesce(array_agg(id::text), '{}') END INTO fresh FROM inserted;
  RETURN fresh;
END $$;`,
    ],
  },
  {
    tag: "0034_relay_in_hand",
    when: 1_795_751_616_819,
    hash: "28cf3da21ccd70df0b6a754ba0178872a391c06fcf0396f7bedaeb8d5cb075b5",
    statements: [
      `-- What the relay asks with each pass, for who has in hand what it has recorded just now. An isolate that publishes a
-- thousand events and relays them has them in its memory; to make texts of them again, carry these over and read them took
-- longer than to store them. So it names the transactions whose events it has, and gets of those the id and the position.
--
-- With \`p_rides\` it is the transaction that records that asks, behind its insert: events are recorded, chosen and handed to
-- the relay by one request, and they are among what is in hand. It never waits for another relay then, and leaves no mark:
-- what it does not get at once is left to the run that is started behind its commit.

-- As before, but for events of the transactions that \`brain.in_hand\` names (the low 32 bits of their numbers, as in \`xmin\`,
-- with commas between them; set for a transaction): of those "payload" is null, and "meta" is the position alone.
CREATE OR REPLACE FUNCTION relay_load(p_shard integer, p_token uuid)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  in_hand bigint[] := string_to_array(nullif(current_setting('brain.in_hand', true), ''), ',')::bigint[];
BEGIN
  RETURN QUERY
  SELECT CASE WHEN b.place = 1 THEN json_build_object(
      -- A release that gave ids ahead gave no numbers: its batch, told by its ids, has the next one.
      'number', r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END, 'after', r.sent_number,
      'known_last', r.known_ms || '-' || r.known_seq,
      -- False when the janitor trimmed that entry: then nobody can tell by it whether the stream is whole.
      'known_there', (r.known_ms, r.known_seq) > (r.trimmed_ms, r.trimmed_seq),
      -- The event that was sent under that id; null when the record no longer has it.
      'known_event', (SELECT k.id FROM stream_entries s
        CROSS JOIN LATERAL (SELECT e.id FROM events e WHERE e.position = s.position LIMIT 1) k
        WHERE s.shard = r.shard AND (s.ms, s.seq) = (r.known_ms, r.known_seq) LIMIT 1),
      'now_ms', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text,
      'floor', CASE WHEN (r.last_ms, r.last_seq) > (r.trimmed_ms, r.trimmed_seq)
        THEN r.last_ms || '-' || r.last_seq ELSE r.trimmed_ms || '-' || r.trimmed_seq END,
      'lane', r.id_lane, 'earlier', r.batch_ms || '-' || r.batch_seq)::text END,
    e.id::text, e.type::text, e.source::text, e.target::text, CASE WHEN h.here THEN NULL ELSE e.payload::text END,
    to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    CASE WHEN h.here THEN e.position::text ELSE (e.meta || jsonb_build_object('position', e.position))::text END,
    e.mission_id::text, e.task_id::text, e.correlation_id::text, e.tenant_id::text, e.actor_id::text, e.severity::text
  FROM relay_shards r
  CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS b(position, place)
  JOIN events e ON e.position = b.position
  CROSS JOIN LATERAL (SELECT in_hand IS NOT NULL AND e.xmin::text::bigint = ANY(in_hand) AS here) h
  WHERE r.shard = p_shard AND r.lease_token = p_token
  ORDER BY b.place;
END $$;`,
      `-- Makes known what is in hand, and of a transaction that records its own events, too. False when that would have to wait for
-- the lease, or does not have it: \`p_token\` null asks for one that is free.
CREATE FUNCTION relay_hold(p_shard integer, p_token uuid, p_in_hand text, p_rides boolean) RETURNS boolean
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  IF p_rides THEN
    IF NOT pg_try_advisory_xact_lock_shared(1918985580, 1) THEN
      RETURN false;
    END IF;
    PERFORM FROM relay_shards r WHERE r.shard = p_shard
      AND CASE WHEN p_token IS NULL THEN r.lease_token IS NULL OR r.lease_until <= now() ELSE r.lease_token = p_token END
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
      RETURN false;
    END IF;
    p_in_hand := concat_ws(',', nullif(p_in_hand, ''), pg_current_xact_id()::xid::text);
  END IF;
  PERFORM set_config('brain.in_hand', p_in_hand, true);
  RETURN true;
END $$;`,
      `-- \`relay_begin\`; no rows at all when \`relay_hold\` says no.
CREATE FUNCTION relay_begin_in_hand(p_shard integer, p_token uuid, p_lease_ms integer, p_shards integer,
  p_max_count integer, p_max_bytes integer, p_keep boolean, p_in_hand text, p_rides boolean)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
AS $$
BEGIN
  IF relay_hold(p_shard, NULL, p_in_hand, p_rides) THEN
    RETURN QUERY SELECT * FROM relay_begin(p_shard, p_token, p_lease_ms, p_shards, p_max_count, p_max_bytes, p_keep);
  END IF;
END $$;`,
      `-- \`relay_go_on\`; no rows at all when \`relay_hold\` says no.
CREATE FUNCTION relay_go_on_in_hand(p_shard integer, p_token uuid, p_number bigint, p_ms numeric, p_seq numeric,
  p_foreign_ms numeric, p_foreign_seq numeric, p_lease_ms integer, p_max_count integer, p_max_bytes integer,
  p_fairly boolean, p_in_hand text, p_rides boolean)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
AS $$
BEGIN
  IF relay_hold(p_shard, p_token, p_in_hand, p_rides) THEN
    RETURN QUERY SELECT * FROM relay_go_on(p_shard, p_token, p_number, p_ms, p_seq, p_foreign_ms, p_foreign_seq,
      p_lease_ms, p_max_count, p_max_bytes, p_fairly);
  END IF;
END $$;`,
    ],
  },
  {
    tag: "0035_shard_databases",
    when: 1_795_751_919_945,
    hash: "42b0893bab50b99fb5ab37c77a519614c1b16a5d8ba7dc264a46df141c5eed1e",
    statements: [`ALTER TABLE "relay_shards" ADD COLUMN "redis_database" integer;`],
  },
  {
    tag: "0036_claim_batch",
    when: 1_795_758_737_731,
    hash: "39028bab61e5a575cf36dce0665b42b3839c326d20256976cb6c387950a79a30",
    statements: [
      `-- Claims deliveries as \`claim_deliveries\` does, and tells what deviates instead of a row for each: of five hundred claims
-- all are ours as a rule, and to send and read that five hundred times took a tenth of a drain. The release before goes on
-- with the function that it knows.
--
-- One row: "claimed" are the message ids of those that are claimed now, null when all \`p_count\` of them are; "dead" those
-- of them whose event has an open dead letter, null when none has. A letter is looked for once the claims stand, and only
-- when the consumer has one that is open.
CREATE FUNCTION claim_batch(p_subscriber text, p_stream text, p_rows json, p_count integer, OUT claimed json, OUT dead json)
LANGUAGE plpgsql
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  messages text[];
BEGIN
  -- As a rule nothing is claimed yet. A plain insert tells by its failure what ON CONFLICT would look for in each unique
  -- index before each row: for many rows that is a quarter of the time, for a few the subtransaction is dearer.
  IF p_count > 16 THEN
    BEGIN
      INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id)
      SELECT p_subscriber, p_stream, c.m, c.e, c.t, c.n FROM json_to_recordset(p_rows) AS c(m text, e text, t text, n text);
    EXCEPTION WHEN unique_violation THEN
      messages := '{}';
    END;
  END IF;
  IF p_count <= 16 OR messages IS NOT NULL THEN
    WITH made AS (
      INSERT INTO processed_events AS o (subscriber_name, stream_name, stream_message_id, event_id, event_type, tenant_id)
      SELECT p_subscriber, p_stream, c.m, c.e, c.t, c.n FROM json_to_recordset(p_rows) AS c(m text, e text, t text, n text)
      ON CONFLICT DO NOTHING
      RETURNING o.stream_message_id
    )
    SELECT coalesce(array_agg(stream_message_id::text), '{}') INTO messages FROM made;
    IF cardinality(messages) = p_count THEN
      messages := NULL;
    END IF;
  END IF;
  claimed := to_json(messages);
  IF EXISTS (SELECT FROM dead_letters l WHERE l.subscriber_name = p_subscriber AND l.status = 'open') THEN
    SELECT json_agg(c.m) INTO dead FROM json_to_recordset(p_rows) AS c(m text, e text)
    WHERE (messages IS NULL OR c.m = ANY(messages)) AND EXISTS (SELECT FROM dead_letters l
      WHERE l.subscriber_name = p_subscriber AND l.event_id = c.e AND l.status = 'open');
  END IF;
END $$;`,
    ],
  },
  {
    tag: "0037_relay_in_hand_lean",
    when: 1_795_761_203_850,
    hash: "bbf79fba54e0946b74ce5b9a85f2d5b41f19febcceaf36045d50138194fd9e49",
    statements: [
      `-- \`relay_load\` of \`relay_in_hand\`, which of events in hand says the id and the position alone: "payload" is null and "meta"
-- the position, as before, and what else stood in their rows was made text, carried over and read by nobody.
CREATE OR REPLACE FUNCTION relay_load(p_shard integer, p_token uuid)
RETURNS TABLE (head text, id text, type text, source text, target text, payload text, "timestamp" text, meta text,
  mission_id text, task_id text, correlation_id text, tenant_id text, actor_id text, severity text)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  in_hand bigint[] := string_to_array(nullif(current_setting('brain.in_hand', true), ''), ',')::bigint[];
BEGIN
  RETURN QUERY
  SELECT CASE WHEN b.place = 1 THEN json_build_object(
      -- A release that gave ids ahead gave no numbers: its batch, told by its ids, has the next one.
      'number', r.batch_number + CASE WHEN r.batch_ms IS NULL THEN 0 ELSE 1 END, 'after', r.sent_number,
      'known_last', r.known_ms || '-' || r.known_seq,
      -- False when the janitor trimmed that entry: then nobody can tell by it whether the stream is whole.
      'known_there', (r.known_ms, r.known_seq) > (r.trimmed_ms, r.trimmed_seq),
      -- The event that was sent under that id; null when the record no longer has it.
      'known_event', (SELECT k.id FROM stream_entries s
        CROSS JOIN LATERAL (SELECT e.id FROM events e WHERE e.position = s.position LIMIT 1) k
        WHERE s.shard = r.shard AND (s.ms, s.seq) = (r.known_ms, r.known_seq) LIMIT 1),
      'now_ms', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text,
      'floor', CASE WHEN (r.last_ms, r.last_seq) > (r.trimmed_ms, r.trimmed_seq)
        THEN r.last_ms || '-' || r.last_seq ELSE r.trimmed_ms || '-' || r.trimmed_seq END,
      'lane', r.id_lane, 'earlier', r.batch_ms || '-' || r.batch_seq)::text END,
    e.id::text, l.type::text, l.source::text, l.target::text, l.payload::text,
    to_char(l.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    CASE WHEN l.position IS NULL THEN e.position::text
      ELSE (l.meta || jsonb_build_object('position', e.position))::text END,
    l.mission_id::text, l.task_id::text, l.correlation_id::text, l.tenant_id::text, l.actor_id::text, l.severity::text
  FROM relay_shards r
  CROSS JOIN LATERAL unnest(r.batch_positions) WITH ORDINALITY AS b(position, place)
  JOIN events e ON e.position = b.position
  -- What is not in hand: else nulls.
  LEFT JOIN LATERAL (SELECT e.*) l ON in_hand IS NULL OR e.xmin::text::bigint <> ALL(in_hand)
  WHERE r.shard = p_shard AND r.lease_token = p_token
  ORDER BY b.place;
END $$;`,
    ],
  },
  {
    tag: "0038_rename_subscriber",
    when: 1_795_811_036_905,
    hash: "3700eabd7509cfceee3df4714921f00626086bc6651d3d519ed914758bfa128b",
    statements: [
      `-- Gives what belongs to a subscriber to its new name: a migration of a product calls it in the release in which a consumer
-- is renamed, whose \`formerly\` is the name of before.
--
-- The release before stands still from here on: its transactions are fenced off, and its consumer is paused. So nothing is
-- handled under both names, and what comes meanwhile waits for the new one. Called the other way round it takes all back.
--
-- Claims are copied, because a program that is none of ours may have the same name in this table. What operators did stays
-- under the name under which they did it.
CREATE FUNCTION rename_subscriber(p_old text, p_new text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  renamer CONSTANT text := 'rename_subscriber';
BEGIN
  DELETE FROM consumer_pauses WHERE subscriber_name = p_new AND event_type = '' AND actor_id = renamer;
  IF NOT FOUND AND EXISTS (SELECT FROM consumer_shards WHERE subscriber_name = p_new AND start_id IS NOT NULL) THEN
    RAISE EXCEPTION 'Subscriber "%" has begun already, so it cannot go on in the place of "%".', p_new, p_old
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Rename before the first drain under the new name. What was handled under both names had its effects twice.';
  END IF;
  -- Whoever is about to commit holds these rows, so the claims are complete behind this.
  UPDATE consumer_shards SET epoch = epoch + 1 WHERE subscriber_name = p_old;
  IF NOT FOUND THEN
    RETURN; -- A new database, in which nobody ever had that name.
  END IF;
  INSERT INTO consumer_shards AS c (subscriber_name, shard, start_id, claims_id, claims_since, ahead)
  SELECT p_new, shard, start_id, claims_id, claims_since, ahead FROM consumer_shards WHERE subscriber_name = p_old
  ON CONFLICT (subscriber_name, shard) DO UPDATE SET epoch = c.epoch + 1, start_id = excluded.start_id,
    claims_id = excluded.claims_id, claims_since = excluded.claims_since, ahead = excluded.ahead;
  UPDATE consumer_pauses SET subscriber_name = p_new WHERE subscriber_name = p_old;
  INSERT INTO consumer_pauses (subscriber_name, reason, actor_id) VALUES (p_old, format('It is called %s now.', p_new), renamer);
  INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata)
  SELECT p_new, stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata
  FROM processed_events WHERE subscriber_name = p_old ON CONFLICT DO NOTHING;
  UPDATE replay_claims SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE dead_letters SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE deliveries SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE jobs SET subscriber_name = p_new WHERE subscriber_name = p_old;
END
$$;`,
    ],
  },
  {
    tag: "0039_require_subject_keys",
    when: 1_795_812_841_610,
    hash: "a892f304c752e87f073494a44a9acb787e9432e35e5c98bffdbb3393c9d749f9",
    statements: [
      `-- Fails when one of these keys of persons is there no more: whoever sealed with a key that it remembered asks this in the
-- statement that records, so that nothing is stored which nobody can read. The class of the failure says "again": the next
-- try seals with the key that the person has by then.
CREATE FUNCTION require_subject_keys(p_ids json) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
  IF (SELECT count(*) FROM subject_keys WHERE key_id IN (SELECT i::uuid FROM json_array_elements_text(p_ids) AS i))
    < json_array_length(p_ids) THEN
    RAISE EXCEPTION 'The key of a person was erased a moment ago.' USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN true;
END
$$;`,
    ],
  },
  {
    tag: "0040_publish_events",
    when: 1_795_813_563_561,
    hash: "f6159c9bede857200d502f3cd7b5fc8a5bb5dd663185e367d82de31347cdbfed",
    statements: [
      `-- What transactions ask that publish events: as \`record_events\`, but that an id which is recorded already must be that of the
-- same event. Another one (of another tenant or type, or with another payload) would be recorded by nobody, and its
-- publisher told that it is: so the transaction fails, with SQLSTATE ZE001 and the id as DETAIL. It is looked at only when
-- not all were new, and then for all of them, because two of one transaction may have one id.
--
-- A row with \`again\` may have another payload: a forced replay has its handler say once more what it said, and what it said
-- first stands.
--
-- What the caller may not see is another tenant's. A subquery as a value is looked up by the key for each row; a join could
-- be planned to read the whole record.
CREATE FUNCTION publish_events(p_rows json, p_count integer, p_keys json, p_turn integer) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
  fresh text[] := record_events(p_rows, p_count, p_keys, p_turn);
  other uuid;
BEGIN
  IF fresh IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT r.id INTO other
  FROM json_to_recordset(p_rows) AS r(id uuid, type text, tenant_id text, payload jsonb, again boolean)
  WHERE (SELECT e.type = r.type AND e.tenant_id IS NOT DISTINCT FROM r.tenant_id
      AND (r.again IS TRUE OR e.payload = r.payload)
    FROM events e WHERE e.id = r.id) IS NOT TRUE
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'The id of an event belongs to another event.' USING ERRCODE = 'ZE001', DETAIL = other;
  END IF;
  RETURN fresh;
END
$$;`,
      `-- What is asked for events of other programs whose id is made of what they are called there: as \`record_events\`, but an
-- event that an earlier release recorded for the same tenant under the id that it made (\`former_id\`) is not recorded again.
-- It is missing among the fresh ones then, as any other that is there already.
CREATE FUNCTION record_events_formerly(p_rows json, p_count integer, p_keys json, p_turn integer) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
  unknown json;
BEGIN
  SELECT coalesce(json_agg(r.value ORDER BY r.place), '[]') INTO unknown
  FROM json_array_elements(p_rows) WITH ORDINALITY AS r(value, place)
  WHERE r.value ->> 'former_id' IS NULL
    OR (SELECT e.tenant_id IS NOT DISTINCT FROM r.value ->> 'tenant_id'
      FROM events e WHERE e.id = (r.value ->> 'former_id')::uuid) IS NOT TRUE;
  RETURN record_events(unknown, p_count, p_keys, p_turn);
END
$$;`,
    ],
  },
  {
    tag: "0041_rename_over_missed",
    when: 1_795_827_494_519,
    hash: "7bdc29388286697931de17357e4b077dbb26164a056924cd30ca848d13cb549b",
    statements: [
      `-- \`rename_subscriber\` means what it meant. Its new body also sees to what a release before may do beside it:
--
-- The hourly comparison of the release that still has the old name found no claim, letter or deferred delivery under it, and
-- delivered all that had moved once more, to a name that stands still. So the old name begins nowhere from here on, which is
-- what that comparison asks. What it left before is no delivery: what it was made from came along under the other name. It kept
-- the names from being exchanged again.
CREATE OR REPLACE FUNCTION rename_subscriber(p_old text, p_new text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  renamer CONSTANT text := 'rename_subscriber';
BEGIN
  DELETE FROM consumer_pauses WHERE subscriber_name = p_new AND event_type = '' AND actor_id = renamer;
  IF NOT FOUND AND EXISTS (SELECT FROM consumer_shards WHERE subscriber_name = p_new AND start_id IS NOT NULL) THEN
    RAISE EXCEPTION 'Subscriber "%" has begun already, so it cannot go on in the place of "%".', p_new, p_old
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Rename before the first drain under the new name. What was handled under both names had its effects twice.';
  END IF;
  -- Whoever is about to commit holds these rows, so the claims are complete behind this.
  UPDATE consumer_shards SET epoch = epoch + 1 WHERE subscriber_name = p_old;
  IF NOT FOUND THEN
    RETURN; -- A new database, in which nobody ever had that name.
  END IF;
  INSERT INTO consumer_shards AS c (subscriber_name, shard, start_id, claims_id, claims_since, ahead)
  SELECT p_new, shard, start_id, claims_id, claims_since, ahead FROM consumer_shards WHERE subscriber_name = p_old
  ON CONFLICT (subscriber_name, shard) DO UPDATE SET epoch = c.epoch + 1, start_id = excluded.start_id,
    claims_id = excluded.claims_id, claims_since = excluded.claims_since, ahead = excluded.ahead;
  UPDATE consumer_shards SET start_id = NULL WHERE subscriber_name = p_old;
  DELETE FROM consumer_pauses p USING consumer_pauses o
  WHERE p.subscriber_name = p_new AND o.subscriber_name = p_old AND p.event_type = o.event_type;
  UPDATE consumer_pauses SET subscriber_name = p_new WHERE subscriber_name = p_old;
  INSERT INTO consumer_pauses (subscriber_name, reason, actor_id) VALUES (p_old, format('It is called %s now.', p_new), renamer);
  INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata)
  SELECT p_new, stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata
  FROM processed_events WHERE subscriber_name = p_old ON CONFLICT DO NOTHING;
  UPDATE replay_claims SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE dead_letters SET subscriber_name = p_new WHERE subscriber_name = p_old;
  DELETE FROM deliveries WHERE subscriber_name = p_new AND cause = 'missed';
  DELETE FROM deliveries d USING deliveries o
  WHERE d.subscriber_name = p_new AND o.subscriber_name = p_old
    AND d.stream_message_id = o.stream_message_id AND d.replay_epoch = o.replay_epoch;
  UPDATE deliveries SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE jobs SET subscriber_name = p_new WHERE subscriber_name = p_old;
END
$$;`,
    ],
  },
  {
    tag: "0042_clock_of_the_database",
    when: 1_795_840_049_371,
    hash: "cd5679bb08303b848d37587d95196181cf992531169d6c1ac956ca7086b17399",
    statements: [
      `ALTER TABLE "deliveries" ADD COLUMN "last_failed_at" timestamp (3) with time zone;`,
      `ALTER TABLE "deliveries" ADD COLUMN "wait_ms" bigint;`,
    ],
  },
  {
    tag: "0043_rename_ends_alerts",
    when: 1_795_842_861_250,
    hash: "08ffce807e35aee588e3416d44ad1332a19ca37560712d80444b3322193cff94",
    statements: [
      `-- \`rename_subscriber\` means what it meant. Its new body also ends the alerts of the old name, under which nothing happens any
-- more that could end them, such as an event that closes a circuit breaker. What holds on is told under the new name.
CREATE OR REPLACE FUNCTION rename_subscriber(p_old text, p_new text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  renamer CONSTANT text := 'rename_subscriber';
BEGIN
  DELETE FROM consumer_pauses WHERE subscriber_name = p_new AND event_type = '' AND actor_id = renamer;
  IF NOT FOUND AND EXISTS (SELECT FROM consumer_shards WHERE subscriber_name = p_new AND start_id IS NOT NULL) THEN
    RAISE EXCEPTION 'Subscriber "%" has begun already, so it cannot go on in the place of "%".', p_new, p_old
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Rename before the first drain under the new name. What was handled under both names had its effects twice.';
  END IF;
  -- Whoever is about to commit holds these rows, so the claims are complete behind this.
  UPDATE consumer_shards SET epoch = epoch + 1 WHERE subscriber_name = p_old;
  IF NOT FOUND THEN
    RETURN; -- A new database, in which nobody ever had that name.
  END IF;
  INSERT INTO consumer_shards AS c (subscriber_name, shard, start_id, claims_id, claims_since, ahead)
  SELECT p_new, shard, start_id, claims_id, claims_since, ahead FROM consumer_shards WHERE subscriber_name = p_old
  ON CONFLICT (subscriber_name, shard) DO UPDATE SET epoch = c.epoch + 1, start_id = excluded.start_id,
    claims_id = excluded.claims_id, claims_since = excluded.claims_since, ahead = excluded.ahead;
  UPDATE consumer_shards SET start_id = NULL WHERE subscriber_name = p_old;
  DELETE FROM consumer_pauses p USING consumer_pauses o
  WHERE p.subscriber_name = p_new AND o.subscriber_name = p_old AND p.event_type = o.event_type;
  UPDATE consumer_pauses SET subscriber_name = p_new WHERE subscriber_name = p_old;
  INSERT INTO consumer_pauses (subscriber_name, reason, actor_id) VALUES (p_old, format('It is called %s now.', p_new), renamer);
  INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata)
  SELECT p_new, stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata
  FROM processed_events WHERE subscriber_name = p_old ON CONFLICT DO NOTHING;
  UPDATE replay_claims SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE dead_letters SET subscriber_name = p_new WHERE subscriber_name = p_old;
  DELETE FROM deliveries WHERE subscriber_name = p_new AND cause = 'missed';
  DELETE FROM deliveries d USING deliveries o
  WHERE d.subscriber_name = p_new AND o.subscriber_name = p_old
    AND d.stream_message_id = o.stream_message_id AND d.replay_epoch = o.replay_epoch;
  UPDATE deliveries SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE jobs SET subscriber_name = p_new WHERE subscriber_name = p_old;
  UPDATE alerts SET resolved_at = now()
  WHERE resolved_at IS NULL AND regexp_replace(subject, ':[0-9]+$', '') IN (p_old, 'edge_' || p_old)
    AND kind IN ('brake_open', 'claims_missing', 'foreign_reader', 'trim_held_back', 'dead_letters', 'dead_letter_critical',
      'lag_age', 'critical_time');
END
$$;`,
    ],
  },
  {
    tag: "0044_names_of_operations_by_tenant",
    when: 1_796_012_939_051,
    hash: "9059a483d2327ad1563e0aad9f684f73fc876b9940fbdea6cbce3ff05172a661",
    statements: [
      `-- Names of replays and redrives were one space over all tenants: one tenant learned which names another had given, and
-- could take them away. Now each tenant has its own, and so has who acts for all. The release before names the old key in
-- ON CONFLICT and reads \`name\`, so both stay: where the operation of another tenant has the name, \`name\` gets something
-- behind it, and the name as it was given stands in the new column alone.
ALTER TABLE "jobs" ADD COLUMN "given_name" varchar(100);`,
      `CREATE UNIQUE INDEX "jobs_given_name_key" ON "jobs" USING btree ("kind","subscriber_name",coalesce(given_name, name),coalesce(tenant_id, ''));`,
    ],
  },
];
