ALTER TABLE "consumer_shards" ADD COLUMN "claims_id" varchar(50);--> statement-breakpoint
ALTER TABLE "consumer_shards" ADD COLUMN "claims_since" jsonb;