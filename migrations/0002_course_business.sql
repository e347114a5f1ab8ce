CREATE TABLE "course_access" (
	"access_id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "course_access_access_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant_id" varchar(100),
	"user_id" varchar(100) NOT NULL,
	"course_id" varchar(100) NOT NULL,
	"status" varchar(7) NOT NULL,
	"operator_granted" boolean DEFAULT false NOT NULL,
	"grant_reason" varchar(500),
	"payment_id" varchar(100),
	"granted_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"revoke_reason" varchar(500),
	"source_event_id" varchar(255),
	"version" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "course_access_holder_key" UNIQUE NULLS NOT DISTINCT("course_id","user_id","tenant_id"),
	CONSTRAINT "course_access_status_check" CHECK (status IN ('active', 'revoked')),
	CONSTRAINT "course_access_granted_check" CHECK (status <> 'active' OR granted_at IS NOT NULL),
	CONSTRAINT "course_access_revoked_check" CHECK ((status = 'active') = (revoked_at IS NULL)),
	CONSTRAINT "course_access_operator_check" CHECK (NOT operator_granted OR status = 'active')
);
--> statement-breakpoint
CREATE TABLE "course_access_notifications" (
	"external_id" varchar(400) PRIMARY KEY NOT NULL,
	"kind" varchar(50) NOT NULL,
	"source_event_id" varchar(255) NOT NULL,
	"sent_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "course_access_payments" (
	"payment_id" varchar(100) PRIMARY KEY NOT NULL,
	"tenant_id" varchar(100),
	"user_id" varchar(100) NOT NULL,
	"course_id" varchar(100),
	"amount_cents" bigint,
	"refunded_cents" bigint DEFAULT 0,
	"status" varchar(8) NOT NULL,
	"source_event_id" varchar(255),
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "course_access_payments_status_check" CHECK (status IN ('paid', 'refunded', 'voided', 'awaited')),
	CONSTRAINT "course_access_payments_course_check" CHECK (status = 'awaited' OR course_id IS NOT NULL),
	CONSTRAINT "course_access_payments_cents_check" CHECK (amount_cents >= 0 AND refunded_cents >= 0)
);
--> statement-breakpoint
CREATE TABLE "course_access_refunds" (
	"payment_id" varchar(100) NOT NULL,
	"refund_id" varchar(255) NOT NULL,
	"amount_cents" bigint,
	"counted_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "course_access_refunds_payment_id_refund_id_pk" PRIMARY KEY("payment_id","refund_id")
);
--> statement-breakpoint
CREATE TABLE "course_factory_enhancements" (
	"enhancement_id" uuid PRIMARY KEY NOT NULL,
	"course_id" uuid NOT NULL,
	"lesson_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"enhancement_types" jsonb NOT NULL,
	"base_hash" text NOT NULL,
	"diff_hash" text NOT NULL,
	"fingerprint" text NOT NULL,
	"content_markdown" text NOT NULL,
	"flashcards" jsonb NOT NULL,
	"generator" text NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "course_factory_enhancements_version" UNIQUE("course_id","lesson_id","version"),
	CONSTRAINT "course_factory_enhancements_counts" CHECK ("course_factory_enhancements"."version" > 0)
);
--> statement-breakpoint
CREATE TABLE "course_factory_approvals" (
	"approval_id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"ir_hash" text NOT NULL,
	"consumed_by" text,
	"consumed_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	"used_for" text
);
--> statement-breakpoint
CREATE TABLE "course_factory_certificate_keys" (
	"key_id" varchar(16) PRIMARY KEY NOT NULL,
	"public_key" varchar(43) NOT NULL,
	"first_used_at" timestamp (0) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "course_factory_certificates" (
	"certificate_id" varchar(21) PRIMARY KEY NOT NULL,
	"enrollment_id" varchar(20) NOT NULL,
	"course_id" uuid NOT NULL,
	"payload" jsonb NOT NULL,
	"signature" varchar(128) NOT NULL,
	"key_id" varchar(16) NOT NULL,
	"issued_at" timestamp (0) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "course_factory_completions" (
	"enrollment_id" varchar(20) PRIMARY KEY NOT NULL,
	"course_id" uuid NOT NULL,
	"course_version" varchar(20) NOT NULL,
	"completed_at" timestamp (0) with time zone NOT NULL,
	"completion_hash" varchar(64) NOT NULL
);
--> statement-breakpoint
CREATE TABLE "course_factory_enrollments" (
	"enrollment_id" varchar(20) PRIMARY KEY NOT NULL,
	"course_id" uuid NOT NULL,
	"language" varchar(5) NOT NULL,
	"actor_id" varchar(100),
	"enrolled_at" timestamp (0) with time zone NOT NULL,
	CONSTRAINT "course_factory_enrollments_id" CHECK (enrollment_id ~ '^enr_[0-9a-f]{16}$')
);
--> statement-breakpoint
CREATE TABLE "course_factory_learning_progress" (
	"enrollment_id" varchar(20) NOT NULL,
	"course_id" uuid NOT NULL,
	"kind" varchar(7) NOT NULL,
	"target_id" uuid NOT NULL,
	"status" varchar(9) NOT NULL,
	"started_at" timestamp (0) with time zone NOT NULL,
	"completed_at" timestamp (0) with time zone,
	CONSTRAINT "course_factory_learning_progress_kind" CHECK (kind IN ('chapter', 'module')),
	CONSTRAINT "course_factory_learning_progress_status" CHECK ((status = 'started' AND completed_at IS NULL) OR (status = 'completed' AND completed_at IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "course_factory_packs" (
	"pack_id" varchar(21) PRIMARY KEY NOT NULL,
	"course_id" uuid NOT NULL,
	"target_audience" varchar(100) NOT NULL,
	"language" varchar(5) NOT NULL,
	"description" varchar(1000),
	"overrides" jsonb NOT NULL,
	"created_by" text,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "course_factory_pages" (
	"course_id" uuid PRIMARY KEY NOT NULL,
	"theme_id" text,
	"custom_colors" jsonb,
	"sections" jsonb,
	"seo_pack" jsonb,
	"preview_url" text,
	"preview_version" integer,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ir_governance_approvals" (
	"approval_id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" varchar(100) NOT NULL,
	"ir_hash" varchar(64) NOT NULL,
	"hash_scheme" varchar(2) NOT NULL,
	"status" varchar(8) DEFAULT 'pending' NOT NULL,
	"token_hash" varchar(64) NOT NULL,
	"ttl_seconds" integer NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_by" varchar(100),
	"consumed_at" timestamp (3) with time zone,
	"consumed_by" varchar(100),
	"acknowledged_at" timestamp (3) with time zone,
	"acknowledged_by" varchar(100),
	"correlation_id" varchar(255) NOT NULL,
	"created_event_id" varchar(36) NOT NULL,
	"consumed_event_id" varchar(36),
	CONSTRAINT "ir_governance_approvals_status_check" CHECK (status IN ('pending', 'consumed', 'expired')),
	CONSTRAINT "ir_governance_approvals_scheme_check" CHECK (hash_scheme IN ('v1', 'v2')),
	CONSTRAINT "ir_governance_approvals_hashes_check" CHECK (ir_hash ~ '^[0-9a-f]{64}$' AND token_hash ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "ir_governance_approvals_ttl_check" CHECK (ttl_seconds BETWEEN 60 AND 86400),
	CONSTRAINT "ir_governance_approvals_consumed_check" CHECK ((status = 'consumed') = (consumed_at IS NOT NULL AND consumed_event_id IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "ir_governance_validations" (
	"tenant_id" varchar(100) NOT NULL,
	"ir_hash" varchar(64) NOT NULL,
	"ir_hash_v1" varchar(64),
	"status" varchar(8) NOT NULL,
	"risk_tier" smallint NOT NULL,
	"violations" jsonb NOT NULL,
	"summary" jsonb,
	"ir" jsonb,
	"request_id" varchar(36) NOT NULL,
	"correlation_id" varchar(255) NOT NULL,
	"event_id" varchar(36) NOT NULL,
	"validated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "ir_governance_validations_tenant_id_ir_hash_pk" PRIMARY KEY("tenant_id","ir_hash"),
	CONSTRAINT "ir_governance_validations_status_check" CHECK (status IN ('PASS', 'ESCALATE', 'REJECT')),
	CONSTRAINT "ir_governance_validations_tier_check" CHECK (risk_tier BETWEEN 0 AND 3)
);
--> statement-breakpoint
CREATE TABLE "paycore_intents" (
	"id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" varchar(100) NOT NULL,
	"user_id" varchar(100) NOT NULL,
	"course_id" varchar(100),
	"provider" varchar(8) NOT NULL,
	"provider_intent_id" varchar(255),
	"provider_payment_id" varchar(255),
	"checkout_url" varchar(2048),
	"amount_cents" integer NOT NULL,
	"currency" varchar(3) DEFAULT 'EUR' NOT NULL,
	"status" varchar(9) NOT NULL,
	"failure_reason" varchar(500),
	"payment_metadata" jsonb NOT NULL,
	"paid_transaction_id" uuid,
	"success_url" varchar(2048) NOT NULL,
	"cancel_url" varchar(2048) NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone NOT NULL,
	"idempotency_key" varchar(255),
	"request_hash" varchar(64),
	"source_event_id" varchar(255),
	"correlation_id" varchar(255) NOT NULL,
	"last_event_id" varchar(255) NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "paycore_intents_amount_check" CHECK (amount_cents > 0),
	CONSTRAINT "paycore_intents_currency_check" CHECK (currency ~ '^[A-Z]{3}$'),
	CONSTRAINT "paycore_intents_status_check" CHECK (status IN ('created', 'pending', 'succeeded', 'failed', 'cancelled')),
	CONSTRAINT "paycore_intents_paid_check" CHECK ((status = 'succeeded') = (paid_transaction_id IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "paycore_provider_events" (
	"provider" varchar(8) NOT NULL,
	"event_id" varchar(255) NOT NULL,
	"type" varchar(100) NOT NULL,
	"outcome" varchar(9) NOT NULL,
	"intent_id" uuid,
	"received_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "paycore_provider_events_provider_event_id_pk" PRIMARY KEY("provider","event_id")
);
--> statement-breakpoint
CREATE TABLE "paycore_refunds" (
	"id" uuid PRIMARY KEY NOT NULL,
	"intent_id" uuid NOT NULL,
	"tenant_id" varchar(100) NOT NULL,
	"transaction_id" uuid,
	"amount_cents" integer NOT NULL,
	"reason" varchar(500),
	"status" varchar(10) NOT NULL,
	"failure_reason" varchar(500),
	"requested_by" varchar(100) NOT NULL,
	"approved_by" varchar(100),
	"provider_refund_id" varchar(255),
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone NOT NULL,
	"idempotency_key" varchar(255),
	"request_hash" varchar(64),
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "paycore_refunds_amount_check" CHECK (amount_cents > 0),
	CONSTRAINT "paycore_refunds_status_check" CHECK (status IN ('requested', 'processing', 'succeeded', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "paycore_revenue_daily" (
	"date" date NOT NULL,
	"tenant_id" varchar(100) NOT NULL,
	"currency" varchar(3) NOT NULL,
	"total_cents" bigint DEFAULT 0 NOT NULL,
	"transaction_count" integer DEFAULT 0 NOT NULL,
	"refund_count" integer DEFAULT 0 NOT NULL,
	"refund_total_cents" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "paycore_revenue_daily_date_tenant_id_currency_pk" PRIMARY KEY("date","tenant_id","currency")
);
--> statement-breakpoint
CREATE TABLE "paycore_transactions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"intent_id" uuid NOT NULL,
	"event_type" varchar(17) NOT NULL,
	"provider_event_id" varchar(255),
	"refund_id" uuid,
	"amount_cents" integer NOT NULL,
	"currency" varchar(3) NOT NULL,
	"provider_data" jsonb,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "course_factory_enhancements" ADD CONSTRAINT "course_factory_enhancements_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_certificates" ADD CONSTRAINT "course_factory_certificates_enrollment_id_course_factory_enrollments_enrollment_id_fk" FOREIGN KEY ("enrollment_id") REFERENCES "public"."course_factory_enrollments"("enrollment_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_certificates" ADD CONSTRAINT "course_factory_certificates_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_completions" ADD CONSTRAINT "course_factory_completions_enrollment_id_course_factory_enrollments_enrollment_id_fk" FOREIGN KEY ("enrollment_id") REFERENCES "public"."course_factory_enrollments"("enrollment_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_completions" ADD CONSTRAINT "course_factory_completions_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_enrollments" ADD CONSTRAINT "course_factory_enrollments_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_learning_progress" ADD CONSTRAINT "course_factory_learning_progress_enrollment_id_course_factory_enrollments_enrollment_id_fk" FOREIGN KEY ("enrollment_id") REFERENCES "public"."course_factory_enrollments"("enrollment_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_learning_progress" ADD CONSTRAINT "course_factory_learning_progress_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_packs" ADD CONSTRAINT "course_factory_packs_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_pages" ADD CONSTRAINT "course_factory_pages_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "paycore_refunds" ADD CONSTRAINT "paycore_refunds_intent_id_paycore_intents_id_fk" FOREIGN KEY ("intent_id") REFERENCES "public"."paycore_intents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "paycore_refunds" ADD CONSTRAINT "paycore_refunds_transaction_id_paycore_transactions_id_fk" FOREIGN KEY ("transaction_id") REFERENCES "public"."paycore_transactions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "paycore_transactions" ADD CONSTRAINT "paycore_transactions_intent_id_paycore_intents_id_fk" FOREIGN KEY ("intent_id") REFERENCES "public"."paycore_intents"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "course_access_user_idx" ON "course_access" USING btree ("user_id","access_id");--> statement-breakpoint
CREATE INDEX "course_access_payments_paid_idx" ON "course_access_payments" USING btree ("course_id","user_id","payment_id") WHERE status = 'paid';--> statement-breakpoint
CREATE INDEX "course_factory_approvals_unused" ON "course_factory_approvals" USING btree ("tenant_id","ir_hash","consumed_at") WHERE "course_factory_approvals"."used_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "course_factory_certificates_enrollment" ON "course_factory_certificates" USING btree ("enrollment_id");--> statement-breakpoint
CREATE INDEX "course_factory_certificates_course" ON "course_factory_certificates" USING btree ("course_id","issued_at");--> statement-breakpoint
CREATE INDEX "course_factory_completions_course" ON "course_factory_completions" USING btree ("course_id","completed_at");--> statement-breakpoint
CREATE UNIQUE INDEX "course_factory_enrollments_actor" ON "course_factory_enrollments" USING btree ("course_id","actor_id") WHERE actor_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "course_factory_enrollments_course" ON "course_factory_enrollments" USING btree ("course_id","enrolled_at");--> statement-breakpoint
CREATE UNIQUE INDEX "course_factory_learning_progress_target" ON "course_factory_learning_progress" USING btree ("enrollment_id","kind","target_id");--> statement-breakpoint
CREATE INDEX "course_factory_learning_progress_course" ON "course_factory_learning_progress" USING btree ("course_id","kind","target_id");--> statement-breakpoint
CREATE INDEX "course_factory_packs_course" ON "course_factory_packs" USING btree ("course_id","created_at","pack_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ir_governance_approvals_token_key" ON "ir_governance_approvals" USING btree ("token_hash");--> statement-breakpoint
CREATE INDEX "ir_governance_approvals_tenant_idx" ON "ir_governance_approvals" USING btree ("tenant_id","created_at" DESC NULLS LAST,"approval_id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "ir_governance_approvals_due_idx" ON "ir_governance_approvals" USING btree ("expires_at") WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX "ir_governance_validations_v1_idx" ON "ir_governance_validations" USING btree ("tenant_id","ir_hash_v1") WHERE ir_hash_v1 IS NOT NULL;--> statement-breakpoint
CREATE INDEX "paycore_intents_tenant_idx" ON "paycore_intents" USING btree ("tenant_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_intents_provider_intent_key" ON "paycore_intents" USING btree ("provider_intent_id");--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_intents_provider_payment_key" ON "paycore_intents" USING btree ("provider_payment_id");--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_intents_request_key" ON "paycore_intents" USING btree ("tenant_id","idempotency_key");--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_intents_source_event_key" ON "paycore_intents" USING btree ("source_event_id");--> statement-breakpoint
CREATE INDEX "paycore_intents_unopened_idx" ON "paycore_intents" USING btree ("next_attempt_at") WHERE status = 'created';--> statement-breakpoint
CREATE INDEX "paycore_provider_events_intent_idx" ON "paycore_provider_events" USING btree ("intent_id") WHERE intent_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "paycore_refunds_intent_idx" ON "paycore_refunds" USING btree ("intent_id");--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_refunds_provider_refund_key" ON "paycore_refunds" USING btree ("provider_refund_id");--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_refunds_request_key" ON "paycore_refunds" USING btree ("tenant_id","idempotency_key");--> statement-breakpoint
CREATE INDEX "paycore_refunds_unsent_idx" ON "paycore_refunds" USING btree ("next_attempt_at") WHERE status = 'requested';--> statement-breakpoint
CREATE INDEX "paycore_transactions_intent_idx" ON "paycore_transactions" USING btree ("intent_id");--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_transactions_provider_event_key" ON "paycore_transactions" USING btree ("provider_event_id") WHERE refund_id IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_transactions_provider_refund_key" ON "paycore_transactions" USING btree ("provider_event_id","refund_id");--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_transactions_received_key" ON "paycore_transactions" USING btree ("intent_id") WHERE event_type = 'payment_succeeded';--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_transactions_refunded_key" ON "paycore_transactions" USING btree ("refund_id") WHERE event_type = 'refund_succeeded';--> statement-breakpoint
CREATE INDEX "course_factory_courses_catalog" ON "course_factory_courses" USING btree ("finished_at" DESC NULLS LAST,"course_id" DESC NULLS LAST) WHERE "course_factory_courses"."status" = 'completed';
