-- Names of replays and redrives were one space over all tenants: one tenant learned which names another had given, and
-- could take them away. Now each tenant has its own, and so has who acts for all. The release before names the old key in
-- ON CONFLICT and reads `name`, so both stay: where the operation of another tenant has the name, `name` gets something
-- behind it, and the name as it was given stands in the new column alone.
ALTER TABLE "jobs" ADD COLUMN "given_name" varchar(100);--> statement-breakpoint
CREATE UNIQUE INDEX "jobs_given_name_key" ON "jobs" USING btree ("kind","subscriber_name",coalesce(given_name, name),coalesce(tenant_id, ''));