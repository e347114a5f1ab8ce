import type { Issue } from "@brain/engine";
import { isJsonObject, type JsonObject, type JsonValue } from "@brain/schemas";
import type { TemplateStep, TemplateVariable, VariableType } from "./tables.ts";

/** Templates and their variables. Pure. */

/** `{{name}}`, with spaces inside the braces or not. */
const placeholder = /\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,49})\s*\}\}/g;

/** True for a text that is a placeholder and nothing else. */
export function isPlaceholder(text: string): boolean {
  return text.replace(placeholder, "") === "" && text !== "";
}

export const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,49}$/;

/** Names of the variables that a value refers to, as often as it does. */
function* placeholdersIn(value: JsonValue): Generator<string> {
  if (typeof value === "string") for (const [, name = ""] of value.matchAll(placeholder)) yield name;
  else if (typeof value === "object" && value !== null)
    for (const child of Object.values(value)) yield* placeholdersIn(child);
}

/** Names of the variables that a value refers to. */
export const placeholdersOf = (value: JsonValue): ReadonlySet<string> => new Set(placeholdersIn(value));

function typeOf(value: JsonValue): VariableType | "null" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as Exclude<VariableType, "array">;
}

/** Whether steps and variables fit together; the issues name what does not. */
export function checkTemplate(
  steps: readonly TemplateStep[],
  variables: Readonly<Record<string, TemplateVariable>>,
): Issue[] {
  const issues: Issue[] = [];
  const orders = new Set<number>();
  for (const [index, step] of steps.entries()) {
    if (orders.has(step.order))
      issues.push({ path: `steps.${index}.order`, message: `another step has the order ${step.order}` });
    orders.add(step.order);
    for (const name of placeholdersOf(step.config)) {
      if (!Object.hasOwn(variables, name))
        issues.push({ path: `steps.${index}.config`, message: `{{${name}}} is not one of the variables` });
    }
  }
  for (const [name, variable] of Object.entries(variables)) {
    if (variable.default !== null && typeOf(variable.default) !== variable.type) {
      issues.push({
        path: `variables.${name}.default`,
        message: `expected ${variable.type}, received ${typeOf(variable.default)}`,
      });
    }
  }
  return issues;
}

/** Values for all variables of a template, or what is wrong with the given ones. */
export type BoundVariables =
  | { readonly ok: true; readonly values: Readonly<Record<string, JsonValue>> }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Defaults stand in for what is not given; an optional variable without either is null. */
export function bindVariables(
  variables: Readonly<Record<string, TemplateVariable>>,
  given: JsonObject,
): BoundVariables {
  const issues: Issue[] = Object.keys(given)
    .filter((name) => !Object.hasOwn(variables, name))
    .map((name) => ({
      path: `variables.${name}`,
      message: "the template has no such variable",
    }));
  const values: Record<string, JsonValue> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? variable.default;
    if (value === null) {
      if (variable.required) issues.push({ path: `variables.${name}`, message: "is missing, and required" });
    } else if (typeOf(value) !== variable.type) {
      issues.push({
        path: `variables.${name}`,
        message: `expected ${variable.type}, received ${typeOf(value)}`,
      });
    }
    values[name] = value;
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, values };
}

/**
 * The payload of a step. A text that is nothing but a placeholder becomes the value, with its type; inside a longer text
 * the value is written out (null as nothing, objects as JSON). Values are not looked at for placeholders again.
 *
 * @returns null when the values alone, as often as they stand in it, are longer than `maxLength` characters. A small step
 * could grow to more than there is memory, so that is known before anything is filled.
 */
export function fillConfig(
  config: JsonObject,
  values: Readonly<Record<string, JsonValue>>,
  maxLength: number,
): JsonObject | null {
  let room = maxLength;
  for (const name of placeholdersIn(config)) {
    room -= writtenOut(values[name] ?? null).length;
    if (room < 0) return null;
  }
  const fill = (value: JsonValue): JsonValue => {
    if (typeof value === "string") return fillText(value, values);
    if (Array.isArray(value)) return value.map(fill);
    if (isJsonObject(value)) return fillObject(value);
    return value;
  };
  const fillObject = (object: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(object).map(([key, item]) => [key, fill(item)]));
  return fillObject(config);
}

function fillText(text: string, values: Readonly<Record<string, JsonValue>>): JsonValue {
  const [whole] = text.matchAll(placeholder);
  if (whole !== undefined && whole[0] === text) return values[whole[1] ?? ""] ?? null;
  return text.replace(placeholder, (_, name: string) => writtenOut(values[name] ?? null));
}

function writtenOut(value: JsonValue): string {
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
