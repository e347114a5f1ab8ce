import { defineJob, type JobContext, type ScheduledJob } from "@brain/engine";
import { checkoutRepairJob, failIntent, openCheckout } from "./intents.ts";
import { listUnsent, nextUnsentAt } from "./refund-store.ts";
import { failRefund, refundRepairJob, sendRefund } from "./refunds.ts";
import type { PaymentSettings } from "./settings.ts";
import { isGivenUp } from "./state.ts";
import { listUnopened, nextUnopenedAt } from "./store.ts";

/** Each one is a call to Stripe of up to some seconds; the rest is for the next run. */
const perRun = 20;

/**
 * What a crash or a lost answer left half done: payments without a page and refunds that Stripe has not confirmed are
 * handed to Stripe again, under the same keys, and given up after a day.
 */
export function paymentJobs(settings: PaymentSettings): readonly ScheduledJob[] {
  return [
    defineJob({ name: checkoutRepairJob, run: (context) => repairCheckouts(context, settings) }),
    defineJob({ name: refundRepairJob, run: (context) => repairRefunds(context, settings) }),
  ];
}

async function repairCheckouts(context: JobContext, settings: PaymentSettings): Promise<Date | null> {
  const { stripe } = settings;
  if (stripe === null) return null;
  for (const intent of await listUnopened(context.db, context.now(), perRun)) {
    if (context.isOver()) return context.now();
    if (isGivenUp(intent.createdAt, context.now())) {
      await failIntent(context, intent, "Stripe gave no answer for a day.");
      continue;
    }
    await openCheckout(context, stripe, intent);
  }
  return nextUnopenedAt(context.db);
}

async function repairRefunds(context: JobContext, settings: PaymentSettings): Promise<Date | null> {
  const { stripe } = settings;
  if (stripe === null) return null;
  for (const refund of await listUnsent(context.db, context.now(), perRun)) {
    if (context.isOver()) return context.now();
    if (isGivenUp(refund.createdAt, context.now())) {
      await failRefund(context, refund, "Stripe gave no answer for a day.");
      continue;
    }
    await sendRefund(context, stripe, refund);
  }
  return nextUnsentAt(context.db);
}
