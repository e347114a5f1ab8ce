/** Objects that are written down, and what stands in them under a name. */

import ts from "typescript";
import { nodesOf } from "../syntax/nodes.ts";
import { bare, isFunction, nameOf, resultOf } from "../syntax/source.ts";
import type { Bindings } from "./bindings.ts";
import { givenTo, isOfFile } from "./scope.ts";

export interface WrittenObject {
  readonly file: string;
  readonly node: ts.ObjectLiteralExpression;
}

/** A property of an object with the file in which its value stands. */
export interface Option {
  readonly file: string;
  readonly node: ts.Expression;
}

export interface Objects {
  /** The value of a property, also of one that comes in by a spread. Null: there is none, or a spread may hold it. */
  optionOf(file: string, options: ts.ObjectLiteralExpression, name: string): Option | null;
  /** Whether all properties of an object are written down, also those that come in by a spread: what is not there is missing. */
  isWhole(file: string, node: ts.Expression): boolean;
  /** The object that an expression is or names, with the file in which it stands; null: it is none that is written down. */
  objectOf(file: string, node: ts.Expression): WrittenObject | null;
}

export function readObjects(bindings: Bindings): Objects {
  function lookUp(
    file: string,
    options: ts.ObjectLiteralExpression,
    name: string,
    seen: Seen,
  ): Option | null {
    if (seen.has(options)) return null;
    seen.add(options);
    for (const property of [...options.properties].reverse()) {
      if (ts.isSpreadAssignment(property)) {
        const inner = objectOf(file, property.expression);
        const found = inner === null ? null : lookUp(inner.file, inner.node, name, seen);
        if (found !== null) return found;
      } else if (property.name !== undefined && nameOf(property.name) === name) {
        const value = valueIn(property);
        return value === null ? null : { file, node: value };
      }
    }
    return null;
  }

  function objectOf(file: string, node: ts.Expression): WrittenObject | null {
    const value = bare(node);
    if (ts.isObjectLiteralExpression(value)) return { file, node: value };
    if (!isOfFile(value)) return localObject(file, value);
    const origin = bindings.originOfExpression(file, value);
    const defined = origin?.value === null || origin === null ? null : bare(origin.value);
    return defined !== null && origin?.file && ts.isObjectLiteralExpression(defined)
      ? { file: origin.file, node: defined }
      : null;
  }

  function isWhole(file: string, node: ts.Expression, steps = maxSpreads): boolean {
    const written = steps === 0 ? null : objectOf(file, node);
    return (
      written !== null &&
      !isFilledLater(written.node) &&
      written.node.properties.every((property) =>
        ts.isSpreadAssignment(property)
          ? isWhole(written.file, property.expression, steps - 1)
          : property.name !== undefined && nameOf(property.name) !== null,
      )
    );
  }

  return {
    isWhole: (file, node) => isWhole(file, node),
    optionOf: (file, options, name) => lookUp(file, options, name, new Set()),
    objectOf,
  };
}

/** What stands behind the name; null: it is a method. */
function valueIn(property: ts.ObjectLiteralElementLike): ts.Expression | null {
  if (ts.isPropertyAssignment(property)) return property.initializer;
  if (ts.isGetAccessor(property) && isFunction(property)) return resultOf(property);
  return ts.isShorthandPropertyAssignment(property) ? property.name : null;
}

const maxSpreads = 5;

/** Something is put into it under another name than those that it is written with: `options.payload = …`. */
function isFilledLater({ parent }: ts.ObjectLiteralExpression): boolean {
  if (!ts.isVariableDeclaration(parent) || !ts.isIdentifier(parent.name)) return false;
  const { text } = parent.name;
  return nodesOf(parent.getSourceFile()).names.some(
    (name) =>
      name.text === text &&
      ((ts.isPropertyAccessExpression(name.parent) && name.parent.expression === name
        ? ts.isBinaryExpression(name.parent.parent) && name.parent.parent.left === name.parent
        : ts.isElementAccessExpression(name.parent)) ||
        (ts.isCallExpression(name.parent) &&
          name.parent.expression !== name &&
          name.parent.arguments[0] === name)),
  );
}

/** Where a name has been looked for: each object once, also where they spread each other. */
type Seen = Set<ts.ObjectLiteralExpression>;

/** Of a variable of the function around. */
function localObject(file: string, node: ts.Expression): WrittenObject | null {
  const given = ts.isIdentifier(node) ? givenTo(node) : null;
  const value = given === null ? null : bare(given);
  return value !== null && ts.isObjectLiteralExpression(value) ? { file, node: value } : null;
}
