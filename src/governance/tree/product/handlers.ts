/** What stands in the list of handlers of a consumer. */

import ts from "typescript";
import { bare, propertyValue, walk } from "../syntax/source.ts";
import { type DefinedConsumer, enginePackage, type TypeScriptTree } from "./typescript.ts";

/** Names of the engine's functions that make its handlers, e.g. `on`; empty when the list is worked out elsewhere. */
export function makersOf(tree: TypeScriptTree, { file, options }: DefinedConsumer): readonly string[] {
  const list = options === null ? null : propertyValue(options, "handlers");
  const value = list === null ? null : bare(list);
  if (value === null || !ts.isArrayLiteralExpression(value)) return [];
  const makers: string[] = [];
  for (const element of value.elements)
    walk(element, (node) => {
      const maker = ts.isCallExpression(node) ? tree.calledOf(file, node, enginePackage) : null;
      if (maker?.startsWith("on") === true) makers.push(maker);
    });
  return makers;
}
