/** B-1: an event commits with the change that it tells of. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { isBeacon, outsideCall } from "../../tree/effects/outside.ts";
import { type RowWrite, type RowWrites, readRowWrites } from "../../tree/effects/row-writes.ts";
import { isWaitedFor, laterCall } from "../../tree/flow/awaited.ts";
import { calledFunction, callsInside, reachedFrom } from "../../tree/flow/reach.ts";
import { declarationOf, givenTo, isGlobal, parameterOwner, rootOf } from "../../tree/names/scope.ts";
import { comesFrom, givenPublisher, tableWrite } from "../../tree/product/publishers.ts";
import type { Published, TypeScriptTree } from "../../tree/product/typescript.ts";
import { nodesOf, within } from "../../tree/syntax/nodes.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  functionsAround,
  isFunction,
  isInside,
  nameOf,
} from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";

/** What a look at a project remembers. */
interface Look {
  readonly tree: TypeScriptTree;
  readonly writes: RowWrites;
  /** Functions that handle an event. */
  readonly handlers: ReadonlySet<FunctionNode>;
  /** By the function that was given what publishes. */
  readonly published: ReadonlyMap<FunctionNode | null, readonly Published[]>;
}

export function publishedInTransaction(project: Project, report: Report): void {
  const { typescript } = project;
  const looked = new Set<FunctionNode>();
  const look: Look = {
    tree: typescript,
    writes: readRowWrites(typescript),
    handlers: new Set(
      typescript.handled.flatMap(({ handler }) =>
        handler === null ? [] : (calledFunction(typescript, handler) ?? []),
      ),
    ),
    published: Map.groupBy(typescript.published, givenPublisher),
  };
  for (const published of typescript.published) {
    const { call } = published;
    const inside = givenPublisher(published);
    const type = typeOf(published);
    const later = laterCall(call, inside ?? functionsAround(call).at(-1) ?? null);
    if (later === null && !isWaitedFor(call))
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
    if (later !== null)
      report({ at: call, message: `${type} is published by ${later}, when its transaction has ended.` });
    if (looked.has(inside)) continue;
    looked.add(inside);
    lookInside(look, published, inside, report);
  }
  for (const { file, nodes } of moduleSourcesWith(project, /publish/)) {
    keptPublishers(typescript, file, report);
    for (const call of nodes.calls) {
      const inside = publisherHandedOn(typescript, call, maxHandedOn);
      if (inside === null) continue;
      if (!isWaitedFor(call))
        report({
          at: call,
          message: "Nobody waits until what it publishes is recorded, so its transaction may end before.",
        });
      if (looked.has(inside)) continue;
      looked.add(inside);
      lookInside(look, { call, events: [] }, inside, report);
    }
  }
}

const typeOf = ({ events }: Pick<Published, "events">) =>
  events.length === 1 && events[0]?.type ? `"${events[0].type}"` : "the event";

function lookInside(
  look: Look,
  published: Pick<Published, "call" | "events">,
  inside: FunctionNode,
  report: Report,
): void {
  const { tree, writes } = look;
  const { call } = published;
  const type = typeOf(published);
  const isHandler = look.handlers.has(inside);
  const told = [call, ...(look.published.get(inside) ?? []).map((one) => one.call)];
  for (const other of callsInside(inside.body)) {
    const kind =
      isWithinSameRun(other, inside) && (isWaitedFor(other) || isBeacon(tree, other))
        ? outsideBy(tree, other, isHandler)
        : null;
    const isBehind = kind !== null && told.some((one) => mayRunBehind(other, one));
    if (kind !== null && (isBehind || (kind === "changes" && !isHandler)))
      report({
        at: other,
        message: isBehind
          ? `It calls the outside between ${type} and the commit, which may never come.`
          : `It changes something outside in the transaction of ${type}, whose commit may never come.`,
      });
    const write = writes.of(other);
    const by = write === null ? null : connectionBeside(write, inside);
    if (write !== null && by !== null)
      report({
        at: other,
        message: `It changes ${write.table} by ${by}, which is not the transaction of ${type}.`,
      });
  }
  const before = changeOutside(writes, inside) ?? changeOfCaller(look, inside);
  if (before !== null)
    report({
      at: call,
      message: `${type} is published in a transaction of its own, and ${before} changes without it.`,
    });
}

