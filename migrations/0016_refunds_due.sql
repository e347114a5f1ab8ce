CREATE TABLE "course_factory_refunds_due" (
	"payment_id" text PRIMARY KEY NOT NULL,
	"course_id" text NOT NULL,
	"amount_cents" bigint,
	"refunded_cents" bigint DEFAULT 0 NOT NULL,
	"reason" text NOT NULL,
	"noticed_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone
);
