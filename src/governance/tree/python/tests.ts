/** What tests in Python show, by what they do with the consumer and the stream. */

import {
  around,
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
} from "./nodes.ts";
import type { PythonTree } from "./python.ts";

/** The four tests that each module has; the fourth in two parts. */
export type PyTestKind = "T-1" | "T-2" | "T-3" | "T-4" | "T-4b";

export interface PyTest {
  readonly kind: PyTestKind;
  readonly test: PyNode;
}

const permanent = new Set(["ValueError", "TypeError", "KeyError", "AttributeError"]);
const transient = new Set(["ConnectionError", "TimeoutError", "OSError", "OperationalError"]);

/** @param types those that the module publishes: names on the wire, or keys of the registry */
export function testsIn(
  tree: Pick<PythonTree, "source">,
  paths: readonly string[],
  types: readonly string[],
): readonly PyTest[] {
  return paths.flatMap((path) =>
    tree
      .source(path)
      .of("function_definition")
      .filter(isTest)
      .flatMap((test) => shows(test, types).map((kind) => ({ kind, test }))),
  );
}

/** pytest takes it: by its name and place, and nothing skips it. */
function isTest(definition: PyNode): boolean {
  if (!nameOf(definition).startsWith("test") || functionAround(definition) !== null) return false;
  const { parent } = definition;
  const decorators =
    parent?.type === "decorated_definition" ? parent.children.filter(({ type }) => type === "decorator") : [];
  return !decorators.some((decorator) => /\b(?:skip|skipif|xfail)\b/.test(textOf(decorator)));
}

function shows(test: PyNode, types: readonly string[]): readonly PyTestKind[] {
  const calls = below(test, "call");
  const asserts = assertsOf(test, calls);
  const kinds: PyTestKind[] = [];
  if (showsPublished(asserts, types)) kinds.push("T-1");
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
function showsPublished(asserts: readonly PyNode[], types: readonly string[]): boolean {
  const text = asserts.map(textOf).join("\n");
  const words = new Set(
    asserts.flatMap((node) => [...stringPieces(node), ...below(node, "identifier").map(textOf)]),
  );
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
    if (seen.has(key) || isRepeated(call, id)) return call;
    seen.add(key);
  }
  return null;
}

/** A loop delivers the same again, when the id does not come out of it. */
function isRepeated(call: PyNode, id: PyNode): boolean {
  const loop = around(call, "for_statement");
  const variable = loop === null ? null : field(loop, "left");
  if (variable === null || loop === null || !isTwice(loop)) return false;
  const names = new Set([variable, ...below(variable, "identifier")].map(textOf));
  return !below(id, "identifier").some((name) => names.has(textOf(name)));
}

/** `for _ in range(2)`, or over a list of two or more. */
function isTwice(loop: PyNode): boolean {
  const over = field(loop, "right");
  if (over === null) return false;
  if (over.type === "list" || over.type === "tuple") return over.children.length > 1;
  const [count] = over.type === "call" && calledName(over) === "range" ? positional(over) : [];
  return count !== undefined && Number(textOf(count)) > 1;
}

const isOfHandler = (node: PyNode) =>
  /handler|called|await_count|call_count|==/.test(textOf(node)) && !isOfAck(node);
const isOfAck = (node: PyNode) => /ack/i.test(textOf(node));
const isNever = (node: PyNode) =>
  /assert_not_called|assert_not_awaited|called\s+is\s+False|call_count\s*==\s*0|not\s+\w/.test(textOf(node));
const saysOnce = (node: PyNode) =>
  /[\w)]\s{0,20}==\s{0,20}1\b|assert_(?:called|awaited)_once/.test(textOf(node));

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
