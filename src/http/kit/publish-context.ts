import type { PublishContext } from "@brain/engine";
import type { RequestServices } from "./module-env.ts";
import { visibleTenant } from "./tenants.ts";

/**
 * Envelope fields of what a request publishes: who acts, and the story that it belongs to.
 *
 * @param source how the module names itself in its events
 * @param tenantId whose event it is; null: of no tenant, or it is not known yet and the event says it. Left out: of
 *   the tenant of the credential
 */
export function publishContext(
  services: RequestServices,
  source: string,
  tenantId: string | null = visibleTenant(services),
): PublishContext {
  return { source, tenant_id: tenantId, actor_id: services.actorId, correlation_id: services.correlationId };
}
