import { ForbiddenError, ValidationError } from "@brain/engine";
import type { Envelope } from "@brain/schemas";
import { grants, type Principal } from "../kit/access.ts";
import { isTenantId } from "../kit/tenant-id.ts";

/** What a sender of events needs. */
interface Sender {
  readonly principal: Principal | null;
  /** For whom it acts. */
  readonly actorId: string | null;
}

/**
 * Lets an event pass that is of the sender's tenant, and about the sender's own doing, unless it may act for others.
 *
 * @throws {ValidationError} what it names as its tenant can be none
 * @throws {ForbiddenError} names the field
 */
export function requirePublishable({ principal, actorId }: Sender, event: Envelope): void {
  if (principal === null) return;
  const refuse = (path: string, message: string, expected: string) => {
    throw new ForbiddenError(message, { issues: [{ path, message: expected }] });
  };
  if (event.tenant_id !== null && !isTenantId(event.tenant_id)) {
    throw new ValidationError("The event was refused.", {
      issues: [
        { path: "tenant_id", message: "expected the id of a tenant, without white space at its ends" },
      ],
    });
  }
  const { tenantId } = principal;
  if (tenantId !== null && event.tenant_id !== tenantId) {
    refuse(
      "tenant_id",
      `The event names the tenant "${(event.tenant_id ?? "").slice(0, 100)}", and the credential is for "${tenantId}". Leave the tenant out, or use a credential of that tenant.`,
      `expected "${tenantId}", or no tenant`,
    );
  }
  const isOwnDoing = event.actor_id === null || [actorId, principal.id].includes(event.actor_id);
  if (!isOwnDoing && !grants(principal, "act_as")) {
    refuse(
      "actor_id",
      `The event says that "${(event.actor_id ?? "").slice(0, 100)}" did it, and the credential "${principal.name}" may not act for others. Leave the actor out, or use a credential with the scope "act_as".`,
      `expected "${principal.id}", or no actor`,
    );
  }
}
