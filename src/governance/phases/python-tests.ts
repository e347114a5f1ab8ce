/** What tests in Python show, by what they do with the consumer and the stream. */

import type { Project } from "../project.ts";
import {
  below,
  calledName,
  field,
  functionAround,
  keyword,
  nameOf,
  type PyNode,
  positional,
  stringOf,
  stringPieces,
  textOf,
} from "../tree/python/nodes.ts";
import { positionOf } from "../tree/text.ts";
import type { ModuleFacts } from "./module-facts.ts";
import type { ShownTest, TestKind } from "./shown-test.ts";

const permanent = new Set(["ValueError", "TypeError", "KeyError", "AttributeError"]);
const transient = new Set(["ConnectionError", "TimeoutError", "OSError", "OperationalError"]);

export function pythonTests({ python, files }: Project, facts: ModuleFacts): readonly ShownTest[] {
  return facts.tests.flatMap((file) => {
    const text = files.files.get(file);
    if (text === undefined) return [];
    const tests = python.source(file).of("function_definition").filter(isTest);
    return tests.flatMap((test) =>
      shows(test, facts).map((kind) => ({
        kind,
        file,
        line: positionOf(text, test.start).line,
        title: nameOf(test),
        of: facts.name,
      })),
    );
  });
}

/** pytest takes it: by its name and place, and nothing skips it. */
function isTest(definition: PyNode): boolean {
  if (!nameOf(definition).startsWith("test") || functionAround(definition) !== null) return false;
  const { parent } = definition;
  const decorators =
    parent?.type === "decorated_definition" ? parent.children.filter(({ type }) => type === "decorator") : [];
  return !decorators.some((decorator) => /\b(?:skip|skipif|xfail)\b/.test(textOf(decorator)));
}

function shows(test: PyNode, facts: ModuleFacts): readonly TestKind[] {
  const calls = below(test, "call");
  const asserts = assertsOf(test, calls);
  const kinds: TestKind[] = [];
  if (showsPublished(asserts, facts)) kinds.push("T-1");
  const read = readings(calls);
  const assertsBehind = (from: number) => asserts.filter(({ start }) => start > from);
  const firstRead = read[0];
  if (firstRead !== undefined && isOverStream(calls) && assertsBehind(firstRead.start).some(isOfHandler))
    kinds.push("T-2");
  const again = redelivered(read);
  if (again !== null && assertsBehind(again.start).some(saysOnce)) kinds.push("T-3");
  const raised = below(test, "raise_statement").flatMap(raisedBy);
  const sideEffects = calls
    .flatMap((call) => keyword(call, "side_effect") ?? [])
    .flatMap((value) => nameOfError(value) ?? []);
  const errors = [...raised, ...sideEffects];
  const behind = firstRead === undefined ? [] : assertsBehind(firstRead.start);
  if (errors.some((name) => permanent.has(name)) && behind.some((node) => isOfAck(node) && !isNever(node)))
    kinds.push("T-4");
  if (errors.some((name) => transient.has(name)) && behind.some((node) => isOfAck(node) && isNever(node)))
    kinds.push("T-4b");
  return kinds;
}

/** `assert …` statements, and calls of `assert_called_once()` and its like. */
function assertsOf(test: PyNode, calls: readonly PyNode[]): readonly PyNode[] {
  const called = calls.filter((call) => calledName(call)?.startsWith("assert") === true);
  return [...below(test, "assert_statement"), ...called].sort((left, right) => left.start - right.start);
}

/** Type, payload and the three keys of meta of what was published. */
function showsPublished(asserts: readonly PyNode[], { registered, published }: ModuleFacts): boolean {
  const text = asserts.map(textOf).join("\n");
  const words = new Set(
    asserts.flatMap((node) => [...stringPieces(node), ...below(node, "identifier").map(textOf)]),
  );
  const types = [...registered, ...published].flatMap(({ type }) => type ?? []);
  const isOfEvent = types.some(
    (type) => words.has(type) || words.has(type.toUpperCase().replaceAll(".", "_")),
  );
  return (
    isOfEvent &&
    /publish/.test(text) &&
    words.has("payload") &&
    ["schema_version", "producer", "source_module"].every((key) => words.has(key))
  );
}

/** Calls by which a consumer takes a message. */
function readings(calls: readonly PyNode[]): readonly PyNode[] {
  return calls.filter((call) =>
    ["_process_message", "process_message", "handle_message", "start"].includes(calledName(call) ?? ""),
  );
}

/** An event is published to the stream, and a consumer is started. */
function isOverStream(calls: readonly PyNode[]): boolean {
  const names = calls.map((call) => calledName(call) ?? "");
  return names.includes("start") && names.some((name) => name === "publish_event" || name === "xadd");
}

/** The second of two with the same stream message id. */
function redelivered(read: readonly PyNode[]): PyNode | null {
  const seen = new Set<string>();
  for (const call of read) {
    const [first] = positional(call);
    const id = first ?? keyword(call, "stream_message_id") ?? keyword(call, "message_id");
    if (id === null || id === undefined) continue;
    const key = stringOf(id) ?? textOf(id);
    if (seen.has(key)) return call;
    // A loop delivers the same again, when the id does not come out of it.
    seen.add(key);
  }
  return null;
}

const isOfHandler = (node: PyNode) =>
  /handler|called|await_count|call_count|==/.test(textOf(node)) && !isOfAck(node);
const isOfAck = (node: PyNode) => /ack/i.test(textOf(node));
const isNever = (node: PyNode) =>
  /assert_not_called|assert_not_awaited|called\s+is\s+False|call_count\s*==\s*0|not\s+\w/.test(textOf(node));
const saysOnce = (node: PyNode) =>
  /(?:call_count|await_count|len\(.+\)|\w+)\s*==\s*1\b|assert_(?:called|awaited)_once/.test(textOf(node));

function raisedBy(statement: PyNode): readonly string[] {
  const [value] = statement.children.filter(({ type }) => type === "call" || type === "identifier");
  const name = value === undefined ? null : nameOfError(value);
  return name === null ? [] : [name];
}

function nameOfError(value: PyNode): string | null {
  const node = value.type === "call" ? field(value, "function") : value;
  if (node === null) return null;
  return node.type === "attribute"
    ? textOf(field(node, "attribute") ?? node)
    : node.type === "identifier"
      ? textOf(node)
      : null;
}
