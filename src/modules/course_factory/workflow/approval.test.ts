import { ForbiddenError } from "@brain/engine";
import { describe, expect, test } from "vitest";
import type { IrValidation } from "../../ports/ir-gate.ts";
import { blockedError, type GateAnswer } from "../governance/gate.ts";
import { judgeApproval } from "./approval.ts";

const validation: IrValidation = {
  status: "ESCALATE",
  violations: [],
  risk_tier: 2,
  requires_approval: true,
  ir_hash: "a".repeat(64),
  tenant_id: "tenant-1",
  request_id: "9a8b7c6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d",
  validated_at: "2026-11-21T08:00:00.000Z",
};
const approval = { approval_id: "approval-1", approved_by: "reviewer-1", correlation_id: "story-1" };
const approved: GateAnswer = { allowed: true, validation, validated_event_id: "event-1", approval };
const gateOff: GateAnswer = { allowed: true, validation, validated_event_id: null, approval: null };
const blocked = { allowed: false, validation, reason: "approval required" } as const;

describe("what the gate's answer means for a change that needs a person", () => {
  test("given a block, is a block, whatever the caller says", () => {
    expect(judgeApproval(blocked, { isTold: true, actor: "author-1" }, "new")).toEqual({ blocked });
  });

  test("given an approval, is that approval, whatever the caller says", () => {
    for (const isTold of [true, false]) {
      expect(judgeApproval(approved, { isTold, actor: "author-1" }, "new")).toEqual({
        blocked: null,
        ...approval,
        caused_by: "event-1",
      });
    }
  });

  test("given an approval by who makes the change, is a block", () => {
    expect(judgeApproval(approved, { isTold: true, actor: "reviewer-1" }, "new")).toMatchObject({
      blocked: { allowed: false, reason: expect.stringContaining("must not be who approved it") },
    });
  });

  test("given an approval by nobody known, is that approval", () => {
    const unknown: GateAnswer = { ...approved, approval: { ...approval, approved_by: null } };
    expect(judgeApproval(unknown, { isTold: false, actor: "author-1" }, "new")).toMatchObject({
      approval_id: "approval-1",
      approved_by: null,
    });
  });

  test("given a gate that is off, is the caller's word, and without it undecided", () => {
    expect(judgeApproval(gateOff, { isTold: true, actor: "author-1" }, "new")).toEqual({
      blocked: null,
      approval_id: "new",
      approved_by: "author-1",
      correlation_id: null,
      caused_by: null,
    });
    expect(judgeApproval(gateOff, { isTold: false, actor: "author-1" }, "new")).toBeNull();
  });

  test("given a gate that is on and asked nobody, is a block", () => {
    const unasked: GateAnswer = { ...gateOff, validated_event_id: "event-1" };
    expect(judgeApproval(unasked, { isTold: true, actor: "author-1" }, "new")).toMatchObject({
      blocked: { reason: "approval required" },
    });
  });
});

describe("the refusal of a blocked action", () => {
  test("says why and what to do, and carries what is to be approved", () => {
    const error = blockedError("The change", blocked);
    expect(error).toBeInstanceOf(ForbiddenError);
    expect(error.message).toContain(
      "The change was blocked: approval required. Have a person approve ir_hash",
    );
    expect(error.extra).toEqual({
      reason: "approval required",
      ir_hash: validation.ir_hash,
      validation_result: validation,
    });
  });

  test("asks to mend a rejected plan", () => {
    const rejected = { ...blocked, validation: { ...validation, status: "REJECT" as const } };
    expect(blockedError("It", rejected).message).toContain("Mend what validation_result.violations names");
  });
});
