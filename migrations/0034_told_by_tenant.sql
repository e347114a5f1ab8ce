-- What events tell of courses is kept by tenant and id. The tables had one row an id, whoever told of it first, so one
-- tenant could tell of another's course before the other did, and that was all that was known.
--
-- The release before this migration goes on beside it, and after a rollback: it names `course_id` in ON CONFLICT, and
-- reads by it. So `course_id` stays, unique and with its index, and has the id in one row of each id: that of who told
-- of it first, which is the row that the release before knows. The rows of others have null there, so it does not see
-- them; what it did to them, nothing, it goes on doing. The new column has the id in all rows. A trigger fills what a
-- release does not know. A later migration, of a release whose release before has this one, drops `course_id` and the
-- trigger.
--
-- Of lessons the release before names no key in ON CONFLICT, so there the key alone changes.
CREATE FUNCTION keep_first_of_course() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  v_id text := coalesce(NEW.course, NEW.course_id);
  v_taken boolean;
BEGIN
  FOR v_look IN 1..2 LOOP
    v_taken := CASE TG_TABLE_NAME
      WHEN 'course_distribution_courses' THEN EXISTS (SELECT FROM course_distribution_courses WHERE course_id = v_id)
      ELSE EXISTS (SELECT FROM course_distribution_outlines WHERE course_id = v_id)
    END;
    EXIT WHEN v_taken OR v_look = 2;
    -- Two that are the first at the same moment: the later one sees the earlier when that has committed.
    PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_NAME || ' ' || v_id, 0));
  END LOOP;
  -- The release before gives the old column alone, and has its conflict there.
  IF NEW.course IS NULL THEN
    NEW.course := v_id;
  ELSE
    NEW.course_id := CASE WHEN v_taken THEN NULL ELSE v_id END;
  END IF;
  RETURN NEW;
END
$$;--> statement-breakpoint
ALTER TABLE "course_distribution_courses" ADD COLUMN "course" varchar(255);--> statement-breakpoint
ALTER TABLE "course_distribution_outlines" ADD COLUMN "course" varchar(255);--> statement-breakpoint
UPDATE "course_distribution_courses" SET "course" = "course_id";--> statement-breakpoint
UPDATE "course_distribution_outlines" SET "course" = "course_id";--> statement-breakpoint
ALTER TABLE "course_distribution_courses" ALTER COLUMN "course" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "course_distribution_outlines" ALTER COLUMN "course" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "course_distribution_courses" DROP CONSTRAINT "course_distribution_courses_pkey";--> statement-breakpoint
ALTER TABLE "course_distribution_courses" ALTER COLUMN "course_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "course_distribution_outlines" DROP CONSTRAINT "course_distribution_outlines_pkey";--> statement-breakpoint
ALTER TABLE "course_distribution_outlines" ALTER COLUMN "course_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "course_distribution_courses" ADD CONSTRAINT "course_distribution_courses_first_key" UNIQUE("course_id");--> statement-breakpoint
ALTER TABLE "course_distribution_courses" ADD CONSTRAINT "course_distribution_courses_key" UNIQUE NULLS NOT DISTINCT("course","tenant_id");--> statement-breakpoint
ALTER TABLE "course_distribution_outlines" ADD CONSTRAINT "course_distribution_outlines_first_key" UNIQUE("course_id");--> statement-breakpoint
ALTER TABLE "course_distribution_outlines" ADD CONSTRAINT "course_distribution_outlines_key" UNIQUE NULLS NOT DISTINCT("course","tenant_id");--> statement-breakpoint
CREATE TRIGGER "course_distribution_courses_first" BEFORE INSERT ON "course_distribution_courses"
  FOR EACH ROW EXECUTE FUNCTION keep_first_of_course();--> statement-breakpoint
CREATE TRIGGER "course_distribution_outlines_first" BEFORE INSERT ON "course_distribution_outlines"
  FOR EACH ROW EXECUTE FUNCTION keep_first_of_course();--> statement-breakpoint
ALTER TABLE "course_distribution_lessons" DROP CONSTRAINT "course_distribution_lessons_course_id_lesson_id_pk";--> statement-breakpoint
ALTER TABLE "course_distribution_lessons" ADD CONSTRAINT "course_distribution_lessons_key" UNIQUE NULLS NOT DISTINCT("course_id","lesson_id","tenant_id");--> statement-breakpoint
-- A tenant's own database shows it no course of another. Whether there is one has to be known all the same before it
-- lists or sells one of the same id: so this one question is asked with the rights of who owns the tables.
CREATE FUNCTION course_factory_is_of_another(p_course uuid, p_tenant text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
RETURN EXISTS (SELECT FROM course_factory_courses WHERE course_id = p_course AND tenant_id <> p_tenant);
