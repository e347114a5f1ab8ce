/** What a function asked or gave, and does no more: a tenant, a permission, a guard, a limit, an idempotency key, another try. */

import ts from "typescript";
import { givenTo } from "../tree/names/scope.ts";
import { isTestPath } from "../tree/product/typescript.ts";
import { bare, calledName, isFunction, nameOf, stringOf, walk } from "../tree/syntax/source.ts";
import type { TextFile } from "../tree/text.ts";
import { isParsed, paired, type Side, startOf, treeOf, type Weakening } from "./fact.ts";

/** With a colon: and by which name. */
type Kind = keyof typeof lost | `guard:${string}` | `limit:${string}`;

const lost = {
  tenant: "no longer says whose rows it means",
  permission: "no longer asks who may do it",
  validation: "no longer checks what it is sent",
  key: "no longer gives an idempotency key",
  retry: "no longer tries again",
  rows: "no longer limits how many rows it reads",
};

function lossOf(kind: Kind): string {
  const [what, name] = kind.split(":");
  return name === undefined
    ? lost[what as keyof typeof lost]
    : `no longer ${what === "guard" ? "calls" : "limits by"} ${name}(…)`;
}

/** A function, or a route, by its name. */
interface Unit {
  readonly file: TextFile;
  readonly path: string;
  readonly node: ts.Node;
  readonly kinds: ReadonlySet<Kind>;
  readonly calls: ReadonlySet<string>;
  /** How often it throws itself. */
  readonly throws: number;
}

export function forgotten(before: Side, after: Side): readonly Weakening[] {
  const [was, is] = [unitsIn(before), unitsIn(after)];
  return paired(was, is).flatMap(([old, now]) =>
    [...old.kinds]
      .filter(
        (kind) =>
          !now.kinds.has(kind) &&
          !isHandedOn(kind, now, is) &&
          !isElsewhere(kind, was, is) &&
          !isReplaced(kind, old, now),
      )
      .map((kind) => ({
        file: now.file.path,
        start: startOf(now.node),
        message: `${now.path} ${lossOf(kind)}.`,
      })),
  );
}

/** By another guard or an error of its own; a query by whatever it calls now. */
function isReplaced(kind: Kind, old: Unit, now: Unit): boolean {
  if (kind === "rows") return !now.calls.has("from") || [...now.calls].some((name) => !old.calls.has(name));
  const isNew = (one: Kind) => one.startsWith("guard:") && !old.kinds.has(one);
  return kind.startsWith("guard:") && (now.throws > old.throws || [...now.kinds].some(isNew));
}

/** By a function that it calls now. */
const isHandedOn = (kind: Kind, { calls }: Unit, all: readonly Unit[]) =>
  all.some(({ path, kinds }) => kinds.has(kind) && calls.has(path.split(".").at(-1) ?? ""));

/** Somebody else does it now who did not before. */
const isElsewhere = (kind: Kind, was: readonly Unit[], is: readonly Unit[]) => {
  const old = new Set(was.filter(({ kinds }) => kinds.has(kind)).map(({ path }) => path));
  return is.some(({ path, kinds }) => kinds.has(kind) && !old.has(path));
};

function unitsIn(side: Side): readonly Unit[] {
  return side
    .filter((file) => isParsed(file) && !/\.jsonc?$/.test(file.path) && !isTestPath(file.path))
    .flatMap((file) => {
      const found: Unit[] = [];
      walk(treeOf(file), (node) => {
        const path = nameOfUnit(node);
        if (path !== null) found.push({ file, path, node, ...saidIn(node) });
      });
      return found;
    });
}

function nameOfUnit(node: ts.Node): string | null {
  if (isFunction(node)) {
    if (node.name !== undefined) return nameOf(node.name as ts.PropertyName);
    const { parent } = node;
    return (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) &&
      ts.isIdentifier(parent.name)
      ? parent.name.text
      : null;
  }
  // .post("/orders", requireScope("write"), …)
  if (!ts.isCallExpression(node) || !/^(?:get|post|put|patch|delete|use)$/.test(calledName(node) ?? ""))
    return null;
  const route = stringOf(node.arguments[0]);
  return route?.startsWith("/") || route === "*" ? `${calledName(node)} ${route}` : null;
}

