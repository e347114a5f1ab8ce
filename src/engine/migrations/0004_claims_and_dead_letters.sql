CREATE TABLE "replay_claims" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "replay_claims_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"subscriber_name" varchar(255) NOT NULL,
	"replay_epoch" integer NOT NULL,
	"stream_name" varchar(255) NOT NULL,
	"stream_message_id" varchar(50) NOT NULL,
	"event_id" varchar(50),
	"event_type" varchar(100),
	"processed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"tenant_id" varchar(100),
	"metadata" jsonb,
	CONSTRAINT "replay_claims_delivery_key" UNIQUE("subscriber_name","stream_message_id","replay_epoch"),
	CONSTRAINT "replay_claims_event_key" UNIQUE("subscriber_name","event_id","replay_epoch")
);
--> statement-breakpoint
ALTER TABLE "processed_events" DROP CONSTRAINT "uq_subscriber_stream_msg_id";--> statement-breakpoint
ALTER TABLE "processed_events" DROP CONSTRAINT "uq_subscriber_event_id";--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "error_stack" text;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "correlation_id" varchar(255);--> statement-breakpoint
CREATE INDEX "replay_claims_event_idx" ON "replay_claims" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "replay_claims_processed_at_idx" ON "replay_claims" USING btree ("processed_at");--> statement-breakpoint
CREATE INDEX "dead_letters_open_event_idx" ON "dead_letters" USING btree ("subscriber_name","event_id") WHERE status = 'open';--> statement-breakpoint
-- Claims of forced replays move to their own table; what is left has one row for each event, as the charter says.
INSERT INTO "replay_claims" ("subscriber_name", "replay_epoch", "stream_name", "stream_message_id", "event_id", "event_type",
	"processed_at", "tenant_id", "metadata")
SELECT "subscriber_name", "replay_epoch", "stream_name", "stream_message_id", "event_id", "event_type", "processed_at",
	"tenant_id", "metadata" FROM "processed_events" WHERE "replay_epoch" <> 0 ORDER BY "id";--> statement-breakpoint
DELETE FROM "processed_events" WHERE "replay_epoch" <> 0;--> statement-breakpoint
-- Events that were applied after they had become dead letters.
UPDATE "dead_letters" "l" SET "status" = 'resolved', "resolved_at" = now(),
	"resolution" = 'applied as ' || "p"."stream_message_id" || ', after it had become a dead letter'
FROM "processed_events" "p"
WHERE "l"."status" = 'open' AND "p"."subscriber_name" = "l"."subscriber_name" AND "p"."event_id" = "l"."event_id"
	AND "p"."metadata" IS NULL AND "l"."replay_epoch" = 0;--> statement-breakpoint
ALTER TABLE "processed_events" ADD CONSTRAINT "uq_subscriber_stream_msg_id" UNIQUE("subscriber_name","stream_message_id");--> statement-breakpoint
ALTER TABLE "processed_events" ADD CONSTRAINT "uq_subscriber_event_id" UNIQUE("subscriber_name","event_id");