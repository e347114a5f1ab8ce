DROP INDEX "course_distributions_base_course_key";--> statement-breakpoint
ALTER TABLE "task_stats" DROP CONSTRAINT "task_stats_day_event_type_pk";--> statement-breakpoint
ALTER TABLE "agents" DROP CONSTRAINT "agents_pkey";--> statement-breakpoint
ALTER TABLE "course_distribution_courses" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
ALTER TABLE "course_distribution_lessons" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
ALTER TABLE "course_distribution_outlines" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
ALTER TABLE "mission_templates" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
ALTER TABLE "task_events" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
ALTER TABLE "task_history" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
ALTER TABLE "task_items" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
ALTER TABLE "task_legacy_events" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
ALTER TABLE "task_stats" ADD COLUMN "tenant_id" varchar(100);--> statement-breakpoint
CREATE INDEX "course_distributions_tenant_idx" ON "course_distributions" USING btree ("tenant_id","created_at") WHERE tenant_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "course_factory_courses_tenant" ON "course_factory_courses" USING btree ("tenant_id","finished_at" DESC NULLS LAST,"course_id" DESC NULLS LAST) WHERE "course_factory_courses"."status" = 'completed';--> statement-breakpoint
CREATE INDEX "missions_tenant_idx" ON "missions" USING btree ("tenant_id","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST) WHERE tenant_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "task_events_tenant_idx" ON "task_events" USING btree ("tenant_id","occurred_at","position") WHERE tenant_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "task_items_tenant_idx" ON "task_items" USING btree ("tenant_id","created_at","task_id") WHERE tenant_id IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "course_distributions_base_course_key" ON "course_distributions" USING btree ("course_id",coalesce(tenant_id, '')) WHERE derived_from IS NULL;--> statement-breakpoint
ALTER TABLE "agents" ADD CONSTRAINT "agents_agent_key" UNIQUE NULLS NOT DISTINCT("agent_id","tenant_id");--> statement-breakpoint
ALTER TABLE "task_stats" ADD CONSTRAINT "task_stats_day_key" UNIQUE NULLS NOT DISTINCT("day","event_type","tenant_id");--> statement-breakpoint
UPDATE "course_distribution_courses" AS c SET "tenant_id" = d."tenant_id" FROM "course_distributions" AS d WHERE d."course_id" = c."course_id" AND d."derived_from" IS NULL;--> statement-breakpoint
UPDATE "course_distribution_outlines" AS c SET "tenant_id" = d."tenant_id" FROM "course_distributions" AS d WHERE d."course_id" = c."course_id" AND d."derived_from" IS NULL;--> statement-breakpoint
UPDATE "course_distribution_lessons" AS c SET "tenant_id" = d."tenant_id" FROM "course_distributions" AS d WHERE d."course_id" = c."course_id" AND d."derived_from" IS NULL;