/** B-3: a publish whose refusal ends on its way: in a `catch`, in a `finally` that returns, or in a function that it is given to. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { calledFunction } from "../../tree/flow/reach.ts";
import { isUnseenSettled, leaves, rejectionHandlerOf } from "../../tree/flow/rejections.ts";
import { declarationOf } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { isLogger } from "../../tree/syntax/loggers.ts";
import {
  calledName,
  type FunctionNode,
  functionsAround,
  isFunction,
  walk,
} from "../../tree/syntax/source.ts";
import { onlyTells } from "../consuming/swallowed-errors.ts";
import type { Report } from "../rule.ts";

export function swallowedPublishes({ typescript }: Project, report: Report): void {
  for (const { call, events } of typescript.published) {
    const [event] = events;
    const type = events.length === 1 && event?.type ? `"${event.type}"` : "the event";
    const swallow = swallowedBy(typescript, call, isQuiet, maxSteps);
    if (swallow !== null)
      report({ at: swallow, message: `When ${type} is refused, nobody hears of it: the error ends here.` });
  }
}

/** How many functions a publish is handed on through. */
const maxSteps = 2;

/** Whether an error ends in what stands in a `catch`, or is given to it. */
type Ends = (body: ts.Node) => boolean;

/** Around a publish whatever throws nothing does. */
const isQuiet: Ends = (body) => !throwsWithin(body) && !throwsBehind(body);

/** Where an error of an expression ends, from which none comes out; null: nowhere. */
function swallowedBy(tree: TypeScriptTree, start: ts.Node, ends: Ends, steps: number): ts.Node | null {
  for (let at = start; at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (isFunction(parent)) {
      if (isOfEach(parent)) continue;
      return isGivenToSwallower(tree, parent, steps) ? parent.parent : null;
    }
    if (ts.isCallExpression(parent)) {
      if (isUnseenSettled(parent) || isGivenToSwallower(tree, at, steps)) return parent;
    }
    if (ts.isTryStatement(parent) && parent.tryBlock === at) {
      const { catchClause, finallyBlock } = parent;
      if (catchClause !== undefined && ends(catchClause.block)) return catchClause;
      if (finallyBlock !== undefined && leaves(finallyBlock)) return finallyBlock;
      if (catchClause !== undefined) return null;
    }
    const chained = ts.isPropertyAccessExpression(parent) && parent.expression === at ? parent.parent : null;
    if (chained === null || !ts.isCallExpression(chained)) continue;
    const given = rejectionHandlerOf(chained);
    if (given === undefined) continue;
    const body = calledFunction(tree, given)?.body ?? null;
    return isLogger(given) || (body !== null && ends(body)) ? chained : null;
  }
  return null;
}

/**
 * `quietly(() => publish(…))`, `ignore(publish(…))`: a function of the project that is given what publishes, or its promise,
 * and only tells of its errors wherever it uses it. One that gives them back, or keeps them for another try, lets them out.
 */
function isGivenToSwallower(tree: TypeScriptTree, given: ts.Node, steps: number): boolean {
  const call = given.parent;
  if (steps === 0 || !ts.isCallExpression(call)) return false;
  const called = calledFunction(tree, call.expression);
  const parameter = called?.parameters[call.arguments.indexOf(given as ts.Expression)];
  if (called === null || parameter === undefined || !ts.isIdentifier(parameter.name)) return false;
  const ends: Ends = (body) => onlyTells(tree, called, body);
  const uses = usesOf(called, parameter, parameter.name.text);
  return uses.length > 0 && uses.every((use) => swallowedBy(tree, use, ends, steps - 1) !== null);
}

function usesOf({ body }: FunctionNode, parameter: ts.ParameterDeclaration, name: string) {
  const found: ts.Identifier[] = [];
  walk(body, (node) => {
    if (ts.isIdentifier(node) && node.text === name && declarationOf(node) === parameter) found.push(node);
    return true;
  });
  return found;
}

/** `items.map((item) => publish(…))`: what becomes of it is decided where the list is. */
const isOfEach = ({ parent }: ts.Node) =>
  ts.isCallExpression(parent) && /^(?:map|flatMap)$/.test(calledName(parent) ?? "");

/** Whether an error may come out of it: it throws, or gives back a refusal. */
function throwsWithin(body: ts.Node): boolean {
  let found = false;
  const look = (node: ts.Node): void => {
    if (ts.isThrowStatement(node)) found = true;
    else if (ts.isCallExpression(node) && /^Promise\.reject$/.test(node.expression.getText())) found = true;
    if (!found) ts.forEachChild(node, look);
  };
  look(body);
  return found;
}

/** `catch (error) { last = error; } … throw last;` */
function throwsBehind(body: ts.Node): boolean {
  const around = functionsAround(body)[0];
  if (around === undefined || !ts.isCatchClause(body.parent)) return false;
  let found = false;
  walk(around.body, (node) => {
    if (ts.isThrowStatement(node) && node.pos > body.end) found = true;
    return !found && !isFunction(node);
  });
  return found;
}
