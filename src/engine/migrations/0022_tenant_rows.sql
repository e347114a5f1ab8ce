-- The role that statements of one tenant run as. All databases of a server share it.
DO $$
DECLARE
  is_known boolean := EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'brain_tenant');
  -- A member may also be one that inherits and may not change to the role, since PostgreSQL 16.
  has_options CONSTANT boolean := current_setting('server_version_num')::integer >= 160000;
BEGIN
  IF NOT is_known THEN
    BEGIN
      CREATE ROLE brain_tenant NOLOGIN NOINHERIT;
    EXCEPTION
      -- The migration of another database of the server made it meanwhile.
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE insufficient_privilege USING
          MESSAGE = format('the role brain_tenant is not there, and %I may not create roles', current_user),
          HINT = format('Let a role that may create roles run: CREATE ROLE brain_tenant NOLOGIN; GRANT brain_tenant TO %I%s. Then run this again.',
            current_user, CASE WHEN has_options THEN ' WITH INHERIT FALSE' ELSE '' END);
    END;
  END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'brain_tenant' AND (rolsuper OR rolbypassrls)) THEN
    RAISE EXCEPTION USING MESSAGE = 'the role brain_tenant passes row-level security by',
      HINT = 'Run: ALTER ROLE brain_tenant NOSUPERUSER NOBYPASSRLS. Then run this again.';
  END IF;
  IF NOT pg_catalog.pg_has_role(current_user, 'brain_tenant', CASE WHEN has_options THEN 'SET' ELSE 'MEMBER' END) THEN
    BEGIN
      -- Not to inherit: policies hold whoever inherits the rights of the role.
      EXECUTE format('GRANT brain_tenant TO %I%s', current_user, CASE WHEN has_options THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END);
    EXCEPTION
      WHEN unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE insufficient_privilege USING
          MESSAGE = format('%I may not take the role brain_tenant', current_user),
          HINT = format('Let a role that may create roles run: GRANT brain_tenant TO %I%s. Then run this again.',
            current_user, CASE WHEN has_options THEN ' WITH INHERIT FALSE' ELSE '' END);
    END;
  END IF;
  IF NOT pg_catalog.has_schema_privilege('brain_tenant', current_schema(), 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO brain_tenant', current_schema());
  END IF;
END $$;--> statement-breakpoint
ALTER TABLE "dead_letters" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "deliveries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "processed_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "replay_claims" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "jobs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "operator_actions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "tenant_id" varchar(255) DEFAULT nullif(current_setting('brain.tenant', true), '');--> statement-breakpoint
ALTER TABLE "operator_actions" ADD COLUMN "tenant_id" varchar(255) DEFAULT nullif(current_setting('brain.tenant', true), '');--> statement-breakpoint
CREATE INDEX "dead_letters_tenant_idx" ON "dead_letters" USING btree ("tenant_id","id") WHERE tenant_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "operator_actions_tenant_idx" ON "operator_actions" USING btree ("tenant_id","id") WHERE tenant_id IS NOT NULL;--> statement-breakpoint
CREATE POLICY "all_rows" ON "dead_letters" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "dead_letters" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "deliveries" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "deliveries" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "events" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "events" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "processed_events" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "processed_events" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "replay_claims" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "replay_claims" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "jobs" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "jobs" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "operator_actions" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "operator_actions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
GRANT SELECT, INSERT ON "events", "processed_events", "replay_claims", "operator_actions" TO "brain_tenant";--> statement-breakpoint
GRANT SELECT, UPDATE ON "dead_letters" TO "brain_tenant";--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON "deliveries", "jobs" TO "brain_tenant";--> statement-breakpoint
GRANT SELECT ("committed_at", "created_at", "key", "route", "status"), UPDATE ("committed_at") ON "idempotency_keys" TO "brain_tenant";
