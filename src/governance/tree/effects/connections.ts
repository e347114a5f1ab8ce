/** The name by which something reaches the database, where that cannot be the transaction around it. */

import ts from "typescript";
import { calledFunction } from "../flow/reach.ts";
import { declarationOf, rootOf } from "../names/scope.ts";
import { returnedBy } from "../names/shape.ts";
import type { TypeScriptTree } from "../product/typescript.ts";
import { bare } from "../syntax/source.ts";

/** A transaction by its name. */
export const transactionName = /^[#_]?(?:tx|trx|transaction)$|(?:Tx|Trx|Transaction)$/i;

/** They give a connection, which is none of a transaction; or the same one, with a limit or a part of a query. */
export const opens =
  /^(?:open|connect|acquire|checkout|get(?:Db|Database|Connection|Client)|db|database|connection|with\w*|\$with\w*|\$extends)$/;

const maxSteps = 4;

/**
 * The name at the beginning: `db` of `db.insert(…)`, `engine` of `engine.open().db.insert(…)`.
 *
 * @returns null: it begins with `this`, or what is called on the way may give back the transaction: `current().insert(…)`,
 *   `storage.getStore().insert(…)`, `repository(tx).insert(…)`
 */
export function connectionIn(
  tree: TypeScriptTree,
  node: ts.Expression,
  steps = maxSteps,
): ts.Identifier | null {
  let at = bare(node);
  for (;;) {
    if (ts.isPropertyAccessExpression(at)) {
      if (transactionName.test(at.name.text) && !isGivenTo(at)) return null;
      at = bare(at.expression);
    } else if (ts.isElementAccessExpression(at)) at = bare(at.expression);
    else if (ts.isTaggedTemplateExpression(at)) at = bare(at.tag);
    else if (ts.isCallExpression(at)) {
      const callee = bare(at.expression);
      if (ts.isIdentifier(callee)) return givenBackBy(tree, at, callee, steps);
      if (!ts.isPropertyAccessExpression(callee) || !opens.test(callee.name.text)) return null;
      at = bare(callee.expression);
    } else break;
  }
  return ts.isIdentifier(at) && isSure(tree, at, steps) ? at : null;
}

/** `context.tx`, where the context itself is what a function was given: who looks at the name knows. */
const isGivenTo = ({ expression }: ts.PropertyAccessExpression) => {
  const root = rootOf(expression);
  const declared = root === null ? null : declarationOf(root);
  return declared !== null && ts.isParameter(declared);
};

/** `getDb()` of the project that gives back what stands at the top of a file. */
function givenBackBy(
  tree: TypeScriptTree,
  call: ts.CallExpression,
  callee: ts.Identifier,
  steps: number,
): ts.Identifier | null {
  const called = steps === 0 || call.arguments.length > 0 ? null : calledFunction(tree, callee);
  const [given, ...others] = called === null ? [] : returnedBy(called);
  if (given === undefined || others.length > 0) return null;
  const found = connectionIn(tree, given, steps - 1);
  const declared = found === null ? null : declarationOf(found);
  return declared !== null &&
    ts.isVariableDeclaration(declared) &&
    ts.isSourceFile(declared.parent.parent.parent)
    ? found
    : null;
}

/** Not a name that was given what may be the transaction: `const own = storage.getStore()`. */
function isSure(tree: TypeScriptTree, name: ts.Identifier, steps: number): boolean {
  let at: ts.Node | null = declarationOf(name);
  while (at !== null && ts.isBindingElement(at)) at = at.parent.parent;
  if (at === null || !ts.isVariableDeclaration(at) || at.initializer === undefined || steps === 0)
    return true;
  const given = bare(at.initializer);
  const isMade = ts.isCallExpression(given) && isMaker(tree, given);
  const isChain =
    ts.isCallExpression(given) || ts.isPropertyAccessExpression(given) || ts.isIdentifier(given);
  if (!isChain || isMade || rootOf(given)?.text === name.text) return true;
  return rootOf(given) === null || connectionIn(tree, given, steps - 1) !== null;
}

/** `drizzle(client)`, `postgres(url)`: of a package, with what it is made of. */
const isMaker = (tree: TypeScriptTree, { expression, arguments: given }: ts.CallExpression) =>
  ts.isIdentifier(bare(expression)) &&
  tree.bindings.originOfExpression(expression.getSourceFile().fileName, expression)?.file === null &&
  given.every((one) => !transactionName.test(rootOf(one)?.text ?? ""));
