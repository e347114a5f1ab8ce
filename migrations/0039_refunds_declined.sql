ALTER TABLE "paycore_refunds" DROP CONSTRAINT "paycore_refunds_status_check";--> statement-breakpoint
ALTER TABLE "paycore_refunds" ADD COLUMN "declined_by" varchar(100);--> statement-breakpoint
ALTER TABLE "paycore_refunds" ADD COLUMN "declined_reason" varchar(500);--> statement-breakpoint
ALTER TABLE "paycore_refunds" ADD CONSTRAINT "paycore_refunds_status_check" CHECK (status IN ('unapproved', 'declined', 'requested', 'processing', 'succeeded', 'failed'));