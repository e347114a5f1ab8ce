import { canonicalJson, sha256Hex } from "@brain/engine";
import type { JsonObject, JsonValue } from "@brain/schemas";
import type { PlanContent, PlanStep, PlanV1, StepV1 } from "./plan.ts";

/*
 * Hashes of plans, 64 hex digits of SHA-256 over a canonical text.
 *
 * Scheme v2, the current one, hashes what a plan says and nothing that differs between two requests for it or that a
 * validation writes into it. Its texts begin with `{"content":` and name their scheme, so no text of another scheme
 * equals one of them. Scheme v1 hashes the whole request with its id, its time and the computed fields; it is kept to
 * verify approvals and graphs that were made with it.
 *
 * A plan that breaks a rule has a hash of a third kind, over what came. So the hash of a rejected plan is never that of
 * one that may be approved, and data that the schemes refuse (floats) still has a hash to be told by.
 */

const hashJson = (value: unknown): Promise<string> => sha256Hex(canonicalJson(value as JsonValue));

/** Hash of what a plan says. */
export function hashContent(content: PlanContent): Promise<string> {
  return hashJson({ content, scheme: "ir/v2" });
}

/** Hash of a step, as nodes of an execution graph carry it. */
export function hashStep({
  action,
  provider,
  resource,
  params,
  idempotency_key,
  constraints,
  budget_cents,
  step_id,
  description,
}: PlanStep): Promise<string> {
  const content = {
    action,
    provider,
    resource,
    params,
    idempotency_key,
    constraints,
    budget_cents,
    step_id,
    description,
  };
  return hashJson({ content, scheme: "ir-step/v2" });
}

/** Hash of a whole request, computed fields and nulls included. */
export function hashRequestV1(request: PlanV1): Promise<string> {
  return hashJson(request);
}

export function hashStepV1(step: StepV1): Promise<string> {
  return hashJson(step);
}

/** A node of an execution graph. */
export interface DagNode {
  readonly ir_step_id: string;
  readonly ir_step_hash: string;
}

/** Hash of a graph; the same in both schemes, since nothing in a node is computed by us. */
export function hashDag(nodes: readonly DagNode[]): Promise<string> {
  const plain = nodes.map(({ ir_step_id, ir_step_hash }) => ({ ir_step_hash, ir_step_id }));
  return hashJson(plain.sort((left, right) => compare(left, right)));
}

/** Nodes with one id are ordered by hash, so that the order in which they came does not count. */
function compare(left: DagNode, right: DagNode): number {
  return compareText(left.ir_step_id, right.ir_step_id) || compareText(left.ir_step_hash, right.ir_step_hash);
}

/** By code point, as Python compares; UTF-16 units differ from that above U+FFFF. */
function compareText(left: string, right: string): number {
  const [some, others] = [Array.from(left), Array.from(right)];
  for (const [index, character] of some.entries()) {
    const difference = (character.codePointAt(0) ?? 0) - (others[index]?.codePointAt(0) ?? -1);
    if (difference !== 0) return difference;
  }
  return some.length - others.length;
}

/** Hash of something that breaks a rule, as it came. */
export function hashRejected(raw: JsonObject | readonly JsonValue[]): Promise<string> {
  return hashJson({ raw, scheme: "rejected" });
}
