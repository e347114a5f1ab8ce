DROP INDEX "events_sent_at_idx";--> statement-breakpoint
-- Redis counts ids with 64 unsigned bits. Dropping a column takes its indexes along.
ALTER TABLE "deliveries" DROP COLUMN "stream_ms", DROP COLUMN "stream_seq",
  ADD COLUMN "stream_ms" numeric(20, 0) GENERATED ALWAYS AS (split_part(stream_message_id, '-', 1)::numeric) STORED NOT NULL,
  ADD COLUMN "stream_seq" numeric(20, 0) GENERATED ALWAYS AS (split_part(stream_message_id, '-', 2)::numeric) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "deliveries_order_idx" ON "deliveries" USING btree ("subscriber_name","shard","stream_ms","stream_seq");--> statement-breakpoint
CREATE INDEX "deliveries_key_idx" ON "deliveries" USING btree ("subscriber_name","key","stream_ms","stream_seq") WHERE key IS NOT NULL;--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "last_ms" SET DATA TYPE numeric(20, 0);--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "last_ms" SET DEFAULT 0;--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "last_seq" SET DATA TYPE numeric(20, 0);--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "last_seq" SET DEFAULT 0;--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "known_ms" SET DATA TYPE numeric(20, 0);--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "known_ms" SET DEFAULT 0;--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "known_seq" SET DATA TYPE numeric(20, 0);--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "known_seq" SET DEFAULT 0;--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "batch_ms" SET DATA TYPE numeric(20, 0);--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "batch_seq" SET DATA TYPE numeric(20, 0);--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "trimmed_ms" SET DATA TYPE numeric(20, 0);--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "trimmed_ms" SET DEFAULT 0;--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "trimmed_seq" SET DATA TYPE numeric(20, 0);--> statement-breakpoint
ALTER TABLE "relay_shards" ALTER COLUMN "trimmed_seq" SET DEFAULT 0;--> statement-breakpoint
CREATE INDEX "events_stream_id_idx" ON "events" USING btree ("shard",(split_part(stream_message_id, '-', 1)::numeric),(split_part(stream_message_id, '-', 2)::numeric)) WHERE stream_message_id IS NOT NULL;