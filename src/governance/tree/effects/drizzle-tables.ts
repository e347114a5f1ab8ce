/** Tables as drizzle defines them, by where the function that makes them comes from. */

import ts from "typescript";
import type { Bindings } from "../names/bindings.ts";
import { functionOf, givenTo, rootOf } from "../names/scope.ts";
import { bare, resultOf, type SourceFile } from "../syntax/source.ts";

/** Where names are looked for. */
interface Names {
  readonly bindings: Bindings;
  source(path: string): SourceFile;
}

/**
 * The call that makes the table which an expression names: `pgTable("people", { … })`, `schema.table(…)` of a `pgSchema`, or
 * that of a function of the project which gives such a one back. Null: it is none.
 */
export function tableMade(names: Names, file: string, node: ts.Expression): ts.CallExpression | null {
  const value = bare(node);
  const local = ts.isIdentifier(value) ? givenTo(value) : null;
  if (local !== null && ts.isIdentifier(bare(local)) && bare(local) !== value)
    return tableMade(names, file, local);
  const origin = names.bindings.originOfExpression(file, node);
  if (origin === null || origin.value === null || origin.file === null) return null;
  const made = bare(origin.value);
  return ts.isCallExpression(made) && isOfDrizzle(names, origin.file, made, maxSteps) ? made : null;
}

const maxSteps = 2;

function isOfDrizzle(names: Names, file: string, call: ts.CallExpression, steps: number): boolean {
  const root = rootOf(call.expression);
  const origin = root === null ? null : names.bindings.originOf(file, root.text);
  if (origin?.package === "drizzle-orm") return true;
  if (steps === 0 || origin === null || origin.file === null) return false;
  const own = functionOf(names, call.expression);
  const given = own === null ? origin.value : resultOf(own);
  const made = given === null ? null : bare(given);
  return made !== null && ts.isCallExpression(made) && isOfDrizzle(names, origin.file, made, steps - 1);
}
