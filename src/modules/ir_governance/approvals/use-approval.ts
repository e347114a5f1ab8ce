import { newEventId, type Publish, type PublishOptions, TransientError, type Tx } from "@brain/engine";
import { irApprovalConsumed, irApprovalExpired, irApprovalInvalid } from "@brain/schemas";
import { decideUse, ownApproval, type UseOutcome, type UseRequest } from "../state.ts";
import { type Approval, consumeApproval, expireApproval, findById, findByToken } from "../store.ts";
import { source } from "../validation.ts";
import { equalInConstantTime } from "./token.ts";

/** The one way in which an approval is used up, whoever asks. */

export interface TokenUse extends UseRequest {
  /** SHA-256 of the token, hex. */
  readonly tokenHash: string;
  /** The one tenant whose approvals the caller may know of; null: those of all. */
  readonly visibleTenant: string | null;
  /** Hash of the plan as the refusal tells it. */
  readonly irHash: string;
  readonly consumedBy: string | null;
}

export interface UseResult {
  readonly outcome: UseOutcome;
  /** As it is after the use; null when no approval has the token. */
  readonly approval: Approval | null;
}

/** Source, tenant, correlation and cause of an event about an approval. */
export function ofApproval(approval: Approval): PublishOptions {
  return {
    source,
    tenant_id: approval.tenantId,
    correlation_id: approval.correlationId,
    causation_id: approval.createdEventId,
  };
}

/** The approval of a token; null when there is none. @param tenantId of this tenant; null: of any */
export async function findTokenHolder(
  tx: Tx,
  tokenHash: string,
  tenantId: string | null,
): Promise<Approval | null> {
  const found = await findByToken(tx, tokenHash, tenantId);
  return found !== null && equalInConstantTime(found.tokenHash, tokenHash) ? found : null;
}

/**
 * Uses an approval up for one plan, and publishes what came of it. Commit the transaction also when the use was
 * refused, because the refusal is told by an event. Of any number of concurrent uses one is `usable`.
 */
export async function useApproval(tx: Tx, publish: Publish, use: TokenUse): Promise<UseResult> {
  let approval = await findTokenHolder(tx, use.tokenHash, use.visibleTenant);
  // Twice: when another was faster, what it made of the approval decides.
  for (let round = 0; round < 2; round += 1) {
    const outcome = decideUse(approval, { ...use, now: approval?.readAt ?? use.now });
    if (outcome !== "usable" || approval === null) {
      await tellRefusal(tx, publish, use, outcome, approval);
      return { outcome, approval };
    }
    const consumed = await consume(tx, publish, use, approval);
    if (consumed !== null) return { outcome, approval: consumed };
    approval = await findById(tx, approval.approvalId);
  }
  throw new TransientError("The approval changed while it was used. Try again.");
}

async function consume(
  tx: Tx,
  publish: Publish,
  use: TokenUse,
  approval: Approval,
): Promise<Approval | null> {
  const { consumedBy } = use;
  const eventId = newEventId(use.now.getTime());
  const consumed = await consumeApproval(tx, { approval, consumedBy, eventId });
  if (consumed === null) return null;
  const { readAt } = consumed;
  const waitedMs = readAt.getTime() - consumed.createdAt.getTime();
  await publish(
    irApprovalConsumed,
    {
      approval_id: consumed.approvalId,
      tenant_id: consumed.tenantId,
      ir_hash: consumed.irHash,
      consumed_by: consumedBy,
      consumed_at: readAt.toISOString(),
      time_to_consume_seconds: Math.max(0, Math.floor(waitedMs / 1_000)),
      was_expired: false,
    },
    { ...ofApproval(consumed), id: eventId },
  );
  return consumed;
}

async function tellRefusal(
  tx: Tx,
  publish: Publish,
  use: TokenUse,
  outcome: UseOutcome,
  approval: Approval | null,
): Promise<void> {
  switch (outcome) {
    case "usable":
    case "own_approval":
      return;
    case "expired":
      if (approval !== null && (await expireApproval(tx, approval.approvalId))) {
        await publishExpired(publish, approval, approval.readAt);
      }
      return;
    default: {
      // What is told of a foreign tenant's approval goes into the story of who tried, not of who owns it.
      const isOwn = approval !== null && outcome !== "tenant_mismatch";
      await publish(
        irApprovalInvalid,
        {
          tenant_id: use.tenantId,
          ir_hash: use.irHash,
          // A token that was taken back counts as invalid: the catalogue has no other word. The event is in its story.
          reason: outcome === "withdrawn" ? "token_not_found" : outcome,
          attempted_by: use.consumedBy,
          attempted_at: use.now.toISOString(),
          approval_id: outcome === "withdrawn" ? null : (approval?.approvalId ?? null),
        },
        isOwn ? ofApproval(approval) : { source, tenant_id: use.tenantId },
      );
    }
  }
}

/** Records that the time of an approval is over; `now` is when it was noticed. */
export async function publishExpired(publish: Publish, approval: Approval, now: Date): Promise<void> {
  await publish(
    irApprovalExpired,
    {
      approval_id: approval.approvalId,
      tenant_id: approval.tenantId,
      ir_hash: approval.irHash,
      expired_at: now.toISOString(),
      created_at: approval.createdAt.toISOString(),
      ttl_seconds: approval.ttlSeconds,
      was_consumed: false,
    },
    ofApproval(approval),
  );
}

/** What a user is told. The first three are one message, so that nobody learns whose approval he has half of. */
export function messageOf(outcome: UseOutcome): string {
  switch (outcome) {
    case "usable":
      return "The approval was used.";
    case "token_not_found":
    case "tenant_mismatch":
    case "ir_hash_mismatch":
      return "The approval is not valid for this tenant and plan. Ask for a new one.";
    case "already_consumed":
      return "The approval was used before; each can be used once. Ask for a new one.";
    case "withdrawn":
      return "The approval was withdrawn. Ask for a new one.";
    case "expired":
      return "The time of the approval is over. Ask for a new one.";
    case "own_approval":
      return ownApproval;
  }
}
