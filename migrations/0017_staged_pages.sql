CREATE TABLE "course_factory_stagings" (
	"course_id" uuid PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"given_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "course_factory_stagings" ADD CONSTRAINT "course_factory_stagings_course_id_course_factory_courses_course_id_fk" FOREIGN KEY ("course_id") REFERENCES "public"."course_factory_courses"("course_id") ON DELETE cascade ON UPDATE no action;