CREATE TABLE "webhook_cursors" (
	"shard" integer PRIMARY KEY NOT NULL,
	"ms" numeric(20, 0) NOT NULL,
	"seq" numeric(20, 0) NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "webhook_deliveries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"endpoint_id" uuid NOT NULL,
	"event_id" uuid,
	"event_type" varchar(100) NOT NULL,
	"message" jsonb,
	"status" varchar(10) NOT NULL,
	"attempt" integer NOT NULL,
	"attempt_limit" integer NOT NULL,
	"due_at" timestamp (3) with time zone,
	"attempts" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "webhook_deliveries_status_check" CHECK (status IN ('waiting', 'delivered', 'failed')),
	CONSTRAINT "webhook_deliveries_due_check" CHECK ((due_at IS NOT NULL) = (status = 'waiting'))
);
--> statement-breakpoint
CREATE TABLE "webhook_endpoints" (
	"id" uuid PRIMARY KEY NOT NULL,
	"tenant_id" varchar(100),
	"url" text NOT NULL,
	"url_shown" text NOT NULL,
	"description" varchar(500) NOT NULL,
	"event_types" jsonb NOT NULL,
	"form" varchar(10) NOT NULL,
	"secret" text NOT NULL,
	"previous_secret" text,
	"previous_until" timestamp (3) with time zone,
	"status" varchar(10) NOT NULL,
	"disabled_reason" varchar(500),
	"failing_since" timestamp (3) with time zone,
	"created_by" varchar(100),
	"enabled_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "webhook_endpoints_form_check" CHECK (form IN ('structured', 'binary')),
	CONSTRAINT "webhook_endpoints_status_check" CHECK (status IN ('enabled', 'disabled'))
);
--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_endpoint_id_webhook_endpoints_id_fk" FOREIGN KEY ("endpoint_id") REFERENCES "public"."webhook_endpoints"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_deliveries_event_key" ON "webhook_deliveries" USING btree ("endpoint_id","event_id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due_idx" ON "webhook_deliveries" USING btree ("endpoint_id","due_at") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "webhook_deliveries_list_idx" ON "webhook_deliveries" USING btree ("endpoint_id","id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "webhook_deliveries_finished_idx" ON "webhook_deliveries" USING btree ("finished_at") WHERE finished_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX "webhook_endpoints_tenant_idx" ON "webhook_endpoints" USING btree ("tenant_id","created_at");