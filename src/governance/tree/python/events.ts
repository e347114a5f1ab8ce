/** Events in Python: the registry of types, and where events are made. */

import { charterEvents } from "@brain/schemas";
import { valuesOf } from "./flow.ts";
import type { PyNames } from "./names.ts";
import {
  calledName,
  field,
  functionAround,
  keyword,
  nameOf,
  type PyNode,
  type PySource,
  positional,
  stringOf,
  textOf,
} from "./nodes.ts";

/** An entry of the enum of types. */
export interface RegisteredType {
  /** E.g. `COURSE_OUTLINE_CREATED`. */
  readonly key: string;
  /** E.g. `course.outline.created`. */
  readonly type: string;
  readonly node: PyNode;
}

/** What an event may be of. */
export interface EventTypeUse {
  readonly node: PyNode;
  /** Key of the enum; null: it is given as text. */
  readonly key: string | null;
  /** Null: not known. */
  readonly type: string | null;
  /** False: the registry, which the project has, lacks it. */
  readonly isRegistered: boolean;
}

/** `Event(…)` in a module. */
export interface MadeEvent {
  readonly file: string;
  readonly call: PyNode;
  /** Empty: known at run time only. */
  readonly types: readonly EventTypeUse[];
  /** Null: it has none. */
  readonly payload: PyNode | null;
  readonly meta: PyNode | null;
  readonly within: PyNode | null;
}

/** The envelope's fields in the order in which the class takes them. */
const envelopeFields = ["id", "type", "source", "target", "payload", "timestamp", "meta"] as const;
export type EnvelopeField = (typeof envelopeFields)[number];

/** A field of the envelope, by name or by place. */
export function envelopeField(call: PyNode, name: EnvelopeField): PyNode | null {
  return keyword(call, name) ?? positional(call)[envelopeFields.indexOf(name)] ?? null;
}

/** The platform's own package, where the stream is defined; the module's files are none of it. */
const isCore = (module: string) =>
  /(?:^|\.)(?:mission_control_core|event_stream|event_contract)(?:\.|$)/.test(module);

/** The name under which the platform exports what a node means; null: it is of somebody else. */
export function coreName(names: PyNames, node: PyNode): string | null {
  const origin = names.originOf(node);
  return origin !== null && origin.name !== null && isCore(origin.module) ? origin.name : null;
}

/** Types that every platform has from the start, when the project comes without its registry. */
const charterTypes: ReadonlyMap<string, string> = new Map(
  charterEvents.map(({ type }) => [type.replaceAll(".", "_").toUpperCase(), type]),
);

const isEnumClass = (definition: PyNode) =>
  nameOf(definition) === "EventType" &&
  (field(definition, "superclasses")?.children ?? []).some((base) =>
    /(?:^|\.)(?:Str)?Enum$/.test(textOf(base)),
  );

export function readRegistry(sources: readonly PySource[]): readonly RegisteredType[] {
  return sources.flatMap((source) =>
    source
      .of("class_definition")
      .filter(isEnumClass)
      .flatMap((definition) =>
        (field(definition, "body")?.children ?? []).flatMap((statement) => {
          const assignment = statement.type === "expression_statement" ? statement.children[0] : undefined;
          if (assignment?.type !== "assignment") return [];
          const key = field(assignment, "left");
          const type = stringOf(field(assignment, "right"));
          return key === null || type === null ? [] : [{ key: textOf(key), type, node: assignment }];
        }),
      ),
  );
}

export interface TypeReader {
  typesOf(node: PyNode): readonly EventTypeUse[];
}

export function typeReader(names: PyNames, registry: readonly RegisteredType[]): TypeReader {
  const byKey = new Map(registry.map((entry) => [entry.key, entry.type]));
  const byType = new Set(registry.map(({ type }) => type));
  const isKnownHere = registry.length > 0;
  const ofKey = (node: PyNode, key: string): EventTypeUse => ({
    node,
    key,
    type: byKey.get(key) ?? charterTypes.get(key) ?? null,
    isRegistered: !isKnownHere || byKey.has(key),
  });
  const typeOf = (node: PyNode): readonly EventTypeUse[] => {
    const text = stringOf(node);
    if (text !== null)
      return [{ node, key: null, type: text, isRegistered: !isKnownHere || byType.has(text) }];
    if (node.type === "call" && calledName(node) === "EventType")
      return positional(node).slice(0, 1).flatMap(typeOf);
    if (node.type !== "attribute") return [];
    const object = field(node, "object");
    const name = textOf(field(node, "attribute") ?? node);
    if (object === null) return [];
    if (name === "value") return valuesOf(names, object).flatMap(typeOf);
    return isTypeEnum(names, object) ? [ofKey(node, name)] : [];
  };
  return { typesOf: (node) => valuesOf(names, node).flatMap(typeOf) };
}

function isTypeEnum(names: PyNames, node: PyNode): boolean {
  const origin = names.originOf(node);
  return origin?.name === "EventType";
}

/** Made by the class itself, or by a method of it as `Event.create(…)`. */
export function readMadeEvents(
  names: PyNames,
  source: PySource,
  { typesOf }: TypeReader,
): readonly MadeEvent[] {
  if (!source.text.includes("Event")) return [];
  return source.of("call").flatMap((call) => {
    const callee = field(call, "function");
    if (callee === null) return [];
    const isMade =
      coreName(names, callee) === "Event" ||
      (callee.type === "attribute" && coreName(names, field(callee, "object") ?? callee) === "Event");
    if (!isMade) return [];
    const type = envelopeField(call, "type");
    return [
      {
        file: source.path,
        call,
        types: type === null ? [] : typesOf(type),
        payload: envelopeField(call, "payload"),
        meta: envelopeField(call, "meta"),
        within: functionAround(call),
      },
    ];
  });
}
