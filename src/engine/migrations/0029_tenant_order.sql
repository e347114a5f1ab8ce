-- A record of millions is better given this beforehand, see README.md: then nothing waits for it here.
CREATE INDEX IF NOT EXISTS "events_tenant_order_idx" ON "events" USING btree ("tenant_id","position","type") WHERE tenant_id IS NOT NULL;--> statement-breakpoint
DROP INDEX "events_tenant_idx";
