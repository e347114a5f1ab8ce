-- Payments for courses are kept by tenant and id, and refunds by the row of their payment. There was one row an id, so
-- one tenant could tell of an id before another's payment came, which was a dead letter then, and gave no access.
--
-- The release before this migration goes on beside it, and after a rollback: it reads payments by `payment_id`, and
-- names `payment_id` and `refund_id` in ON CONFLICT. So `payment_id` stays, unique, and has the id in the row that came
-- first, as 0034_told_by_tenant does it for courses; refunds have there what the row of their payment has. The release
-- before does not see payments of other tenants with the same id, and refuses their events, as it did. A later
-- migration, of a release whose release before has this one, drops `payment_id` and the triggers.
ALTER TABLE "course_access_payments" ADD COLUMN "payment" varchar(100);--> statement-breakpoint
UPDATE "course_access_payments" SET "payment" = "payment_id";--> statement-breakpoint
ALTER TABLE "course_access_payments" ALTER COLUMN "payment" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "course_access_payments" DROP CONSTRAINT "course_access_payments_pkey";--> statement-breakpoint
ALTER TABLE "course_access_payments" ALTER COLUMN "payment_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "course_access_payments" ADD COLUMN "id" bigint PRIMARY KEY NOT NULL GENERATED ALWAYS AS IDENTITY (sequence name "course_access_payments_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1);--> statement-breakpoint
ALTER TABLE "course_access_payments" ADD CONSTRAINT "course_access_payments_first_key" UNIQUE("payment_id");--> statement-breakpoint
ALTER TABLE "course_access_payments" ADD CONSTRAINT "course_access_payments_key" UNIQUE NULLS NOT DISTINCT("payment","tenant_id");--> statement-breakpoint
DROP INDEX "course_access_payments_paid_idx";--> statement-breakpoint
CREATE INDEX "course_access_payments_paid_idx" ON "course_access_payments" USING btree ("course_id","user_id","payment") WHERE status = 'paid';--> statement-breakpoint
-- Whoever refunds has stored the payment in the same transaction, and no row is removed: each refund has one.
ALTER TABLE "course_access_refunds" ADD COLUMN "payment_row" bigint;--> statement-breakpoint
UPDATE "course_access_refunds" r SET "payment_row" = p."id" FROM "course_access_payments" p WHERE p."payment_id" = r."payment_id";--> statement-breakpoint
ALTER TABLE "course_access_refunds" ALTER COLUMN "payment_row" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "course_access_refunds" DROP CONSTRAINT "course_access_refunds_payment_id_refund_id_pk";--> statement-breakpoint
ALTER TABLE "course_access_refunds" ALTER COLUMN "payment_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "course_access_refunds" ADD CONSTRAINT "course_access_refunds_payment_row_refund_id_pk" PRIMARY KEY("payment_row","refund_id");--> statement-breakpoint
ALTER TABLE "course_access_refunds" ADD CONSTRAINT "course_access_refunds_first_key" UNIQUE("payment_id","refund_id");--> statement-breakpoint
ALTER POLICY "tenant_rows" ON "course_access_refunds" TO brain_tenant USING (EXISTS (SELECT FROM "course_access_payments" owner WHERE owner."id" = "course_access_refunds"."payment_row")) WITH CHECK (EXISTS (SELECT FROM "course_access_payments" owner WHERE owner."id" = "course_access_refunds"."payment_row"));--> statement-breakpoint
CREATE FUNCTION keep_first_payment() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  -- The release before gives `payment_id` alone, and has its conflict there.
  IF NEW.payment IS NULL THEN
    NEW.payment := NEW.payment_id;
  -- One of no tenant and one of a tenant may be the same payment: they have their conflict there, too.
  ELSIF EXISTS (SELECT FROM course_access_payments p
      WHERE p.payment_id = NEW.payment AND p.tenant_id <> NEW.tenant_id) THEN
    NEW.payment_id := NULL;
  ELSE
    NEW.payment_id := NEW.payment;
  END IF;
  RETURN NEW;
END
$$;--> statement-breakpoint
CREATE FUNCTION keep_first_refund() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF NEW.payment_row IS NULL THEN
    NEW.payment_row := (SELECT p.id FROM course_access_payments p WHERE p.payment_id = NEW.payment_id);
  ELSE
    NEW.payment_id := (SELECT p.payment_id FROM course_access_payments p WHERE p.id = NEW.payment_row);
  END IF;
  RETURN NEW;
END
$$;--> statement-breakpoint
CREATE TRIGGER "course_access_payments_first" BEFORE INSERT ON "course_access_payments"
  FOR EACH ROW EXECUTE FUNCTION keep_first_payment();--> statement-breakpoint
CREATE TRIGGER "course_access_refunds_first" BEFORE INSERT ON "course_access_refunds"
  FOR EACH ROW EXECUTE FUNCTION keep_first_refund();
