ALTER TABLE "idempotency_keys" ADD COLUMN "committed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "idempotency_keys" ADD COLUMN "correlation_id" varchar(255);