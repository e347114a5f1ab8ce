CREATE TABLE "audit_blocks" (
	"day" date NOT NULL,
	"number" integer NOT NULL,
	"from_position" bigint NOT NULL,
	"to_position" bigint NOT NULL,
	"rows" integer NOT NULL,
	"listing" text NOT NULL,
	"hash" varchar(64) NOT NULL,
	CONSTRAINT "audit_blocks_day_number_pk" PRIMARY KEY("day","number")
);
--> statement-breakpoint
CREATE TABLE "audit_seals" (
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
);
--> statement-breakpoint
ALTER TABLE "archived_entries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "position" bigint DEFAULT nextval('events_position_seq'::regclass) NOT NULL;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "shard" integer;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "source" varchar(255);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "target" varchar(255);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "actor_id" varchar(255);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "correlation_id" varchar(255);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "causation_id" varchar(255);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "mission_id" varchar(255);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "task_id" varchar(255);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "severity" varchar(8);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "schema_version" integer;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "producer" varchar(255);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "source_module" varchar(100);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "meta" jsonb;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "payload" jsonb;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "occurred_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "key" varchar(255);--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "decode_notes" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "unread" text;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD COLUMN "undecided" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "audit_blocks_position_idx" ON "audit_blocks" USING btree ("to_position");--> statement-breakpoint
-- A record of millions is better given these beforehand, see README.md: then nothing waits for them here.
CREATE INDEX IF NOT EXISTS "events_source_idx" ON "events" USING btree ("source","position");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "events_module_idx" ON "events" USING btree ("source_module","position");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "events_key_idx" ON "events" USING btree ("key","position") WHERE key IS NOT NULL;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "events_target_idx" ON "events" USING btree ("target","position") WHERE target IS NOT NULL;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "events_causation_idx" ON "events" USING btree ("causation_id","position") WHERE causation_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "events_mission_idx" ON "events" USING btree ("mission_id","position") WHERE mission_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "events_task_idx" ON "events" USING btree ("task_id","position") WHERE task_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "events_severity_idx" ON "events" USING btree ("severity","position") WHERE severity IS NOT NULL;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "events_occurred_at_idx" ON "events" USING btree ("occurred_at","position");--> statement-breakpoint
CREATE INDEX "archived_entries_type_idx" ON "archived_entries" USING btree ("event_type","position");--> statement-breakpoint
CREATE INDEX "archived_entries_event_idx" ON "archived_entries" USING btree ("event_id") WHERE event_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "archived_entries_tenant_idx" ON "archived_entries" USING btree ("tenant_id","position") WHERE tenant_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "archived_entries_correlation_idx" ON "archived_entries" USING btree ("correlation_id","position") WHERE correlation_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "archived_entries_undecided_idx" ON "archived_entries" USING btree ("position") WHERE undecided;--> statement-breakpoint
ALTER TABLE "archived_entries" ADD CONSTRAINT "archived_entries_position_key" UNIQUE("position");--> statement-breakpoint
CREATE POLICY "all_rows" ON "archived_entries" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "archived_entries" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
GRANT SELECT ON "archived_entries" TO "brain_tenant";
