CREATE TABLE "consumer_shards" (
	"subscriber_name" varchar(255) NOT NULL,
	"shard" integer NOT NULL,
	"epoch" bigint DEFAULT 1 NOT NULL,
	"start_id" varchar(50),
	CONSTRAINT "consumer_shards_subscriber_name_shard_pk" PRIMARY KEY("subscriber_name","shard")
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
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
);
--> statement-breakpoint
CREATE TABLE "relay_layout" (
	"id" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"shards" integer NOT NULL,
	"target" integer,
	"changed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "alerts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "alerts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" varchar(50) NOT NULL,
	"subject" varchar(255) NOT NULL,
	"severity" varchar(10) NOT NULL,
	"message" text NOT NULL,
	"count" integer DEFAULT 1 NOT NULL,
	"first_seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"resolved_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "archive_days" (
	"day" date PRIMARY KEY NOT NULL,
	"cursor_position" bigint DEFAULT 0 NOT NULL,
	"state" jsonb,
	"rows" integer DEFAULT 0 NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"archived_at" timestamp (3) with time zone,
	"deleted_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "archived_entries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "archived_entries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"stream_name" varchar(255) NOT NULL,
	"stream_message_id" varchar(50) NOT NULL,
	"event_id" varchar(255),
	"event_type" varchar(255),
	"raw_fields" jsonb NOT NULL,
	"archived_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "archived_entries_key" UNIQUE("stream_name","stream_message_id")
);
--> statement-breakpoint
CREATE TABLE "consumer_pauses" (
	"subscriber_name" varchar(255) NOT NULL,
	"event_type" varchar(100) DEFAULT '' NOT NULL,
	"reason" text NOT NULL,
	"actor_id" varchar(255),
	"paused_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone,
	CONSTRAINT "consumer_pauses_subscriber_name_event_type_pk" PRIMARY KEY("subscriber_name","event_type")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"key" varchar(255) NOT NULL,
	"route" varchar(300) NOT NULL,
	"request_hash" varchar(64) NOT NULL,
	"status" integer,
	"response" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_key_route_pk" PRIMARY KEY("key","route")
);
--> statement-breakpoint
CREATE TABLE "jobs" (
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
);
--> statement-breakpoint
CREATE TABLE "operator_actions" (
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
);
--> statement-breakpoint
ALTER TABLE "processed_events" DROP CONSTRAINT "uq_subscriber_stream_msg_id";--> statement-breakpoint
ALTER TABLE "processed_events" DROP CONSTRAINT "uq_subscriber_event_id";--> statement-breakpoint
DROP INDEX "events_unsent_idx";--> statement-breakpoint
ALTER TABLE "events" ALTER COLUMN "shard" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "shard" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "key" varchar(255);--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "fingerprint" varchar(16) DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "replay_epoch" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "job_id" bigint;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "redrives" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "resolution" text;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "resolved_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "edited_fields" jsonb;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "edited_event_id" varchar(255);--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "slot" integer GENERATED ALWAYS AS (('x' || left(md5(coalesce(key, id::text)), 4))::bit(16)::integer) STORED;--> statement-breakpoint
ALTER TABLE "processed_events" ADD COLUMN "replay_epoch" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "relay_shards" ADD COLUMN "trimmed_ms" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "relay_shards" ADD COLUMN "trimmed_seq" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "deliveries_order_idx" ON "deliveries" USING btree ("subscriber_name","shard","stream_ms","stream_seq");--> statement-breakpoint
CREATE INDEX "deliveries_key_idx" ON "deliveries" USING btree ("subscriber_name","key","stream_ms","stream_seq") WHERE key IS NOT NULL;--> statement-breakpoint
CREATE INDEX "deliveries_job_idx" ON "deliveries" USING btree ("job_id") WHERE job_id IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "alerts_open_key" ON "alerts" USING btree ("kind","subject") WHERE resolved_at IS NULL;--> statement-breakpoint
CREATE INDEX "archived_entries_archived_at_idx" ON "archived_entries" USING btree ("archived_at");--> statement-breakpoint
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "jobs_idempotency_key" ON "jobs" USING btree ("idempotency_key");--> statement-breakpoint
CREATE INDEX "jobs_running_idx" ON "jobs" USING btree ("next_step_at") WHERE status = 'running';--> statement-breakpoint
CREATE INDEX "operator_actions_subscriber_idx" ON "operator_actions" USING btree ("subscriber_name","id");--> statement-breakpoint
CREATE INDEX "dead_letters_key_idx" ON "dead_letters" USING btree ("subscriber_name","key") WHERE status IN ('open', 'requeued') AND key IS NOT NULL;--> statement-breakpoint
CREATE INDEX "dead_letters_fingerprint_idx" ON "dead_letters" USING btree ("fingerprint","id");--> statement-breakpoint
CREATE INDEX "dead_letters_job_idx" ON "dead_letters" USING btree ("job_id","id") WHERE job_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "events_sent_at_idx" ON "events" USING brin ("sent_at");--> statement-breakpoint
CREATE INDEX "events_unsent_idx" ON "events" USING btree ("position") WHERE sent_at IS NULL;--> statement-breakpoint
ALTER TABLE "processed_events" ADD CONSTRAINT "uq_subscriber_stream_msg_id" UNIQUE("subscriber_name","stream_message_id","replay_epoch");--> statement-breakpoint
ALTER TABLE "processed_events" ADD CONSTRAINT "uq_subscriber_event_id" UNIQUE("subscriber_name","event_id","replay_epoch");