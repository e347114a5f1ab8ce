/** What is written down: an object, or a text, also by a name. */

import ts from "typescript";
import { bare, stringOf } from "../syntax/source.ts";
import type { Values } from "./values.ts";

export const objectOf = (node: ts.Expression | undefined): ts.ObjectLiteralExpression | null => {
  const value = node === undefined ? null : bare(node);
  return value !== null && ts.isObjectLiteralExpression(value) ? value : null;
};

/** The text that an expression stands for, also through constants, enums and templates, here or in another file. */
export function textOf(file: string, node: ts.Expression | null | undefined, values: Values): string | null {
  const text = stringOf(node);
  if (text !== null || node === null || node === undefined) return text;
  const value = values.valueOf(file, node);
  return typeof value === "string" ? value : null;
}
