/** B-7: whether an expression is the id of an event that a function was given. */

import ts from "typescript";
import { declarationOf, parameterOwner, takenFrom } from "../../tree/names/scope.ts";
import { bare, calledName, nameOf } from "../../tree/syntax/source.ts";

/** `event.id`, where the event is something that a function was given. */
export function isEventId(node: ts.Expression | undefined): boolean {
  if (node === undefined) return false;
  const value = bare(node);
  if (ts.isTemplateExpression(value))
    return value.templateSpans.some(({ expression }) => isEventId(expression));
  if (ts.isIdentifier(value)) return /^event_?id$/i.test(value.text) || isTakenEventId(value);
  if (!ts.isPropertyAccessExpression(value)) return false;
  if (/^event_?id$/i.test(value.name.text)) return true;
  const owner = bare(value.expression);
  const ofEvent = ts.isIdentifier(owner)
    ? owner.text
    : ts.isPropertyAccessExpression(owner)
      ? owner.name.text
      : "";
  return value.name.text === "id" && /^(?:event|envelope|message)$/i.test(ofEvent);
}

/** `const { id } = event`, and `on(bookShelved, ({ id }) => …)` */
function isTakenEventId(name: ts.Identifier): boolean {
  const taken = takenFrom(name);
  if (taken !== null) return taken.part === "id" && /^(?:event|envelope)$/i.test(bare(taken.owner).getText());
  const declared = declarationOf(name);
  if (declared === null || !ts.isBindingElement(declared)) return false;
  if (nameOf((declared.propertyName ?? declared.name) as ts.PropertyName) !== "id") return false;
  const owner = parameterOwner(declared);
  const call = owner?.parent;
  return (
    owner?.parameters[0]?.name === declared.parent &&
    call !== undefined &&
    ts.isCallExpression(call) &&
    calledName(call) === "on"
  );
}