const permission =
  /^(?:requires|identified|anybody)$|^(?:require|assert|ensure|check|must|only)(?:Auth|Scope|Role|Admin|Operator|Permission|Login|User|Key)\w*$|^(?:authori[sz]e|authenticate|bearerAuth|basicAuth|operatorOnly|adminOnly)\w*$/;
const validation = /^(?:validate[ds]?|validator|[a-z]+Validator)$/;
/** Called for what it refuses: nobody takes what it gives back. */
const guard = /^(?:require|assert|ensure|verify|check|refuse|forbid|must)[A-Z]\w*$|^limit$/;
const limit = /^(?:bodyLimit|rateLimit(?:er|ed)?|limiter|throttled?)$/;
const retry = /^(?:with)?(?:Retry|retry|Retries|retries)\w*$|^pRetry$/;

const isStatement = (node: ts.Node): boolean =>
  ts.isExpressionStatement(node.parent) ||
  (ts.isAwaitExpression(node.parent) && ts.isExpressionStatement(node.parent.parent));

/** `.limit(50)` of a query; one row is that of its key. */
const isLimitOfRows = ({ arguments: [rows] }: ts.CallExpression, name: string): boolean =>
  name === "limit" && rows !== undefined && bare(rows).getText() !== "1";

function saidIn(unit: ts.Node): Pick<Unit, "kinds" | "calls" | "throws"> {
  const kinds = new Set<Kind>();
  const calls = new Set<string>();
  let throws = 0;
  // What else is called so checks something of its own.
  const isRouteUnit = ts.isCallExpression(unit);
  const look = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const name = calledName(node) ?? "";
      calls.add(name);
      if (permission.test(name)) kinds.add("permission");
      else if (guard.test(name) && isStatement(node)) kinds.add(`guard:${name}`);
      if (limit.test(name)) kinds.add(`limit:${name}`);
      if (isLimitOfRows(node, name) && /\.from\(/.test(node.expression.getText())) kinds.add("rows");
      if (isRouteUnit && validation.test(name)) kinds.add("validation");
      if (retry.test(name)) kinds.add("retry");
      if (/^idempotencyKey/.test(name)) kinds.add("key");
      if (/tenant/i.test(name)) kinds.add("tenant");
      if (/^(?:eq|inArray)$/.test(name) && node.arguments.some(isTenantColumn)) kinds.add("tenant");
      for (const given of node.arguments) {
        if (!ts.isIdentifier(given)) continue;
        const made = givenTo(given);
        const call = made === null ? null : bare(made);
        const maker = call !== null && ts.isCallExpression(call) ? calledName(call) : null;
        if (permission.test(given.text) || permission.test(maker ?? "")) kinds.add("permission");
        if (isRouteUnit && validation.test(maker ?? "")) kinds.add("validation");
      }
    } else if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
      const name = nameOf(node.name) ?? "";
      if (/^idempotency[-_]?key$/i.test(name)) kinds.add("key");
      if (/^(?:max_?)?(?:retries|attempts)$/i.test(name)) kinds.add("retry");
    } else if (ts.isThrowStatement(node)) {
      throws++;
    } else if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      if (/\btenant_id\s*(?:=|<>|IS\b|IN\b)/i.test(node.getText())) kinds.add("tenant");
    } else if (ts.isBinaryExpression(node) && /==/.test(node.operatorToken.getText())) {
      if (isTenantColumn(node.left) || isTenantColumn(node.right)) kinds.add("tenant");
    }
    // A chain of routes: what was said before belongs to the routes before.
    if (node === unit && ts.isCallExpression(node)) for (const given of node.arguments) look(given);
    else ts.forEachChild(node, look);
  };
  look(unit);
  return { kinds, calls, throws };
}

const isTenantColumn = (node: ts.Expression): boolean => {
  const value = bare(node);
  return ts.isPropertyAccessExpression(value) && /^tenant_?id$/i.test(value.name.text);
};
