import { canonicalJson, sha256Hex } from "@brain/engine";
import type { JsonValue } from "@brain/schemas";
import { type PlanContent, type PlanStep, stepIdOf } from "./plan.ts";

/** What a plan has that another of its kind had not. Pure. */

/** One field that differs. */
export interface PlanChange {
  /** Name of the step, see `stepIdOf`; null: of the plan as a whole. */
  readonly step: string | null;
  /** Its path, e.g. `params.title`; empty: the step as a whole is new, or gone. */
  readonly field: string;
  /** Null: it was not there, or null. */
  readonly before: JsonValue;
  /** Null: it is not there any more, or null. */
  readonly now: JsonValue;
}

/** Of one plan at most; more is told by a count. */
export const maxChanges = 500;

export interface PlanDiff {
  /** The first {@link maxChanges}: those of the plan as a whole, then step by step. */
  readonly changes: readonly PlanChange[];
  /** How many there are in all. */
  readonly count: number;
}

/**
 * Which plans are of one kind: those with the same labels. Without labels those with the same intent; without one, those
 * whose first step does the same to the same resource. The tenant is not in it: kinds are compared within one.
 */
export function kindOf({ labels, intent_summary, steps }: PlanContent): Promise<string> {
  const [first] = steps;
  const kind =
    Object.keys(labels).length > 0
      ? { labels }
      : intent_summary !== null
        ? { intent_summary }
        : { action: first?.action ?? null, resource: first?.resource ?? null };
  return sha256Hex(canonicalJson({ kind: { ...kind }, scheme: "ir-kind/v1" } as JsonValue));
}

/** Field by field what `now` has otherwise than `before`. Steps are matched by their ids, those without by position. */
export function diffPlans(before: PlanContent, now: PlanContent): PlanDiff {
  const found: PlanChange[] = [];
  const note = (step: string | null) => (field: string, was: JsonValue, is: JsonValue) => {
    found.push({ step, field, before: was, now: is });
  };
  compare("intent_summary", before.intent_summary, now.intent_summary, note(null));
  compare("labels", { ...before.labels }, { ...now.labels }, note(null));
  const earlier = byName(before.steps);
  const later = byName(now.steps);
  for (const [name, step] of later) {
    const was = earlier.get(name);
    if (was === undefined) note(name)("", null, plain(step));
    else compare("", plain(was), plain(step), note(name));
  }
  for (const [name, step] of earlier) if (!later.has(name)) note(name)("", plain(step), null);
  return { changes: found.slice(0, maxChanges), count: found.length };
}

const byName = (steps: readonly PlanStep[]) =>
  new Map(steps.map((step, index) => [stepIdOf(step, index), step]));

/** The name is told beside each change. */
function plain({ step_id: _id, ...step }: PlanStep): JsonValue {
  return { ...step };
}

type Note = (field: string, before: JsonValue, now: JsonValue) => void;

function compare(path: string, before: JsonValue, now: JsonValue, note: Note): void {
  if (isObject(before) && isObject(now)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
    for (const name of names)
      compare(path === "" ? name : `${path}.${name}`, ownOf(before, name), ownOf(now, name), note);
    return;
  }
  if (canonicalJson(before) !== canonicalJson(now)) note(path, before, now);
}

const ownOf = (object: { readonly [name: string]: JsonValue }, name: string): JsonValue =>
  (Object.hasOwn(object, name) ? object[name] : undefined) ?? null;

function isObject(value: JsonValue): value is { [name: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
