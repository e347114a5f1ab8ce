/** C-4: whether a condition says that the event itself was refused, which is the same with each try. */

import ts from "typescript";
import { declarationOf, givenTo, isGlobal, parameterOwner, takenFrom } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { bare, calledName, type FunctionNode, isInside } from "../../tree/syntax/source.ts";

/** `!parsed.success`, where `parsed` is what a schema said of the event and of nothing else. */
export function isRefusedEvent(
  tree: TypeScriptTree,
  condition: ts.Expression,
  handlers: ReadonlySet<FunctionNode>,
): boolean {
  const value = bare(condition);
  if (ts.isBinaryExpression(value)) return isRefusal(tree, value, handlers);
  if (!ts.isPrefixUnaryExpression(value) || value.operator !== ts.SyntaxKind.ExclamationToken) return false;
  const asked = bare(value.operand);
  if (!ts.isPropertyAccessExpression(asked) || asked.name.text !== "success") return false;
  const owner = bare(asked.expression);
  const given = ts.isIdentifier(owner) ? givenTo(owner) : null;
  const parse = given === null ? null : bare(given);
  if (parse === null || !ts.isCallExpression(parse) || calledName(parse) !== "safeParse") return false;
  const [subject, ...others] = parse.arguments;
  return subject !== undefined && others.length === 0 && isOfEvent(tree, subject, handlers, 3);
}

/** `error instanceof ZodError`, behind a `try` in which nothing but the event is parsed. */
function isRefusal(
  tree: TypeScriptTree,
  { left, right, operatorToken }: ts.BinaryExpression,
  handlers: ReadonlySet<FunctionNode>,
): boolean {
  if (operatorToken.kind !== ts.SyntaxKind.InstanceOfKeyword) return false;
  const [error, made] = [bare(left), bare(right)];
  const origin = tree.bindings.originOfExpression(made.getSourceFile().fileName, made);
  if (origin?.package !== "zod" || !/\bZodError$/.test(made.getText()) || !ts.isIdentifier(error))
    return false;
  const declared = declarationOf(error);
  const clause = declared?.parent;
  if (clause === undefined || !ts.isCatchClause(clause)) return false;
  const parses = nodesOf(clause.getSourceFile()).calls.filter(
    (call) => isInside(call, clause.parent.tryBlock) && /^(?:parse|parseAsync)$/.test(calledName(call) ?? ""),
  );
  return (
    parses.length > 0 &&
    parses.every(
      (call) =>
        isJsonParse(tree, call) ||
        (call.arguments[0] !== undefined && isOfEvent(tree, call.arguments[0], handlers, 3)),
    )
  );
}

/** The event of a handler, a part of it, or what `JSON.parse` makes of one. */
function isOfEvent(
  tree: TypeScriptTree,
  node: ts.Expression,
  handlers: ReadonlySet<FunctionNode>,
  steps: number,
): boolean {
  const value = bare(node);
  if (ts.isPropertyAccessExpression(value)) return isOfEvent(tree, value.expression, handlers, steps);
  if (ts.isCallExpression(value)) {
    const [text] = value.arguments;
    return isJsonParse(tree, value) && text !== undefined && isOfEvent(tree, text, handlers, steps);
  }
  if (!ts.isIdentifier(value)) return false;
  const declared = declarationOf(value);
  const owner = declared === null ? null : parameterOwner(declared);
  if (owner !== null)
    return (
      handlers.has(owner as FunctionNode) &&
      owner.parameters[0] !== undefined &&
      isPartOf(declared, owner.parameters[0])
    );
  const given = steps === 0 ? null : (takenFrom(value)?.owner ?? givenTo(value));
  return given !== null && isOfEvent(tree, given, handlers, steps - 1);
}

const isPartOf = (declared: ts.Node | null, parameter: ts.ParameterDeclaration): boolean =>
  declared !== null && declared.pos >= parameter.pos && declared.end <= parameter.end;

function isJsonParse({ bindings }: TypeScriptTree, { expression }: ts.CallExpression): boolean {
  const callee = bare(expression);
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "parse") return false;
  const owner = bare(callee.expression);
  return ts.isIdentifier(owner) && owner.text === "JSON" && isGlobal(bindings, owner);
}
