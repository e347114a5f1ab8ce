CREATE TABLE "webhook_entry_cursor" (
	"single_row" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"position" bigint NOT NULL,
	CONSTRAINT "webhook_entry_cursor_single_check" CHECK (single_row)
);
--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD COLUMN "entry_event_id" varchar(100);--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD COLUMN "entry_id" bigint;--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_deliveries_entry_key" ON "webhook_deliveries" USING btree ("endpoint_id","entry_event_id") WHERE entry_event_id IS NOT NULL;--> statement-breakpoint
INSERT INTO "webhook_entry_cursor" ("position") SELECT coalesce(max("position"), 0) FROM "archived_entries";
