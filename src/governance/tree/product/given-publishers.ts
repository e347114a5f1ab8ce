/** Functions that publish are given by the engine, under whatever name. */

import ts from "typescript";
import { declarationOf, parameterOwner } from "../names/scope.ts";
import { objectOf } from "../names/written.ts";
import { bare, calledName, nameOf } from "../syntax/source.ts";

/** A parameter that is called with an event and what it tells, whatever it is called. */
export function isGivenPublisher({ expression, arguments: [, payload] }: ts.CallExpression): boolean {
  const callee = bare(expression);
  const declared = ts.isIdentifier(callee) ? declarationOf(callee) : null;
  if (declared === null || parameterOwner(declared) === null) return false;
  const type = ts.isParameter(declared) ? declared.type?.getText() : undefined;
  return type === "Publish" || objectOf(payload) !== null;
}

/** The name by which it was given: `publish` for `send` of `const { publish: send } = context`, and of `const send = publish`. */
export function givenName(call: ts.CallExpression): string | null {
  const name = calledName(call);
  const callee = bare(call.expression);
  const declared = ts.isIdentifier(callee) ? declarationOf(callee) : null;
  if (declared === null) return name;
  if (ts.isBindingElement(declared))
    return declared.propertyName === undefined ? name : nameOf(declared.propertyName);
  const given =
    ts.isVariableDeclaration(declared) && declared.initializer ? bare(declared.initializer) : null;
  if (given === null) return name;
  if (ts.isIdentifier(given)) return given.text;
  return ts.isPropertyAccessExpression(given) ? given.name.text : name;
}
