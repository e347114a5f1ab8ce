/** What only tells of something. */

import ts from "typescript";
import { bare } from "./source.ts";

const logNames = /^(?:debug|info|warn|error|log|trace|fatal)$/;

/** `console.error`, `context.log.warn`, `this.#logger.error`: what only tells of what it is given. */
export function isLogger(node: ts.Expression): boolean {
  const value = bare(node);
  if (!ts.isPropertyAccessExpression(value) || !logNames.test(value.name.text)) return false;
  const owner = bare(value.expression);
  const name = ts.isPropertyAccessExpression(owner) ? owner.name : owner;
  return /^#?(?:console|log|logger)$/i.test(name.getText());
}
