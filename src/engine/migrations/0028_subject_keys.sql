CREATE TABLE "subject_keys" (
	"key_id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" varchar(100) NOT NULL,
	"subject" varchar(255) NOT NULL,
	"sealed_key" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "subject_keys_subject_key" UNIQUE("tenant_id","subject")
);
--> statement-breakpoint
ALTER TABLE "subject_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "all_rows" ON "subject_keys" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "subject_keys" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "subject_keys" TO "brain_tenant";