/** What changes rows and was there before the transaction; null: it may be the transaction itself. */
function connectionBeside({ connection, field }: RowWrite, inside: FunctionNode): string | null {
  if (connection !== null) return isOfFunctionInside(connection, inside) ? null : connection.text;
  // What is run in a transaction has the `this` of the method around it.
  const isRun = ts.isArrowFunction(inside) && ts.isCallExpression(inside.parent);
  return field !== null && isRun ? `this.${field}` : null;
}

/** Not when the earlier one stands in a branch that leaves, or in the other branch of one `if`. */
function mayRunBehind(later: ts.Node, earlier: ts.Node): boolean {
  if (later.pos <= earlier.end) return false;
  for (let at: ts.Node = earlier; !isInside(later, at); at = at.parent) {
    if (ts.isBlock(at)) {
      const last = at.statements.at(-1);
      if (last !== undefined && (ts.isReturnStatement(last) || ts.isThrowStatement(last))) return false;
    }
    const { parent } = at;
    if (ts.isIfStatement(parent) && at === parent.thenStatement && parent.elseStatement !== undefined)
      if (isInside(later, parent.elseStatement)) return false;
  }
  return true;
}

/**
 * What a call does outside, by itself or by a function of the project. A handler's context has a `fetch` of its own: it is
 * what a handler is to call the outside with, and the whole handler is in its transaction.
 */
function outsideBy(
  tree: TypeScriptTree,
  call: ts.CallExpression,
  isHandler: boolean,
): "reads" | "changes" | null {
  const kindOf = (one: ts.CallExpression) =>
    isHandler && !isGlobalFetch(tree, one) && !isBeacon(tree, one)
      ? null
      : (outsideCall(tree, one)?.kind ?? null);
  const own = kindOf(call);
  const called = own === null ? calledFunction(tree, call.expression) : null;
  if (called === null) return own;
  const kinds = [...reachedFrom(tree, called, 2)].flatMap((one) => callsInside(one).map(kindOf));
  return kinds.includes("changes") ? "changes" : kinds.includes("reads") ? "reads" : null;
}

const isGlobalFetch = (tree: TypeScriptTree, call: ts.CallExpression): boolean => {
  const callee = bare(call.expression);
  return ts.isIdentifier(callee) && callee.text === "fetch" && isGlobal(tree.bindings, callee);
};

/** How many functions hand it on until one publishes. */
const maxHandedOn = 3;

/**
 * `tell(publish, id)`: a function of the project publishes by what it is given, and gives back a promise.
 *
 * @returns the function that was given what publishes; null: nothing is handed on, or nobody publishes by it
 */
