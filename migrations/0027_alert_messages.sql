CREATE TABLE "alert_messages" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "alert_messages_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"message_id" uuid NOT NULL,
	"sink" varchar(10) NOT NULL,
	"is_test" boolean DEFAULT false NOT NULL,
	"body" jsonb NOT NULL,
	"status" varchar(10) NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone,
	"error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "alert_messages_status_check" CHECK (status IN ('waiting', 'delivered', 'failed')),
	CONSTRAINT "alert_messages_due_check" CHECK ((due_at IS NOT NULL) = (status = 'waiting'))
);
--> statement-breakpoint
CREATE INDEX "alert_messages_due_idx" ON "alert_messages" USING btree ("due_at") WHERE status = 'waiting';--> statement-breakpoint
CREATE INDEX "alert_messages_created_idx" ON "alert_messages" USING btree ("created_at");