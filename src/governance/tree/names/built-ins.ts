/** What the language's own functions put together of values that are known, and its own constants. */

import ts from "typescript";
import { bare } from "../syntax/source.ts";
import type { Bindings } from "./bindings.ts";
import { type Evaluate, isCollection, listOf } from "./composites.ts";
import { notKnown } from "./literals.ts";
import { isPlain } from "./package-values.ts";
import { isGlobal } from "./scope.ts";

type BuiltIn = (given: readonly unknown[]) => unknown;

const isPair = (entry: unknown): entry is readonly [string, unknown] =>
  Array.isArray(entry) && typeof entry[0] === "string" && entry[0] !== "__proto__";

const ofObject = (whole: unknown, give: (object: Record<string, unknown>) => unknown): unknown =>
  isPlain(whole) ? give(whole) : notKnown;

const same: BuiltIn = ([whole]) => (isPlain(whole) || Array.isArray(whole) ? whole : notKnown);

const entriesOf = (whole: unknown): readonly unknown[] | null =>
  Array.isArray(whole) ? whole : isCollection(whole) ? [...whole] : null;

const ofNumbers =
  (calculate: (...numbers: number[]) => number): BuiltIn =>
  (given) =>
    given.every((one) => typeof one === "number") ? calculate(...given) : notKnown;

const ofText =
  (read: (text: string) => unknown): BuiltIn =>
  ([value]) =>
    typeof value === "string" || typeof value === "number" ? read(String(value)) : notKnown;

const builtIns: Readonly<Record<string, BuiltIn>> = {
  "Object.freeze": same,
  "Object.seal": same,
  structuredClone: same,
  // What is not known may hold anything under any name.
  "Object.assign": (parts) => (parts.every(isPlain) ? Object.assign({}, ...parts) : notKnown),
  "Object.fromEntries": ([whole]) => {
    const entries = entriesOf(whole);
    return entries?.every(isPair) === true ? Object.fromEntries(entries) : notKnown;
  },
  "Object.keys": ([whole]) => ofObject(whole, Object.keys),
  "Object.values": ([whole]) => ofObject(whole, Object.values),
  "Object.entries": ([whole]) => ofObject(whole, Object.entries),
  "Array.from": ([whole, ...more]) => (more.length === 0 ? entriesOf(whole) : null) ?? notKnown,
  "Array.of": (given) => given,
  "Math.abs": ofNumbers(Math.abs),
  "Math.ceil": ofNumbers(Math.ceil),
  "Math.floor": ofNumbers(Math.floor),
  "Math.max": ofNumbers(Math.max),
  "Math.min": ofNumbers(Math.min),
  "Math.pow": ofNumbers((base, exponent) => base ** exponent),
  "Math.round": ofNumbers(Math.round),
  Number: ofText(Number),
  String: ofText(String),
};

const constants: Readonly<Record<string, unknown>> = {
  Infinity: Number.POSITIVE_INFINITY,
  Number: {
    MAX_SAFE_INTEGER: Number.MAX_SAFE_INTEGER,
    MAX_VALUE: Number.MAX_VALUE,
    POSITIVE_INFINITY: Number.POSITIVE_INFINITY,
  },
};

/** Null: it is none of those, or one of the project with such a name. */
export function builtInOf(bindings: Bindings, callee: ts.Expression): BuiltIn | null {
  const owner = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  if (!ts.isIdentifier(owner)) return null;
  const name = ts.isPropertyAccessExpression(callee) ? `${owner.text}.${callee.name.text}` : owner.text;
  const found = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  return found !== undefined && isGlobal(bindings, owner) ? found : null;
}

/** `Infinity`, and `Number` with its constants; of a name that nothing declares or imports. */
export const globalOf = ({ text }: ts.Identifier): unknown =>
  Object.hasOwn(constants, text) ? constants[text] : notKnown;

/** `new Map([["lent", "library.book.lent"]])`, `new Set(names)` */
export function collectionOf(bindings: Bindings, node: ts.NewExpression, evaluate: Evaluate): unknown {
  const maker = bare(node.expression);
  if (!ts.isIdentifier(maker) || !/^(?:Map|Set)$/.test(maker.text) || !isGlobal(bindings, maker))
    return notKnown;
  const [whole] = listOf(node.arguments ?? [], evaluate);
  const entries = entriesOf(whole);
  if (entries === null || entries.includes(notKnown)) return notKnown;
  if (maker.text === "Set") return new Set(entries);
  return entries.every((one) => Array.isArray(one)) ? new Map(entries as [unknown, unknown][]) : notKnown;
}
