ALTER TABLE "tenant_limits" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "tenant_limits" ADD COLUMN "rows_kept" bigint;--> statement-breakpoint
ALTER TABLE "tenant_limits" ADD COLUMN "rows_counted_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE POLICY "all_rows" ON "tenant_limits" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "tenant_limits" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
GRANT SELECT ON "tenant_limits" TO "brain_tenant";