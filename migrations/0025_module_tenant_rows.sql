ALTER TABLE "agents" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_access" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_access_payments" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_access_refunds" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_distribution_courses" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_distribution_lessons" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_distribution_outlines" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_distributions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_enhancements" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_approvals" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_certificates" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_completions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_enrollments" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_learning_progress" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_packs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_stagings" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_artifacts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_courses" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_deployments" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_transitions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "course_factory_pages" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "identity_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "identity_sessions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "ir_governance_approvals" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "ir_governance_validations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "mission_log" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "mission_templates" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "missions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "paycore_intents" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "paycore_refunds" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "paycore_revenue_daily" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "paycore_transactions" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "task_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "task_history" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "task_items" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "task_legacy_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "task_references" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "task_stats" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "webhook_endpoints" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE POLICY "all_rows" ON "agents" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "agents" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_access" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_access" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (("tenant_id" = nullif(current_setting('brain.tenant', true), '') OR "tenant_id" IS NULL)) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "tenant_updates" ON "course_access" AS RESTRICTIVE FOR UPDATE TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "tenant_deletes" ON "course_access" AS RESTRICTIVE FOR DELETE TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_access_payments" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_access_payments" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_access_refunds" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_access_refunds" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_access_payments" owner WHERE owner."payment_id" = "course_access_refunds"."payment_id")) WITH CHECK (EXISTS (SELECT FROM "course_access_payments" owner WHERE owner."payment_id" = "course_access_refunds"."payment_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_distribution_courses" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_distribution_courses" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (("tenant_id" = nullif(current_setting('brain.tenant', true), '') OR "tenant_id" IS NULL)) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "tenant_updates" ON "course_distribution_courses" AS RESTRICTIVE FOR UPDATE TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "tenant_deletes" ON "course_distribution_courses" AS RESTRICTIVE FOR DELETE TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_distribution_lessons" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_distribution_lessons" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_distribution_outlines" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_distribution_outlines" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_distributions" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_distributions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_enhancements" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_enhancements" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_enhancements"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_enhancements"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_approvals" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_approvals" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_certificates" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_certificates" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_certificates"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_certificates"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_completions" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_completions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_completions"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_completions"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_enrollments" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_enrollments" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_enrollments"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_enrollments"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_learning_progress" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_learning_progress" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_learning_progress"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_learning_progress"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_packs" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_packs" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_packs"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_packs"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_stagings" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_stagings" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_stagings"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_stagings"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_artifacts" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_artifacts" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_artifacts"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_artifacts"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_courses" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_courses" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_deliveries" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_deliveries" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_deliveries"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_deliveries"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_deployments" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_deployments" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_deployments"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_deployments"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_transitions" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_transitions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_transitions"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_transitions"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "course_factory_pages" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "course_factory_pages" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_pages"."course_id")) WITH CHECK (EXISTS (SELECT FROM "course_factory_courses" owner WHERE owner."course_id" = "course_factory_pages"."course_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "identity_keys" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "identity_keys" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "identity_sessions" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "identity_sessions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "ir_governance_approvals" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "ir_governance_approvals" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "ir_governance_validations" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "ir_governance_validations" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "mission_log" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "mission_log" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "missions" owner WHERE owner."id" = "mission_log"."mission_id")) WITH CHECK (EXISTS (SELECT FROM "missions" owner WHERE owner."id" = "mission_log"."mission_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "mission_templates" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "mission_templates" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "missions" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "missions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "paycore_intents" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "paycore_intents" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "paycore_refunds" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "paycore_refunds" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "paycore_revenue_daily" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "paycore_revenue_daily" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "paycore_transactions" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "paycore_transactions" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "paycore_intents" owner WHERE owner."id" = "paycore_transactions"."intent_id")) WITH CHECK (EXISTS (SELECT FROM "paycore_intents" owner WHERE owner."id" = "paycore_transactions"."intent_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "task_events" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "task_events" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "task_history" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "task_history" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "task_items" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "task_items" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "task_legacy_events" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "task_legacy_events" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "task_references" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "task_references" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "task_items" owner WHERE owner."task_id" = "task_references"."task_id")) WITH CHECK (EXISTS (SELECT FROM "task_items" owner WHERE owner."task_id" = "task_references"."task_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "task_stats" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "task_stats" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "all_rows" ON "webhook_deliveries" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "webhook_deliveries" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING (EXISTS (SELECT FROM "webhook_endpoints" owner WHERE owner."id" = "webhook_deliveries"."endpoint_id")) WITH CHECK (EXISTS (SELECT FROM "webhook_endpoints" owner WHERE owner."id" = "webhook_deliveries"."endpoint_id"));--> statement-breakpoint
CREATE POLICY "all_rows" ON "webhook_endpoints" AS PERMISSIVE FOR ALL TO public USING (true);--> statement-breakpoint
CREATE POLICY "tenant_rows" ON "webhook_endpoints" AS RESTRICTIVE FOR ALL TO "brain_tenant" USING ("tenant_id" = nullif(current_setting('brain.tenant', true), '')) WITH CHECK ("tenant_id" = nullif(current_setting('brain.tenant', true), ''));--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON "agents", "course_access", "course_access_payments", "course_access_refunds", "course_distribution_courses", "course_distribution_lessons", "course_distribution_outlines", "course_distributions", "course_factory_enhancements", "course_factory_approvals", "course_factory_certificates", "course_factory_completions", "course_factory_enrollments", "course_factory_learning_progress", "course_factory_packs", "course_factory_stagings", "course_factory_artifacts", "course_factory_courses", "course_factory_deliveries", "course_factory_deployments", "course_factory_transitions", "course_factory_pages", "identity_keys", "identity_sessions", "ir_governance_approvals", "ir_governance_validations", "mission_log", "mission_templates", "missions", "paycore_intents", "paycore_refunds", "paycore_revenue_daily", "task_events", "task_history", "task_items", "task_legacy_events", "task_references", "task_stats", "webhook_deliveries", "webhook_endpoints" TO "brain_tenant";--> statement-breakpoint
GRANT SELECT, INSERT ON "paycore_transactions", "course_factory_certificate_keys" TO "brain_tenant";--> statement-breakpoint
GRANT SELECT ON "mission_queue_pauses" TO "brain_tenant";