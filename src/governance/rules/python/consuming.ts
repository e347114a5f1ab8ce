/** How modules consume: by the shared consumer, told apart by name, safe to run twice. */

import { callsByName, definitionHere } from "../../tree/python/flow.ts";
import {
  below,
  calledName,
  field,
  functionAround,
  nameOf,
  type PyNode,
  type PySource,
  parametersOf,
  receiverOf,
  textOf,
} from "../../tree/python/nodes.ts";
import type { PythonTree } from "../../tree/python/python.ts";
import { reachedFrom } from "../../tree/python/reach.ts";
import { catchesAll, caughtBy, handlersOf, raises } from "../../tree/python/streams.ts";
import type { Check } from "../rule.ts";

const ownReading: Check = ({ python: { sources, handled } }, report) => {
  for (const { call, by } of handled)
    if (by === "stream")
      report({
        at: call,
        message: "The module listens to the live view, which keeps nothing; expected an EventConsumer.",
      });
  for (const source of sources)
    for (const command of ["xreadgroup", "xread"])
      for (const call of callsByName(source).get(command) ?? [])
        report({
          at: call,
          message: `The module reads the stream by itself, by ${command}; expected an EventConsumer.`,
        });
};

const subscribers: Check = ({ python: { consumers } }, report) => {
  const first = new Map<string, string>();
  for (const { call, file, subscriber } of consumers) {
    const at = field(call, "function") ?? call;
    if (subscriber === null) {
      report({ at, message: "The consumer's subscriber_name is not written out." });
      continue;
    }
    const other = first.get(subscriber);
    if (other === undefined) first.set(subscriber, file);
    else report({ at, message: `The name "${subscriber}" is taken by the consumer in ${other}.` });
  }
};

/** The handlers of modules, each with all that it calls. */
function handlersIn(tree: PythonTree): ReadonlyMap<PyNode, readonly PyNode[]> {
  const handlers = new Set(tree.handled.flatMap(({ handler }) => handler ?? []));
  return new Map([...handlers].map((handler) => [handler, reachedFrom(tree, handler)]));
}

const ownTable: Check = ({ python: { sources } }, report) => {
  for (const source of sources) {
    if (!source.text.includes("processed_events")) continue;
    for (const text of source.of("string"))
      if (/\binsert\s+into\s+processed_events\b/i.test(textOf(text)))
        report({
          at: text,
          message:
            "The module notes by itself what was handled; the EventConsumer does it with the id of the message.",
        });
  }
};

const transient = new Set([
  "ConnectionError",
  "TimeoutError",
  "OperationalError",
  "ConnectError",
  "RedisError",
]);
const permanent = new Set(["ValueError", "TypeError", "KeyError", "AttributeError"]);

const isTransient = (handler: PyNode) =>
  catchesAll(handler) || caughtBy(handler).some((name) => transient.has(name));

const turned: Check = ({ python }, report) => {
  for (const [handler] of handlersIn(python)) {
    for (const clause of clausesIn(handler)) {
      if (!isTransient(clause)) continue;
      for (const raise of below(clause, "raise_statement")) {
        const raised = raise.children[0];
        const name =
          raised === undefined
            ? ""
            : (textOf(raised)
                .match(/^[\w.]+/)?.[0]
                .split(".")
                .at(-1) ?? "");
        if (permanent.has(name))
          report({
            at: raise,
            message: `${nameOf(handler)} turns what may pass into a ${name}, which is never tried again.`,
          });
      }
    }
  }
};

const clausesIn = (definition: PyNode) =>
  below(definition, "try_statement")
    .filter((statement) => functionAround(statement) === definition)
    .flatMap(handlersOf);

const ownAcks: Check = ({ python }, report) => {
  for (const [handler] of handlersIn(python)) {
    for (const clause of clausesIn(handler))
      if (isTransient(clause) && !raises(clause) && !guardsOptional(clause))
        report({
          at: clause,
          message: `${nameOf(handler)} swallows the error, so the event is acked and lost; let it go on.`,
        });
  }
  for (const source of python.sources) {
    for (const name of ["xack", "_ack_message", "ack_message"])
      for (const call of callsByName(source).get(name) ?? [])
        if (definitionHere(field(call, "function")) === null)
          report({ at: call, message: `The module acks by itself, by ${name}; the EventConsumer does it.` });
  }
};

/** A publish that may fail, whose failure is not the handler's. */
function guardsOptional(clause: PyNode): boolean {
  const body = clause.parent === null ? null : field(clause.parent, "body");
  const calls = body === null ? [] : below(body, "call").filter((call) => receiverOf(call) !== null);
  return calls.length === 1 && calls.every((call) => /^publish(?:_event)?$/.test(calledName(call) ?? ""));
}

