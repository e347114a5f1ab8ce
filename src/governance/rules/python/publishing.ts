/** When and how modules publish. */

import { coreName } from "../../tree/python/events.ts";
import { calledHere, callsByName, mayBothRun } from "../../tree/python/flow.ts";
import {
  below,
  calledName,
  contains,
  dottedName,
  field,
  functionAround,
  nameOf,
  type PyNode,
  type PySource,
  parametersOf,
  positional,
  receiverOf,
  stringOf,
  textOf,
} from "../../tree/python/nodes.ts";
import type { PythonTree } from "../../tree/python/python.ts";
import { callsIn } from "../../tree/python/reach.ts";
import { failsCaller, guardOf, isStream, namesStream, publishersOf } from "../../tree/python/streams.ts";
import type { Check } from "../rule.ts";

const commits = new Set(["commit"]);
/** What changes something in a session between a publish and the next commit: then that commit is of other work. */
const writes = new Set([
  "add",
  "add_all",
  "execute",
  "delete",
  "merge",
  "flush",
  "insert",
  "update",
  "save",
  "create",
  "scalar",
  "scalars",
  "get",
]);

const beforeCommit: Check = ({ python }, report) => {
  const publishers = publishersOf(python.published);
  const published = new Set(python.published.map(({ call }) => call));
  for (const source of python.sources) {
    const isPublish = (call: PyNode) => published.has(call) || publishers.has(calledHere(call) ?? call);
    if (!source.text.includes("publish")) continue;
    for (const definition of source.of("function_definition")) {
      for (const early of earlyIn(callsIn(definition), isPublish))
        report({ at: early, message: `${nameOf(definition)} publishes before the change is committed.` });
    }
  }
};

function earlyIn(calls: readonly PyNode[], isPublish: (call: PyNode) => boolean): readonly PyNode[] {
  const isCommit = (call: PyNode) => commits.has(calledName(call) ?? "") && receiverOf(call) !== null;
  return calls.filter((call, index) => {
    if (!isPublish(call)) return false;
    if (isInOpenTransaction(call)) return true;
    const later = calls.slice(index + 1).find((next) => isCommit(next) && mayBothRun(call, next));
    if (later === undefined) return false;
    const before = calls.slice(0, index);
    const last = before.findLastIndex((next) => isCommit(next) && mayBothRun(call, next));
    // Its own change is committed, and what comes is the next one.
    return last === -1 || before.slice(last + 1).some((next) => writes.has(calledName(next) ?? ""));
  });
}

/** Inside of `with session.begin():`, which commits at its end. */
function isInOpenTransaction(call: PyNode): boolean {
  for (let at = call.parent; at !== null && at.type !== "function_definition"; at = at.parent) {
    if (at.type !== "with_statement") continue;
    const body = field(at, "body");
    const clause = at.children.find(({ type }) => type === "with_clause");
    if (body === null || clause === undefined || !contains(body, call)) continue;
    const opened = below(clause, "call").some((one) =>
      ["begin", "transaction"].includes(calledName(one) ?? ""),
    );
    if (opened) return true;
  }
  return false;
}

const madeInModule: Check = ({ python }, report) => {
  for (const source of python.sources) {
    for (const call of madeStreams(python, source))
      report({
        at: call,
        message: "The module makes its own EventStream; expected the one that the application has.",
      });
  }
};

function madeStreams({ names }: PythonTree, source: PySource): readonly PyNode[] {
  if (!source.text.includes("EventStream")) return [];
  return source.of("call").filter((call) => {
    const callee = field(call, "function");
    return callee !== null && coreName(names, callee) === "EventStream";
  });
}

const madeTwice: Check = ({ python, files }, report) => {
  const outside = python.files.filter(
    (path) => python.moduleOf(path) === null && files.files.get(path)?.text.includes("EventStream("),
  );
  const made = outside.flatMap((path) => madeStreams(python, python.source(path)));
  for (const call of made.slice(1))
    report({
      at: call,
      message: `A further EventStream is made; ${made[0]?.file ?? "the application"} makes one already.`,
    });
};

const reachesCaller: Check = ({ python: { published, handled } }, report) => {
  const handlers = new Set(handled.map(({ handler }) => handler));
  for (const { call } of published) {
    // A consumer's handler that fails is run again, which is right.
    if (handlers.has(functionAround(call)) || !failsCaller(call)) continue;
    report({
      at: call,
      message: "A failure of the stream reaches the request from here: nothing catches it.",
    });
  }
};

const levels = new Set(["error", "exception", "critical", "warning"]);

const unlogged: Check = ({ python: { published } }, report) => {
  for (const { call } of published) {
    const guard = guardOf(call);
    if (guard === null) continue;
    const logged = below(guard, "call").filter(
      (one) => levels.has(calledName(one) ?? "") && receiverOf(one) !== null,
    );
    const texts = logged.map(textOf).join("\n");
    if (logged.length === 0) report({ at: guard, message: "A publish that fails is not logged." });
    else if (!namesEvent(texts))
      report({ at: guard, message: "A publish that fails is logged without the event's id and type." });
  }
};

