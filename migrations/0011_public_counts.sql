ALTER TABLE "course_distributions" ADD COLUMN "counted_minute" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "course_distributions" ADD COLUMN "counted_in_minute" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "course_distributions" ADD COLUMN "untold_views" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "course_distributions" ADD COLUMN "untold_clicks" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "course_distributions_untold_idx" ON "course_distributions" USING btree ("distribution_id") WHERE untold_views > 0 OR untold_clicks > 0;