-- A record of millions is better given this index beforehand, see README.md: then nothing waits for it here.
CREATE INDEX IF NOT EXISTS "events_stored_at_order_idx" ON "events" USING btree ("stored_at");--> statement-breakpoint
DROP INDEX IF EXISTS "events_stored_at_idx";
