import { describe, expect, test } from "vitest";
import { decideTransition, nextStates, type WorkflowState, workflowStates } from "./state.ts";

/** Written out by hand on purpose: the table the product promises, independent of the code. */
const table: Readonly<Record<WorkflowState, Readonly<Record<WorkflowState, boolean>>>> = {
  draft: { draft: false, review: true, publish_ready: false, published: false, archived: true },
  review: { draft: true, review: false, publish_ready: true, published: false, archived: true },
  publish_ready: { draft: false, review: true, publish_ready: false, published: true, archived: true },
  published: { draft: false, review: false, publish_ready: false, published: false, archived: true },
  archived: { draft: false, review: false, publish_ready: false, published: false, archived: false },
};

const ready = { contentComplete: true };

describe("the author workflow", () => {
  const pairs = workflowStates.flatMap((from) =>
    workflowStates.map((to) => [from, to, table[from][to]] as const),
  );

  test.each(pairs)("from %s to %s is allowed: %s", (from, to, expected) => {
    const decision = decideTransition(from, to, ready);
    expect(decision.ok).toBe(expected);
    expect(nextStates(from).includes(to)).toBe(expected);
    if (!decision.ok) expect(decision.refusal).toBe("not_allowed");
  });

  test.each(pairs.filter(([, , ok]) => ok))(
    "from %s to %s asks for approval only before publish_ready",
    (from, to) => {
      const decision = decideTransition(from, to, ready);
      const needed = from === "review" && to === "publish_ready";
      expect(decision).toMatchObject({ ok: true, plan: { requires_approval: needed } });
    },
  );

  test.each(pairs.filter(([, , ok]) => ok))(
    "from %s to %s needs the content unless it steps back",
    (from, to) => {
      const decision = decideTransition(from, to, { contentComplete: false });
      expect(decision.ok).toBe(to === "draft" || to === "archived");
    },
  );

  test.each(pairs.filter(([, , ok]) => ok))("from %s to %s says where a rollback leads", (from, to) => {
    const decision = decideTransition(from, to, ready);
    if (!decision.ok) throw new Error(decision.message);
    expect(decision.plan.rollback_state).toBe(to === "archived" ? null : from);
    expect(decision.plan.can_rollback).toBe(to !== "published" && to !== "archived");
  });

  test("asks for the approval again when the way back leads to publish_ready", () => {
    const back = decideTransition("publish_ready", "review", ready);
    if (!back.ok || back.plan.rollback_state === null) throw new Error("expected a way back");
    const rollback = decideTransition(back.plan.to_state, back.plan.rollback_state, ready);
    expect(rollback).toMatchObject({ ok: true, plan: { requires_approval: true } });
  });

  test("names the states that may follow", () => {
    const decision = decideTransition("draft", "published", ready);
    expect(decision).toMatchObject({ ok: false });
    if (!decision.ok) expect(decision.message).toContain("review, archived");
  });
});
