import * as z from "zod";
import { plainText } from "../../http/kit/free-text.ts";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import type { Access } from "./state.ts";

/** An id of ours, as events carry it. */
const id = plainText(100);

export const courseParam = z.object({ course_id: id });

export const accessQuery = z.object({
  user_id: id,
  /** Left out: of any tenant. */
  tenant_id: tenantIdText.optional(),
});
export type AccessQuery = z.output<typeof accessQuery>;

export const listQuery = z.object({
  user_id: id,
  tenant_id: tenantIdText.optional(),
  status: z.enum(["active", "revoked"]).optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, { error: "Expected an integer from 1 to 100" })
    .transform(Number)
    .pipe(z.int().min(1).max(100))
    .default(50),
  cursor: z
    .string()
    // Below 2^63, the largest id.
    .regex(/^\d{1,18}$/, { error: 'Expected the "next_cursor" of an earlier answer' })
    .optional(),
});
export type ListQuery = z.output<typeof listQuery>;

/** Why an operator acts. It goes into an event, so personal data in it is replaced by `[redacted]`. */
const reason = plainText(500, 3);

export const grantRequest = z.strictObject({
  user_id: id,
  /** Null or left out: that of the credential, or access without a tenant. */
  tenant_id: tenantIdText.nullish(),
  reason,
});
export type GrantRequest = z.output<typeof grantRequest>;

export const revokeRequest = z.strictObject({
  user_id: id,
  /** Left out: the access of any tenant. */
  tenant_id: tenantIdText.optional(),
  reason,
});
export type RevokeRequest = z.output<typeof revokeRequest>;

/** An access as callers see it; times are ISO 8601 in UTC. */
export function accessView(row: Access) {
  return {
    course_id: row.courseId,
    user_id: row.userId,
    tenant_id: row.tenantId,
    has_access: row.status === "active",
    status: row.status,
    granted_at: row.grantedAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    revoke_reason: row.revokeReason,
    payment_id: row.paymentId,
    operator_granted: row.operatorGranted,
    grant_reason: row.grantReason,
    version: row.version,
  };
}

/** The answer for a user who never had access. */
export function noAccessView(courseId: string, userId: string, tenantId: string | undefined) {
  return {
    course_id: courseId,
    user_id: userId,
    tenant_id: tenantId ?? null,
    has_access: false,
    status: "none" as const,
    granted_at: null,
    revoked_at: null,
    revoke_reason: null,
    payment_id: null,
    operator_granted: false,
    grant_reason: null,
    version: 0,
  };
}
