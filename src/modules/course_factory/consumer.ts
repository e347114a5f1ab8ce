import { type Consumer, defineConsumer, type HandlerContext, on, onSql } from "@brain/engine";
import {
  courseDistributionCompleted,
  courseDistributionFailed,
  courseGenerationRequested,
  courseGenerationStarted,
  distributionCreated,
  irApprovalConsumed,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentTransactionCompleted,
  paymentTransactionFailed,
} from "@brain/schemas";
import { factorySource } from "./announce.ts";
import { maxAttempts, proceed, resumeTimeoutMs, watch } from "./generation/resume.ts";
import { recordApproval } from "./governance/approvals.ts";
import { beginDelivery, closeDeliveries, failDeliveries } from "./payments/delivery.ts";
import { announcePaymentFailure } from "./payments/payment.ts";
import { reopenRefund, settleRefund } from "./payments/refund-due.ts";
import { type CourseFactorySettings, makerOf, slowestCallMsOf } from "./settings.ts";
import { deployToStaging } from "./staging/deploy.ts";

/**
 * The subscriber `course_factory`. What its handlers do in the transaction is applied once for each event; what they
 * call outside may be repeated after a crash. A forced replay has events applied once more: leases, unique keys and
 * conditional updates decide then.
 */
export function courseFactoryConsumer(settings: CourseFactorySettings): Consumer {
  // The content service is reached as the context of the event allows.
  const generatorOf = ({ fetch }: Pick<HandlerContext, "fetch">) => makerOf(settings, fetch);
  return defineConsumer({
    subscriber: "course_factory",
    source: factorySource,
    retry: { maxAttempts },
    handlerTimeoutMs: resumeTimeoutMs(slowestCallMsOf(settings)),
    handlers: [
      on(courseGenerationRequested, async (event, context) => {
        if (event.payload.dry_run) return;
        const teller = event.tenant_id;
        await watch(event.payload.course_id, generatorOf(context), { ...context, teller });
      }),
      on(courseGenerationStarted, async (event, context) => {
        const { course_id: courseId, parameters } = event.payload;
        // The first start comes with the run itself; a resumed one asks for the next turn.
        if (courseId === null || parameters.resumed !== true || typeof parameters.run !== "string") return;
        const teller = event.tenant_id;
        await proceed(courseId, parameters.run, generatorOf(context), { ...context, teller });
      }),
      on(distributionCreated, (event, context) => deployToStaging(event, settings, context)),
      onSql(irApprovalConsumed, recordApproval),
      on(paymentTransactionCompleted, (event, context) => beginDelivery(event, context, settings)),
      onSql(paymentRefundCompleted, settleRefund),
      on(paymentRefundFailed, reopenRefund),
      on(paymentTransactionFailed, announcePaymentFailure),
      on(courseDistributionCompleted, closeDeliveries),
      on(courseDistributionFailed, (event, context) => failDeliveries(event, context)),
    ],
  });
}
