import type { JsonValue } from "@brain/schemas";
import type { PlanStep } from "./plan.ts";
import { actionTiers, isAction, type Tier } from "./vocabulary.ts";

/** How much harm a step can do. Pure. */

export interface StepRisk {
  readonly tier: Tier;
  /** What made it that tier, in a few words. */
  readonly reason: string;
}

/** The highest of what the action, its scope and its impact say; the first of equals gives the reason. */
export function riskOf(step: PlanStep): StepRisk {
  const found = [actionRisk(step.action), scopeRisk(step), impactRisk(step)];
  return found.reduce((highest, risk) => (risk.tier > highest.tier ? risk : highest));
}

const actionReasons: Readonly<Record<Tier, string>> = {
  0: "no lasting effect",
  1: "changes development or staging",
  2: "changes what others depend on",
  3: "destroys",
};

function actionRisk(action: string): StepRisk {
  // An action that nobody rated is as bad as the worst.
  const tier = isAction(action) ? actionTiers[action] : 3;
  return { tier, reason: `${action} ${actionReasons[tier]}` };
}

const harmless: StepRisk = { tier: 0, reason: "" };
const liveNames = new Set(["production", "prod", "live"]);
const environmentKeys = new Set(["environment", "env"]);

/**
 * Whole words only: a resource may hold the title of a course, and "Produkt", "Deliverables" and "Oliver" are no
 * environments. Words end at whatever is no letter or digit, and where a capital follows a small letter.
 */
function namesLive(text: string): boolean {
  return text
    .normalize("NFKC")
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .some((word) => liveNames.has(word.toLowerCase()));
}

/** Looks at the resource, at all constraints, and in params only at what an environment key declares. */
function scopeRisk({ resource, constraints, params }: PlanStep): StepRisk {
  if (namesLive(resource)) return { tier: 2, reason: "the resource names production" };
  if (someText(constraints, namesLive)) return { tier: 2, reason: "the constraints name production" };
  const declared = someMember(
    params,
    (key, value) => environmentKeys.has(key.toLowerCase()) && someText(value, namesLive),
  );
  return declared ? { tier: 2, reason: "the declared environment is production" } : harmless;
}

const booksModels = ["account.move", "account.payment", "account.invoice", "sale.order", "purchase.order"];
const recordActions = new Set(["odoo.create_record", "odoo.update_record", "odoo.delete_record"]);

/** More records than this at once is a bulk change. */
const bulkRecords = 100;
const bulkFlags = new Set(["bulk", "batch", "is_bulk", "is_batch", "bulk_operation"]);
const countKeys = new Set([
  "record_count",
  "records_count",
  "num_records",
  "number_of_records",
  "row_count",
  "batch_size",
  "bulk_size",
  "records",
  "record_ids",
  "rows",
  "ids",
]);

function impactRisk(step: PlanStep): StepRisk {
  if (recordActions.has(step.action)) {
    const model = booksModels.find((name) => concernsModel(step, name));
    if (model !== undefined) return { tier: 3, reason: `changes the books (${model})` };
  }
  if (someMember(step.params, isBulk))
    return { tier: 3, reason: `bulk change, or over ${bulkRecords} records` };
  return harmless;
}

/** `account.move.line` is another model than `account.move`. */
function concernsModel({ resource, params }: PlanStep, model: string): boolean {
  const { model: named } = params;
  if (typeof named === "string" && named.trim().toLowerCase() === model) return true;
  return resource
    .toLowerCase()
    .split(/[^a-z0-9_.]+/)
    .includes(model);
}

function isBulk(key: string, value: JsonValue): boolean {
  const name = key.toLowerCase();
  if (bulkFlags.has(name)) return isSet(value) || countOf(value) > bulkRecords;
  return countKeys.has(name) && countOf(value) > bulkRecords;
}

/** A flag that is raised; an object of settings for a bulk change raises it too. */
function isSet(value: JsonValue): boolean {
  if (typeof value === "string")
    return ["true", "yes", "on", "bulk", "batch"].includes(value.trim().toLowerCase());
  return (
    value === true || value === 1 || (typeof value === "object" && value !== null && !Array.isArray(value))
  );
}

function countOf(value: JsonValue): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value === "string") return /^\s*\d{1,15}\s*$/.test(value) ? Number(value) : 0;
  return typeof value === "number" ? value : 0;
}

/** Whether a key or a text anywhere in the value is one. */
function someText(value: JsonValue, test: (text: string) => boolean): boolean {
  if (typeof value === "string") return test(value);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => someText(item, test));
  return Object.entries(value).some(([key, item]) => test(key) || someText(item, test));
}

/** Whether a member of an object, at any depth, is one. */
function someMember(value: JsonValue, test: (key: string, value: JsonValue) => boolean): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => someMember(item, test));
  return Object.entries(value).some(([key, item]) => test(key, item) || someMember(item, test));
}
