/** B-1: an event commits with the change that it tells of. */

import ts from "typescript";
import type { Project } from "../project.ts";
import { nodesOf } from "../tree/nodes.ts";
import { comesFrom, givenPublisher, tableWrite } from "../tree/publishers.ts";
import { declarationOf, isGlobal, parameterOwner } from "../tree/scope.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  functionsAround,
  isFunction,
  isInside,
} from "../tree/source.ts";
import type { Published, TypeScriptTree } from "../tree/typescript.ts";
import type { Report } from "./rule.ts";

export function publishedInTransaction({ typescript }: Project, report: Report): void {
  const looked = new Set<FunctionNode>();
  for (const published of typescript.published) {
    const { call } = published;
    const inside = givenPublisher(published);
    const type = typeOf(published);
    if (!isWaitedFor(call))
      report({
        at: call,
        message: `Nobody waits until ${type} is recorded, so its transaction may end before.`,
      });
    if (inside === null) {
      const apart = changeApart(typescript, published);
      if (apart !== null)
        report({
          at: call,
          message: `${type} is published by what knows no transaction, and ${apart} changes without it.`,
        });
      continue;
    }
    const later = laterCall(call, inside);
    if (later !== null)
      report({ at: call, message: `${type} is published by ${later}, when its transaction has ended.` });
    if (looked.has(inside)) continue;
    looked.add(inside);
    lookInside(typescript, published, inside, report);
  }
  for (const file of new Set(typescript.published.map((published) => published.file)))
    keptPublishers(typescript, file, report);
}

const typeOf = ({ events }: Published) =>
  events.length === 1 && events[0]?.type ? `"${events[0].type}"` : "the event";

/** The promise goes to somebody: awaited, returned, or one of several that are. */
function isWaitedFor(call: ts.CallExpression): boolean {
  let at: ts.Node = call;
  while (at.parent !== undefined) {
    const { parent } = at;
    if (ts.isExpressionStatement(parent) || ts.isVoidExpression(parent)) return false;
    if (ts.isAwaitExpression(parent) || ts.isReturnStatement(parent)) return true;
    if (
      ts.isParenthesizedExpression(parent) ||
      ts.isConditionalExpression(parent) ||
      ts.isBinaryExpression(parent)
    ) {
      at = parent;
      continue;
    }
    // `publish(…).catch(…)`: what comes out of it.
    const isChain = ts.isPropertyAccessExpression(parent) && ts.isCallExpression(parent.parent);
    if (!isChain) return true;
    at = parent.parent;
  }
  return true;
}

const timers = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "waitUntil",
  "afterCommit",
]);

/** The call that runs a function around the event later; null: none does. */
function laterCall(call: ts.CallExpression, inside: FunctionNode): string | null {
  for (const around of functionsAround(call)) {
    if (around === inside) return null;
    const { parent } = around;
    if (!ts.isCallExpression(parent)) continue;
    const name = calledName(parent);
    if (name !== null && timers.has(name)) return name;
  }
  return null;
}

function lookInside(tree: TypeScriptTree, published: Published, inside: FunctionNode, report: Report): void {
  const { file, call } = published;
  const calls = nodesOf(call.getSourceFile()).calls;
  const type = typeOf(published);
  for (const other of calls) {
    if (!isInside(other, inside.body)) continue;
    const callee = bare(other.expression);
    const isFetch = ts.isIdentifier(callee) && callee.text === "fetch" && isGlobal(tree.bindings, callee);
    if (
      isFetch &&
      other.pos > call.end &&
      ts.isAwaitExpression(other.parent) &&
      isWithinSameRun(other, inside)
    )
      report({
        at: other,
        message: `It calls the outside between ${type} and the commit, which may never come.`,
      });
    const write = tableWrite(tree, file, other);
    if (write === null || write.connection === null || isOfFunctionInside(write.connection, inside)) continue;
    report({
      at: other,
      message: `It changes ${write.table} by ${write.connection.text}, which is not the transaction of ${type}.`,
    });
  }
  const before = changeOutside(tree, file, inside, calls);
  if (before !== null)
    report({
      at: call,
      message: `${type} is published in a transaction of its own, and ${before} changes without it.`,
    });
}

