CREATE TABLE "identity_keys" (
	"id" varchar(16) PRIMARY KEY NOT NULL,
	"name" varchar(100) NOT NULL,
	"tenant_id" varchar(100),
	"scopes" jsonb NOT NULL,
	"secret_hash" varchar(64) NOT NULL,
	"previous_hash" varchar(64),
	"previous_until" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"created_by" varchar(100),
	"rotated_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE INDEX "identity_keys_created_idx" ON "identity_keys" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "identity_keys_tenant_idx" ON "identity_keys" USING btree ("tenant_id","created_at") WHERE tenant_id IS NOT NULL;