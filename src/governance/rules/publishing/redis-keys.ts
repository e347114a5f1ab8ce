import ts from "typescript";
import type { Project } from "../../project.ts";
import { isRedis } from "../../tree/effects/redis-commands.ts";
import { calledFunction } from "../../tree/flow/reach.ts";
import { notKnown } from "../../tree/names/literals.ts";
import { type Declaration, declarationOf, takenFrom } from "../../tree/names/scope.ts";
import {
  bare,
  calledName,
  isFunction,
  isInside,
  resultOf,
  stringOf,
  stringPlace,
} from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { sourcesWith } from "../scope-of-rules.ts";

export const redisKeys: readonly Rule[] = [
  {
    id: "N-9",
    title: "A key in Redis begins with brain: and has colons",
    severity: "error",
    why: "One Redis serves many programs; a key without the prefix meets another one's, and no operator finds it.",
    mend: "Write `brain:` and the parts of the key with colons between them, e.g. `brain:events:stream`.",
    caughtBy: [],
    check: (project, report) => {
      for (const { file, nodes } of sourcesWith(project, mayHoldKeys)) {
        for (const call of nodes.calls) checkCommand(project, file, call, report);
        for (const node of nodes.texts) checkNamedKey(node, report);
      }
    },
  },
];

const mayHoldKeys = /(?:redis|upstash)\w*\s*[.)\]("]|["'`]brain[_./-]/i;

/** Commands whose first argument is a key. */
const commands = new Set(
  (
    "append decr decrby del exists expire expireat get getdel getex getrange getset hdel hget hgetall hincrby hkeys hlen " +
    "hmget hset hsetnx hvals incr incrby incrbyfloat lindex llen lpop lpush lrange lrem lset ltrim mget persist pexpire " +
    "psetex pttl rpop rpush sadd scard set setex setnx sismember smembers spop srem strlen ttl type unlink xack xadd " +
    "xautoclaim xclaim xdel xlen xpending xrange xrevrange xtrim zadd zcard zcount zincrby zrange zrem zscore"
  ).split(" "),
);

/** Commands of which each argument is a key. */
const commandsOfKeys = new Set(
  "del exists mget pfcount rename renamenx sdiff sinter sunion touch unlink watch".split(" "),
);

function checkCommand(project: Project, file: string, call: ts.CallExpression, report: Report): void {
  const command = commandOf(project, call);
  if (command === null) return;
  for (const key of keysOf(command, call)) {
    const head = headsOf(project, file, key).find((one) => !one.startsWith("brain:"));
    if (head === undefined) continue;
    report({
      at: stringPlace(key),
      message: `The key in Redis begins with "${head.slice(0, 40)}", and not with "brain:".`,
    });
  }
}

/** `get` of `redis.get(…)`, `redis["get"](…)`, and of `get(…)` behind `const { get } = redis`; null: it is no command. */
function commandOf({ typescript: { bindings } }: Project, call: ts.CallExpression): string | null {
  const callee = bare(call.expression);
  if (ts.isPropertyAccessExpression(callee) || ts.isElementAccessExpression(callee))
    return isRedis(bindings, callee.expression) ? (calledName(call)?.toLowerCase() ?? null) : null;
  const taken = ts.isIdentifier(callee) ? takenFrom(callee) : null;
  return taken !== null && isRedis(bindings, taken.owner) ? taken.part.toLowerCase() : null;
}

/** `redis.get(key)`, `redis.command(["GET", key])`, `redis.pipeline([["GET", key]])`, `redis.eval(script, [key], …)` */
function keysOf(name: string, call: ts.CallExpression): readonly (ts.Expression | ts.PropertyName)[] {
  const [first, second] = call.arguments;
  if (first === undefined) return [];
  if (name === "eval" || name === "evalsha") return second === undefined ? [] : elementsOf(second);
  if (name === "command" || name === "call") return keyOfCommand(elementsOf(first));
  if (name === "pipeline" || name === "multi")
    return elementsOf(first).flatMap((command) => keyOfCommand(elementsOf(command)));
  if (name === "mset" || name === "msetnx") return namesOf(first);
  if (commandsOfKeys.has(name))
    return call.arguments.flatMap((given) =>
      ts.isArrayLiteralExpression(bare(given)) ? elementsOf(given) : [given],
    );
  return commands.has(name) ? [first] : [];
}

const namesOf = (node: ts.Expression): readonly ts.PropertyName[] => {
  const given = bare(node);
  return ts.isObjectLiteralExpression(given) ? given.properties.flatMap(({ name }) => name ?? []) : [];
};

const elementsOf = (node: ts.Expression): readonly ts.Expression[] => {
  const list = bare(node);
  return ts.isArrayLiteralExpression(list) ? list.elements : [];
};

/** The key of `XGROUP CREATE key` and `XINFO STREAM key` stands behind a word. */
function keyOfCommand([name, ...given]: readonly ts.Expression[]): readonly ts.Expression[] {
  const command = stringOf(name)?.toLowerCase() ?? "";
  if (commandsOfKeys.has(command)) return given;
  const key =
    command === "xgroup" || command === "xinfo" ? given[1] : commands.has(command) ? given[0] : undefined;
  return key === undefined ? [] : [key];
}

/** How deep a key may be put together. */
const maxSteps = 5;

/** How a text may begin, as far as that is known. */
function headsOf(
  project: Project,
  file: string,
  node: ts.Expression | ts.PropertyName,
  steps = maxSteps,
): readonly string[] {
  if (ts.isComputedPropertyName(node)) return headsOf(project, file, node.expression, steps);
  if (!ts.isExpression(node) || steps === 0) return [];
  const key = bare(node);
  const heads = (inner: ts.Expression) => headsOf(project, inner.getSourceFile().fileName, inner, steps - 1);
  if (ts.isTemplateExpression(key)) {
    const [first] = key.templateSpans;
    if (key.head.text !== "" || first === undefined) return [key.head.text];
    return heads(first.expression).map((head) => head + first.literal.text);
  }
  if (ts.isConditionalExpression(key)) return [...heads(key.whenTrue), ...heads(key.whenFalse)];
  if (ts.isBinaryExpression(key)) {
    if (key.operatorToken.kind === ts.SyntaxKind.PlusToken) return heads(key.left);
    return isChoice(key) ? [...heads(key.left), ...heads(key.right)] : [];
  }
  const value = project.typescript.values.valueOf(file, key);
  if (value !== notKnown) return typeof value === "string" ? [value] : [];
  if (ts.isCallExpression(key)) {
    const begun = beginningOf(key);
    if (begun !== null) return heads(begun.node).map((head) => head + begun.behind);
    const made = calledFunction(project.typescript, key.expression);
    const result = made === null ? null : resultOf(made);
    return result === null || isInside(key, result) ? [] : heads(result);
  }
  const declared = ts.isIdentifier(key) ? declarationOf(key) : null;
  const given = declared !== null && "initializer" in declared ? declared.initializer : undefined;
  return given === undefined || (declared !== null && isChangeable(declared)) ? [] : heads(given);
}

const isChoice = ({ operatorToken: { kind } }: ts.BinaryExpression) =>
  kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;

const isChangeable = (declared: Declaration) =>
  ts.isVariableDeclaration(declared) && (declared.parent.flags & ts.NodeFlags.Const) === 0;

/** What `["a", id].join(":")`, `"a".concat(id)` and `String(key)` begin with; null: it is another call. */
function beginningOf(
  call: ts.CallExpression,
): { readonly node: ts.Expression; readonly behind: string } | null {
  const callee = bare(call.expression);
  const [given] = call.arguments;
  if (ts.isIdentifier(callee))
    return callee.text === "String" && given !== undefined ? { node: given, behind: "" } : null;
  if (!ts.isPropertyAccessExpression(callee)) return null;
  const { text } = callee.name;
  const [first, ...others] = elementsOf(callee.expression);
  if (text === "join" && first !== undefined)
    return { node: first, behind: others.length === 0 ? "" : (stringOf(given) ?? "") };
  return text === "concat" || text === "toString" ? { node: callee.expression, behind: "" } : null;
}

/** What is called a key and looks like one of ours with the wrong separator. */
function checkNamedKey(node: ts.StringLiteralLike | ts.TemplateExpression, report: Report): void {
  const text = ts.isTemplateExpression(node) ? node.head.text : node.text;
  const isName = ts.isPropertyAssignment(node.parent) && node.parent.name === node;
  if (isName || !/^brain[_./-]/.test(text) || !/key|stream|channel|prefix|redis/i.test(nameAround(node)))
    return;
  report({ at: stringPlace(node), message: `"${text}" is a key with other separators than colons.` });
}

/** The variable, property or function that a text is given to. */
function nameAround(node: ts.Node): string {
  for (let at: ts.Node = node; at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isParameter(parent))
      return parent.name.getText();
    if (isFunction(parent) && ts.isFunctionDeclaration(parent)) return parent.name?.text ?? "";
    if (ts.isCallExpression(parent)) return "";
    if (ts.isSourceFile(parent)) return "";
  }
  return "";
}
