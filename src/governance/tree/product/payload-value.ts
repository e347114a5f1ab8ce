/** What an expression of a handler holds of what it was given: the event, its payload, or a part of that. */

import ts from "typescript";
import { bare, type FunctionNode, nameOf } from "../syntax/source.ts";

export type Value =
  | { readonly kind: "context" | "delivery" | "event" }
  | { readonly kind: "payload"; readonly path: string }
  | { readonly kind: "list"; readonly of: Value };

/** Two that are alike have one. */
export function keyOf(value: Value): string {
  if (value.kind === "list") return `list of ${keyOf(value.of)}`;
  return value.kind === "payload" ? `payload ${value.path}` : value.kind;
}

export function elementOf(value: Value): Value {
  if (value.kind === "list") return value.of;
  return value.kind === "payload" ? { kind: "payload", path: `${value.path}[]` } : value;
}

/** `({ event }) => event`, `(d) => d.event.payload`: what a short callback gives back; null: something made of it. */
export function givenBack(node: FunctionNode, value: Value): Value | null {
  const [parameter] = node.parameters;
  if (parameter === undefined || !ts.isExpression(node.body)) return null;
  const steps: string[] = [];
  let at = bare(node.body);
  while (ts.isPropertyAccessExpression(at)) {
    steps.unshift(at.name.text);
    at = bare(at.expression);
  }
  if (!ts.isIdentifier(at)) return null;
  const start = boundAs(parameter.name, at.text);
  if (start === null) return null;
  return [...start, ...steps].reduce<Value | null>((inside, step) => {
    if (inside === null) return null;
    if (inside.kind === "payload")
      return { kind: "payload", path: inside.path === "" ? step : `${inside.path}.${step}` };
    if (step === "event") return { kind: "event" };
    return step === "payload" ? { kind: "payload", path: "" } : null;
  }, value);
}

/** The steps from a parameter to the name that a pattern gives a part of it; null: it gives no such name. */
function boundAs(name: ts.BindingName, wanted: string): readonly string[] | null {
  if (ts.isIdentifier(name)) return name.text === wanted ? [] : null;
  if (ts.isArrayBindingPattern(name)) return null;
  for (const element of name.elements) {
    const field = nameOf(element.propertyName ?? (element.name as ts.Identifier));
    const rest = boundAs(element.name, wanted);
    if (rest !== null && field !== null && element.dotDotDotToken === undefined) return [field, ...rest];
  }
  return null;
}
