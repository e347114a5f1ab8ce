/** Events that a function of a file defines for the file: `const bookEvent = (type: string) => defineEvent(type, …)`. */

import ts from "typescript";
import { declarationOf } from "../names/scope.ts";
import { bare, functionsAround } from "../syntax/source.ts";

/**
 * The calls at the top of the file whose first argument is the type of the event.
 *
 * @param definition `defineEvent(type, …)`, whose first argument is the first parameter of the function around it
 * @param calls all of its file
 */
export function callsOfHelper(
  definition: ts.CallExpression,
  calls: readonly ts.CallExpression[],
): readonly ts.CallExpression[] {
  const [type] = definition.arguments;
  const [helper, ...further] = functionsAround(definition);
  if (type === undefined || helper === undefined || further.length > 0) return [];
  const given = bare(type);
  if (!ts.isIdentifier(given) || declarationOf(given) !== helper.parameters[0]) return [];
  return calls.filter((call) => {
    const callee = bare(call.expression);
    if (!ts.isIdentifier(callee) || functionsAround(call).length > 0) return false;
    const declared = declarationOf(callee);
    const meant =
      declared !== null && ts.isVariableDeclaration(declared) && declared.initializer !== undefined
        ? bare(declared.initializer)
        : declared;
    return meant === helper;
  });
}
