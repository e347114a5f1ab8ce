ALTER TABLE "relay_shards" ADD COLUMN "batch_number" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "relay_shards" ADD COLUMN "sent_number" bigint DEFAULT 0 NOT NULL;