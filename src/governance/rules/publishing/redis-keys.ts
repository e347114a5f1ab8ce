import ts from "typescript";
import type { Project } from "../../project.ts";
import { isRedis } from "../../tree/effects/redis-commands.ts";
import { notKnown } from "../../tree/names/literals.ts";
import { functionOf } from "../../tree/names/scope.ts";
import { bare, calledName, isFunction, resultOf, stringOf, stringPlace } from "../../tree/syntax/source.ts";
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

function checkCommand(project: Project, file: string, call: ts.CallExpression, report: Report): void {
  const name = calledName(call);
  const callee = bare(call.expression);
  if (
    name === null ||
    !ts.isPropertyAccessExpression(callee) ||
    !isRedis(project.typescript.bindings, callee.expression)
  )
    return;
  for (const key of keysOf(name.toLowerCase(), call)) {
    const head = headOf(project, file, key);
    if (head === null || head.startsWith("brain:")) continue;
    report({
      at: stringPlace(key),
      message: `The key in Redis begins with "${head.slice(0, 40)}", and not with "brain:".`,
    });
  }
}

/** `redis.get(key)`, `redis.command(["GET", key])`, `redis.pipeline([["GET", key]])`, `redis.eval(script, [key], …)` */
function keysOf(name: string, call: ts.CallExpression): readonly ts.Expression[] {
  const [first, second] = call.arguments;
  if (first === undefined) return [];
  if (name === "eval" || name === "evalsha") return second === undefined ? [] : elementsOf(second);
  if (name === "command" || name === "call") return keyOfCommand(elementsOf(first));
  if (name === "pipeline" || name === "multi")
    return elementsOf(first).flatMap((command) => keyOfCommand(elementsOf(command)));
  return commands.has(name) ? [first] : [];
}

const elementsOf = (node: ts.Expression): readonly ts.Expression[] => {
  const list = bare(node);
  return ts.isArrayLiteralExpression(list) ? list.elements : [];
};

/** The key of `XGROUP CREATE key` and `XINFO STREAM key` stands behind a word. */
function keyOfCommand([name, first, second]: readonly ts.Expression[]): readonly ts.Expression[] {
  const command = stringOf(name)?.toLowerCase() ?? "";
  const key =
    command === "xgroup" || command === "xinfo" ? second : commands.has(command) ? first : undefined;
  return key === undefined ? [] : [key];
}

/** The beginning of a text, as far as it is known; null: nothing of it is. */
function headOf(project: Project, file: string, node: ts.Expression): string | null {
  const { values } = project.typescript;
  const key = bare(node);
  if (ts.isTemplateExpression(key)) {
    const [first] = key.templateSpans;
    if (key.head.text !== "" || first === undefined) return key.head.text;
    const head = values.valueOf(file, first.expression);
    return typeof head === "string" ? head + first.literal.text : null;
  }
  if (ts.isBinaryExpression(key) && key.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return headOf(project, file, key.left);
  const made = ts.isCallExpression(key) ? functionOf(project.typescript, key.expression) : null;
  const result = made === null ? null : resultOf(made);
  if (result !== null && ts.isTemplateExpression(bare(result)) && result !== node)
    return headOf(project, result.getSourceFile().fileName, result);
  const value = values.valueOf(file, key);
  return value !== notKnown && typeof value === "string" ? value : null;
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
