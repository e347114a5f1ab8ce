/** Who publishes in a file: the function that was given, in whose transaction events are recorded. */

import ts from "typescript";
import { tableMade } from "../effects/drizzle-tables.ts";
import { madeOf } from "../flow/made.ts";
import { calledFunction, callsInside } from "../flow/reach.ts";
import { declarationOf, functionOf, parameterOwner, rootOf } from "../names/scope.ts";
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
  for (const event of madeOf(tree, first)) {
    const what = rawEvent(tree, event, second);
    if (what !== null) return { call, event: first, what };
  }
  return null;
}

/** In words; null: it is a catalogued event, or none at all. */
function rawEvent(
  tree: TypeScriptTree,
  event: ts.Expression,
  payload: ts.Expression | undefined,
): string | null {
  const file = event.getSourceFile().fileName;
  if (ts.isObjectLiteralExpression(event)) {
    const type = ["type", "event_type", "eventType"]
      .map((key) => valueIn(tree, event, key))
      .find((one) => one !== undefined);
    if (type === undefined) return isEnvelope(event) ? "an object" : null;
    const text = type === null ? null : textOf(tree, file, type);
    const isEvent =
      (text !== null && eventType.test(text)) ||
      ["payload", "meta"].some((key) => valueIn(tree, event, key) !== undefined);
    if (!isEvent) return null;
    return text === null ? "an object" : `an object of type "${text}"`;
  }
  const text = textOf(tree, file, event);
  const isPayload = payload !== undefined && madeOf(tree, payload).some(ts.isObjectLiteralExpression);
  return text !== null && eventType.test(text) && isPayload ? `the text "${text}"` : null;
}

/** What an object holds under a name, also by another one that it takes in. Null: it is no expression; undefined: it has none. */
function valueIn(
  tree: TypeScriptTree,
  object: ts.ObjectLiteralExpression,
  name: string,
  steps = 2,
): ts.Expression | null | undefined {
  const own = propertyOf(object, name);
  if (own !== null) return ts.isPropertyAssignment(own) ? own.initializer : null;
  if (steps === 0) return undefined;
  for (const property of object.properties) {
    if (!ts.isSpreadAssignment(property)) continue;
    for (const whole of madeOf(tree, property.expression)) {
      if (!ts.isObjectLiteralExpression(whole)) continue;
      const found = valueIn(tree, whole, name, steps - 1);
      if (found !== undefined) return found;
    }
  }
  return undefined;
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

/** `{ ...template, payload: { … } }`: its type comes from elsewhere. */
const isEnvelope = (event: ts.ObjectLiteralExpression) =>
  event.properties.some(ts.isSpreadAssignment) && propertyOf(event, "payload") !== null;

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