/** The event itself, or its id and its type. */
const namesEvent = (texts: string) =>
  (/\bevent(?:_id\b|\.id\b|\[["']id["']\])/.test(texts) &&
    /\bevent(?:_type\b|\.type\b|\[["']type["']\])/.test(texts)) ||
  /[(,{]\s*event\s*[,)}!]/.test(texts);

const otherBuses: Check = ({ python: { sources, names } }, report) => {
  for (const source of sources) {
    const calls = callsByName(source);
    for (const call of calls.get("xadd") ?? [])
      report({ at: call, message: "The module appends to a stream by itself." });
    for (const call of calls.get("execute_command") ?? [])
      if (/^xadd$/i.test(stringOf(positional(call)[0] ?? null) ?? ""))
        report({ at: call, message: "The module appends to a stream by itself." });
    for (const call of calls.get("publish") ?? []) {
      const channel = stringOf(positional(call)[0] ?? null);
      const receiver = receiverOf(call);
      if (channel !== null && receiver !== null && /redis/i.test(textOf(receiver)))
        report({ at: call, message: `The module publishes to the channel "${channel}" by itself.` });
    }
    for (const call of source.text.includes("EventBus") ? source.of("call") : []) {
      const callee = field(call, "function");
      const origin = callee === null ? null : names.originOf(callee);
      if (origin?.name === "EventBus")
        report({ at: call, message: `The module has a second bus, ${origin.module}.EventBus.` });
    }
  }
};

const optional: Check = ({ python }, report) => {
  const { names } = python;
  const tell = (at: PyNode) =>
    report({ at, message: `The stream is treated as if it might not be there: ${textOf(at)}.` });
  for (const source of python.sources) {
    if (!/event_?(?:stream|bus)/i.test(source.text)) continue;
    for (const test of source.of("comparison_operator")) {
      const [left] = test.children;
      const isNone = test.children.some(({ type }) => type === "none");
      if (isNone && left !== undefined && isStream(names, left)) tell(test);
    }
    for (const condition of conditionsOf(source)) if (isStream(names, condition)) tell(condition);
    for (const definition of source.of("function_definition")) {
      for (const { annotation, node } of parametersOf(definition)) {
        if (annotation === null || !namesStream(names, annotation)) continue;
        if (/\bOptional\b|\bNone\b/.test(textOf(annotation))) tell(node);
      }
    }
    for (const call of callsByName(source).get("getattr") ?? []) {
      const [, attribute, fallback] = positional(call);
      if (fallback !== undefined && stringOf(attribute ?? null) === "event_stream") tell(call);
    }
  }
};

/** What is asked for its truth, alone or joined with others. */
function conditionsOf(source: PySource): readonly PyNode[] {
  const asked = [
    ...["if_statement", "elif_clause", "while_statement"].flatMap((type) =>
      source.of(type).flatMap((node) => field(node, "condition") ?? []),
    ),
    ...source.of("not_operator").flatMap((node) => field(node, "argument") ?? []),
    ...source.of("conditional_expression").flatMap(({ children: [, condition] }) => condition ?? []),
  ];
  const open = (node: PyNode): readonly PyNode[] =>
    node.type === "boolean_operator" || node.type === "parenthesized_expression"
      ? node.children.flatMap(open)
      : [node];
  return asked.flatMap(open).filter(({ type }) => type === "identifier" || type === "attribute");
}

/** The table of what was handled, asked for an event's id alone; or a set of ids in memory. */
const byEventId: Check = ({ python }, report) => {
  const message =
    "What was handled is told by the event's id; expected the id of the message, stream_message_id.";
  for (const source of python.sources) {
    const hasTable = source.text.includes("processed_events");
    for (const text of hasTable ? source.of("string") : []) {
      const sql = textOf(text);
      if (!/\bprocessed_events\b/i.test(sql) || !/\bselect\b/i.test(sql)) continue;
      const where = /\bwhere\b([\s\S]*)/i.exec(sql)?.[1] ?? "";
      if (/\bevent_id\b/.test(where) && !/\bstream_message_id\b/.test(where)) report({ at: text, message });
    }
    for (const test of source.of("comparison_operator")) {
      const [left] = test.children;
      const isMember = test.children.some(({ type }) => type === "in" || type === "not in");
      if (isMember && left !== undefined && isEventId(python, left)) report({ at: test, message });
    }
    for (const name of asking) {
      for (const call of callsByName(source).get(name) ?? []) {
        const given = field(call, "arguments")?.children ?? [];
        if (given.some((one) => isEventId(python, one))) report({ at: call, message });
      }
    }
  }
};

/** Functions that say whether something was handled, and members of sets. */
const asking = [
  "is_duplicate",
  "is_processed",
  "was_processed",
  "already_processed",
  "has_processed",
  "sismember",
  "exists",
];

/** `event.id` of an event that a handler was given. */
function isEventId({ names }: PythonTree, node: PyNode): boolean {
  const dotted = dottedName(node);
  if (dotted === null || !dotted.endsWith(".id")) return false;
  const name = dotted.slice(0, -".id".length);
  const within = functionAround(node);
  const parameter = within === null ? undefined : parametersOf(within).find((one) => one.name === name);
  if (parameter === undefined) return false;
  const { annotation } = parameter;
  if (annotation === null) return name === "event";
  return below(annotation, "identifier").some((one) => coreName(names, one) === "Event");
}

export const pythonPublishing: Readonly<Record<string, Check>> = {
  "B-1": beforeCommit,
  "B-2": madeInModule,
  "B-3": unlogged,
  "B-4": madeTwice,
  "B-5": otherBuses,
  "B-6": optional,
  "B-7": byEventId,
  "11.6": reachesCaller,
};