const isOfFunctionInside = (name: ts.Identifier, inside: FunctionNode) => comesFrom(name, inside);

const isWithinSameRun = (node: ts.Node, inside: FunctionNode) => functionsAround(node)[0] === inside;

/**
 * `await this.publish(…)` beside `await db.insert(orders)`: whoever made the class gave the one, a caller the other. The table
 * that the function changes by it; null: it changes none, or by what may belong to the same transaction.
 */
function changeApart(tree: TypeScriptTree, { file, call }: Published): string | null {
  const [around] = functionsAround(call);
  if (around === undefined) return null;
  for (const other of nodesOf(call.getSourceFile()).calls) {
    if (!isInside(other, around.body) || !isWithinSameRun(other, around)) continue;
    const write = tableWrite(tree, file, other);
    const by = write === null ? null : connectionOf(other);
    if (write !== null && by !== null && !/^_?(?:tx|trx|transaction)$/i.test(by)) return write.table;
  }
  return null;
}

/** `db` of `this.db.insert(…)`; null: it is worked out. */
function connectionOf(call: ts.CallExpression): string | null {
  const callee = bare(call.expression);
  const owner = ts.isPropertyAccessExpression(callee) ? bare(callee.expression) : null;
  if (owner === null) return null;
  if (ts.isIdentifier(owner)) return owner.text;
  return ts.isPropertyAccessExpression(owner) ? owner.name.text : null;
}

/** The table that the function around changes, when the one inside uses nothing but what publishes. */
function changeOutside(
  tree: TypeScriptTree,
  file: string,
  inside: FunctionNode,
  calls: readonly ts.CallExpression[],
): string | null {
  const runs = ts.isCallExpression(inside.parent) ? calledName(inside.parent) : null;
  const [around] = functionsAround(inside);
  if (runs === null || around === undefined || usesTransaction(inside)) return null;
  for (const other of calls) {
    if (!isInside(other, around.body) || isInside(other, inside)) continue;
    const write = tableWrite(tree, file, other);
    if (write !== null) return write.table;
  }
  return null;
}

/** Whether it uses what it was given beside what publishes. */
function usesTransaction(inside: FunctionNode): boolean {
  return nodesOf(inside.getSourceFile()).names.some((name) => {
    if (!isInside(name, inside.body)) return false;
    const declared = declarationOf(name);
    if (declared === null || parameterOwner(declared) !== inside) return false;
    return !(ts.isCallExpression(name.parent) && name.parent.expression === name);
  });
}

/** `let later; … later = publish;`: it is used when the transaction is over. */
function keptPublishers(tree: TypeScriptTree, file: string, report: Report): void {
  const givers = new Map(
    tree.published
      .filter((published) => published.file === file)
      .flatMap((published) => {
        const inside = givenPublisher(published);
        return inside === null ? [] : [[inside, published] as const];
      }),
  );
  for (const node of nodesOf(tree.source(file).ast).binaries) {
    if (node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) continue;
    const given = bare(node.right);
    if (!ts.isIdentifier(given) || !ts.isIdentifier(node.left)) continue;
    const declared = declarationOf(given);
    const owner = declared === null ? null : parameterOwner(declared);
    if (owner === null || !isFunction(owner) || !ts.isCallExpression(owner.parent)) continue;
    const isPublisher = given.text === "publish" || givers.has(owner);
    const kept = declarationOf(node.left);
    if (!isPublisher || kept === null || isInside(kept, owner)) continue;
    report({
      at: node,
      message: `What publishes in a transaction is kept as ${node.left.text} for after its end.`,
    });
  }
}
