ALTER TABLE "course_factory_deliveries" ADD COLUMN "intent_id" text;--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ADD COLUMN "amount_cents" bigint;--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ADD COLUMN "currency" text;