CREATE TABLE "dead_letters" (
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
);
--> statement-breakpoint
CREATE TABLE "events" (
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
);
--> statement-breakpoint
CREATE TABLE "processed_events" (
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
);
--> statement-breakpoint
CREATE TABLE "relay_shards" (
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
);
--> statement-breakpoint
CREATE INDEX "dead_letters_open_idx" ON "dead_letters" USING btree ("subscriber_name","id") WHERE status = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "events_id_key" ON "events" USING btree ("id");--> statement-breakpoint
CREATE INDEX "events_unsent_idx" ON "events" USING btree ("shard","position") WHERE sent_at IS NULL;--> statement-breakpoint
CREATE INDEX "events_stored_at_idx" ON "events" USING brin ("stored_at");--> statement-breakpoint
CREATE INDEX "events_type_idx" ON "events" USING btree ("type","position");--> statement-breakpoint
CREATE INDEX "events_tenant_idx" ON "events" USING btree ("tenant_id","position") WHERE tenant_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "events_correlation_idx" ON "events" USING btree ("correlation_id") WHERE correlation_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "events_actor_idx" ON "events" USING btree ("actor_id","position") WHERE actor_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "idx_processed_events_subscriber" ON "processed_events" USING btree ("subscriber_name");--> statement-breakpoint
CREATE INDEX "idx_processed_events_event_id" ON "processed_events" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "idx_processed_events_processed_at" ON "processed_events" USING btree ("processed_at");--> statement-breakpoint
CREATE INDEX "idx_processed_events_tenant" ON "processed_events" USING btree ("tenant_id");
