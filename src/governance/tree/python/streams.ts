/** The event stream in Python: what is one, and where something is published to it. */

import { coreName } from "./events.ts";
import { attributesOf, calledHere, callsOf, isOfSelf } from "./flow.ts";
import { localsOf, type PyNames } from "./names.ts";
import {
  bare,
  below,
  calledName,
  contains,
  field,
  functionAround,
  type PyNode,
  type PySource,
  parametersOf,
  positional,
  receiverOf,
  textOf,
} from "./nodes.ts";

/** A call that publishes to the stream. */
export interface PyPublished {
  readonly file: string;
  readonly call: PyNode;
  /** What is published; null: nothing is given. */
  readonly event: PyNode | null;
  readonly within: PyNode | null;
}

const streamName = /(?:^|_)event_?(?:stream|bus)$/i;

/** Whether an expression is the platform's stream: it is declared or made as one, or comes from the application's state. */
export function isStream(names: PyNames, node: PyNode, depth = 0): boolean {
  const value = bare(node);
  if (depth > 4) return false;
  if (value.type === "call") return isStreamCall(names, value);
  if (value.type === "attribute") {
    const attribute = textOf(field(value, "attribute") ?? value);
    if (!isOfSelf(value)) return attribute === "event_stream";
    const given = attributesOf(value, attribute);
    if (given.length === 0) return streamName.test(attribute);
    return given.some((next) => isStream(names, next, depth + 1));
  }
  if (value.type !== "identifier") return false;
  const name = textOf(value);
  for (let at = functionAround(value); at !== null; at = functionAround(at)) {
    const parameter = parametersOf(at).find((one) => one.name === name);
    if (parameter !== undefined) {
      const { annotation } = parameter;
      return annotation === null ? streamName.test(name) : namesStream(names, annotation);
    }
    const given = localsOf(at).get(name);
    if (given !== undefined) return given.some((next) => isStream(names, next, depth + 1));
  }
  const definition = names.originOf(value)?.definition ?? null;
  return definition !== null && definition !== value && isStream(names, definition, depth + 1);
}

function isStreamCall(names: PyNames, call: PyNode): boolean {
  const callee = field(call, "function");
  if (callee === null) return false;
  if (coreName(names, callee) === "EventStream" || calledName(call) === "get_event_stream") return true;
  const [object, attribute] = positional(call);
  return (
    calledName(call) === "getattr" &&
    object !== undefined &&
    /^["']event_stream["']$/.test(attribute === undefined ? "" : textOf(attribute))
  );
}

/** `EventStream`, `Optional[EventStream]`, `EventStream | None`, `"EventStream"`. */
export function namesStream(names: PyNames, annotation: PyNode): boolean {
  if (below(annotation, "identifier").some((node) => coreName(names, node) === "EventStream")) return true;
  return below(annotation, "string_content").some((node) => /\bEventStream\b/.test(textOf(node)));
}

export function readPublished(names: PyNames, source: PySource): readonly PyPublished[] {
  if (!source.text.includes("publish")) return [];
  return source.of("call").flatMap((call) => {
    const callee = field(call, "function");
    const name = calledName(call);
    if (callee === null || (name !== "publish_event" && name !== "publish")) return [];
    const receiver = receiverOf(call);
    if (receiver === null ? coreName(names, callee) === null : !publishesBy(names, call, receiver, name))
      return [];
    return [
      {
        file: source.path,
        call,
        event: positional(call)[0] ?? keywordEvent(call),
        within: functionAround(call),
      },
    ];
  });
}

const keywordEvent = (call: PyNode) =>
  (field(call, "arguments")?.children ?? [])
    .filter(({ type }) => type === "keyword_argument")
    .map((given) => field(given, "value"))[0] ?? null;

function publishesBy(names: PyNames, call: PyNode, receiver: PyNode, name: string): boolean {
  // A private helper of the class that is called like this publishes nothing by itself.
  if (calledHere(call) !== null) return false;
  if (textOf(receiver) === "self") return false;
  return name === "publish_event" || isStream(names, receiver);
}

const broad = /^(?:Exception|BaseException)$/;

/** A failure of what stands here goes no further than its function. */
function isGuarded(node: PyNode): boolean {
  return guardOf(node) !== null || isSuppressed(node);
}

/** `with suppress(Exception):` */
function isSuppressed(node: PyNode): boolean {
  for (let at = node.parent; at !== null && at.type !== "function_definition"; at = at.parent)
    if (at.type === "with_statement" && /\bsuppress\(\s*(?:Base)?Exception\b/.test(headOf(at))) return true;
  return false;
}

const headOf = (statement: PyNode) => {
  const body = field(statement, "body");
  return statement.source.text.slice(statement.start, body?.start ?? statement.end);
};

export const handlersOf = (statement: PyNode) =>
  statement.children.filter(({ type }) => type === "except_clause");

export function catchesAll(handler: PyNode): boolean {
  const caught = caughtBy(handler);
  return caught.length === 0 || caught.some((name) => broad.test(name));
}

/** Names of the exceptions of an `except`; empty: all. */
export function caughtBy(handler: PyNode): readonly string[] {
  const given = handler.children.find(({ type }) => type !== "block" && type !== "comment");
  if (given === undefined) return [];
  const caught = given.type === "as_pattern" ? (given.children[0] ?? given) : given;
  const all = caught.type === "tuple" ? caught.children : [caught];
  return all.map((one) => textOf(one).split(".").at(-1) ?? "");
}

export const raises = (handler: PyNode) =>
  below(handler, "raise_statement").some((raise) => functionAround(raise) === functionAround(handler));

/** The handler around a publish that keeps its failure; null: there is none. */
export function guardOf(node: PyNode): PyNode | null {
  for (let at: PyNode = node; at.parent !== null && at.type !== "function_definition"; at = at.parent) {
    if (at.parent.type !== "try_statement" || at.field !== "body") continue;
    const found = handlersOf(at.parent).find((handler) => catchesAll(handler) && !raises(handler));
    if (found !== undefined) return found;
  }
  return null;
}

/** A publish whose failure reaches who called the module, by way of the functions of its file. */
export function failsCaller(node: PyNode, seen: ReadonlySet<PyNode> = new Set()): boolean {
  if (isGuarded(node)) return false;
  const within = functionAround(node);
  if (within === null || seen.has(within)) return true;
  const calls = callsOf(within).filter((call) => !contains(within, call));
  return calls.length === 0 || calls.some((call) => failsCaller(call, new Set([...seen, within])));
}

/** Functions of a file that publish, themselves or through others of it. */
export function publishersOf(published: readonly PyPublished[]): ReadonlySet<PyNode> {
  const found = new Set<PyNode>();
  const open = published.flatMap(({ within }) => within ?? []);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    for (const call of callsOf(at)) {
      const caller = functionAround(call);
      if (caller !== null) open.push(caller);
    }
  }
  return found;
}
