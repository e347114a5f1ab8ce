import { type Issue, ValidationError } from "@brain/engine";
import { forbiddenValue, isJsonObject, type JsonObject } from "@brain/schemas";
import * as z from "zod";
import { tenantIdText } from "../../../http/kit/tenant-id.ts";
import {
  type Findings,
  isKey,
  isText,
  nameOf,
  type PlanStep,
  type ReadIr,
  type StepV1,
  stepIdOf,
  typeName,
  type Violation,
} from "./plan.ts";
import { checkStep } from "./steps.ts";

export const maxSteps = 200;
/** Further ones are counted only. */
const maxViolations = 100;
/** Deeper data is refused before anything else looks at it. */
const maxDepth = 64;
const maxLabels = 100;

const topFields = ["tenant_id", "steps", "request_id", "created_at", "intent_summary", "labels"];

/**
 * Reads a plan leniently: what is wrong with it is a violation, so that the refusal can be recorded and told.
 *
 * @throws {ValidationError} it cannot be a plan at all: no object, no usable tenant, unknown fields at its top, or
 *   nested too deeply
 */
export function readIr(input: unknown): ReadIr {
  if (typeof input !== "object" || input === null || !isJsonObject(input)) {
    throw notAPlan([{ path: "", message: `expected an object, received ${typeName(input)}` }]);
  }
  if (isDeeperThan(input, maxDepth)) {
    throw notAPlan([{ path: "", message: `expected at most ${maxDepth} levels of nesting` }]);
  }
  const unknown = Object.keys(input).filter((key) => !topFields.includes(key));
  if (unknown.length > 0) {
    throw notAPlan(
      unknown.slice(0, 20).map((key) => ({ path: nameOf(key), message: "is not a field of a plan" })),
    );
  }
  const tenantId = readTenant(input.tenant_id);
  const violations: Violation[] = [];
  let omitted = 0;
  const findings: Findings = {
    add(step_index, code, message) {
      if (violations.length < maxViolations)
        violations.push({ step_index, code, message, severity: "ERROR" });
      else omitted += 1;
    },
  };
  const head = readHead(input, findings);
  const rawSteps = readSteps(input.steps, findings);
  const steps = rawSteps.map((step, index) => checkStep(step, index, findings));
  checkStepIds(steps, findings);
  if (omitted > 0) {
    violations.push({
      step_index: null,
      code: "MORE_VIOLATIONS",
      message: `${omitted} more violations are not listed. Mend those listed first.`,
      severity: "ERROR",
    });
  }
  const { request_id: _request, created_at: _created, ...raw } = input;
  const complete = steps.filter((step) => step !== null);
  const isGood = violations.length === 0 && complete.length === steps.length;
  const { labels, intent_summary } = head;
  const common = { tenant_id: tenantId, intent_summary, labels };
  const v1 =
    head.givenRequestId === null || head.createdAt === null
      ? null
      : { ...common, request_id: head.givenRequestId, created_at: head.createdAt, steps: complete };
  return {
    tenantId,
    requestId: head.givenRequestId ?? crypto.randomUUID(),
    stepCount: Array.isArray(input.steps) ? input.steps.length : 0,
    violations,
    content: isGood ? { ...common, steps: complete.map(contentOf) } : null,
    v1: isGood ? v1 : null,
    raw,
  };
}

function contentOf({ risk_tier: _tier, requires_approval: _approval, ...step }: StepV1): PlanStep {
  return step;
}

function notAPlan(issues: readonly Issue[]): ValidationError {
  return new ValidationError(
    "This is not a plan. Expected an object with tenant_id and steps, and optionally request_id, created_at, intent_summary and labels.",
    { issues },
  );
}

function readTenant(value: unknown): string {
  const read = tenantIdText.safeParse(value);
  if (!read.success || forbiddenValue(read.data) !== null) {
    throw notAPlan([{ path: "tenant_id", message: "expected an id of 1 to 100 characters" }]);
  }
  return read.data;
}

interface Head {
  /** Null when none was given. */
  readonly givenRequestId: string | null;
  /** Time of the request as the first scheme writes it; null when none was given. */
  readonly createdAt: string | null;
  readonly intent_summary: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

const uuid = z.uuid();

function readHead(input: JsonObject, findings: Findings): Head {
  const givenRequestId = input.request_id ?? null;
  const isId = typeof givenRequestId === "string" && uuid.safeParse(givenRequestId).success;
  if (givenRequestId !== null && !isId) {
    findings.add(null, "INVALID_REQUEST_ID", `request_id: expected a UUID or nothing.`);
  }
  const created = input.created_at ?? null;
  const createdAt = typeof created === "string" ? naiveTime(created) : null;
  if (created !== null && (typeof created !== "string" || Number.isNaN(Date.parse(created)))) {
    findings.add(null, "INVALID_CREATED_AT", "created_at: expected an ISO-8601 time or nothing.");
  }
  const intent = input.intent_summary ?? null;
  if (intent !== null && !(typeof intent === "string" && intent.length <= 2_000 && isText(intent))) {
    findings.add(
      null,
      "INVALID_INTENT_SUMMARY",
      "intent_summary: expected text of at most 2,000 characters without control characters.",
    );
  }
  return {
    givenRequestId: isId ? givenRequestId : null,
    createdAt,
    intent_summary: typeof intent === "string" ? intent : null,
    labels: readLabels(input.labels, findings),
  };
}

function readLabels(value: unknown, findings: Findings): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  const labels = isJsonObject(value as JsonObject) ? Object.entries(value as JsonObject) : null;
  const isGood =
    labels !== null &&
    labels.length <= maxLabels &&
    labels.every(
      ([key, label]) =>
        isKey(key) &&
        key.length <= 100 &&
        typeof label === "string" &&
        label.length <= 1_000 &&
        isText(label),
    );
  if (isGood) return Object.fromEntries(labels) as Record<string, string>;
  findings.add(
    null,
    "INVALID_LABELS",
    `labels: expected an object of at most ${maxLabels} texts without control characters.`,
  );
  return {};
}

function readSteps(value: unknown, findings: Findings): readonly unknown[] {
  if (!Array.isArray(value)) {
    findings.add(null, "INVALID_STEPS", `steps: expected a list, received ${typeName(value)}.`);
    return [];
  }
  if (value.length === 0) findings.add(null, "NO_STEPS", "steps: expected at least one step.");
  if (value.length > maxSteps) {
    findings.add(
      null,
      "TOO_MANY_STEPS",
      `steps: ${value.length} steps, at most ${maxSteps} are allowed. Split the plan.`,
    );
  }
  return value.slice(0, maxSteps);
}

function checkStepIds(steps: readonly (StepV1 | null)[], findings: Findings): void {
  const seen = new Set<string>();
  for (const [index, step] of steps.entries()) {
    if (step === null) continue;
    const id = stepIdOf(step, index);
    if (seen.has(id)) {
      findings.add(
        index,
        "DUPLICATE_STEP_ID",
        "step_id: another step has this id or this position. Give each step its own.",
      );
    }
    seen.add(id);
  }
}

/** `2025-01-01T00:00:00` of a time in UTC: no zone, six digits of a fraction or none. Null when it is none in UTC. */
function naiveTime(text: string): string | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(?:Z|[+-]00:?00)?$/.exec(text);
  if (match === null) return null;
  const fraction = (match[2] ?? "").padEnd(6, "0");
  return /^0*$/.test(fraction) ? (match[1] ?? null) : `${match[1]}.${fraction}`;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((item) => isDeeperThan(item, levels - 1));
}
