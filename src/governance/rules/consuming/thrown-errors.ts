/** C-4: which error of the engine a statement throws, be it by a class of the project's own. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { declarationOf, functionOf } from "../../tree/names/scope.ts";
import { enginePackage, type TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare, topStatement } from "../../tree/syntax/source.ts";

/** The name of an error of the engine that a statement throws itself; null: another one, or none. */
export function thrownBy({ typescript }: Project, file: string, statement: ts.Statement): string | null {
  const thrown = ts.isThrowStatement(statement) ? bare(statement.expression) : null;
  const made = thrown !== null && ts.isIdentifier(thrown) ? initializerOf(thrown) : thrown;
  if (made === null || !ts.isNewExpression(made)) return null;
  return engineErrorOf(typescript, file, made.expression, maxSteps);
}

/** The same of an error that is made where it is thrown on one of two ways. */
export function madeError({ typescript }: Project, file: string, node: ts.Expression): string | null {
  const made = bare(node);
  return ts.isNewExpression(made) ? engineErrorOf(typescript, file, made.expression, maxSteps) : null;
}

/** `const refused = new PermanentError(…); throw refused;` */
function initializerOf(name: ts.Identifier): ts.Expression | null {
  const declared = declarationOf(name);
  if (declared === null || !ts.isVariableDeclaration(declared) || declared.initializer === undefined)
    return null;
  return bare(declared.initializer);
}

/** How many classes stand between one and the engine's. */
const maxSteps = 4;

/** `TooLateError` of `class TooLateError extends PermanentError`: it is what it extends. */
function engineErrorOf(
  tree: TypeScriptTree,
  file: string,
  node: ts.Expression,
  steps: number,
): string | null {
  const origin = tree.bindings.originOfExpression(file, node);
  if (origin?.package === enginePackage) return origin.name;
  const made = steps === 0 ? null : classOf(tree, node, origin?.file ?? null, origin?.name ?? "");
  const base = made?.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
  return made === null || base === undefined
    ? null
    : engineErrorOf(tree, made.getSourceFile().fileName, base.expression, steps - 1);
}

function classOf(
  tree: TypeScriptTree,
  node: ts.Expression,
  file: string | null,
  name: string,
): ts.ClassDeclaration | null {
  const value = bare(node);
  const local = ts.isIdentifier(value) ? declarationOf(value) : null;
  const found = local ?? (file === null ? null : topStatement(tree.source(file).ast, name));
  return found !== null && ts.isClassDeclaration(found) ? found : null;
}

/** What a block throws whatever comes, on each way through it. Null: something else, several errors, or there is a way out. */
export function thrownAlways(project: Project, file: string, block: ts.Block): string | null {
  const [first = goesOn, ...others] = waysThrough(project, file, block);
  return others.length > 0 ? null : first;
}

const goesOn = null;

/** How a statement ends on its ways: with an error of the engine, by its name, otherwise (""), or not, and what comes next is run (null). */
function waysThrough(project: Project, file: string, node: ts.Statement): ReadonlySet<string | null> {
  if (ts.isThrowStatement(node)) return new Set([thrownBy(project, file, node) ?? ""]);
  if (ts.isIfStatement(node)) {
    const { thenStatement, elseStatement } = node;
    const otherwise = elseStatement === undefined ? [goesOn] : waysThrough(project, file, elseStatement);
    return new Set([...waysThrough(project, file, thenStatement), ...otherwise]);
  }
  if (ts.isExpressionStatement(node)) return new Set([thrownByCall(project, node)]);
  if (ts.isVariableStatement(node)) return new Set([goesOn]);
  if (!ts.isBlock(node)) return new Set(["", goesOn]);
  let ways: ReadonlySet<string | null> = new Set([goesOn]);
  for (const statement of node.statements) {
    if (!ways.has(goesOn)) break;
    const before = [...ways].filter((way) => way !== goesOn);
    ways = new Set([...before, ...waysThrough(project, file, statement)]);
  }
  return ways;
}

/** `fail(error)`, where the project's own `fail` is nothing but a `throw`; null: it goes on. */
function thrownByCall(project: Project, { expression }: ts.ExpressionStatement): string | null {
  const call = bare(expression);
  const called = ts.isCallExpression(call) ? functionOf(project.typescript, call.expression) : null;
  if (called === null || !ts.isBlock(called.body)) return goesOn;
  const [only, ...others] = called.body.statements;
  if (only === undefined || others.length > 0 || !ts.isThrowStatement(only)) return goesOn;
  return thrownBy(project, called.getSourceFile().fileName, only) ?? "";
}