function publisherHandedOn(
  tree: TypeScriptTree,
  call: ts.CallExpression,
  steps: number,
): FunctionNode | null {
  const owners = call.arguments.flatMap((given): readonly ts.SignatureDeclaration[] => {
    const value = bare(given);
    if (!ts.isIdentifier(value) || value.text !== "publish") return [];
    const declared = declarationOf(value);
    const owner = declared === null ? null : parameterOwner(declared);
    return owner === null ? [] : [owner];
  });
  const [owner] = owners;
  const called = owner === undefined ? null : calledFunction(tree, call.expression);
  if (called === null || owner === undefined || !isFunction(owner)) return null;
  const isPublished =
    tree.published.some(({ within }) => within === called) ||
    (steps > 1 && callsInside(called).some((one) => publisherHandedOn(tree, one, steps - 1) === called));
  return isPublished ? owner : null;
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
  for (const other of callsInside(around.body)) {
    if (!isWithinSameRun(other, around)) continue;
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
function changeOutside(writes: RowWrites, inside: FunctionNode): string | null {
  const runs = ts.isCallExpression(inside.parent) ? calledName(inside.parent) : null;
  const [around] = functionsAround(inside);
  if (runs === null || around === undefined || usesTransaction(inside)) return null;
  for (const other of callsInside(around.body)) {
    if (isInside(other, inside)) continue;
    const write = writes.of(other);
    if (write !== null) return write.table;
  }
  return null;
}

/** `await db.update(orders); await tell(id);`, where `tell` only publishes, in a transaction of its own. */
function changeOfCaller({ tree, writes }: Look, inside: FunctionNode): string | null {
  const [teller] = functionsAround(inside);
  if (!ts.isCallExpression(inside.parent) || teller === undefined || usesTransaction(inside)) return null;
  const name = nameOfFunction(teller);
  if (name === null) return null;
  for (const file of tree.modules.flatMap((module) => module.files)) {
    const { ast } = tree.source(file);
    if (!ast.text.includes(name)) continue;
    const { calls } = nodesOf(ast);
    for (const call of calls) {
      if (!mayCall(call, name) || calledFunction(tree, call.expression) !== teller) continue;
      const [around] = functionsAround(call);
      const other =
        around === undefined ? [] : callsInside(around).filter((one) => functionsAround(one)[0] === around);
      const write = other.map((one) => writes.of(one)).find((one) => one !== null);
      if (write != null) return write.table;
    }
  }
  return null;
}

/** By its name, or by one that a variable gives it. */
function mayCall(call: ts.CallExpression, name: string): boolean {
  const callee = bare(call.expression);
  return calledName(call) === name || (ts.isIdentifier(callee) && givenTo(callee) !== null);
}

function nameOfFunction(node: FunctionNode): string | null {
  if (node.name !== undefined) return nameOf(node.name as ts.PropertyName);
  return ts.isVariableDeclaration(node.parent) ? nameOf(node.parent.name) : null;
}

/** It is only asked: `tx.select()` */
const isAsked = ({ parent }: ts.Identifier) =>
  ts.isPropertyAccessExpression(parent) && /^(?:select\w*|query|\$count)$/.test(parent.name.text);

/** Whether it may change something by what it was given beside what publishes. */
function usesTransaction(inside: FunctionNode): boolean {
  return within(nodesOf(inside.getSourceFile()).names, inside.body).some((name) => {
    const declared = declarationOf(name);
    if (declared === null || parameterOwner(declared) !== inside) return false;
    return !(ts.isCallExpression(name.parent) && name.parent.expression === name) && !isAsked(name);
  });
}

/** `let later; … later = publish;`, `kept.push(publish)`, `return publish`: it is used when the transaction is over. */
function keptPublishers(tree: TypeScriptTree, file: string, report: Report): void {
  const givers = new Set(
    tree.published.filter((published) => published.file === file).flatMap((one) => givenPublisher(one) ?? []),
  );
  for (const name of nodesOf(tree.source(file).ast).names) {
    const declared = declarationOf(name);
    const owner = declared === null || declared.name === name ? null : parameterOwner(declared);
    if (owner === null || !isFunction(owner) || !ts.isCallExpression(owner.parent)) continue;
    if (name.text !== "publish" && !(givers.has(owner) && isCalledIn(name, owner))) continue;
    const kept = keptAs(name, owner);
    if (kept !== null)
      report({
        at: kept,
        message: `What publishes in a transaction is kept as ${kept.getText().slice(0, 40)} for after its end.`,
      });
  }
}

const isCalledIn = (name: ts.Identifier, owner: FunctionNode) =>
  callsInside(owner).some(({ expression }) => {
    const callee = bare(expression);
    return ts.isIdentifier(callee) && declarationOf(callee) === declarationOf(name);
  });

/** Where what stands outside of a function gets a name of it; null: it does not. */
function keptAs(name: ts.Identifier, owner: FunctionNode): ts.Node | null {
  const { parent } = name;
  const isOutside = (target: ts.Expression) => {
    const root = rootOf(target);
    const declared = root === null ? null : declarationOf(root);
    return root === null || declared === null || !isInside(declared, owner);
  };
  if (ts.isBinaryExpression(parent) && parent.right === name)
    return parent.operatorToken.kind === ts.SyntaxKind.EqualsToken && isOutside(parent.left) ? parent : null;
  if (ts.isCallExpression(parent) && parent.expression !== name) {
    const callee = bare(parent.expression);
    const isStore = /^(?:push|unshift|add|set)$/.test(calledName(parent) ?? "");
    return isStore && ts.isPropertyAccessExpression(callee) && isOutside(callee.expression) ? parent : null;
  }
  const given = ts.isShorthandPropertyAssignment(parent) ? parent.parent : name;
  const isReturned =
    (ts.isReturnStatement(given.parent) && functionsAround(given)[0] === owner) ||
    owner.body === given ||
    (ts.isParenthesizedExpression(given.parent) && owner.body === given.parent);
  return isReturned ? given : null;
}
