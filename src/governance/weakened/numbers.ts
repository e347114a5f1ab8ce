/** Bounds that a change moves to the weaker side, levels of rules, scopes, and schemas that let more through. */

import ts from "typescript";
import { bare, calledName, stringOf } from "../tree/syntax/source.ts";
import { type Given, givenIn, paired, type Side, startOf, type Weakening } from "./fact.ts";

/** Weaker when it grows. */
const ceilings =
  /budget|(?:^|[a-z_])time_?out|^timeout|rate_?limit|(?:per_?(?:minute|second|hour|day))$|^max_?(?:bytes|size|requests|warnings|failures)/i;
/** Weaker when it shrinks. */
const floors = /^(?:max_?)?(?:retries|retry|attempts|tries|max_?attempts)$|threshold|coverage/i;
/** Parts of a coverage that is asked for. */
const coverageParts = /threshold[^.]*\..*(?:lines|branches|functions|statements)$/i;

export function weakerValues(before: Side, after: Side): readonly Weakening[] {
  const was = givenIn(before);
  const is = givenIn(after);
  return paired(was, is).flatMap(([old, now]) => {
    const message =
      weakerNumber(old, now) ??
      weakerLevel(old, now) ??
      weakerFlag(old, now) ??
      widerScope(old, now) ??
      weakerSchema(old, now);
    return message === null ? [] : [{ file: now.file.path, start: startOf(now.node), message }];
  });
}

function weakerNumber({ value, path, name }: Given, now: Given): string | null {
  const [from, to] = [numberOf(value), numberOf(now.value)];
  if (from === null || to === null || from === to) return null;
  const isFloor = floors.test(name) || coverageParts.test(path);
  const isCeiling = !isFloor && ceilings.test(name);
  if (isFloor ? to < from : isCeiling && to > from)
    return `${name} was ${from} and is ${to}: ${isFloor ? "less is asked for, or tried" : "more is let through"}.`;
  return null;
}

function numberOf(node: ts.Expression): number | null {
  const value = bare(node);
  if (ts.isNumericLiteral(value)) return Number(value.text.replaceAll("_", ""));
  if (!ts.isBinaryExpression(value) || value.operatorToken.kind !== ts.SyntaxKind.AsteriskToken) return null;
  const [left, right] = [numberOf(value.left), numberOf(value.right)];
  return left === null || right === null ? null : left * right;
}

const levels = new Map([
  ["error", 2],
  ["warn", 1],
  ["warning", 1],
  ["info", 0],
  ["off", 0],
  ["ignore", 0],
]);

/** `"noExplicitAny": "error"` that became `"off"`. */
function weakerLevel({ value, name }: Given, now: Given): string | null {
  const level = (node: ts.Expression) =>
    stringOf(ts.isArrayLiteralExpression(node) ? (node.elements[0] ?? null) : node);
  const [from, to] = [level(value), level(now.value)];
  const [high, low] = [levels.get(from ?? ""), levels.get(to ?? "")];
  return high !== undefined && low !== undefined && low < high
    ? `${name} was "${from}" and is "${to}".`
    : null;
}

const strictFlags =
  /^(?:strict\w*|no(?:Implicit|Unchecked|Unused|Fallthrough|PropertyAccess)\w*|exactOptionalPropertyTypes|enabled|recommended|checkJs|isolatedModules|bail|failOnWarnings|passWithNoTests)$/;

/** `"strict": true` that became `false`. */
function weakerFlag({ value, name, file }: Given, now: Given): string | null {
  if (!strictFlags.test(name) || !/\.jsonc?$|\.config\.[cm]?[jt]s$/.test(file.path)) return null;
  const isLoose = name === "passWithNoTests";
  const [strict, loose] = isLoose
    ? [ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.TrueKeyword]
    : [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword];
  return value.kind === strict && now.value.kind === loose ? `${name} is ${String(isLoose)} now.` : null;
}

/** `scopes: ["read"]` that became `["read", "write"]`. */
function widerScope({ value, name }: Given, now: Given): string | null {
  if (!/^(?:\w*[sS]copes?|roles?|permissions?|allowed\w*|origins?)$/.test(name)) return null;
  const [from, to] = [textsOf(value), textsOf(now.value)];
  if (from === null || to === null) return null;
  const more = [...to].filter((text) => !from.has(text));
  const isWider =
    more.some((text) => text.includes("*")) || (more.length > 0 && [...from].every((text) => to.has(text)));
  return isWider ? `${name} lets ${more.map((text) => `"${text}"`).join(", ")} in, too.` : null;
}

function textsOf(node: ts.Expression): ReadonlySet<string> | null {
  const value = bare(node);
  const one = stringOf(value);
  if (one !== null) return new Set([one]);
  if (!ts.isArrayLiteralExpression(value)) return null;
  const texts = value.elements.map(stringOf);
  return texts.includes(null) ? null : new Set(texts.filter((text) => text !== null));
}

interface Step {
  readonly name: string;
  readonly given: number | null;
}

/** `z.string().min(1).max(80)` as its calls; null: it is none of zod's. */
function stepsOf(node: ts.Expression): readonly Step[] | null {
  const steps: Step[] = [];
  let at = bare(node);
  while (ts.isCallExpression(at)) {
    const callee: ts.Expression = bare(at.expression);
    if (!ts.isPropertyAccessExpression(callee)) return null;
    const [first] = at.arguments;
    steps.unshift({ name: calledName(at) ?? "", given: first === undefined ? null : numberOf(first) });
    at = bare(callee.expression);
  }
  while (ts.isPropertyAccessExpression(at)) at = bare(at.expression);
  return steps.length > 0 && ts.isIdentifier(at) && at.text === "z" ? steps : null;
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

function weakerSchema({ value, name }: Given, now: Given): string | null {
  const [from, to] = [stepsOf(value), stepsOf(now.value)];
  const [old, fresh] = [from?.[0], to?.[0]];
  if (from === null || to === null || old === undefined || fresh === undefined) return null;
  const find = (steps: readonly Step[], word: string) => steps.find((step) => step.name === word);
  const isAny = (word: string) => word === "any" || word === "unknown";
  if (isAny(fresh.name) ? !isAny(old.name) : strictKinds.has(old.name) && looseKinds.has(fresh.name))
    return `${name} was z.${old.name} and is z.${fresh.name}.`;
  const opened = to.find((step) => opens.has(step.name) && find(from, step.name) === undefined);
  if (opened !== undefined) return `${name} is ${opened.name} now.`;
  if (old.name !== fresh.name) return null;
  const gone = from.find((step) => closes.has(step.name) && find(to, step.name) === undefined);
  if (gone !== undefined) return `${name} has no .${gone.name}(…) any more.`;
  const [oldMax, newMax] = [find(from, "max")?.given, find(to, "max")?.given];
  if (oldMax != null && newMax != null && newMax > oldMax)
    return `${name} may be up to ${newMax}, and was up to ${oldMax}.`;
  return null;
}
