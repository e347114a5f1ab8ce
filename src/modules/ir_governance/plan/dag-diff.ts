import { redactText, stripHashPrefix } from "@brain/schemas";
import type { DagNode } from "./canonical.ts";

/** Compares an execution graph with the plan that it claims to carry out. Pure. */

/** A step by the name under which the graph must have it. `hash` null: it cannot be hashed, so nothing can match it. */
export interface HashedStep {
  readonly id: string;
  readonly hash: string | null;
}

export interface DagDiff {
  readonly success: boolean;
  readonly missing_ir_steps: readonly string[];
  readonly extra_dag_nodes: readonly string[];
  readonly hash_mismatches: readonly {
    readonly step_id: string;
    readonly expected_hash: string;
    readonly actual_hash: string;
  }[];
}

/**
 * A node that is none is null. Every node must be the only one of a step and carry its hash: a second node of a step is
 * an extra one, since nobody could say which of the two runs.
 */
export function diffDag(steps: readonly HashedStep[], nodes: readonly (DagNode | null)[]): DagDiff {
  const expected = new Map(steps.map(({ id, hash }) => [id, hash]));
  const seen = new Set<string>();
  const extra: string[] = [];
  const mismatches: DagDiff["hash_mismatches"][number][] = [];
  for (const [index, node] of nodes.entries()) {
    if (node === null) {
      extra.push(`malformed node ${index}`);
      continue;
    }
    const { ir_step_id: id, ir_step_hash: actual } = node;
    const hash = expected.get(id);
    if (hash === undefined || hash === null || seen.has(id)) extra.push(id);
    else if (hash !== actual) mismatches.push({ step_id: id, expected_hash: hash, actual_hash: actual });
    seen.add(id);
  }
  const missing = steps.filter(({ id, hash }) => hash === null || !seen.has(id)).map(({ id }) => id);
  return {
    success: missing.length === 0 && extra.length === 0 && mismatches.length === 0,
    missing_ir_steps: missing,
    extra_dag_nodes: extra,
    hash_mismatches: mismatches,
  };
}

/** A node as it came; null when it lacks its id or its hash. Other fields of a node are its own business. */
export function readNode(value: unknown): DagNode | null {
  if (typeof value !== "object" || value === null) return null;
  const { ir_step_id: id, ir_step_hash: hash } = value as Record<string, unknown>;
  if (typeof id !== "string" || id === "" || id.length > 100 || !id.isWellFormed() || /\p{Cc}/u.test(id)) {
    return null;
  }
  if (typeof hash !== "string" || hash === "" || hash.length > 80 || !/^[\w:]+$/.test(hash)) return null;
  return { ir_step_id: id, ir_step_hash: stripHashPrefix(hash) };
}

/** Entries of each list that an event carries; the answer has them all. */
const eventEntries = 40;

/** First 16 characters: enough to compare by eye, too few to be taken for the hash. */
export function cutHash(hash: string): string {
  return `${hash.slice(0, 16)}...`;
}

/** The differences as an event tells them. */
export function mismatchDetails(diff: DagDiff) {
  const ids = (list: readonly string[]) => {
    const shown = list.slice(0, eventEntries).map(redactText);
    return list.length > eventEntries ? [...shown, `and ${list.length - eventEntries} more`] : shown;
  };
  return {
    missing_ir_steps: ids(diff.missing_ir_steps),
    extra_dag_nodes: ids(diff.extra_dag_nodes),
    hash_mismatches: diff.hash_mismatches.slice(0, eventEntries).map((mismatch) => ({
      step_id: redactText(mismatch.step_id).slice(0, 100),
      expected_hash: cutHash(mismatch.expected_hash),
      actual_hash: cutHash(mismatch.actual_hash),
    })),
  };
}
