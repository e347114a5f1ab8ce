CREATE TABLE "course_distribution_lessons" (
	"course_id" varchar(255) NOT NULL,
	"lesson_id" varchar(255) NOT NULL,
	"module_id" varchar(255),
	"lesson_title" varchar(200) NOT NULL,
	"lesson_index" integer NOT NULL,
	CONSTRAINT "course_distribution_lessons_course_id_lesson_id_pk" PRIMARY KEY("course_id","lesson_id")
);
--> statement-breakpoint
CREATE TABLE "course_distribution_outlines" (
	"course_id" varchar(255) PRIMARY KEY NOT NULL,
	"modules_count" integer NOT NULL,
	"total_lessons" integer NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "course_distributions" (
	"distribution_id" varchar(21) PRIMARY KEY NOT NULL,
	"course_id" varchar(100) NOT NULL,
	"tenant_id" varchar(100),
	"slug" varchar(100) NOT NULL,
	"language" varchar(5) NOT NULL,
	"title" varchar(200) NOT NULL,
	"description" varchar(1000) NOT NULL,
	"target_group" text[] NOT NULL,
	"version" varchar(20) DEFAULT 'v1' NOT NULL,
	"derived_from" varchar(21),
	"derived_content" jsonb,
	"seo" jsonb NOT NULL,
	"cta" jsonb NOT NULL,
	"visibility" varchar(8) DEFAULT 'private' NOT NULL,
	"published_at" timestamp (3) with time zone,
	"staging_url" text,
	"staging_deployed_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"view_count" integer DEFAULT 0 NOT NULL,
	"enrollment_count" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "course_distributions_id_check" CHECK (distribution_id ~ '^dist_[0-9a-f]{16}$'),
	CONSTRAINT "course_distributions_slug_check" CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) >= 5),
	CONSTRAINT "course_distributions_language_check" CHECK (language ~ '^[a-z]{2}(-[A-Z]{2})?$'),
	CONSTRAINT "course_distributions_title_check" CHECK (char_length(title) >= 10),
	CONSTRAINT "course_distributions_description_check" CHECK (char_length(description) >= 50),
	CONSTRAINT "course_distributions_visibility_check" CHECK (visibility IN ('public', 'unlisted', 'private')),
	CONSTRAINT "course_distributions_published_check" CHECK (visibility <> 'public' OR published_at IS NOT NULL),
	CONSTRAINT "course_distributions_counts_check" CHECK (view_count >= 0 AND enrollment_count >= 0)
);
--> statement-breakpoint
CREATE TABLE "course_factory_artifacts" (
	"artifact_id" uuid PRIMARY KEY NOT NULL,
	"course_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"position" integer NOT NULL,
	"content" jsonb NOT NULL,
	"fallback" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "course_factory_artifacts_place" UNIQUE("course_id","kind","position"),
	CONSTRAINT "course_factory_artifacts_kind" CHECK ("course_factory_artifacts"."kind" in ('lesson', 'quiz', 'landing_page'))
);
--> statement-breakpoint
CREATE TABLE "course_factory_courses" (
	"course_id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"title" text NOT NULL,
	"language" text NOT NULL,
	"version" text DEFAULT '1.0.0' NOT NULL,
	"status" text DEFAULT 'generating' NOT NULL,
	"workflow_state" text DEFAULT 'draft' NOT NULL,
	"last_transition_id" uuid,
	"request" jsonb NOT NULL,
	"outline" jsonb,
	"result" jsonb,
	"generation_owner" uuid,
	"generating_until" timestamp with time zone,
	"takeovers" integer DEFAULT 0 NOT NULL,
	"error_message" text,
	"error_type" text,
	"correlation_id" text NOT NULL,
	"requested_by" text,
	"created_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "course_factory_courses_status" CHECK ("course_factory_courses"."status" in ('generating', 'completed', 'failed')),
	CONSTRAINT "course_factory_courses_workflow_state" CHECK ("course_factory_courses"."workflow_state" in ('draft', 'review', 'publish_ready', 'published', 'archived'))
);
--> statement-breakpoint
CREATE TABLE "course_factory_deliveries" (
	"delivery_id" uuid PRIMARY KEY NOT NULL,
	"payment_id" text NOT NULL,
	"course_id" uuid NOT NULL,
	"status" text DEFAULT 'requested' NOT NULL,
	"distribution_id" text,
	"slug" text,
	"error" text,
	"requested_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "course_factory_deliveries_status" CHECK ("course_factory_deliveries"."status" in ('requested', 'delivered', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "course_factory_deployments" (
	"deployment_id" uuid PRIMARY KEY NOT NULL,
	"course_id" uuid NOT NULL,
	"course_version" text NOT NULL,
	"distribution_id" text NOT NULL,
	"staging_url" text NOT NULL,
	"staging_domain" text NOT NULL,
	"job" jsonb NOT NULL,
	"deployed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "course_factory_deployments_version" UNIQUE("course_id","course_version")
);
--> statement-breakpoint
CREATE TABLE "course_factory_transitions" (
	"transition_id" uuid PRIMARY KEY NOT NULL,
	"course_id" uuid NOT NULL,
	"from_state" text NOT NULL,
	"to_state" text NOT NULL,
	"requires_approval" boolean NOT NULL,
	"approval_id" uuid,
	"approved_by" text,
	"transitioned_by" text NOT NULL,
	"reason" text,
	"can_rollback" boolean NOT NULL,
	"rollback_state" text,
	"rollback_of" uuid,
	"transitioned_at" timestamp with time zone NOT NULL,
	"position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "course_factory_transitions_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1)
);
--> statement-breakpoint
ALTER TABLE "course_factory_artifacts" ADD CONSTRAINT "course_factory_artifacts_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ADD CONSTRAINT "course_factory_deliveries_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_deployments" ADD CONSTRAINT "course_factory_deployments_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "course_factory_transitions" ADD CONSTRAINT "course_factory_transitions_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "course_distributions_slug_key" ON "course_distributions" USING btree ("slug");--> statement-breakpoint
CREATE UNIQUE INDEX "course_distributions_base_course_key" ON "course_distributions" USING btree ("course_id") WHERE derived_from IS NULL;--> statement-breakpoint
CREATE INDEX "course_distributions_course_idx" ON "course_distributions" USING btree ("course_id");--> statement-breakpoint
CREATE INDEX "course_distributions_parent_idx" ON "course_distributions" USING btree ("derived_from") WHERE derived_from IS NOT NULL;--> statement-breakpoint
CREATE INDEX "course_distributions_listed_idx" ON "course_distributions" USING btree ("published_at" DESC NULLS LAST,"distribution_id") WHERE visibility = 'public';--> statement-breakpoint
CREATE INDEX "course_distributions_listed_language_idx" ON "course_distributions" USING btree ("language","published_at" DESC NULLS LAST,"distribution_id") WHERE visibility = 'public';--> statement-breakpoint
CREATE INDEX "course_factory_courses_generating" ON "course_factory_courses" USING btree ("generating_until") WHERE "course_factory_courses"."status" = 'generating';--> statement-breakpoint
CREATE UNIQUE INDEX "course_factory_deliveries_payment" ON "course_factory_deliveries" USING btree ("payment_id");--> statement-breakpoint
CREATE INDEX "course_factory_deliveries_course" ON "course_factory_deliveries" USING btree ("course_id","status");--> statement-breakpoint
CREATE INDEX "course_factory_transitions_course" ON "course_factory_transitions" USING btree ("course_id","position");
