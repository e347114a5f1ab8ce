ALTER TABLE "ir_governance_approvals" DROP CONSTRAINT "ir_governance_approvals_status_check";--> statement-breakpoint
ALTER TABLE "ir_governance_approvals" ALTER COLUMN "status" SET DATA TYPE varchar(9);--> statement-breakpoint
ALTER TABLE "ir_governance_approvals" ALTER COLUMN "status" SET DEFAULT 'pending';--> statement-breakpoint
ALTER TABLE "ir_governance_approvals" ADD COLUMN "withdrawn_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "ir_governance_approvals" ADD COLUMN "withdrawn_by" varchar(100);--> statement-breakpoint
ALTER TABLE "ir_governance_approvals" ADD COLUMN "withdrawn_reason" varchar(500);--> statement-breakpoint
ALTER TABLE "ir_governance_validations" ADD COLUMN "kind" varchar(64);--> statement-breakpoint
ALTER TABLE "ir_governance_validations" ADD COLUMN "refused_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "ir_governance_validations" ADD COLUMN "refused_by" varchar(100);--> statement-breakpoint
ALTER TABLE "ir_governance_validations" ADD COLUMN "refused_reason" varchar(500);--> statement-breakpoint
CREATE INDEX "ir_governance_approvals_plan_idx" ON "ir_governance_approvals" USING btree ("tenant_id","ir_hash");--> statement-breakpoint
CREATE INDEX "ir_governance_approvals_status_idx" ON "ir_governance_approvals" USING btree ("status","created_at" DESC NULLS FIRST,"approval_id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "ir_governance_validations_hash_idx" ON "ir_governance_validations" USING btree ("ir_hash");--> statement-breakpoint
CREATE INDEX "ir_governance_validations_status_idx" ON "ir_governance_validations" USING btree ("status","validated_at" DESC NULLS FIRST,"ir_hash" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "ir_governance_validations_refused_idx" ON "ir_governance_validations" USING btree ("validated_at" DESC NULLS FIRST,"ir_hash" DESC NULLS FIRST) WHERE refused_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX "ir_governance_validations_kind_idx" ON "ir_governance_validations" USING btree ("tenant_id","kind","validated_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "paycore_refunds_status_idx" ON "paycore_refunds" USING btree ("status","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
ALTER TABLE "ir_governance_approvals" ADD CONSTRAINT "ir_governance_approvals_withdrawn_check" CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL));--> statement-breakpoint
ALTER TABLE "ir_governance_approvals" ADD CONSTRAINT "ir_governance_approvals_status_check" CHECK (status IN ('pending', 'consumed', 'expired', 'withdrawn'));