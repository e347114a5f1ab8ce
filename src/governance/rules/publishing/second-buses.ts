/** B-5: another way than the event stream by which one part of the product tells others what happened. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { commandOf, constantOf, inScript, isRedis, methodOf } from "../../tree/effects/redis-commands.ts";
import type { Bindings } from "../../tree/names/bindings.ts";
import { declarationOf, givenTo, rootOf, takenFrom } from "../../tree/names/scope.ts";
import { readSqlTexts } from "../../tree/sql/sql-texts.ts";
import { bare, calledName, isFunction, stringOf } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { type Looked, moduleSourcesWith, sourcesWith } from "../scope-of-rules.ts";
import { emittersOf } from "./emitters.ts";
import { queueSends, redisQueues } from "./queues.ts";

/** Packages whose business is to carry messages. */
const busPackages = new Set([
  "@aws-sdk/client-eventbridge",
  "@aws-sdk/client-sns",
  "@aws-sdk/client-sqs",
  "@azure/service-bus",
  "@confluentinc/kafka-javascript",
  "@google-cloud/pubsub",
  "@nats-io/nats-core",
  "@upstash/kafka",
  "@upstash/qstash",
  "amqplib",
  "bee-queue",
  "bull",
  "bullmq",
  "eventemitter3",
  "graphile-worker",
  "inngest",
  "kafkajs",
  "mitt",
  "mqtt",
  "nats",
  "pg-boss",
  "rabbitmq-client",
]);

/** Services that carry messages, as their addresses begin. */
const busHost =
  /^https:\/\/(?:qstash[\w.-]*\.upstash\.io|(?:sns|sqs|events)\.[\w-]+\.amazonaws\.com|pubsub\.googleapis\.com)\b/;

