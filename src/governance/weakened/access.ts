/** Who may call a route, and whose rows it means then: `requires`, `identified` and `anybody` in front of its handler. */

import ts from "typescript";
import { givenTo } from "../tree/names/scope.ts";
import { routeMethods } from "../tree/product/route-methods.ts";
import { bare, calledName, stringOf, walk } from "../tree/syntax/source.ts";
import type { TextFile } from "../tree/text.ts";
import { isParsed, paired, type Side, startOf, treeOf, type Weakening } from "./fact.ts";

/** The more, the fewer may call. */
const makers = new Map([
  ["anybody", 0],
  ["identified", 1],
  ["requires", 2],
]);

interface Access {
  readonly file: TextFile;
  /** The name that it has, or the route that it stands in. */
  readonly path: string;
  readonly node: ts.Node;
  readonly call: ts.CallExpression;
  /** Null: it is written in the route itself. */
  readonly name: string | null;
}

export function weakerAccess(before: Side, after: Side): readonly Weakening[] {
  return paired(accessesIn(before), accessesIn(after)).flatMap(([old, now]) => {
    // A name that says something else is told where it is given.
    if (old.node !== old.call && old.name !== null && old.name === now.name) return [];
    const message = `${now.path} asked ${old.call.getText()}, and asks ${now.call.getText()}.`;
    return isWeaker(old.call, now.call) ? [{ file: now.file.path, start: startOf(now.node), message }] : [];
  });
}

function accessesIn(side: Side): readonly Access[] {
  return side
    .filter((file) => isParsed(file) && /\b(?:requires|identified|anybody)\(/.test(file.text))
    .flatMap((file) => {
      const found: Access[] = [];
      walk(treeOf(file), (node) => {
        if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined) {
          const call = accessCall(node.initializer);
          if (call !== null) found.push({ file, path: node.name.text, node: call, call, name: null });
        }
        if (!ts.isCallExpression(node)) return;
        const method = calledName(node) ?? "";
        const route = stringOf(node.arguments[0]);
        if (!routeMethods.test(method) || route === null || !route.startsWith("/")) return;
        for (const given of node.arguments.slice(1)) {
          const value = bare(given);
          const name = ts.isIdentifier(value) ? value : null;
          const made = name === null ? value : givenTo(name);
          const call = made === null ? null : accessCall(made);
          if (call === null) continue;
          found.push({ file, path: `${method} ${route}`, node: given, call, name: name?.text ?? null });
          break;
        }
      });
      return found;
    });
}

/** `requires(…)`, also inside of `forOperators(…)`. */
function accessCall(node: ts.Expression): ts.CallExpression | null {
  const call = bare(node);
  if (!ts.isCallExpression(call)) return null;
  const name = calledName(call) ?? "";
  if (makers.has(name)) return call;
  const [inner] = call.arguments;
  return name === "forOperators" && inner !== undefined ? accessCall(inner) : null;
}

function isWeaker(old: ts.CallExpression, now: ts.CallExpression): boolean {
  const [was, is] = [old, now].map((call) => makers.get(calledName(call) ?? "") ?? 0);
  if (was !== is) return (was ?? 0) > (is ?? 0);
  const [[oldScope, oldReach], [newScope, newReach]] = [old, now].map(({ arguments: given }) =>
    given.map(stringOf),
  ) as [(string | null)[], (string | null)[]];
  if (oldReach === "own_tenant" && newReach === "all_tenants") return true;
  return rightsOf(oldScope ?? null) > rightsOf(newScope ?? null);
}

/** How few have a scope. */
function rightsOf(scope: string | null): number {
  if (scope === "admin") return 3;
  if (scope === "operate" || scope === "approve") return 2;
  return /:(?:write|publish)\b/.test(scope ?? "") ? 1 : 0;
}
