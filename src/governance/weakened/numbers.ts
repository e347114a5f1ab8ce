/** Bounds that a change moves to the weaker side or takes away, levels of rules, scopes, and schemas that let more through. */

import ts from "typescript";
import { bare, nameOf, stringOf } from "../tree/syntax/source.ts";
import {
  type Given,
  givenIn,
  numberOf,
  objectsIn,
  paired,
  type Side,
  startOf,
  type Weakening,
} from "./fact.ts";
import { weakerSchema } from "./schemas.ts";

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
  const moved = paired(was, is).flatMap(([old, now]) => {
    const message =
      weakerNumber(old, now) ??
      weakerLevel(old, now) ??
      weakerFlag(old, now) ??
      widerScope(old, now) ??
      weakerSchema(old, now);
    return message === null ? [] : [{ file: now.file.path, start: startOf(now.node), message }];
  });
  return [...moved, ...goneBounds(was, is, after)];
}

const isFloorOf = ({ name, path }: Given) => floors.test(name) || coverageParts.test(path);
const isCeilingOf = ({ name, isTimeLimit }: Given) => isTimeLimit || ceilings.test(name);

function weakerNumber(old: Given, now: Given): string | null {
  const { name } = old;
  const [from, to] = [numberOf(old.value), numberOf(now.value)];
  if (from === null || to === null || from === to) return null;
  const isFloor = isFloorOf(old);
  const isCeiling = !isFloor && isCeilingOf(old);
  if (isFloor ? to < from : isCeiling && to > from)
    return `${name} was ${from} and is ${to}: ${isFloor ? "less is asked for, or tried" : "more is let through"}.`;
  return null;
}

/** `timeoutMs: 5_000` of an object that is there, and says no bound in its place. */
function goneBounds(was: readonly Given[], is: readonly Given[], after: Side): readonly Weakening[] {
  const bounds = was.filter(
    (given) =>
      ts.isPropertyAssignment(given.node) &&
      (isFloorOf(given) || isCeilingOf(given)) &&
      numberOf(given.value) !== null,
  );
  if (bounds.length === 0) return [];
  const objects = Map.groupBy(objectsIn(after), ({ path }) => path);
  return bounds.flatMap(({ path, name, value }): readonly Weakening[] => {
    const around = path.slice(0, -name.length - 1);
    const [owner, ...others] = around === "" ? [] : (objects.get(around) ?? []);
    // What moved is there under the same name; what has another name has the same number.
    if (owner === undefined || others.length > 0 || is.some((given) => given.name === name)) return [];
    const isSaid = owner.node.properties.some(
      (property) =>
        ts.isSpreadAssignment(property) ||
        (property.name !== undefined && nameOf(property.name) === name) ||
        (ts.isPropertyAssignment(property) && numberOf(property.initializer) === numberOf(value)),
    );
    const message = `${name} was ${numberOf(value)}, and ${around} has none any more.`;
    return isSaid ? [] : [{ file: owner.file.path, start: startOf(owner.node), message }];
  });
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

/** Of cookies and certificates, wherever they stand. */
const safeFlags = /^(?:httpOnly|secure|rejectUnauthorized|strictSSL)$/;

/** `"strict": true` that became `false`. */
function weakerFlag({ value, name, file }: Given, now: Given): string | null {
  const isConfig = /\.jsonc?$|\.config\.[cm]?[jt]s$/.test(file.path);
  if (!(safeFlags.test(name) || (isConfig && strictFlags.test(name)))) return null;
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
