import { type JsonObject, redactText } from "@brain/schemas";
import type { IrValidation } from "../../ports/ir-gate.ts";

/** The parts of a plan, and the texts that they may hold. */

/** A rule that a plan breaks. */
export type Violation = IrValidation["violations"][number];

/** A step as it is hashed and stored: every field there, nothing that is computed. */
export interface PlanStep {
  readonly action: string;
  readonly provider: string;
  readonly resource: string;
  readonly params: JsonObject;
  readonly idempotency_key: string;
  readonly constraints: JsonObject;
  readonly budget_cents: number | null;
  readonly step_id: string | null;
  readonly description: string | null;
}

/** What a plan says, without what differs between two requests for the same. */
export interface PlanContent {
  readonly tenant_id: string;
  readonly intent_summary: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly steps: readonly PlanStep[];
}

/** The short form that lists show. */
export interface PlanSummary {
  readonly intent_summary: string | null;
  readonly step_count: number;
  /** Sum of the budgets that the steps name, cents. */
  readonly budget_cents: number;
  /** The first ten. */
  readonly steps: readonly {
    readonly step_index: number;
    readonly action: string;
    readonly provider: string;
    readonly resource: string;
    readonly risk_tier: number;
    readonly reason: string;
  }[];
}

/** A plan as the first hash scheme sees it: with the request and with the computed fields as they came. */
export interface PlanV1 extends Omit<PlanContent, "steps"> {
  readonly request_id: string;
  readonly created_at: string;
  readonly steps: readonly StepV1[];
}

export interface StepV1 extends PlanStep {
  readonly risk_tier: number | null;
  readonly requires_approval: boolean;
}

/** What came, read. */
export interface ReadIr {
  readonly tenantId: string;
  readonly requestId: string;
  readonly stepCount: number;
  /** Empty when the plan may be looked at further; any violation found here is an error. */
  readonly violations: readonly Violation[];
  /** Null when there are violations. */
  readonly content: PlanContent | null;
  /** Null when there are violations, or the request lacks its own id or time. */
  readonly v1: PlanV1 | null;
  /** As it came, without the fields that differ between requests; for the hash of a rejected plan. */
  readonly raw: JsonObject;
}

/** Collects violations; those of one plan share it. */
export interface Findings {
  add(stepIndex: number | null, code: string, message: string): void;
}

/** Name under which a step is found in an execution graph: its id, or its position. */
export function stepIdOf(step: { readonly step_id: string | null }, index: number): string {
  return step.step_id ?? String(index);
}

/** What hashes may hold: no control character below U+0020 but tab and line ends, no half of a surrogate pair. */
export function isText(text: string): boolean {
  return text.isWellFormed() && !/[^\P{Cc}\t\n\r\u007f-\u009f]/u.test(text);
}

/** Text of one line, without any control character. */
export function isLine(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

/** A key that is only a key, wherever it is copied. */
export function isKey(key: string): boolean {
  return key !== "__proto__" && isLine(key);
}

/** Kind of a value, for messages; never the value itself. */
export function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return value.trim() === "" ? "blank text" : "text";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A name from outside as messages may show it: a plain word, or only its kind. */
export function nameOf(value: string): string {
  return /^[\w.-]{1,60}$/.test(value) ? redactText(value) : `a name of ${value.length} characters`;
}
