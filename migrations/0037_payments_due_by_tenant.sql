-- What course_factory notes of payments (deliveries, what has to be paid back) is kept by tenant and id, and each refund
-- has a row. There was one row an id, so one tenant could tell of an id before another's payment came, which was noted
-- nowhere then; and a sum of refunds, so that one told twice counted twice, and one told too early not at all.
--
-- The release before this migration goes on beside it, and after a rollback: it names `payment_id` in ON CONFLICT, and
-- reads by it. So `payment_id` stays, unique, and has the id in the row that was noticed first, as 0034_told_by_tenant
-- does it for courses; of rows that are not noticed yet it knows nothing, as before. Payments that it notices have no
-- tenant: any tenant's refund of that id ends them, as it did. Refunds that it counts have no row, so a forced replay
-- counts them once more, as it did. A later migration, of a release whose release before has this one, drops
-- `payment_id` and the triggers.
CREATE FUNCTION keep_first_delivery() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  v_id text := coalesce(NEW.payment, NEW.payment_id);
  v_taken boolean;
BEGIN
  -- The release before gives neither.
  NEW.tenant_id := coalesce(NEW.tenant_id,
    (SELECT c.tenant_id FROM course_factory_courses c WHERE c.course_id = NEW.course_id));
  FOR v_look IN 1..2 LOOP
    v_taken := EXISTS (SELECT FROM course_factory_deliveries WHERE payment_id = v_id);
    EXIT WHEN v_taken OR v_look = 2;
    -- Two that are the first at the same moment: the later one sees the earlier when that has committed.
    PERFORM pg_advisory_xact_lock(hashtextextended('course_factory_deliveries ' || v_id, 0));
  END LOOP;
  -- The release before gives the old column alone, and has its conflict there.
  IF NEW.payment IS NULL THEN
    NEW.payment := v_id;
  ELSE
    NEW.payment_id := CASE WHEN v_taken THEN NULL ELSE v_id END;
  END IF;
  RETURN NEW;
END
$$;--> statement-breakpoint
CREATE FUNCTION keep_first_due() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  v_id text := coalesce(NEW.payment, NEW.payment_id);
  v_taken boolean;
  v_early course_factory_refunds_due%ROWTYPE;
BEGIN
  -- An id like the subject that the alert of another tenant's payment has is never the subject of one itself.
  IF NEW.payment IS NOT NULL AND (NEW.noticed_at IS NULL OR v_id LIKE '% of "%') THEN
    RETURN NEW;
  END IF;
  FOR v_look IN 1..2 LOOP
    v_taken := EXISTS (SELECT FROM course_factory_refunds_due WHERE payment_id = v_id);
    EXIT WHEN v_taken OR v_look = 2;
    PERFORM pg_advisory_xact_lock(hashtextextended('course_factory_refunds_due ' || v_id, 0));
  END LOOP;
  IF NEW.payment IS NOT NULL THEN
    NEW.payment_id := CASE WHEN v_taken THEN NULL ELSE v_id END;
    RETURN NEW;
  END IF;
  NEW.payment := v_id;
  IF v_taken THEN
    RETURN NEW;
  END IF;
  -- What was told of the id without a tenant has the row that this one is to have.
  DELETE FROM course_factory_refunds_due
  WHERE payment = v_id AND tenant_id IS NULL AND noticed_at IS NULL
  RETURNING * INTO v_early;
  IF FOUND THEN
    NEW.refunded_cents := v_early.refunded_cents;
    NEW.told_cents := v_early.told_cents;
    NEW.whole_refunds := v_early.whole_refunds;
  END IF;
  RETURN NEW;
