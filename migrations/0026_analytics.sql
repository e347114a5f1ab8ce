CREATE TABLE "analytics_counts" (
	"tenant_id" varchar(100) NOT NULL,
	"metric" varchar(60) NOT NULL,
	"grain" char(1) NOT NULL,
	"course_id" varchar(100) NOT NULL,
	"bucket" timestamp (3) with time zone NOT NULL,
	"language" varchar(3) NOT NULL,
	"kind" varchar(100) NOT NULL,
	"count" bigint NOT NULL,
	"total" bigint NOT NULL,
	"histogram" bigint[],
	CONSTRAINT "analytics_counts_pkey" PRIMARY KEY("tenant_id","metric","grain","course_id","bucket","language","kind"),
	CONSTRAINT "analytics_counts_grain_check" CHECK (grain IN ('h', 'd'))
);
--> statement-breakpoint
ALTER TABLE "analytics_counts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "analytics_kinds" (
	"tenant_id" varchar(100) NOT NULL,
	"metric" varchar(60) NOT NULL,
	"kind" varchar(100) NOT NULL,
	CONSTRAINT "analytics_kinds_tenant_id_metric_kind_pk" PRIMARY KEY("tenant_id","metric","kind")
);
--> statement-breakpoint
ALTER TABLE "analytics_kinds" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "analytics_subjects" (
	"tenant_id" varchar(100) NOT NULL,
	"id" varchar(100) NOT NULL,
	"course_id" varchar(100) NOT NULL,
	"language" varchar(3) NOT NULL,
	"kind" varchar(10) NOT NULL,
	CONSTRAINT "analytics_subjects_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "analytics_subjects" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "analytics_counts_bucket_idx" ON "analytics_counts" USING btree ("grain","bucket","metric");--> statement-breakpoint
CREATE POLICY "all_rows" ON "analytics_counts" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "analytics_counts" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "analytics_kinds" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "analytics_kinds" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "analytics_subjects" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "analytics_subjects" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "analytics_counts", "analytics_kinds", "analytics_subjects" TO "brain_tenant";--> statement-breakpoint
GRANT SELECT ON "analytics_counts", "analytics_subjects", "analytics_kinds" TO brain_tenant;
