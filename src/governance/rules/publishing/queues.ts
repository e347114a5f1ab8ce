/** B-5: queues of Cloudflare, which a module is given with the environment, and lists of Redis that are used as one. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { bindingOf, queuesOf } from "../../tree/effects/host-bindings.ts";
import { isRedis } from "../../tree/effects/redis-commands.ts";
import { declarationOf } from "../../tree/names/scope.ts";
import { bare, calledName, stringOf } from "../../tree/syntax/source.ts";
import { type Looked, moduleSourcesWith, sourcesWith } from "../scope-of-rules.ts";
import { type Bus, isUsedByModules } from "./emitters.ts";

/** `env.ORDERS.send(…)`, where `ORDERS` is known as a queue. */
export function* queueSends(project: Project): Generator<Bus> {
  let queues: ReadonlySet<string> | null = null;
  for (const looked of sourcesWith(project, /\.send(?:Batch)?\(/))
    for (const call of looked.nodes.calls) {
      const name = /^send(?:Batch)?$/.test(calledName(call) ?? "") ? senderOf(call) : null;
      if (name === null) continue;
      queues ??= queuesOf(project.files);
      if (!queues.has(name) && !/queue/i.test(name) && calledName(call) !== "sendBatch") continue;
      if (looked.module === null && !isUsedByModules(project, looked.file)) continue;
      yield { looked, at: call, what: `the queue ${name}` };
    }
}

/** What the call sends by: a part of the environment, or a parameter whose type says that it is a queue. Null: neither. */
function senderOf({ expression }: ts.CallExpression): string | null {
  const callee = bare(expression);
  if (!ts.isPropertyAccessExpression(callee)) return null;
  const binding = bindingOf(callee.expression);
  if (binding !== null) return binding;
  const owner = bare(callee.expression);
  const declared = ts.isIdentifier(owner) ? declarationOf(owner) : null;
  const type = declared !== null && ts.isParameter(declared) ? declared.type?.getText() : undefined;
  return type !== undefined && /^Queue(?:<|$)/.test(type) ? `${owner.getText()}: Queue` : null;
}

const puts = /^(?:[lr]push|zadd)$/i;
const takes = /^(?:b?[lr]pop|b?rpoplpush|b?lmove|b?lmpop|b?zpopmin|b?zmpop)$/i;

interface ListCall {
  readonly looked: Looked;
  readonly call: ts.CallExpression;
  readonly command: string;
  readonly key: string;
  readonly value: ts.Expression | undefined;
}

/**
 * Messages that are put into a list or a sorted set of Redis, and taken out of it again. What is kept there and read, or
 * taken out to keep it short, is no queue; nor is a pool of numbers or ids that are taken and put back.
 */
export function* redisQueues(project: Project): Generator<Bus> {
  const calls = [...listCalls(project)];
  const taken = calls.filter(({ call, command }) => takes.test(command) && isTaken(call));
  for (const one of taken) {
    const filled = calls.filter(({ command, key }) => puts.test(command) && key === one.key);
    if (!filled.some(({ key, value }) => queueName.test(key) || isMessage(value))) continue;
    for (const { looked, call, command } of [...filled, one])
      yield { looked, at: call, what: `a list of Redis (${command.toUpperCase()})` };
  }
}

const queueName = /queue|\bjobs?\b|\btodo\b|outbox|inbox/i;

function* listCalls(project: Project): Generator<ListCall> {
  const { bindings, values } = project.typescript;
  for (const looked of moduleSourcesWith(project, /[lr]pop|lmove|mpop|zpopmin|[lr]push|zadd/i))
    for (const call of looked.nodes.calls) {
      const callee = bare(call.expression);
      if (!ts.isPropertyAccessExpression(callee) || !isRedis(bindings, callee.expression)) continue;
      const [first] = call.arguments;
      const list = first === undefined ? null : bare(first);
      const isList = list !== null && ts.isArrayLiteralExpression(list);
      const parts = isList ? list.elements.slice(1) : call.arguments;
      const command = isList ? (stringOf(list.elements[0]) ?? "") : callee.name.text;
      if (parts[0] === undefined || (!puts.test(command) && !takes.test(command))) continue;
      const known = values.valueOf(looked.file, parts[0]);
      const key = typeof known === "string" ? known : bare(parts[0]).getText();
      yield { looked, call, command, key, value: parts.at(-1) };
    }
}

/** Somebody looks at what came out. */
const isTaken = (call: ts.CallExpression) =>
  !ts.isExpressionStatement(ts.isAwaitExpression(call.parent) ? call.parent.parent : call.parent);

/** `JSON.stringify(…)`, an object, or `{ score, member }` of one. */
function isMessage(node: ts.Expression | undefined): boolean {
  if (node === undefined) return false;
  const value = bare(node);
  if (ts.isCallExpression(value)) return value.expression.getText() === "JSON.stringify";
  if (!ts.isObjectLiteralExpression(value)) return false;
  const member = value.properties.find((property) => property.name?.getText() === "member");
  if (member === undefined) return true;
  return ts.isPropertyAssignment(member) && isMessage(member.initializer);
}
