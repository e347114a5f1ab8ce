/** Who publishes in a file: the function that was given, in whose transaction events are recorded. */

import ts from "typescript";
import { tableMade } from "../effects/drizzle-tables.ts";
import { calledFunction, callsInside } from "../flow/reach.ts";
import { declarationOf, functionOf, givenTo, parameterOwner, rootOf } from "../names/scope.ts";
import { nodesOf } from "../syntax/nodes.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  isFunction,
  isInside,
  propertyOf,
  stringOf,
} from "../syntax/source.ts";
import { givenName } from "./given-publishers.ts";
import type { DefinedEvent, Published, TypeScriptTree } from "./typescript.ts";

/** The function that was given what publishes, e.g. the one that `transact` runs; null: nothing was given. */
export function givenPublisher({ call }: Pick<Published, "call">): FunctionNode | null {
  const root = rootOf(call.expression);
  const declared = root === null ? null : declarationOf(root);
  const owner = declared === null ? null : parameterOwner(declared);
  return owner !== null && isFunction(owner) ? owner : null;
}

/** An event that is no catalogued one: an object, or a text as its type. */
export interface RawPublished {
  readonly call: ts.CallExpression;
  readonly event: ts.Expression;
  /** What is given, in words. */
  readonly what: string;
}

const publishingName = /^(?:publish|emit)(?:_?events?)?$/i;
const eventType = /^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+$/;

/**
 * A function of the project is judged where it is written, and what a package exports is no event stream of ours.
 *
 * @returns null: it publishes nothing, or a catalogued event
 */
export function rawPublished(
  tree: TypeScriptTree,
  file: string,
  call: ts.CallExpression,
): RawPublished | null {
  const name = givenName(call);
  const [first, second] = call.arguments;
  if (name === null || first === undefined || !publishingName.test(name)) return null;
  if (isSomethingElse(tree, file, call)) return null;
  const event = memberOf(tree, file, madeBy(tree, behind(first)));
  if (ts.isObjectLiteralExpression(event)) {
    const type =
      propertyOf(event, "type") ?? propertyOf(event, "event_type") ?? propertyOf(event, "eventType");
    if (type === null) return isEnvelope(event) ? { call, event: first, what: "an object" } : null;
    const text = ts.isPropertyAssignment(type) ? textOf(tree, file, type.initializer) : null;
    const isEvent =
      (text !== null && eventType.test(text)) || ["payload", "meta"].some((key) => propertyOf(event, key));
    if (!isEvent) return null;
    return { call, event: first, what: text === null ? "an object" : `an object of type "${text}"` };
  }
  const text = textOf(tree, file, event);
  const isPayload = second !== undefined && ts.isObjectLiteralExpression(behind(second));
  return text !== null && eventType.test(text) && isPayload
    ? { call, event: first, what: `the text "${text}"` }
    : null;
}

/** A text that is written down, or put together of such. */
function textOf(tree: TypeScriptTree, file: string, event: ts.Expression): string | null {
  if (isFunction(event) || ts.isObjectLiteralExpression(event)) return null;
  const text = stringOf(event) ?? tree.values.valueOf(file, event);
  return typeof text === "string" ? text : null;
}

/** An event that is given to a function of the project, which publishes what it is given. */
export function* handedOn(
  tree: TypeScriptTree,
): Iterable<{ readonly call: ts.CallExpression; readonly event: DefinedEvent }> {
  const known = new Map<ts.Node, boolean>();
  const isPublished = (parameter: ts.ParameterDeclaration, owner: FunctionNode, steps: number): boolean => {
    const found =
      known.get(parameter) ??
      callsInside(owner).some((call) => {
        const at = call.arguments.findIndex((given) => {
          const value = bare(given);
          return ts.isIdentifier(value) && declarationOf(value) === parameter;
        });
        if (at === -1) return false;
        const called = steps === 0 ? null : calledFunction(tree, call.expression);
        if (called !== null) {
          const next = called.parameters[at];
          return next !== undefined && isPublished(next, called, steps - 1);
        }
        return at === 0 && /publish|record|emit|send/i.test(givenName(call) ?? "");
      });
    known.set(parameter, found);
    return found;
  };
  const files = new Set(tree.modules.flatMap((module) => module.files));
  const published = new Set(tree.published.map(({ call }) => call));
  for (const file of files) {
    if (!tree.mayName(file)) continue;
    for (const call of nodesOf(tree.source(file).ast).calls) {
      if (published.has(call)) continue;
      for (const [index, given] of call.arguments.entries()) {
        const [event] = tree.eventsOf(file, given);
        const called = event === undefined ? null : calledFunction(tree, call.expression);
        const parameter = called?.parameters[index];
        if (event !== undefined && called !== null && parameter && isPublished(parameter, called, 2))
          yield { call, event };
      }
    }
  }
}

