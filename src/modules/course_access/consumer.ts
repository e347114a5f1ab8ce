import { type Consumer, defineConsumer, on } from "@brain/engine";
import { paymentRefundCompleted, paymentRefundFailed, paymentTransactionCompleted } from "@brain/schemas";
import { source } from "./announce.ts";
import { grantAfterReversal, grantForPayment, revokeForRefund } from "./payments.ts";

/**
 * The subscriber `course_access`: turns payments into access. All events of one payment share its id as their
 * key, so they arrive in order; those of two payments for the same course do not, and the lock on the access decides.
 *
 * It does not subscribe to `course.payment.completed`: that event names no user, and whoever publishes it has read
 * `payment.transaction.completed` first, as this consumer does.
 */
export function courseAccessConsumer(): Consumer {
  return defineConsumer({
    subscriber: "course_access",
    // The first Python consumer has this name too; in a shared table its claims were taken for ours.
    formerly: "course_access_handler",
    source,
    handlers: [
      on(paymentTransactionCompleted, grantForPayment),
      on(paymentRefundCompleted, revokeForRefund),
      on(paymentRefundFailed, grantAfterReversal),
    ],
  });
}
