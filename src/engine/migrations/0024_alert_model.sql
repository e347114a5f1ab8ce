CREATE TABLE "alert_actions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "alert_actions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"alert_id" bigint NOT NULL,
	"action" varchar(20) NOT NULL,
	"actor_id" varchar(255),
	"note" text,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "alert_actions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "alerts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "tenant_id" varchar(255);--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "state" varchar(12) DEFAULT 'open' NOT NULL;--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "reopens" bigint;--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "event_ids" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "told_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "alerts" ADD COLUMN "told_over_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "alert_actions" ADD CONSTRAINT "alert_actions_alert_id_alerts_id_fk" FOREIGN KEY ("alert_id") REFERENCES "alerts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "alert_actions_alert_idx" ON "alert_actions" USING btree ("alert_id","id");--> statement-breakpoint
CREATE INDEX "alerts_subject_idx" ON "alerts" USING btree ("kind","subject","id");--> statement-breakpoint
CREATE INDEX "alerts_tenant_idx" ON "alerts" USING btree ("tenant_id","id") WHERE tenant_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "alerts_untold_idx" ON "alerts" USING btree ("id") WHERE told_at IS NULL OR (resolved_at IS NOT NULL AND told_over_at IS NULL);--> statement-breakpoint
CREATE POLICY "all_rows" ON "alerts" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "alerts" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "alert_actions" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "alert_actions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "alerts" owner WHERE owner."id" = "alert_actions"."alert_id")) WITH CHECK (EXISTS (SELECT FROM "alerts" owner WHERE owner."id" = "alert_actions"."alert_id"));--> statement-breakpoint
UPDATE "alerts" SET "told_at" = "first_seen_at", "told_over_at" = "resolved_at" WHERE "resolved_at" IS NOT NULL;--> statement-breakpoint
GRANT SELECT, UPDATE ("state", "resolved_at") ON "alerts" TO "brain_tenant";--> statement-breakpoint
GRANT SELECT, INSERT ON "alert_actions" TO "brain_tenant";
