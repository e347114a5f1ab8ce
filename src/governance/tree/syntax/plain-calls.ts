/** Calls in roundabout words, as they would stand otherwise: by `call`, `apply`, `Reflect.apply`, `bind`, and lists that are spread. */

import ts from "typescript";
import { declarationOf } from "./declarations.ts";
import { bare } from "./source.ts";

/** Whether a file may have one; most have none. */
const mayHave = /\.(?:call|apply|bind)\b|\[["'](?:call|apply|bind)["']\]|\(0, |\.\.\./;

/**
 * `publish(event)` of `publish.call(null, event)`, as a call in the same place of the text: what it calls and is given are the
 * nodes of the file.
 *
 * @returns those of a file that says something in such words, beside its own calls
 */
export function plainCalls(ast: ts.SourceFile, calls: readonly ts.CallExpression[]): ts.CallExpression[] {
  if (!mayHave.test(ast.text)) return [];
  const mayBind = /\bbind\b/.test(ast.text);
  return calls.flatMap((call) => plainCall(call, mayBind) ?? []);
}

const isolateMade = new WeakSet<ts.Node>();

/** True for a call that {@link plainCalls} made: the one that stands there has the same place. */
export function isPlainCall(node: ts.Node): boolean {
  return isolateMade.has(node);
}

interface Said {
  readonly callee: ts.Expression;
  readonly given: readonly ts.Expression[];
}

function plainCall(call: ts.CallExpression, mayBind: boolean): ts.CallExpression | null {
  const said = directly(call) ?? (mayBind ? bound(call) : null);
  const given = (said?.given ?? call.arguments).flatMap(spreadOut);
  if (said === null && given.every((one, at) => one === call.arguments[at])) return null;
  const made = ts.factory.createCallExpression(said?.callee ?? call.expression, undefined, given);
  ts.setTextRange(made, call);
  isolateMade.add(made);
  // The compiler's own nodes know what is around them, and this one is asked as they are.
  return Object.assign(made, { parent: call.parent });
}

/** Null: it stands as it is meant, or nobody can tell what it is given. */
function directly(call: ts.CallExpression): Said | null {
  const callee = bare(call.expression);
  if (ts.isBinaryExpression(callee) && callee.operatorToken.kind === ts.SyntaxKind.CommaToken)
    return { callee: callee.right, given: call.arguments };
  const part = partOf(callee);
  if (part === null) return null;
  const [first, second, third] = call.arguments;
  if (part.name === "call") return { callee: part.owner, given: call.arguments.slice(1) };
  if (part.name !== "apply") return null;
  if (!ts.isIdentifier(part.owner) || part.owner.text !== "Reflect") return applied(part.owner, second);
  return first === undefined ? null : applied(first, third);
}

function applied(callee: ts.Expression, list: ts.Expression | undefined): Said | null {
  const elements = list === undefined ? [] : elementsOf(list);
  return elements === null ? null : { callee, given: elements };
}

/** `publish.bind(null)(event)`, also behind a constant. */
function bound(call: ts.CallExpression): Said | null {
  const callee = bare(call.expression);
  const made = ts.isIdentifier(callee) ? constantOf(callee) : callee;
  const binding = made === null ? null : bare(made);
  if (binding === null || !ts.isCallExpression(binding)) return null;
  const part = partOf(bare(binding.expression));
  return part?.name === "bind"
    ? { callee: part.owner, given: [...binding.arguments.slice(1), ...call.arguments] }
    : null;
}

function partOf(
  node: ts.Expression,
): { readonly owner: ts.LeftHandSideExpression; readonly name: string } | null {
  if (ts.isPropertyAccessExpression(node)) return { owner: node.expression, name: node.name.text };
  if (!ts.isElementAccessExpression(node)) return null;
  const name = bare(node.argumentExpression);
  return ts.isStringLiteralLike(name) ? { owner: node.expression, name: name.text } : null;
}

/** `...args` as what stands in the list. */
function spreadOut(node: ts.Expression): readonly ts.Expression[] {
  return ts.isSpreadElement(node) ? (elementsOf(node.expression) ?? [node]) : [node];
}

/** Null: it is no list that is written down. */
function elementsOf(list: ts.Expression): readonly ts.Expression[] | null {
  const value = bare(list);
  const made = ts.isIdentifier(value) ? constantOf(value) : value;
  const written = made === null ? null : bare(made);
  return written !== null && ts.isArrayLiteralExpression(written) ? written.elements : null;
}

function constantOf(name: ts.Identifier): ts.Expression | null {
  const declared = declarationOf(name);
  const isConstant =
    declared !== null &&
    ts.isVariableDeclaration(declared) &&
    (declared.parent.flags & ts.NodeFlags.Const) !== 0;
  return isConstant ? (declared.initializer ?? null) : null;
}