const repeatable: Check = ({ python }, report) => {
  for (const [handler, reached] of handlersIn(python)) {
    for (const definition of reached) {
      for (const text of below(definition, "string")) {
        if (functionAround(text) !== definition || text.parent?.type === "concatenated_string") continue;
        tellInsert(text, handler);
      }
      for (const text of below(definition, "concatenated_string")) tellInsert(text, handler);
      for (const change of below(definition, "augmented_assignment")) {
        const left = field(change, "left");
        if (
          left?.type !== "attribute" ||
          functionAround(change) !== definition ||
          textOf(left).startsWith("self.")
        )
          continue;
        report({
          at: change,
          message: `${nameOf(handler)} counts by ${textOf(change)}: run twice it counts twice.`,
        });
      }
    }
  }
  function tellInsert(text: PyNode, handler: PyNode): void {
    const sql = textOf(text);
    if (
      /\binsert\s+into\b/i.test(sql) &&
      !/\bon\s+conflict\b/i.test(sql) &&
      !/\bprocessed_events\b/i.test(sql)
    )
      report({
        at: text,
        message: `${nameOf(handler)} inserts without ON CONFLICT: run twice it inserts twice, or fails.`,
      });
  }
};

/** What the README says is consumed, and what has a handler. */
const documented: Check = ({ python, documents }, report) => {
  for (const module of python.modules) {
    const readme = documents.get(`${module.folder}/README.md`);
    const section = readme?.sections.find(({ title }) =>
      /^(?:events consumed|konsumierte events)\b/i.test(title),
    );
    const handled = python.handled.filter(
      ({ file, by }) => by === "consumer" && python.moduleOf(file) === module,
    );
    if (readme === undefined || section === undefined) continue;
    for (const { call, types } of handled)
      for (const { type, key } of types)
        if (type !== null && !section.text.includes(type) && (key === null || !section.text.includes(key)))
          report({ at: call, message: `"${type}" is handled, and ${readme.path} does not say so.` });
    const types = new Set(handled.flatMap((one) => one.types.map(({ type }) => type)));
    if (handled.some((one) => one.types.length === 0)) continue;
    for (const { title, line, level } of readme.sections) {
      const type = /^(?:\d+\.\s*)?([a-z]\w*(?:\.\w+){1,2})$/.exec(title)?.[1];
      const isInside = level === section.level + 1 && line > section.line && line < section.endLine;
      if (type === undefined || !isInside || types.has(type)) continue;
      const start =
        readme.text
          .split("\n")
          .slice(0, line - 1)
          .join("\n").length + 1;
      report({
        at: { file: readme.path, start, end: start },
        message: `${readme.path} says that "${type}" is consumed, and nothing handles it.`,
      });
    }
  }
};

const lifecycle: Check = ({ python }, report) => {
  const outside = python.files
    .filter((path) => python.moduleOf(path) === null)
    .map((path) => python.source(path));
  // Without the program itself nobody can say what it starts.
  if (!outside.some(({ text }) => /\bFastAPI\(/.test(text))) return;
  for (const { call, owner } of python.consumers) {
    const missing = ["start", "stop"].filter((method) => !isCalled(python, outside, owner, call, method));
    if (missing.length > 0)
      report({
        at: field(call, "function") ?? call,
        message: `Nothing ${missing.map((method) => (method === "start" ? "starts" : "stops")).join(" and ")} this consumer.`,
      });
  }
};

function isCalled(
  { names }: PythonTree,
  outside: readonly PySource[],
  owner: PyNode | null,
  call: PyNode,
  method: string,
): boolean {
  if (owner === null) return (callsByName(call.source).get(method) ?? []).length > 0;
  return outside.some((source) => {
    if ((callsByName(source).get(method) ?? []).length === 0) return false;
    return source
      .of("identifier")
      .some((node) => textOf(node) === nameOf(owner) && names.originOf(node)?.definition === owner);
  });
}

const hinted: Check = ({ python: { handled } }, report) => {
  const seen = new Set<PyNode>();
  for (const { handler } of handled) {
    if (handler === null || seen.has(handler)) continue;
    seen.add(handler);
    const bare = parametersOf(handler).filter(
      ({ name, annotation }) => annotation === null && name !== "self",
    );
    if (bare.length > 0)
      report({
        at: field(handler, "name") ?? handler,
        message: `${nameOf(handler)} does not say what it is given: ${bare.map(({ name }) => name).join(", ")}.`,
      });
  }
};

export const pythonConsuming: Readonly<Record<string, Check>> = {
  "C-1": ownReading,
  "C-2": subscribers,
  "C-3": ownTable,
  "C-4": turned,
  "C-5": repeatable,
  "C-6": documented,
  "C-7": lifecycle,
  "C-8": ownAcks,
  "PY-2": hinted,
};
