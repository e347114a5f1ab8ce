/** What an expression stands for in each turn of the loops around it. */

import ts from "typescript";
import { bare, type FunctionNode, isFunction } from "../syntax/source.ts";
import { isCollection } from "./composites.ts";
import { bindName, type EvaluateIn } from "./value-calls.ts";
import { Scope } from "./value-scopes.ts";

/** An expression, and where it is worked out. */
interface At {
  readonly file: string;
  readonly node: ts.Expression;
  readonly scope: Scope;
  readonly evaluate: EvaluateIn;
}

/** `for (const one of list)`, `list.map((one) => …)` */
interface Loop {
  readonly around: ts.ForOfStatement | FunctionNode;
  readonly list: ts.Expression;
  readonly turn: ts.VariableDeclaration | ts.ParameterDeclaration;
}

/** More turns are not looked at. */
const maxTurns = 300;

/** Empty: no loop stands around it whose list is known. */
export function inEachTurn({ file, node, scope, evaluate }: At): readonly unknown[] {
  const loops = loopsAround(node);
  let scopes: readonly Scope[] = loops.length === 0 ? [] : [scope];
  for (const { around, list, turn } of loops)
    scopes = scopes
      .flatMap((outer) => {
        const whole = evaluate(file, list, outer);
        const turns = Array.isArray(whole) ? whole : isCollection(whole) ? [...whole] : [];
        return turns.map((one) => {
          const inside = new Scope(outer, around, outer.self);
          bindName(turn, one, inside, (part) => evaluate(file, part, inside));
          return inside;
        });
      })
      .slice(0, maxTurns);
  return scopes.map((inside) => evaluate(file, node, inside));
}

/** The outermost first. A function around it that is called otherwise ends it: who calls it, is not known. */
function loopsAround(node: ts.Node): readonly Loop[] {
  const found: Loop[] = [];
  for (let at = node.parent; at !== undefined; at = at.parent) {
    const loop = ts.isForOfStatement(at) ? loopOf(at) : isFunction(at) ? loopBy(at) : null;
    if (loop !== null) found.unshift(loop);
    else if (isFunction(at)) return found;
  }
  return found;
}

function loopOf(around: ts.ForOfStatement): Loop | null {
  const { expression, initializer } = around;
  const [turn] = ts.isVariableDeclarationList(initializer) ? initializer.declarations : [];
  return turn === undefined ? null : { around, list: expression, turn };
}

function loopBy(around: FunctionNode): Loop | null {
  const { parent } = around;
  const [turn] = around.parameters;
  if (turn === undefined || !ts.isCallExpression(parent) || parent.arguments[0] !== around) return null;
  const callee = bare(parent.expression);
  return ts.isPropertyAccessExpression(callee) && /^(?:map|flatMap|forEach)$/.test(callee.name.text)
    ? { around, list: callee.expression, turn }
    : null;
}
