-- The first Python consumer of payments calls itself course_access_handler, and its claims in a shared table suppressed ours.
-- Our consumer has the module's name now. Claims are copied, so that those of a Python program stay its own.
INSERT INTO "processed_events" ("subscriber_name", "stream_name", "stream_message_id", "event_id", "event_type", "processed_at", "tenant_id", "metadata")
SELECT 'course_access', "stream_name", "stream_message_id", "event_id", "event_type", "processed_at", "tenant_id", "metadata"
FROM "processed_events" WHERE "subscriber_name" = 'course_access_handler' ON CONFLICT DO NOTHING;--> statement-breakpoint
UPDATE "replay_claims" SET "subscriber_name" = 'course_access' WHERE "subscriber_name" = 'course_access_handler';--> statement-breakpoint
UPDATE "consumer_shards" SET "subscriber_name" = 'course_access' WHERE "subscriber_name" = 'course_access_handler';--> statement-breakpoint
UPDATE "consumer_pauses" SET "subscriber_name" = 'course_access' WHERE "subscriber_name" = 'course_access_handler';--> statement-breakpoint
UPDATE "dead_letters" SET "subscriber_name" = 'course_access' WHERE "subscriber_name" = 'course_access_handler';--> statement-breakpoint
UPDATE "deliveries" SET "subscriber_name" = 'course_access' WHERE "subscriber_name" = 'course_access_handler';--> statement-breakpoint
UPDATE "jobs" SET "subscriber_name" = 'course_access' WHERE "subscriber_name" = 'course_access_handler';
