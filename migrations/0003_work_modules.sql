CREATE TABLE "agents" (
	"agent_id" varchar(100) PRIMARY KEY NOT NULL,
	"tenant_id" varchar(100),
	"status" varchar(7) NOT NULL,
	"status_since" timestamp (3) with time zone NOT NULL,
	"last_heartbeat" timestamp (3) with time zone,
	"heartbeat_seconds" integer,
	"offline_at" timestamp (3) with time zone,
	"tasks_completed" integer DEFAULT 0 NOT NULL,
	"tasks_failed" integer DEFAULT 0 NOT NULL,
	"errors" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "agents_status_check" CHECK (status IN ('online', 'offline')),
	CONSTRAINT "agents_watched_check" CHECK (offline_at IS NULL OR status = 'online'),
	CONSTRAINT "agents_counts_check" CHECK (tasks_completed >= 0 AND tasks_failed >= 0 AND errors >= 0)
);
--> statement-breakpoint
CREATE TABLE "mission_log" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "mission_log_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"mission_id" uuid NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"level" varchar(7) NOT NULL,
	"message" text NOT NULL,
	"data" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "mission_queue_pauses" (
	"queue" varchar(20) PRIMARY KEY NOT NULL,
	"reason" text NOT NULL,
	"paused_by" varchar(100),
	"paused_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "mission_templates" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" varchar(200) NOT NULL,
	"description" text NOT NULL,
	"category" varchar(100) NOT NULL,
	"steps" jsonb NOT NULL,
	"variables" jsonb NOT NULL,
	"created_by" varchar(100) NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "missions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"type" varchar(100) NOT NULL,
	"name" varchar(200) NOT NULL,
	"description" text,
	"tenant_id" varchar(100),
	"payload" jsonb NOT NULL,
	"priority" integer NOT NULL,
	"status" varchar(9) NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"max_retries" integer NOT NULL,
	"attempt_limit" integer NOT NULL,
	"place" bigint GENERATED ALWAYS AS IDENTITY (sequence name "missions_place_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"due_at" timestamp with time zone,
	"lease_owner" uuid,
	"queued_at" timestamp (3) with time zone,
	"started_at" timestamp (3) with time zone,
	"attempt_started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"result" jsonb,
	"error" text,
	"error_type" varchar(200),
	"correlation_id" varchar(255) NOT NULL,
	"created_by" varchar(100) NOT NULL,
	"last_event_id" uuid NOT NULL,
	"template_id" uuid,
	"run_id" uuid,
	"step" integer,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "missions_status_check" CHECK (status IN ('pending', 'queued', 'running', 'paused', 'completed', 'failed', 'cancelled')),
	CONSTRAINT "missions_priority_check" CHECK (priority IN (10, 20, 30, 40)),
	CONSTRAINT "missions_attempts_check" CHECK (attempt >= 0 AND attempt <= attempt_limit AND max_retries >= 1),
	CONSTRAINT "missions_due_check" CHECK ((due_at IS NOT NULL) = (status IN ('queued', 'running', 'paused'))),
	CONSTRAINT "missions_lease_check" CHECK ((lease_owner IS NOT NULL) = (status = 'running')),
	CONSTRAINT "missions_result_check" CHECK (result IS NULL OR status = 'completed')
);
--> statement-breakpoint
CREATE TABLE "task_events" (
	"event_id" varchar(100) PRIMARY KEY NOT NULL,
	"position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "task_events_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"event_type" varchar(50) NOT NULL,
	"task_id" varchar(100) NOT NULL,
	"occurred_at" timestamp(6) with time zone NOT NULL,
	"record" jsonb NOT NULL,
	"stored_at" timestamp (3) with time zone NOT NULL,
	"counted_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "task_history" (
	"event_id" varchar(100) NOT NULL,
	"field" varchar(100) NOT NULL,
	"task_id" varchar(100) NOT NULL,
	"old_value" jsonb,
	"new_value" jsonb,
	"changed_at" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "task_history_event_id_field_pk" PRIMARY KEY("event_id","field")
);
--> statement-breakpoint
CREATE TABLE "task_items" (
	"task_id" varchar(100) PRIMARY KEY NOT NULL,
	"title" varchar(500) NOT NULL,
	"priority" varchar(2) NOT NULL,
	"status" varchar(20) NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"completion_notes" varchar(2000),
	"created_by" varchar(100),
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"completed_at" timestamp (3) with time zone,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "task_items_title_check" CHECK (title <> ''),
	CONSTRAINT "task_items_priority_check" CHECK (priority IN ('P0', 'P1', 'P2', 'P3')),
	CONSTRAINT "task_items_status_check" CHECK (status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED', 'DELETED')),
	CONSTRAINT "task_items_completed_check" CHECK ((status <> 'COMPLETED' OR completed_at IS NOT NULL) AND completed_at >= created_at),
	CONSTRAINT "task_items_deleted_check" CHECK ((status = 'DELETED') = (deleted_at IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "task_legacy_events" (
	"position" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "task_legacy_events_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"type" varchar(50) NOT NULL,
	"task_id" varchar(100) NOT NULL,
	"title" varchar(500) NOT NULL,
	"timestamp" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "task_references" (
	"task_id" varchar(100) NOT NULL,
	"referenced_id" varchar(100) NOT NULL,
	CONSTRAINT "task_references_task_id_referenced_id_pk" PRIMARY KEY("task_id","referenced_id"),
	CONSTRAINT "task_references_self_check" CHECK (task_id <> referenced_id)
);
--> statement-breakpoint
CREATE TABLE "task_stats" (
	"day" date NOT NULL,
	"event_type" varchar(50) NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "task_stats_day_event_type_pk" PRIMARY KEY("day","event_type"),
	CONSTRAINT "task_stats_count_check" CHECK (count > 0)
);
--> statement-breakpoint
ALTER TABLE "mission_log" ADD CONSTRAINT "mission_log_mission_id_missions_id_fk" FOREIGN KEY ("mission_id") REFERENCES "public"."missions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "agents_overdue_idx" ON "agents" USING btree ("offline_at") WHERE offline_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX "mission_log_mission_idx" ON "mission_log" USING btree ("mission_id","id");--> statement-breakpoint
CREATE INDEX "mission_templates_created_idx" ON "mission_templates" USING btree ("created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "mission_templates_category_idx" ON "mission_templates" USING btree ("category","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "missions_claim_idx" ON "missions" USING btree ("priority" DESC NULLS FIRST,"place") WHERE status IN ('queued', 'running');--> statement-breakpoint
CREATE INDEX "missions_due_idx" ON "missions" USING btree ("due_at") WHERE status IN ('queued', 'running');--> statement-breakpoint
CREATE INDEX "missions_created_idx" ON "missions" USING btree ("created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "missions_status_idx" ON "missions" USING btree ("status","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE UNIQUE INDEX "missions_run_step_key" ON "missions" USING btree ("run_id","step") WHERE run_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "task_events_time_idx" ON "task_events" USING btree ("occurred_at","position");--> statement-breakpoint
CREATE INDEX "task_events_type_idx" ON "task_events" USING btree ("event_type","occurred_at","position");--> statement-breakpoint
CREATE INDEX "task_history_task_idx" ON "task_history" USING btree ("task_id","changed_at");--> statement-breakpoint
CREATE INDEX "task_items_newest_idx" ON "task_items" USING btree ("created_at","task_id");--> statement-breakpoint
CREATE UNIQUE INDEX "task_legacy_events_time_idx" ON "task_legacy_events" USING btree ("timestamp","position");--> statement-breakpoint
CREATE INDEX "task_references_referenced_idx" ON "task_references" USING btree ("referenced_id");