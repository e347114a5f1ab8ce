import type { Envelope } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import { rules, signsOf } from "./rules.ts";

const event = (type: string, payload: Record<string, unknown>, tenant_id: string | null = "acme") =>
  ({ type, payload, tenant_id }) as unknown as Envelope;

describe("an event is a sign", () => {
  test("of tampering, about its request", () => {
    expect(signsOf(event("ir.dag_diff_failed", { request_id: "r1" }))).toEqual([
      { rule: "dag_diff_failed", subject: "acme:r1" },
    ]);
  });

  test("of guessing, about its tenant and who tried; of a mismatch of tenants, too", () => {
    const signs = signsOf(
      event("ir.approval_invalid", { reason: "tenant_mismatch", attempted_by: "user:7" }),
    );
    expect(signs).toEqual([
      { rule: "approvals_refused", subject: "tenant:acme" },
      { rule: "approvals_refused", subject: "actor:user:7", isOverTenants: true },
      { rule: "approval_tenant_mismatch", subject: "acme:user:7" },
    ]);
    const unknown = signsOf(event("ir.approval_invalid", { reason: "token_not_found", attempted_by: null }));
    expect(unknown).toEqual([{ rule: "approvals_refused", subject: "tenant:acme" }]);
  });

  test("about the tenant of its payload, when its envelope names none", () => {
    expect(signsOf(event("ir.approval_expired", { tenant_id: "globex" }, null))).toEqual([
      { rule: "approvals_expired", subject: "tenant:globex" },
    ]);
  });

  test("of nothing, when no rule knows it", () => {
    expect(signsOf(event("ir.validated_pass", {}))).toEqual([]);
  });
});

test("what is an alert at once needs one sign, and windows are an hour at most", () => {
  expect(rules.dag_diff_failed).toMatchObject({ threshold: 1, severity: "critical" });
  expect(rules.approval_tenant_mismatch).toMatchObject({ threshold: 1, severity: "high" });
  expect(rules.approvals_refused).toMatchObject({ threshold: 5, minutes: 10, severity: "high" });
});
