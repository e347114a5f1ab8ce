import { canonicalJson } from "@brain/engine";
import { isJsonObject, type JsonObject } from "@brain/schemas";
import { type Findings, isKey, isLine, isText, nameOf, type StepV1, typeName } from "./plan.ts";
import { actionTiers, isAction, isProvider, providers } from "./vocabulary.ts";

/** What a single step must be. */

const stepFields = new Set([
  "action",
  "provider",
  "resource",
  "params",
  "idempotency_key",
  "constraints",
  "budget_cents",
  "risk_tier",
  "requires_approval",
  "step_id",
  "description",
]);

/** Levels inside `params` or `constraints`. */
const maxDepth = 16;
/** Length of their canonical text. */
const maxLength = 65_536;

/**
 * Names everything that is wrong with a step.
 *
 * @returns null when it is no object; otherwise the step, which is good only if nothing was added to `findings`
 */
export function checkStep(value: unknown, index: number, findings: Findings): StepV1 | null {
  if (typeof value !== "object" || value === null || !isJsonObject(value)) {
    findings.add(index, "INVALID_STEP", `Expected an object, received ${typeName(value)}.`);
    return null;
  }
  const add = (code: string, message: string) => findings.add(index, code, message);
  for (const key of Object.keys(value).filter((name) => !stepFields.has(name))) {
    add("UNKNOWN_FIELD", `${nameOf(key)} is not a field of a step. Remove it.`);
  }
  return {
    action: readAction(value.action, add),
    provider: readProvider(value.provider, add),
    resource: readResource(value.resource, add),
    params: readData("params", value.params, add),
    idempotency_key: readIdempotencyKey(value.idempotency_key, add),
    constraints: readData("constraints", value.constraints, add),
    budget_cents: readBudget(value.budget_cents ?? null, add),
    ...readComputed(value, add),
    ...readNames(value, add),
  };
}

type Add = (code: string, message: string) => void;

function readAction(value: unknown, add: Add): string {
  if (typeof value !== "string" || value.trim() === "") {
    add("INVALID_ACTION", `action: expected the name of an action, received ${typeName(value)}.`);
    return "";
  }
  if (!isAction(value)) {
    const count = Object.keys(actionTiers).length;
    add("UNKNOWN_ACTION", `action: ${nameOf(value)} is none of the ${count} known actions.`);
  }
  return value;
}

function readProvider(value: unknown, add: Add): string {
  if (typeof value !== "string" || value.trim() === "") {
    add("INVALID_PROVIDER", `provider: expected the name of a provider, received ${typeName(value)}.`);
    return "";
  }
  if (!isProvider(value)) {
    add("UNKNOWN_PROVIDER", `provider: ${nameOf(value)} is none of the ${providers.length} known providers.`);
  }
  return value;
}

function readResource(value: unknown, add: Add): string {
  const resource = typeof value === "string" ? value.trim() : "";
  if (resource === "" || resource.length > 500 || !isLine(resource)) {
    add("INVALID_RESOURCE", "resource: expected 1 to 500 characters without control characters.");
  }
  return resource;
}

function readIdempotencyKey(value: unknown, add: Add): string {
  if (typeof value !== "string" || value.trim() === "") {
    add(
      "MISSING_IDEMPOTENCY_KEY",
      `idempotency_key: expected 1 to 200 characters that are the same at every try, received ${typeName(value)}.`,
    );
    return "";
  }
  if (value.length > 200 || !isLine(value)) {
    add(
      "INVALID_IDEMPOTENCY_KEY",
      "idempotency_key: expected at most 200 characters without control characters.",
    );
  }
  return value;
}

function readBudget(value: unknown, add: Add): number | null {
  if (value === null) return null;
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    add(
      "INVALID_BUDGET",
      `budget_cents: expected a whole number of cents or null, received ${typeName(value)}.`,
    );
    return null;
  }
  if (value < 0) add("NEGATIVE_BUDGET", "budget_cents: expected 0 or more.");
  return value;
}

function readData(name: "params" | "constraints", value: unknown, add: Add): JsonObject {
  if (value === undefined) return {};
  const code = name === "params" ? "INVALID_PARAMS" : "INVALID_CONSTRAINTS";
  if (typeof value !== "object" || value === null || !isJsonObject(value as JsonObject)) {
    add(code, `${name}: expected an object, received ${typeName(value)}.`);
    return {};
  }
  const data = value as JsonObject;
  const fault = findUnhashable(data, maxDepth);
  if (fault !== null) add(code, `${name}: ${fault}`);
  else if (canonicalJson(data).length > maxLength) {
    add(code, `${name}: longer than ${maxLength} characters. Store it and carry its id.`);
  }
  return data;
}

/**
 * Why data cannot be hashed; null when it can. Numbers are whole and exact, because two languages that write the same
 * float differently would get two hashes of one plan.
 */
function findUnhashable(value: unknown, levels: number): string | null {
  if (typeof value === "string") return isText(value) ? null : "holds text with control characters.";
  if (typeof value === "number") {
    return Number.isSafeInteger(value)
      ? null
      : "holds a number that is not whole, or too large to be exact. Send it as text.";
  }
  if (typeof value !== "object" || value === null) return null;
  if (levels === 0) return `is nested deeper than ${maxDepth} levels.`;
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value) && !isKey(key)) return "holds a key that is not allowed.";
    const fault = findUnhashable(item, levels - 1);
    if (fault !== null) return fault;
  }
  return null;
}

/** Fields that we compute ourselves. They are read for the first hash scheme only, and never believed. */
function readComputed(step: JsonObject, add: Add): Pick<StepV1, "risk_tier" | "requires_approval"> {
  const tier = step.risk_tier ?? null;
  const isTier = tier === null || (typeof tier === "number" && [0, 1, 2, 3].includes(tier));
  if (!isTier) add("INVALID_RISK_TIER", "risk_tier: expected 0 to 3 or nothing; it is computed here.");
  const approval = step.requires_approval ?? false;
  if (typeof approval !== "boolean") {
    add(
      "INVALID_REQUIRES_APPROVAL",
      "requires_approval: expected a boolean or nothing; it is computed here.",
    );
  }
  return { risk_tier: isTier ? tier : null, requires_approval: approval === true };
}

function readNames(step: JsonObject, add: Add): Pick<StepV1, "step_id" | "description"> {
  const id = step.step_id ?? null;
  if (id !== null && !(typeof id === "string" && id.trim() !== "" && id.length <= 100 && isLine(id))) {
    add("INVALID_STEP_ID", "step_id: expected 1 to 100 characters without control characters, or nothing.");
  }
  const description = step.description ?? null;
  const isDescription =
    description === null ||
    (typeof description === "string" && description.length <= 1_000 && isText(description));
  if (!isDescription) {
    add("INVALID_DESCRIPTION", "description: expected at most 1,000 characters without control characters.");
  }
  return {
    step_id: typeof id === "string" ? id : null,
    description: typeof description === "string" ? description : null,
  };
}
