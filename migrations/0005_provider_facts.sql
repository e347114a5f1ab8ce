CREATE TABLE "paycore_early_refunds" (
	"provider_payment_id" varchar(255) NOT NULL,
	"provider_refund_id" varchar(255) NOT NULL,
	"provider_event_id" varchar(255) NOT NULL,
	"refund_id" uuid,
	"fact" varchar(10) NOT NULL,
	"amount_cents" integer NOT NULL,
	"currency" varchar(3) NOT NULL,
	"failure_reason" varchar(200),
	"received_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "paycore_early_refunds_pk" PRIMARY KEY("provider_payment_id","provider_refund_id","provider_event_id")
);
--> statement-breakpoint
DROP INDEX "paycore_transactions_provider_event_key";--> statement-breakpoint
DROP INDEX "paycore_transactions_provider_refund_key";--> statement-breakpoint
ALTER TABLE "paycore_provider_events" DROP CONSTRAINT "paycore_provider_events_provider_event_id_pk";--> statement-breakpoint
ALTER TABLE "paycore_provider_events" ALTER COLUMN "type" SET DATA TYPE varchar(255);--> statement-breakpoint
ALTER TABLE "paycore_provider_events" ADD CONSTRAINT "paycore_provider_events_provider_event_id_type_pk" PRIMARY KEY("provider","event_id","type");--> statement-breakpoint
ALTER TABLE "course_access_refunds" ADD COLUMN "reversed_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "paycore_early_refunds_received_idx" ON "paycore_early_refunds" USING btree ("received_at");--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_transactions_reversed_key" ON "paycore_transactions" USING btree ("refund_id") WHERE event_type = 'refund_reversed';--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_transactions_provider_event_key" ON "paycore_transactions" USING btree ("provider_event_id","event_type") WHERE refund_id IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "paycore_transactions_provider_refund_key" ON "paycore_transactions" USING btree ("provider_event_id","refund_id","event_type");