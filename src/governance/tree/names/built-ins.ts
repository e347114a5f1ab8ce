/** What the language's own functions put together of objects and lists that are known. */

import ts from "typescript";
import type { Bindings } from "./bindings.ts";
import { notKnown } from "./literals.ts";
import { isPlain } from "./package-values.ts";
import { isGlobal } from "./scope.ts";

type BuiltIn = (given: readonly unknown[]) => unknown;

const isPair = (entry: unknown): entry is readonly [string, unknown] =>
  Array.isArray(entry) && typeof entry[0] === "string" && entry[0] !== "__proto__";

const ofObject = (whole: unknown, give: (object: Record<string, unknown>) => unknown): unknown =>
  isPlain(whole) ? give(whole) : notKnown;

const same: BuiltIn = ([whole]) => (isPlain(whole) || Array.isArray(whole) ? whole : notKnown);

const builtIns: Readonly<Record<string, BuiltIn>> = {
  "Object.freeze": same,
  "Object.seal": same,
  structuredClone: same,
  // What is not known may hold anything under any name.
  "Object.assign": (parts) => (parts.every(isPlain) ? Object.assign({}, ...parts) : notKnown),
  "Object.fromEntries": ([entries]) =>
    Array.isArray(entries) && entries.every(isPair) ? Object.fromEntries(entries) : notKnown,
  "Object.keys": ([whole]) => ofObject(whole, Object.keys),
  "Object.values": ([whole]) => ofObject(whole, Object.values),
  "Object.entries": ([whole]) => ofObject(whole, Object.entries),
};

/** Null: it is none of those, or one of the project with such a name. */
export function builtInOf(bindings: Bindings, callee: ts.Expression): BuiltIn | null {
  const owner = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  if (!ts.isIdentifier(owner) || (owner.text !== "Object" && owner.text !== "structuredClone")) return null;
  const name = ts.isPropertyAccessExpression(callee) ? `${owner.text}.${callee.name.text}` : owner.text;
  const found = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  return found !== undefined && isGlobal(bindings, owner) ? found : null;
}
