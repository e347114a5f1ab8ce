/** The author workflow of a course, as pure decisions. */

export const workflowStates = ["draft", "review", "publish_ready", "published", "archived"] as const;
export type WorkflowState = (typeof workflowStates)[number];

const allowed: Readonly<Record<WorkflowState, readonly WorkflowState[]>> = {
  draft: ["review", "archived"],
  review: ["draft", "publish_ready", "archived"],
  publish_ready: ["review", "published", "archived"],
  published: ["archived"],
  archived: [],
};

/** States a course may reach only when all its artifacts exist. */
const needsContent: ReadonlySet<WorkflowState> = new Set(["review", "publish_ready", "published"]);

/** What a change of state means before it is made. */
export interface TransitionPlan {
  readonly from_state: WorkflowState;
  readonly to_state: WorkflowState;
  /** True when a person has to allow it; who that is, is asked after this decision. */
  readonly requires_approval: boolean;
  readonly can_rollback: boolean;
  /** Where a rollback leads; null when there is no way back. */
  readonly rollback_state: WorkflowState | null;
}

export type Refusal = "not_allowed" | "content_missing";

export type TransitionDecision =
  | { readonly ok: true; readonly plan: TransitionPlan }
  | { readonly ok: false; readonly refusal: Refusal; readonly message: string };

/** The states that may follow `from`. */
export function nextStates(from: WorkflowState): readonly WorkflowState[] {
  return allowed[from];
}

/** Only a human may declare a reviewed course ready for the public. */
function requiresApproval(from: WorkflowState, to: WorkflowState): boolean {
  return from === "review" && to === "publish_ready";
}

/**
 * Decides a change of state. A rollback is decided by the same function with the states turned round, so it obeys the
 * same table and the same approval rule.
 */
export function decideTransition(
  from: WorkflowState,
  to: WorkflowState,
  facts: { readonly contentComplete: boolean },
): TransitionDecision {
  if (!allowed[from].includes(to)) {
    const next = allowed[from].length === 0 ? "nothing, it is final" : allowed[from].join(", ");
    return refused(
      "not_allowed",
      `A course in state ${from} cannot become ${to}; after ${from} comes ${next}.`,
    );
  }
  if (needsContent.has(to) && !facts.contentComplete) {
    return refused(
      "content_missing",
      `A course becomes ${to} only when its generation is completed; wait for it or archive the course.`,
    );
  }
  return {
    ok: true,
    plan: {
      from_state: from,
      to_state: to,
      requires_approval: requiresApproval(from, to),
      can_rollback: to !== "published" && to !== "archived",
      rollback_state: to === "archived" ? null : from,
    },
  };
}

function refused(refusal: Refusal, message: string): TransitionDecision {
  return { ok: false, refusal, message };
}
