CREATE TABLE "course_distribution_courses" (
	"course_id" varchar(255) PRIMARY KEY NOT NULL,
	"access" jsonb,
	"access_told_at" timestamp (3) with time zone,
	"workflow_state" varchar(20) DEFAULT 'draft' NOT NULL,
	"workflow_told_at" timestamp (3) with time zone
);
--> statement-breakpoint
-- Entries that events made are of courses whose workflow is known; those made by hand have no tenant.
INSERT INTO "course_distribution_courses" ("course_id", "workflow_state")
SELECT d."course_id", coalesce(f."workflow_state", 'draft')
FROM "course_distributions" d LEFT JOIN "course_factory_courses" f ON f."course_id"::text = d."course_id"
WHERE d."derived_from" IS NULL AND d."tenant_id" IS NOT NULL ON CONFLICT DO NOTHING;
