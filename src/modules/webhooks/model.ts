import { refusedHost } from "@brain/engine";
import * as z from "zod";
import { plainText, reasonText } from "../../http/kit/free-text.ts";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import { writtenUuid } from "../../http/kit/written-uuid.ts";
import { isoOrNull } from "../iso-or-null.ts";
import type { DeliveryRow, EndpointRow } from "./tables.ts";

const eventType = z
  .string()
  .max(100)
  .regex(/^[a-z0-9_.*]+$/, 'expected a type, in which * stands for any characters, e.g. "course.*"');

/** @param allow private hosts that may be called */
export function endpointRequest(allow: readonly string[]) {
  const url = z
    .url({ protocol: /^https?$/, error: "Expected an absolute http or https URL" })
    .max(2_048)
    .superRefine((text, context) => {
      if (!URL.canParse(text)) return;
      const refused = refusedHost(new URL(text), allow);
      if (refused !== null) context.addIssue({ code: "custom", message: refused });
    });
  return z.strictObject({
    url,
    event_types: z.array(eventType).min(1).max(50),
    form: z.enum(["structured", "binary"]).default("structured"),
    description: plainText(500, 0).default(""),
    /** Null: the events of all tenants. Left out: that of the credential. */
    tenant_id: tenantIdText.nullable().optional(),
  });
}
export type EndpointRequest = z.output<ReturnType<typeof endpointRequest>>;

export const rotateRequest = z.strictObject({
  /** How long the secret before signs, too. */
  overlap_seconds: z.number().int().min(0).max(2_592_000).default(86_400),
});
export const disableRequest = z.strictObject({ reason: reasonText(500, 1) });

export const endpointParam = z.object({ id: writtenUuid });
const deliveryId = z
  .string()
  .regex(/^\d{1,15}$/, "expected the id of a delivery")
  .transform(Number);
export const deliveryParam = z.object({ id: writtenUuid, delivery: deliveryId });

const limit = z.coerce.number().int().min(1).max(500).default(50);
export const endpointsQuery = z.strictObject({ limit, cursor: writtenUuid.optional() });
export const deliveriesQuery = z.strictObject({
  limit,
  cursor: deliveryId.optional(),
  status: z.enum(["waiting", "delivered", "failed"]).optional(),
});

/** An endpoint as it is shown: without its secrets. */
export function endpointView(row: EndpointRow, now: Date) {
  return {
    id: row.id,
    tenant_id: row.tenantId,
    url: row.urlShown,
    event_types: row.eventTypes,
    form: row.form,
    description: row.description,
    status: row.status,
    disabled_reason: row.disabledReason,
    failing_since: isoOrNull(row.failingSince),
    previous_until:
      row.previousUntil !== null && row.previousUntil > now ? isoOrNull(row.previousUntil) : null,
    created_by: row.createdBy,
    created_at: isoOrNull(row.createdAt),
    updated_at: isoOrNull(row.updatedAt),
  };
}

export function deliveryView(row: DeliveryRow) {
  return {
    id: String(row.id),
    event_id: row.eventId ?? row.entryEventId,
    event_type: row.eventType,
    is_test: row.message !== null,
    status: row.status,
    attempt: row.attempt,
    next_attempt_at: isoOrNull(row.dueAt),
    attempts: row.attempts,
    created_at: isoOrNull(row.createdAt),
    finished_at: isoOrNull(row.finishedAt),
  };
}
