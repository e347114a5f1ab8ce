/** Events that a function of the project defines for others: `const bookEvent = (type: string) => defineEvent(type, …)`. */

import ts from "typescript";
import { declarationOf, functionOf } from "../names/scope.ts";
import { bare, type FunctionNode, functionsAround } from "../syntax/source.ts";

/** Where functions are looked for. */
type Sources = Parameters<typeof functionOf>[0];

export interface EventHelper {
  readonly node: FunctionNode;
  /** What it is called where it stands. */
  readonly name: string;
  /** Which of its parameters are the type of the event and its options; -1: none is. */
  readonly type: number;
  readonly options: number;
}

/** The function around `defineEvent(type, …)` that is given the type; null: there is none. */
export function helperAround({ arguments: [type, options] }: ts.CallExpression): EventHelper | null {
  const [node, ...further] = type === undefined ? [] : functionsAround(type);
  if (type === undefined || node === undefined || further.length > 0) return null;
  const { parent } = node;
  const named = ts.isFunctionDeclaration(node)
    ? node.name
    : ts.isVariableDeclaration(parent)
      ? parent.name
      : undefined;
  const at = parameterOf(node, type);
  if (at === -1 || named === undefined || !ts.isIdentifier(named)) return null;
  return { node, name: named.text, type: at, options: parameterOf(node, options) };
}

function parameterOf({ parameters }: FunctionNode, node: ts.Expression | undefined): number {
  const given = node === undefined ? null : bare(node);
  const declared = given !== null && ts.isIdentifier(given) ? declarationOf(given) : null;
  return declared === null ? -1 : parameters.indexOf(declared as ts.ParameterDeclaration);
}

/** Those of the calls at the top of their file that call it. */
export const callsOfHelper = (
  { node }: EventHelper,
  calls: readonly ts.CallExpression[],
  sources: Sources,
): readonly ts.CallExpression[] =>
  calls.filter((call) => functionsAround(call).length === 0 && functionOf(sources, call.expression) === node);

/** Files that may call it: they say its name. */
export const filesNaming = (
  { name }: EventHelper,
  files: readonly string[],
  text: (path: string) => string,
): readonly string[] => {
  const named = new RegExp(`\\b${name.replaceAll("$", "\\$")}\\b`);
  return files.filter((path) => named.test(text(path)));
};
