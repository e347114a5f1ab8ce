/** What only tells of something. */

import ts from "typescript";
import { bare } from "./source.ts";

const logNames = /^(?:debug|info|warn|error|log|trace|fatal)$/;

const loggerName = /^[#_]?(?:console|log|logger)$|[a-z0-9_]Logger$/i;
const loggerMaker = /^(?:get|use|create|make)?log(?:ger)?$/i;
const childMaker = /^(?:child|extend|scope|with\w*)$/;

/** `console.error`, `context.log.warn`, `this.#logger.error`, `log.child({ id }).info`: what only tells of what it is given. */
export function isLogger(node: ts.Expression): boolean {
  const value = bare(node);
  if (!ts.isPropertyAccessExpression(value) || !logNames.test(value.name.text)) return false;
  let owner = bare(value.expression);
  while (ts.isCallExpression(owner)) {
    const callee = bare(owner.expression);
    const isMember = ts.isPropertyAccessExpression(callee);
    if (!isMember || !childMaker.test(callee.name.text))
      return loggerMaker.test((isMember ? callee.name : callee).getText());
    owner = bare(callee.expression);
  }
  const name = ts.isPropertyAccessExpression(owner) ? owner.name : owner;
  return loggerName.test(name.getText());
}