/** The object that a function of the project gives back, when that is all it does at its end; the expression itself otherwise. */
function madeBy(tree: TypeScriptTree, node: ts.Expression): ts.Expression {
  if (!ts.isCallExpression(node)) return node;
  const maker = calledFunction(tree, node.expression);
  if (maker === null) return node;
  const { body } = maker;
  const last = ts.isBlock(body) ? body.statements.at(-1) : undefined;
  const given = last !== undefined && ts.isReturnStatement(last) ? last.expression : body;
  const made = given === undefined || ts.isBlock(given) ? null : bare(given as ts.Expression);
  return made !== null && ts.isObjectLiteralExpression(made) ? made : node;
}

/** What `events.lent` is, where the object is written down. */
function memberOf(tree: TypeScriptTree, file: string, node: ts.Expression): ts.Expression {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return node;
  const name = ts.isPropertyAccessExpression(node) ? node.name.text : stringOf(node.argumentExpression);
  const owner = name === null ? null : tree.values.objectOf(file, node.expression);
  const found = owner === null || name === null ? null : tree.values.optionOf(owner.file, owner.node, name);
  return found === null ? node : bare(found.node);
}

/** `{ ...template, payload: { … } }`: its type comes from elsewhere. */
const isEnvelope = (event: ts.ObjectLiteralExpression) =>
  event.properties.some(ts.isSpreadAssignment) && propertyOf(event, "payload") !== null;

/** What a local name was given. */
function behind(node: ts.Expression): ts.Expression {
  const value = bare(node);
  const given = ts.isIdentifier(value) ? givenTo(value) : null;
  return given === null ? value : bare(given);
}

function isSomethingElse(tree: TypeScriptTree, file: string, call: ts.CallExpression): boolean {
  const origin = tree.bindings.originOfExpression(file, call.expression);
  if (origin !== null && origin.file === null) return true;
  return functionOf(tree, call.expression) !== null;
}

/** A statement that changes rows of a table: `tx.insert(orders)`. Null: it is none. */
export function tableWrite(
  tree: Pick<TypeScriptTree, "bindings" | "source">,
  file: string,
  call: ts.CallExpression,
): { readonly connection: ts.Identifier | null; readonly table: string } | null {
  const callee = bare(call.expression);
  const [table] = call.arguments;
  const isMember = ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee);
  if (!isMember || table === undefined) return null;
  if (!/^(?:insert|update|delete)$/.test(calledName(call) ?? "") || tableMade(tree, file, table) === null)
    return null;
  return { connection: rootOf(callee.expression), table: bare(table).getText() };
}

/** Whether a name is given to a function by its caller, or worked out from what is, inside of it. */
export function comesFrom(name: ts.Identifier, owner: FunctionNode): boolean {
  const declared = declarationOf(name);
  if (declared === null) return false;
  const given = parameterOwner(declared);
  if (given !== null) return isInside(declared, owner) && !isOfOther(given, owner);
  let at: ts.Node = declared;
  while (ts.isBindingElement(at)) at = at.parent.parent;
  const value = ts.isVariableDeclaration(at) ? at.initializer : undefined;
  const root = value === undefined || !isInside(at, owner) ? null : rootOf(value);
  return root !== null && root.text !== name.text && comesFrom(root, owner);
}

/** `db.transaction((own) => …)` inside of it, where `db` is not what it was given: a transaction beside. */
function isOfOther(given: ts.SignatureDeclaration, owner: FunctionNode): boolean {
  const { parent } = given;
  if (given === owner || !ts.isCallExpression(parent) || !isInside(parent, owner)) return false;
  if (!/^(?:transaction|begin)$/.test(calledName(parent) ?? "")) return false;
  const root = rootOf(parent.expression);
  return root !== null && !comesFrom(root, owner);
}
