import { newEventId, PermanentError } from "@brain/engine";
import { v4 as uuidv4 } from "uuid";
import { type PaymentSettings, returnUrls } from "./settings.ts";
import { nextAttemptAt } from "./state.ts";
import type { paycoreIntents } from "./tables.ts";

/** Of a payment whose request or event names no tenant. */
export const defaultTenant = "default";

type NewIntent = typeof paycoreIntents.$inferInsert;
type GivenIntent = Pick<
  NewIntent,
  "tenantId" | "userId" | "courseId" | "amountCents" | "currency" | "paymentMetadata" | "correlationId"
> &
  Partial<NewIntent>;

/**
 * A payment as it is stored first, before anybody is asked for money.
 *
 * @throws {PermanentError} no setting and no request says where payers go afterwards
 */
export function newIntent(
  given: GivenIntent,
  settings: PaymentSettings,
  origin: string | null,
  now: Date,
): NewIntent & { readonly lastEventId: string } {
  const id = uuidv4();
  const urls = returnUrls(settings, id, origin);
  if (urls === null) {
    throw new PermanentError(
      "Nobody says where payers go after they have paid. Set BRAIN_PUBLIC_URL, or PAYCORE_SUCCESS_URL and PAYCORE_CANCEL_URL.",
    );
  }
  return {
    id,
    provider: "stripe",
    status: "created",
    lastEventId: newEventId(now.getTime()),
    nextAttemptAt: nextAttemptAt(now, 0),
    createdAt: now,
    updatedAt: now,
    ...urls,
    ...given,
  };
}