END
$$;--> statement-breakpoint
CREATE TABLE "course_factory_refunds" (
	"payment" text NOT NULL,
	"tenant_id" text,
	"refund_id" text NOT NULL,
	"amount_cents" bigint,
	"told_at" timestamp with time zone NOT NULL,
	"reversed_at" timestamp with time zone,
	CONSTRAINT "course_factory_refunds_key" UNIQUE NULLS NOT DISTINCT("payment","tenant_id","refund_id")
);
--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ALTER COLUMN "payment_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ADD COLUMN "payment" text;--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ADD COLUMN "tenant_id" text;--> statement-breakpoint
UPDATE "course_factory_deliveries" d SET "payment" = d."payment_id", "tenant_id" = c."tenant_id" FROM "course_factory_courses" c WHERE c."course_id" = d."course_id";--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ALTER COLUMN "payment" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ALTER COLUMN "tenant_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_deliveries" ADD CONSTRAINT "course_factory_deliveries_key" UNIQUE("payment","tenant_id");--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" DROP CONSTRAINT "course_factory_refunds_due_pkey";--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ALTER COLUMN "payment_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ALTER COLUMN "course_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ALTER COLUMN "reason" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ALTER COLUMN "noticed_at" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ADD COLUMN "id" bigint PRIMARY KEY NOT NULL GENERATED ALWAYS AS IDENTITY (sequence name "course_factory_refunds_due_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1);--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ADD COLUMN "payment" text;--> statement-breakpoint
UPDATE "course_factory_refunds_due" SET "payment" = "payment_id";--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ALTER COLUMN "payment" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ADD COLUMN "tenant_id" text;--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ADD COLUMN "told_cents" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ADD COLUMN "whole_refunds" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ADD CONSTRAINT "course_factory_refunds_due_key" UNIQUE NULLS NOT DISTINCT("payment","tenant_id");--> statement-breakpoint
ALTER TABLE "course_factory_refunds_due" ADD CONSTRAINT "course_factory_refunds_due_first_key" UNIQUE("payment_id");--> statement-breakpoint
-- Whose they are, as far as their alerts tell.
UPDATE "course_factory_refunds_due" d SET "tenant_id" = a."tenant_id" FROM (SELECT DISTINCT ON ("subject") "subject", "tenant_id" FROM "alerts" WHERE "kind" = 'refund_due' ORDER BY "subject", "id" DESC) a WHERE a."subject" = d."payment_id";--> statement-breakpoint
-- Refunds that stand in the sums, as far as the record has their events: so that a forced replay finds them.
INSERT INTO "course_factory_refunds" ("payment", "tenant_id", "refund_id", "amount_cents", "told_at", "reversed_at")
SELECT d."payment", d."tenant_id", coalesce(e."payload" ->> 'refund_id', e."id"::text) AS refund,
  (array_agg((e."payload" ->> 'amount_cents')::bigint ORDER BY e."position"))[1], min(c."processed_at"),
  min(c."processed_at") FILTER (WHERE e."type" = 'payment.refund.failed')
FROM "course_factory_refunds_due" d
JOIN "events" e ON e."type" IN ('payment.refund.completed', 'payment.refund.failed') AND e."payload" ->> 'payment_id' = d."payment"
JOIN "processed_events" c ON c."subscriber_name" = 'course_factory' AND c."event_id" = e."id"::text AND c."processed_at" >= d."noticed_at"
WHERE e."type" = 'payment.refund.completed' OR e."payload" ->> 'was_completed' = 'true'
GROUP BY 1, 2, 3;--> statement-breakpoint
UPDATE "course_factory_refunds_due" d SET "told_cents" = least(d."refunded_cents", told."cents"), "whole_refunds" = told."whole"
FROM (
  SELECT "payment", "tenant_id", coalesce(sum("amount_cents"), 0) AS "cents", count(*) FILTER (WHERE "amount_cents" IS NULL) AS "whole"
  FROM "course_factory_refunds" WHERE "reversed_at" IS NULL GROUP BY 1, 2
) told
WHERE told."payment" = d."payment" AND told."tenant_id" IS NOT DISTINCT FROM d."tenant_id";--> statement-breakpoint
CREATE TRIGGER "course_factory_deliveries_first" BEFORE INSERT ON "course_factory_deliveries"
  FOR EACH ROW EXECUTE FUNCTION keep_first_delivery();--> statement-breakpoint
CREATE TRIGGER "course_factory_refunds_due_first" BEFORE INSERT ON "course_factory_refunds_due"
  FOR EACH ROW EXECUTE FUNCTION keep_first_due();
