import type { Publish } from "@brain/engine";
import { courseAccessGranted, courseAccessRevoked } from "@brain/schemas";
import type { Access, Decision } from "./state.ts";

/** Producer of all events of this module. */
export const source = "course_access";

/**
 * Records the event of a change, if it is one.
 *
 * @param row the access as it is now
 * @param paymentId the payment that caused the change; null when an operator did
 */
export async function publishChange(
  publish: Publish,
  row: Access,
  change: Decision["change"],
  paymentId: string | null,
): Promise<void> {
  const fields = {
    course_id: row.courseId,
    user_id: row.userId,
    tenant_id: row.tenantId,
    payment_id: paymentId,
  };
  // An access without a tenant leaves the one that the context knows.
  const options = row.tenantId === null ? {} : { tenant_id: row.tenantId };
  if (change === "granted" && row.grantedAt !== null) {
    await publish(
      courseAccessGranted,
      {
        ...fields,
        granted_at: row.grantedAt.toISOString(),
        reason: paymentId === null ? row.grantReason : null,
      },
      options,
    );
  }
  if (change === "revoked" && row.revokedAt !== null) {
    await publish(
      courseAccessRevoked,
      { ...fields, reason: row.revokeReason, revoked_at: row.revokedAt.toISOString() },
      options,
    );
  }
}