export function secondBuses(project: Project, report: Report): void {
  const { bindings } = project.typescript;
  for (const { nodes } of sourcesWith(project, /xadd/i))
    for (const call of nodes.calls)
      if (commandOf(bindings, call, ["XADD"]) !== null)
        report({ at: call, message: "It appends to a stream of Redis itself (XADD)." });
  const tell = ({ module }: Looked, at: ts.Node, what: string) =>
    report({
      at,
      message:
        module === null
          ? `A module uses this as a bus beside the event stream: ${what}.`
          : `The module ${module.name} has a bus beside the event stream: ${what}.`,
    });
  for (const looked of moduleSourcesWith(project, /publish|subscribe|enqueue|listenQueue/i))
    for (const call of looked.nodes.calls) {
      const command = channelCommand(project, call);
      if (command !== null) tell(looked, call, `channels of Redis (${command})`);
      if (isQueueOfDeno(call)) tell(looked, call, "the queue of Deno KV");
    }
  for (const looked of moduleSourcesWith(project, /\bnotify\b|pg_notify|\blisten\b/i))
    for (const { at, text } of readSqlTexts(project.typescript).textsOf(looked.nodes))
      if (/^\s*(?:NOTIFY|LISTEN)\s+["\w]|\bpg_notify\s*\(/i.test(text))
        tell(looked, at, "NOTIFY of Postgres");
  for (const looked of moduleSourcesWith(project, /qstash|amazonaws|pubsub\.googleapis/))
    for (const node of looked.nodes.texts) {
      const text = ts.isTemplateExpression(node) ? node.head.text : node.text;
      const [host] = busHost.exec(text) ?? [];
      if (host !== undefined) tell(looked, node, host.replace("https://", ""));
    }
  importedBuses(project, tell);
  for (const { looked, at, what } of [
    ...emittersOf(project),
    ...queueSends(project),
    ...redisQueues(project),
  ])
    tell(looked, at, what);
}

function importedBuses(project: Project, tell: (looked: Looked, at: ts.Node, what: string) => void): void {
  const names = [...busPackages].map((name) => name.replaceAll("/", "\\/")).join("|");
  for (const looked of moduleSourcesWith(project, new RegExp(`["'](?:${names})["'/]`)))
    for (const { specifier, node, isTypeOnly } of project.typescript.bindings.importsOf(looked.file))
      if (!isTypeOnly && busPackages.has(specifier)) tell(looked, node, `"${specifier}"`);
}

const channelCommands = ["PUBLISH", "SPUBLISH", "SUBSCRIBE", "SSUBSCRIBE", "PSUBSCRIBE"];

/**
 * The words are those of many things, so something has to say that it is Redis: the client, a key of ours, or that a list is
 * sent. Null: nothing does.
 */
function channelCommand({ typescript: { bindings } }: Project, call: ts.CallExpression): string | null {
  const find = (text: string | null) => channelCommands.find((word) => word === text) ?? null;
  const callee = bare(call.expression);
  const owner = ts.isPropertyAccessExpression(callee)
    ? callee.expression
    : ts.isIdentifier(callee)
      ? (takenFrom(callee)?.owner ?? null)
      : null;
  const ofRedis = owner !== null && isRedis(bindings, owner);
  const method = methodOf(call);
  if (ofRedis) {
    const byMethod = find(method?.toUpperCase() ?? null);
    if (byMethod !== null) return byMethod;
    if (/^(?:eval|createScript|script)/i.test(method ?? "")) {
      const [script] = call.arguments;
      const text = script === undefined ? "" : constantOf(bindings, script).getText();
      return channelCommands.find((word) => inScript(text, word)) ?? null;
    }
  }
  const isSent =
    ofRedis || (callee.getText() === "JSON.stringify" && isInFetch(call)) || method === "sendCommand";
  for (const given of call.arguments) {
    const value = constantOf(bindings, given);
    const found = isSent ? commandIn(bindings, value, find) : null;
    if (found !== null) return found;
  }
  return pathCommand(call);
}

function commandIn(
  bindings: Bindings,
  node: ts.Expression,
  find: (text: string | null) => string | null,
): string | null {
  if (!ts.isArrayLiteralExpression(node)) return null;
  const [first] = node.elements;
  const own = node.elements.length > 1 ? find(stringOf(first)?.toUpperCase() ?? null) : null;
  if (own !== null) return own;
  for (const element of node.elements) {
    const found = commandIn(bindings, constantOf(bindings, element), find);
    if (found !== null) return found;
  }
  return null;
}

/** `` fetch(`${url}/publish/brain:…`) ``, or of an address that is called after Redis. */
function pathCommand(call: ts.CallExpression): string | null {
  const [given] = call.arguments;
  if (given === undefined || calledName(call) !== "fetch" || !ts.isTemplateExpression(bare(given)))
    return null;
  const text = bare(given).getText();
  const word = /\}\/(s?publish|[ps]?subscribe)\//i.exec(text)?.[1];
  const isOurs = /redis|upstash/i.test(text) || /\}\/\w+\/brain:/.test(text);
  return word !== undefined && isOurs ? word.toUpperCase() : null;
}

/** Part of what is given to `fetch`. */
function isInFetch(node: ts.Node): boolean {
  for (let at = node.parent; at !== undefined && !isFunction(at) && !ts.isStatement(at); at = at.parent)
    if (ts.isCallExpression(at) && calledName(at) === "fetch") return true;
  return false;
}

/** `kv.listenQueue(…)`, and `kv.enqueue(…)` of what `Deno.openKv()` gave. */
function isQueueOfDeno(call: ts.CallExpression): boolean {
  const name = calledName(call);
  const root = name === "enqueue" ? rootOf(call.expression) : null;
  if (root === null) return name === "listenQueue";
  const declared = declarationOf(root);
  const type = declared !== null && ts.isParameter(declared) ? declared.type : givenTo(root);
  return /^(?:await\s+)?Deno\.(?:openKv|Kv)\b/.test(type?.getText() ?? "");
}
