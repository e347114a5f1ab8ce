/** What is known of a value without running anything: see `shapes.ts`. */

import ts from "typescript";
import { type FunctionNode, isFunction, walk } from "../syntax/source.ts";
import type { Sources } from "./scope.ts";

/** A class, an object, a function, a type or a literal; what it promises, when it is a promise. */
export interface Shape {
  /** Null: nothing more is known of it. */
  readonly node: ts.Node | null;
  readonly isPromise: boolean;
}

export interface Shapes extends Sources {
  /** Null: it is not known. */
  of(node: ts.Expression): Shape | null;
  /** What a call of it gives back; null: it is not known. */
  resultOf(called: Shape, call: ts.CallExpression | null): Shape | null;
}

export const settled = (node: ts.Node | null): Shape => ({ node, isPromise: false });
export const promised = (value: Shape | null): Shape => ({ node: value?.node ?? null, isPromise: true });

/** Of several that it may be: a promise, when one of them is. */
export function oneOf(shapes: Shapes, nodes: readonly ts.Expression[]): Shape | null {
  const found = nodes.map((node) => shapes.of(node));
  return found.find((shape) => shape?.isPromise) ?? found.find((shape) => shape !== null) ?? null;
}

/** What a function gives back by its own `return`s, and by its expression. */
export function returnedBy({ body }: FunctionNode): readonly ts.Expression[] {
  if (!ts.isBlock(body)) return [body as ts.Expression];
  const found: ts.Expression[] = [];
  walk(body, (node) => {
    if (ts.isReturnStatement(node) && node.expression !== undefined) found.push(node.expression);
    return !isFunction(node);
  });
  return found;
}
