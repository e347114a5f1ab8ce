CREATE TABLE "failing_work" (
	"work" varchar(150) PRIMARY KEY NOT NULL,
	"failures" integer DEFAULT 1 NOT NULL,
	"first_failed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_failed_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"error" text NOT NULL
);
