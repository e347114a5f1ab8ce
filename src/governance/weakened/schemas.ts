/** Schemas of zod that a change opens: another kind, a condition less, a longer text. */

import ts from "typescript";
import { bare, calledName } from "../tree/syntax/source.ts";
import { type Given, numberOf } from "./fact.ts";

interface Step {
  readonly name: string;
  readonly given: number | null;
  readonly args: readonly ts.Expression[];
}

interface Chain {
  /** `z`, or a schema that has a name. */
  readonly root: string;
  readonly steps: readonly Step[];
}

/** `z.string().min(1).max(80)` as its calls; null: it is none. */
function chainOf(node: ts.Expression): Chain | null {
  const steps: Step[] = [];
  let at = bare(node);
  while (ts.isCallExpression(at)) {
    const callee: ts.Expression = bare(at.expression);
    if (!ts.isPropertyAccessExpression(callee)) return null;
    const [first] = at.arguments;
    const given = first === undefined ? null : numberOf(first);
    steps.unshift({ name: calledName(at) ?? "", given, args: at.arguments });
    at = bare(callee.expression);
  }
  while (ts.isPropertyAccessExpression(at)) at = bare(at.expression);
  return steps.length > 0 && ts.isIdentifier(at) ? { root: at.text, steps } : null;
}

const looseKinds = new Set(["any", "unknown", "looseObject", "object", "string", "number", "record"]);
const strictKinds = new Set(["strictObject", "uuid", "email", "url", "enum", "literal", "int", "datetime"]);
const opens = new Set(["optional", "nullish", "nullable", "catch", "loose", "passthrough"]);
const closes = new Set([
  "strict",
  "regex",
  "refine",
  "length",
  "max",
  "min",
  "int",
  "uuid",
  "positive",
  "nonnegative",
]);

export const weakerSchema = ({ value, name }: Given, now: Given): string | null =>
  weaker(name, chainOf(value), chainOf(now.value));

function weaker(name: string, was: Chain | null, is: Chain | null): string | null {
  const [old, fresh] = [was?.steps[0], is?.steps[0]];
  if (was === null || is === null || old === undefined || fresh === undefined || was.root !== is.root)
    return null;
  return (
    ofKind(name, was, old, fresh) ??
    ofSteps(name, was, is, old.name === fresh.name) ??
    inside(name, old, fresh)
  );
}

const isAny = (word: string) => word === "any" || word === "unknown";

function ofKind(name: string, { root }: Chain, old: Step, fresh: Step): string | null {
  if (root !== "z") return null;
  const isWeaker = isAny(fresh.name)
    ? !isAny(old.name)
    : strictKinds.has(old.name) && looseKinds.has(fresh.name);
  return isWeaker ? `${name} was z.${old.name} and is z.${fresh.name}.` : null;
}

/** @param isSameKind otherwise the calls behind it say something else */
function ofSteps(name: string, was: Chain, is: Chain, isSameKind: boolean): string | null {
  const find = ({ steps }: Chain, word: string) => steps.find((step) => step.name === word);
  const opened = is.steps.find((step) => opens.has(step.name) && find(was, step.name) === undefined);
  if (opened !== undefined) return `${name} is ${opened.name} now.`;
  if (!isSameKind && was.root === "z") return null;
  const gone = was.steps.find((step) => closes.has(step.name) && find(is, step.name) === undefined);
  if (gone !== undefined) return `${name} has no .${gone.name}(…) any more.`;
  const [oldMax, newMax] = [find(was, "max")?.given, find(is, "max")?.given];
  return oldMax != null && newMax != null && newMax > oldMax
    ? `${name} may be up to ${newMax}, and was up to ${oldMax}.`
    : null;
}

/** `z.array(z.string().max(40))`; fields of objects have names of their own. */
function inside(name: string, old: Step, fresh: Step): string | null {
  if (old.name !== fresh.name || old.args.length !== fresh.args.length) return null;
  for (const [at, arg] of old.args.entries()) {
    const now = fresh.args[at];
    const found = now === undefined ? null : weaker(name, chainOf(arg), chainOf(now));
    if (found !== null) return found;
  }
  return null;
}
