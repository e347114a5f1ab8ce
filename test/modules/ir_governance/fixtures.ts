import type { Answer } from "@brain/engine/testing";
import { expect } from "vitest";
import type { TestEngine } from "../../engine.ts";

export const base = "/api/ir";

export const harmlessStep = {
  action: "course.create",
  provider: "course_factory.v1",
  resource: "course:demo",
  params: { title: "Demo" },
  idempotency_key: "course-1",
};
const riskyStep = {
  action: "dns.create_zone",
  provider: "dns.hetzner",
  resource: "zone:example.org",
  params: {},
  idempotency_key: "zone-1",
  budget_cents: 500,
};

export const planOf = (...steps: unknown[]) => ({ tenant_id: "tenant_a", steps, intent_summary: "Try it" });
export const harmless = planOf(harmlessStep);
export const risky = planOf(harmlessStep, riskyStep);

export async function validate(engine: TestEngine, plan: unknown = risky): Promise<Answer["body"]> {
  const answer = await engine.request("POST", `${base}/validate`, plan);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}

export interface Created {
  readonly approval_id: string;
  readonly token: string;
  readonly expires_at: string;
}

/** Approves a hash as `approver`, or as who `changes` say. */
export async function approve(
  engine: TestEngine,
  irHash: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<Created> {
  const query = new URLSearchParams({
    tenant_id: "tenant_a",
    ir_hash: irHash,
    created_by: "approver",
    ...changes,
  });
  const answer = await engine.request("POST", `${base}/approvals?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body as Created;
}

export async function consume(
  engine: TestEngine,
  body: { readonly token: string; readonly ir_hash: string; readonly tenant_id?: string },
  consumedBy = "runner",
): Promise<Answer["body"]> {
  const answer = await engine.request("POST", `${base}/approvals/consume?consumed_by=${consumedBy}`, {
    tenant_id: "tenant_a",
    ...body,
  });
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}

/** Moves an approval into the past, so that its time is over. */
export async function letExpire(engine: TestEngine, approvalId: string): Promise<void> {
  await engine.sql(
    `UPDATE ir_governance_approvals SET created_at = created_at - interval '2 days',
       expires_at = expires_at - interval '2 days' WHERE approval_id = $1`,
    [approvalId],
  );
}

export interface Recorded {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly severity: string | null;
  readonly meta: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
}

/** Recorded events, in their order; all of this module, or those of one type. */
export function recorded(engine: TestEngine, type: string | null = null): Promise<Recorded[]> {
  return engine.sql<Recorded>(
    `SELECT id, type, source, tenant_id, actor_id, correlation_id, causation_id, severity, meta, payload
     FROM events WHERE type LIKE 'ir.%' AND ($1::text IS NULL OR type = $1) ORDER BY position`,
    [type],
  );
}

export async function recordedTypes(engine: TestEngine): Promise<string[]> {
  return (await recorded(engine)).map(({ type }) => type);
}

/** Empties what tests of one file share: plans, approvals, events, and limits per minute, which count over all of them. */
export async function forgetAll(engine: TestEngine): Promise<void> {
  await engine.sql("DELETE FROM ir_governance_approvals");
  await engine.sql("DELETE FROM ir_governance_validations");
  await engine.sql("DELETE FROM operator_actions");
  await engine.sql("DELETE FROM events");
  for (const key of (await engine.redis("KEYS", `${engine.sandbox.prefix}*limit*`)) as string[]) {
    await engine.redis("DEL", key);
  }
}
