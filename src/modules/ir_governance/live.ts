import { withPosition } from "@brain/engine";
import {
  irApprovalAcknowledged,
  irApprovalConsumed,
  irApprovalCreated,
  irApprovalExpired,
  irApprovalInvalid,
} from "@brain/schemas";
import type { LiveOptions } from "../../http/kit/server-sent-events.ts";

/** What happens to the approvals of a tenant, as server-sent events. */

const liveNames: ReadonlyMap<string, string> = new Map([
  [irApprovalCreated.type, "approval_created"],
  [irApprovalConsumed.type, "approval_consumed"],
  [irApprovalExpired.type, "approval_expired"],
  [irApprovalInvalid.type, "approval_invalid"],
  [irApprovalAcknowledged.type, "approval_acknowledged"],
]);

/** What listeners of a tenant hear of. */
export function approvalsLive(tenantId: string): LiveOptions {
  return {
    wants: (event) => event.tenant_id === tenantId && liveNames.has(event.type),
    toMessage: (event) => {
      const { id, type, timestamp, correlation_id, position, payload } = withPosition(event);
      return {
        event: liveNames.get(type) ?? type,
        data: { event_id: id, type, timestamp, correlation_id, position, ...payload },
      };
    },
  };
}
