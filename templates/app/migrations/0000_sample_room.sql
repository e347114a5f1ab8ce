CREATE TABLE "sample_room_paper_slips" (
	"paper_slip_id" uuid PRIMARY KEY NOT NULL,
	"quantity" integer NOT NULL,
	"added_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sample_room_totals" (
	"event_type" varchar(100) PRIMARY KEY NOT NULL,
	"handled" integer NOT NULL
);
