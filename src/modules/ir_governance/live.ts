import {
  type Envelope,
  irApprovalAcknowledged,
  irApprovalConsumed,
  irApprovalCreated,
  irApprovalExpired,
  irApprovalInvalid,
} from "@brain/schemas";
import type { Followed, RequestServices } from "../module.ts";

/** What happens to the approvals of a tenant, as server-sent events. */

const liveNames: ReadonlyMap<string, string> = new Map([
  [irApprovalCreated.type, "approval_created"],
  [irApprovalConsumed.type, "approval_consumed"],
  [irApprovalExpired.type, "approval_expired"],
  [irApprovalInvalid.type, "approval_invalid"],
  [irApprovalAcknowledged.type, "approval_acknowledged"],
]);

/** Fields of one message: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface LiveMessage {
  /** Send it as `Last-Event-ID` to go on behind this message. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

function messageFor({ cursor, event }: Followed, now: Date): LiveMessage {
  if (event === null) {
    return { id: cursor, event: "heartbeat", data: JSON.stringify({ timestamp: now.toISOString() }) };
  }
  const { id, type, timestamp, correlation_id, payload } = event;
  const data = { event_id: id, type, timestamp, correlation_id, ...payload };
  return { id: cursor, event: liveNames.get(type) ?? type, data: JSON.stringify(data) };
}

/**
 * Begins to follow, and answers when the feed has begun, so that a cursor that is not ours is refused before anything is
 * sent.
 *
 * @param after id of the last message received; null: only what comes
 * @throws {ValidationError} the id is not one of this feed
 * @throws {TransientError} there is no stream, or it cannot be reached
 */
export async function followApprovals(
  services: RequestServices,
  tenantId: string,
  after: string | null,
  signal: AbortSignal,
): Promise<AsyncIterable<LiveMessage>> {
  const wants = (event: Envelope) => event.tenant_id === tenantId && liveNames.has(event.type);
  const feed = services.follow({ wants }, after, signal)[Symbol.asyncIterator]();
  const first = await feed.next();
  return (async function* () {
    try {
      for (let step = first; !step.done; step = await feed.next())
        yield messageFor(step.value, services.now());
    } finally {
      await feed.return?.();
    }
  })();
}
