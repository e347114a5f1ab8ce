ALTER TABLE "course_distribution_outlines" ADD COLUMN "modules" jsonb;--> statement-breakpoint
ALTER TABLE "course_distribution_outlines" ADD COLUMN "total_duration_minutes" integer;