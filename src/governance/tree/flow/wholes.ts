/** Objects with all that they take in: by spreads, by `Object.assign`, and under names that are worked out. */

import ts from "typescript";
import { isGlobal } from "../names/scope.ts";
import type { TypeScriptTree } from "../product/typescript.ts";
import { bare, isFunction, nameOf, resultOf } from "../syntax/source.ts";
import { madeOf } from "./made.ts";

export interface Field {
  /** What names it: in the text that writes it, which may be another file. */
  readonly name: ts.Node;
  /** Null: a method, or a getter that does more than to give something back. */
  readonly value: ts.Expression | null;
}

export interface Whole {
  /** What takes the others in. */
  readonly node: ts.Expression;
  /** By name, the last one that is written. */
  readonly fields: ReadonlyMap<string, Field>;
  /** Something of it is known at run time only. */
  readonly isOpen: boolean;
}

const maxSteps = 4;

/** Null: it is no object that is written down. */
export function wholeOf(tree: TypeScriptTree, node: ts.Expression, steps = maxSteps): Whole | null {
  const value = bare(node);
  const assigned = steps === 0 ? null : assignedBy(tree, value);
  if (assigned === null && !ts.isObjectLiteralExpression(value)) return null;
  const fields = new Map<string, Field>();
  let isOpen = false;
  const takeIn = (part: ts.Expression): void => {
    const ends = steps === 0 ? [] : madeOf(tree, part);
    const inner = ends.length === 1 && ends[0] !== undefined ? wholeOf(tree, ends[0], steps - 1) : null;
    if (inner === null) isOpen = true;
    else {
      isOpen ||= inner.isOpen;
      for (const [name, field] of inner.fields) fields.set(name, field);
    }
  };
  for (const part of assigned ?? []) takeIn(part);
  for (const property of ts.isObjectLiteralExpression(value) ? value.properties : []) {
    if (ts.isSpreadAssignment(property)) takeIn(property.expression);
    else {
      const name = keyOf(tree, property.name);
      if (name === null) isOpen = true;
      else fields.set(name, { name: property.name, value: valueIn(property) });
    }
  }
  return { node: value, fields, isOpen };
}

/** What `Object.assign(…)` puts together; null: it is another expression. */
function assignedBy(tree: TypeScriptTree, node: ts.Expression): readonly ts.Expression[] | null {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null;
  const { expression, name } = node.expression;
  return name.text === "assign" &&
    ts.isIdentifier(expression) &&
    expression.text === "Object" &&
    isGlobal(tree.bindings, expression)
    ? node.arguments
    : null;
}

function keyOf(tree: TypeScriptTree, name: ts.PropertyName): string | null {
  const written = nameOf(name);
  if (written !== null || !ts.isComputedPropertyName(name)) return written;
  const key = tree.values.valueOf(name.getSourceFile().fileName, name.expression);
  return typeof key === "string" ? key : null;
}

function valueIn(property: ts.ObjectLiteralElementLike): ts.Expression | null {
  if (ts.isPropertyAssignment(property)) return property.initializer;
  if (ts.isGetAccessor(property) && isFunction(property)) return resultOf(property);
  return ts.isShorthandPropertyAssignment(property) ? property.name : null;
}
