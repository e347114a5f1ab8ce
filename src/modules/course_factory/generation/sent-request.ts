import type * as z from "zod";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { requireTenantOf } from "../../../http/kit/tenants.ts";
import { type GenerationRequest, generationRequest } from "../content/model.ts";

/** A request for a course as callers send it: whose it is, a credential of one tenant need not say. */
export const sentRequest = generationRequest.extend({
  tenant_id: generationRequest.shape.tenant_id.optional(),
});

/**
 * The request with its tenant.
 *
 * @throws {ForbiddenError} it names another one than its credential is for
 * @throws {ValidationError} it names none, and its credential is for all
 */
export function requestOf(services: RequestServices, sent: z.output<typeof sentRequest>): GenerationRequest {
  return { ...sent, tenant_id: requireTenantOf(services, sent.tenant_id) };
}
