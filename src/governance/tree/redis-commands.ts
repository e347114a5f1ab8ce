/** Commands to Redis as code writes them: a method, a list of texts, a path of the REST interface, a script. */

import ts from "typescript";
import { bare, calledName, stringOf } from "./source.ts";

/**
 * The command that a call sends, in capitals, e.g. `XADD` for `redis.xadd(…)`, `redis.command(["XADD", …])`,
 * `` fetch(`${url}/xadd/…`) ``, `redis.eval("… redis.call('XADD' …")`. Null: none of those asked for.
 */
export function commandOf(call: ts.CallExpression, commands: readonly string[]): string | null {
  const find = (text: string | null) => {
    const upper = text?.toUpperCase();
    return commands.find((command) => command === upper) ?? null;
  };
  const callee = bare(call.expression);
  const byMethod = ts.isIdentifier(callee) ? null : find(calledName(call));
  if (byMethod !== null) return byMethod;
  const [first] = call.arguments;
  const spoken = isCommand(call.arguments) ? find(stringOf(first)) : null;
  if (spoken !== null) return spoken;
  for (const given of call.arguments) {
    const value = bare(given);
    const found = inList(value, find) ?? inText(value, commands);
    if (found !== null) return found;
  }
  return null;
}

/** A word alone is none: a key stands behind it, and what is to be done with it. */
const isCommand = (parts: readonly ts.Expression[]) => parts.length > 2 || parts.some(ts.isSpreadElement);

/** `["XADD", …]`, and each of a pipeline. */
function inList(node: ts.Expression, find: (text: string | null) => string | null): string | null {
  if (ts.isObjectLiteralExpression(node)) {
    for (const property of node.properties) {
      const found = ts.isPropertyAssignment(property) ? inList(bare(property.initializer), find) : null;
      if (found !== null) return found;
    }
    return null;
  }
  if (!ts.isArrayLiteralExpression(node)) return null;
  const [first] = node.elements;
  const own = isCommand(node.elements) ? find(stringOf(first)) : null;
  if (own !== null) return own;
  for (const element of node.elements) {
    const found = inList(bare(element), find);
    if (found !== null) return found;
  }
  return null;
}

/** A path of the REST interface, or a script. */
function inText(node: ts.Expression, commands: readonly string[]): string | null {
  if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node)) return null;
  const text = node.getText();
  return (
    commands.find(
      (command) =>
        new RegExp(`(?:://[^\\s]*|\\})/${command}(?:/|["'\`$]|$)`, "i").test(text) ||
        new RegExp(`redis\\.p?call\\(\\\\?['"]${command}\\b`, "i").test(text),
    ) ?? null
  );
}

/** Packages whose clients speak to Redis, or to what speaks as it does. */
export const redisPackages: ReadonlySet<string> = new Set([
  "@upstash/redis",
  "ioredis",
  "redis",
  "iovalkey",
  "@valkey/valkey-glide",
]);
