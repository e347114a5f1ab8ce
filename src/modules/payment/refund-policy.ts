/** What a policy is asked: may this refund be made? */
export interface RefundQuestion {
  readonly intentId: string;
  readonly tenantId: string;
  readonly amountCents: number;
  readonly currency: string;
  /** Who asks; null when the caller did not say. */
  readonly requestedBy: string | null;
  /** Who is said to have approved it; null: nobody. */
  readonly approvedBy: string | null;
}

export type RefundVerdict =
  | { readonly allowed: true }
  /** `reason` is shown to the caller: what was expected, what to do. */
  | { readonly allowed: false; readonly reason: string };

/**
 * Decides refunds above the threshold. It is asked while the payment is locked, so it must answer quickly; when it fails,
 * the refund is not made.
 */
export interface RefundPolicy {
  decide(question: RefundQuestion): Promise<RefundVerdict>;
}

export const whoAsks = "A refund of this size needs to know who asks for it: send the x-actor-id header.";

/** Two persons: who asks is known, and somebody else approved. Without a better policy nothing is let through. */
export const fourEyes: RefundPolicy = {
  async decide({ requestedBy, approvedBy }) {
    if (requestedBy === null) {
      return { allowed: false, reason: whoAsks };
    }
    if (approvedBy === null) {
      return {
        allowed: false,
        reason:
          "A refund of this size needs a second person: send their id as approved_by, or await_approval: true and have them approve it with POST /api/paycore/refunds/{id}/approve.",
      };
    }
    return approvedBy === requestedBy
      ? { allowed: false, reason: "A refund of this size cannot be approved by the person who asks for it." }
      : { allowed: true };
  },
};
