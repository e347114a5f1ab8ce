CREATE TABLE "identity_sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"token_hash" varchar(64) NOT NULL,
	"previous_hash" varchar(64),
	"previous_until" timestamp (3) with time zone,
	"rotated_at" timestamp (3) with time zone NOT NULL,
	"csrf_token" varchar(43) NOT NULL,
	"identity_id" varchar(100) NOT NULL,
	"name" varchar(100) NOT NULL,
	"tenant_id" varchar(100),
	"scopes" jsonb NOT NULL,
	"origin" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "identity_sessions_token_key" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE INDEX "identity_sessions_previous_idx" ON "identity_sessions" USING btree ("previous_hash") WHERE previous_hash IS NOT NULL;--> statement-breakpoint
CREATE INDEX "identity_sessions_created_idx" ON "identity_sessions" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "identity_sessions_expires_idx" ON "identity_sessions" USING btree ("expires_at");