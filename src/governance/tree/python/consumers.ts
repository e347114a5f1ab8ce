/** Consumers in Python: `EventConsumer(…)`, its handlers, and where it is started. */

import { coreName, type EventTypeUse, type TypeReader } from "./events.ts";
import { callsByName, definitionHere, valuesOf } from "./flow.ts";
import type { PyNames } from "./names.ts";
import {
  around,
  bare,
  classAround,
  field,
  isDictionary,
  keyword,
  type PyNode,
  type PySource,
  positional,
  receiverOf,
  stringOf,
  textOf,
} from "./nodes.ts";
import { isStream } from "./streams.ts";

export interface PyConsumer {
  readonly file: string;
  readonly call: PyNode;
  /** Null: it is not given, or worked out at run time. */
  readonly subscriber: string | null;
  /** The class that has it; null: it stands alone. */
  readonly owner: PyNode | null;
}

export interface PyHandled {
  readonly file: string;
  readonly call: PyNode;
  /** `consumer`: the shared one; `stream`: the live view, which keeps nothing. */
  readonly by: "consumer" | "stream";
  readonly types: readonly EventTypeUse[];
  /** The function of the file; null: it is none, or not known. */
  readonly handler: PyNode | null;
}

export function readConsumers(names: PyNames, source: PySource): readonly PyConsumer[] {
  if (!source.text.includes("EventConsumer")) return [];
  return source.of("call").flatMap((call) => {
    if (!isMade(names, call)) return [];
    const given = keyword(call, "subscriber_name") ?? positional(call)[0] ?? null;
    const values = given === null ? [] : valuesOf(names, given).map((value) => stringOf(value));
    return [
      {
        file: source.path,
        call,
        subscriber: values.length === 1 ? (values[0] ?? null) : null,
        owner: classAround(call),
      },
    ];
  });
}

/** `EventConsumer(…)`, or `super().__init__(…)` of a class that is one. */
function isMade(names: PyNames, call: PyNode): boolean {
  const callee = field(call, "function");
  if (callee === null) return false;
  if (coreName(names, callee) === "EventConsumer") return true;
  if (textOf(callee) !== "super().__init__") return false;
  const owner = classAround(call);
  const bases = owner === null ? [] : (field(owner, "superclasses")?.children ?? []);
  return bases.some((base) => coreName(names, base) === "EventConsumer");
}

export function readHandled(names: PyNames, source: PySource, { typesOf }: TypeReader): readonly PyHandled[] {
  const calls = callsByName(source);
  const registered = (calls.get("register_handler") ?? []).flatMap((call) => pairsOfLoop(names, call));
  const subscribed = (calls.get("subscribe") ?? []).filter((call) => {
    const receiver = receiverOf(call);
    return receiver !== null && isStream(names, receiver);
  });
  const toHandled =
    (by: PyHandled["by"]) => (given: { call: PyNode; type: PyNode | null; handler: PyNode | null }) => ({
      file: source.path,
      call: given.call,
      by,
      types: given.type === null ? [] : typesOf(given.type),
      handler: definitionHere(given.handler === null ? null : bare(given.handler)),
    });
  const given = (call: PyNode) => {
    const [type = null, handler = null] = positional(call);
    return { call, type: type ?? keyword(call, "event_type"), handler: handler ?? keyword(call, "handler") };
  };
  return [...registered.map(toHandled("consumer")), ...subscribed.map(given).map(toHandled("stream"))];
}

/** What is registered one by one, or in a loop over the entries of a dictionary. */
function pairsOfLoop(names: PyNames, call: PyNode) {
  const [type = null, handler = null] = positional(call);
  const loop = around(call, "for_statement");
  const looped = loop === null ? null : field(loop, "right");
  const object = looped?.type === "call" ? receiverOf(looped) : null;
  const dictionary = object === null ? undefined : valuesOf(names, object).find(isDictionary);
  if (dictionary !== undefined && type?.type === "identifier") {
    return dictionary.children
      .filter((child) => child.type === "pair")
      .map((pair) => ({ call, type: field(pair, "key"), handler: field(pair, "value") }));
  }
  return [{ call, type: type ?? keyword(call, "event_type"), handler: handler ?? keyword(call, "handler") }];
}
