CREATE TABLE "security_signs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "security_signs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"rule" varchar(50) NOT NULL,
	"subject" varchar(255) NOT NULL,
	"event_id" varchar(100) NOT NULL,
	"tenant_id" varchar(100),
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"is_alerted" boolean DEFAULT false NOT NULL,
	"batch" uuid NOT NULL,
	"noted_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "security_signs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE UNIQUE INDEX "security_signs_event_key" ON "security_signs" USING btree ("rule","subject","event_id");--> statement-breakpoint
CREATE INDEX "security_signs_window_idx" ON "security_signs" USING btree ("rule","subject","occurred_at");--> statement-breakpoint
CREATE INDEX "security_signs_batch_idx" ON "security_signs" USING btree ("batch");--> statement-breakpoint
CREATE INDEX "security_signs_noted_idx" ON "security_signs" USING btree ("noted_at");--> statement-breakpoint
CREATE POLICY "all_rows" ON "security_signs" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "security_signs" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "security_signs" TO "brain_tenant";