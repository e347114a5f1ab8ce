/** Commands to Redis as code writes them: a method, a list of texts, a path of the REST interface, a script. */

import ts from "typescript";
import type { Bindings } from "../names/bindings.ts";
import { declarationOf, givenTo, takenFrom } from "../names/scope.ts";
import { bare, calledName, nameOf, stringOf } from "../syntax/source.ts";

type Find = (text: string | null) => string | null;

/**
 * The command that a call sends, in capitals, e.g. `XADD` for `redis.xadd(…)`, `redis.command(["XADD", …])`,
 * `` fetch(`${url}/xadd/…`) ``, `redis.eval("… redis.call('XADD' …")`. Null: none of those asked for. They are of streams alone:
 * another word, as `PUBLISH`, says nothing by itself.
 */
export function commandOf(
  bindings: Bindings,
  call: ts.CallExpression,
  commands: readonly string[],
): string | null {
  const find: Find = (text) => {
    const upper = text?.toUpperCase();
    return commands.find((command) => command === upper) ?? null;
  };
  const byMethod = find(methodOf(call));
  if (byMethod !== null) return byMethod;
  const [first] = call.arguments;
  const spoken = isCommand(call.arguments) ? find(wordOf(bindings, first)) : null;
  if (spoken !== null) return spoken;
  for (const given of call.arguments) {
    const value = constantOf(bindings, given);
    const found = inList(bindings, value, find) ?? inText(bare(given), commands);
    if (found !== null) return found;
    if (isScript(call) && value !== bare(given) && inText(value, commands) !== null)
      return inText(value, commands);
  }
  return null;
}

/** Also of a constant. */
const wordOf = (bindings: Bindings, node: ts.Expression | undefined): string | null =>
  node === undefined ? null : stringOf(constantOf(bindings, node));

/** `xadd` of `redis.xadd(…)`, and of `add(…)` behind `const { xadd: add } = redis` and `({ xadd: add }) => …`; null: a function of another kind. */
export function methodOf(call: ts.CallExpression): string | null {
  const callee = bare(call.expression);
  if (!ts.isIdentifier(callee)) return calledName(call);
  const declared = declarationOf(callee);
  const isGiven =
    declared !== null && ts.isBindingElement(declared) && ts.isParameter(declared.parent.parent);
  return isGiven
    ? nameOf((declared.propertyName ?? declared.name) as ts.PropertyName)
    : (takenFrom(callee)?.part ?? null);
}

/** It is given a script of Lua, or keeps one for later. */
const isScript = (call: ts.CallExpression) =>
  /^(?:eval\w*|createScript|script_?load|load)$/i.test(methodOf(call) ?? "");

/** The list or the text that a name stands for; otherwise what it is. */
export function constantOf(bindings: Bindings, node: ts.Expression): ts.Expression {
  const value = bare(node);
  if (!ts.isIdentifier(value)) return value;
  const given = givenTo(value) ?? bindings.originOf(value.getSourceFile().fileName, value.text)?.value;
  const meant = given === null || given === undefined ? value : bare(given);
  if (ts.isArrayLiteralExpression(meant)) return isListOfNames(meant) ? value : meant;
  return ts.isStringLiteralLike(meant) || ts.isTemplateExpression(meant) ? meant : value;
}

/** `["XREAD", "XREADGROUP"]`: which commands there are. */
const isListOfNames = ({ elements }: ts.ArrayLiteralExpression) =>
  elements.every((element) => /^[A-Z_]+$/.test(stringOf(element) ?? ""));

/** A word alone is none: a key stands behind it, and what is to be done with it. */
const isCommand = (parts: readonly ts.Expression[]) => parts.length > 2 || parts.some(ts.isSpreadElement);

/** `["XADD", …]`, and each of a pipeline. */
function inList(bindings: Bindings, node: ts.Expression, find: Find): string | null {
  if (ts.isObjectLiteralExpression(node)) {
    for (const property of node.properties) {
      const found = ts.isPropertyAssignment(property)
        ? inList(bindings, bare(property.initializer), find)
        : null;
      if (found !== null) return found;
    }
    return null;
  }
  if (!ts.isArrayLiteralExpression(node)) return null;
  const [first] = node.elements;
  const own = isCommand(node.elements) ? find(wordOf(bindings, first)) : null;
  if (own !== null) return own;
  for (const element of node.elements) {
    const found = inList(bindings, constantOf(bindings, element), find);
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
        new RegExp(`(?:://[^\\s]*|\\})/${command}(?:/|["'\`$]|$)`, "i").test(text) || inScript(text, command),
    ) ?? null
  );
}

/** `redis.call("XADD", …)` of Lua. */
export const inScript = (text: string, command: string): boolean =>
  new RegExp(`redis\\.p?call\\(\\s*\\\\?['"]${command}\\b`, "i").test(text);

/** Packages whose clients speak to Redis, or to what speaks as it does. */
export const redisPackages: ReadonlySet<string> = new Set([
  "@upstash/redis",
  "ioredis",
  "redis",
  "iovalkey",
  "@valkey/valkey-glide",
]);

const redisType = /\bRedis(?:Client|Cluster)?\b|\bValkey/;

/**
 * Whether an expression is a client of Redis: by what it was made of, by its declared type, or by its name, when it is a part
 * of something.
 */
export function isRedis(bindings: Bindings, node: ts.Expression): boolean {
  const client = bare(node);
  const file = client.getSourceFile().fileName;
  const made = ts.isIdentifier(client)
    ? (givenTo(client) ?? bindings.originOf(file, client.text)?.value ?? null)
    : null;
  if (made !== null) {
    const by = bare(made);
    if (ts.isNewExpression(by))
      return redisPackages.has(bindings.originOfExpression(file, by.expression)?.package ?? "");
    if (ts.isIdentifier(by)) return isRedis(bindings, by);
    // redis.pipeline(), redis.duplicate()
    if (ts.isCallExpression(by) && ts.isPropertyAccessExpression(bare(by.expression)))
      return isRedis(bindings, (bare(by.expression) as ts.PropertyAccessExpression).expression);
  }
  if (ts.isCallExpression(client) && ts.isPropertyAccessExpression(bare(client.expression)))
    return isRedis(bindings, (bare(client.expression) as ts.PropertyAccessExpression).expression);
  const declared = ts.isIdentifier(client) ? declarationOf(client) : null;
  const type =
    declared !== null && (ts.isParameter(declared) || ts.isVariableDeclaration(declared))
      ? declared.type?.getText()
      : undefined;
  if (type !== undefined && redisType.test(type)) return true;
  const name = ts.isIdentifier(client) ? client : ts.isPropertyAccessExpression(client) ? client.name : null;
  return name !== null && /redis|upstash|valkey/i.test(name.text);
}
