/** What stands in the envelope of an event. */

import { type EnvelopeField, envelopeField, type MadeEvent } from "../../tree/python/events.ts";
import { valuesOf } from "../../tree/python/flow.ts";
import {
  bare,
  calledName,
  dottedName,
  field,
  hasSplat,
  isDictionary,
  lastName,
  type PyNode,
  pairsOf,
  positional,
  receiverOf,
  stringOf,
  textOf,
} from "../../tree/python/nodes.ts";
import type { PythonTree } from "../../tree/python/python.ts";
import type { Check } from "../rule.ts";

const required = ["id", "type", "source", "target", "payload", "timestamp"] as const;
const metaKeys = ["schema_version", "producer", "source_module"] as const;

const isConstructor = ({ call }: MadeEvent) =>
  field(call, "function")?.type === "identifier" || !/^[a-z]/.test(calledName(call) ?? "");

const complete: Check = ({ python: { events } }, report) => {
  for (const event of events) {
    if (hasSplat(event.call) || !isConstructor(event)) continue;
    const missing = required.filter((name) => envelopeField(event.call, name) === null);
    if (missing.length > 0)
      report({ at: head(event.call), message: `The event has no ${missing.join(", no ")}.` });
  }
};

/** The call without its arguments, so that a finding is about one line. */
const head = (call: PyNode) => field(call, "function") ?? call;

/** What a field of the envelope is given, as far as it is known. */
function given({ names, events }: PythonTree, name: EnvelopeField) {
  return events.flatMap(({ call }) => {
    const node = envelopeField(call, name);
    return node === null ? [] : valuesOf(names, node).map((value) => ({ node, value }));
  });
}

const ids: Check = ({ python }, report) => {
  for (const { value } of given(python, "id")) {
    const fault = faultOfId(value);
    if (fault !== null) report({ at: value, message: `The id is ${fault}; expected str(uuid.uuid4()).` });
  }
};

function faultOfId(value: PyNode): string | null {
  if (value.type === "string" || value.type === "concatenated_string") {
    const text = stringOf(value);
    return text === null ? "put together as text" : `the text "${text}", the same for every event`;
  }
  if (value.type === "binary_operator") return "put together as text";
  if (value.type === "attribute" && lastName(value) === "hex") return "a UUID without its dashes";
  if (value.type !== "call") return null;
  const [inner] = positional(value);
  const made = calledName(value) === "str" && inner !== undefined ? bare(inner) : value;
  const name = made.type === "call" ? (calledName(made) ?? "") : "";
  return /^uuid[135678]$/.test(name) ? `made by ${name}` : null;
}

const types: Check = ({ python: { events } }, report) => {
  for (const { types: used } of events) {
    for (const { key, type, node, isRegistered } of used) {
      if (!isRegistered)
        report({
          at: node,
          message: `${key === null ? `"${type}"` : `EventType.${key}`} is not in the registry of types.`,
        });
      else if (key === null)
        report({
          at: node,
          message: `The type "${type}" is given as text; expected its entry of EventType.`,
        });
    }
  }
};

const times: Check = ({ python }, report) => {
  for (const { value } of given(python, "timestamp")) {
    const fault = faultOfTime(value);
    if (fault !== null)
      report({ at: value, message: `The timestamp is ${fault}; expected datetime.now(timezone.utc).` });
  }
};

function faultOfTime(value: PyNode): string | null {
  const text = stringOf(value);
  if (text !== null) return /(?:Z|[+-]00:?00)$/.test(text) ? null : `"${text}", which is not said to be UTC`;
  if (value.type === "float" || value.type === "integer") return "a number";
  if (value.type !== "call") return null;
  const name = dottedName(field(value, "function") ?? value) ?? "";
  if (/(?:^|\.)time$/.test(name) && receiverOf(value) !== null) return "a number of seconds";
  const hasZone = (field(value, "arguments")?.children ?? []).some(({ type }) => type !== "comment");
  if (/(?:^|\.)datetime\.now$/.test(name) && !hasZone) return "the local time";
  const isFromSeconds =
    /(?:^|\.)datetime\.fromtimestamp$/.test(name) && (field(value, "arguments")?.children.length ?? 0) < 2;
  return isFromSeconds ? "the local time" : null;
}

interface Meta {
  readonly event: MadeEvent;
  readonly node: PyNode;
  readonly pairs: ReturnType<typeof pairsOf>;
}

/** Metas that are written out, as dictionaries or as objects of a class. */
function metasOf({ names, events }: PythonTree): readonly Meta[] {
  return events.flatMap((event) =>
    event.meta === null
      ? []
      : valuesOf(names, event.meta)
          .filter((value) => isDictionary(value) || value.type === "call")
          .filter(
            (value) =>
              !value.children.some(({ type }) => type.endsWith("_splat")) &&
              !(value.type === "call" && hasSplat(value)),
          )
          .map((node) => ({ event, node, pairs: pairsOf(node) })),
  );
}

const metas: Check = ({ python }, report) => {
  for (const event of python.events)
    if (event.meta === null && !hasSplat(event.call))
      report({ at: head(event.call), message: `The event has no meta; expected ${metaKeys.join(", ")}.` });
  for (const { node, pairs } of metasOf(python)) {
    if (node.type === "call" && pairs.length === 0) continue;
    const missing = metaKeys.filter((key) => !pairs.some((pair) => pair.key === key));
    if (missing.length > 0)
      report({ at: node, message: `The meta of the event has no ${missing.join(" and no ")}.` });
  }
};

const versions: Check = ({ python }, report) => {
  for (const { pairs } of metasOf(python)) {
    for (const { key, node, value } of pairs) {
      if (key === "version")
        report({ at: node, message: "meta.version is an old name; expected schema_version, the integer 1." });
      if (key !== "schema_version") continue;
      for (const one of valuesOf(python.names, value)) {
        const isText = one.type === "string" || one.type === "float";
        if (isText || (one.type === "integer" && textOf(one) !== "1"))
          report({ at: node, message: `meta.schema_version is ${textOf(one)}; expected the integer 1.` });
      }
    }
  }
};

const producers: Check = ({ python }, report) => {
  for (const { event, pairs } of metasOf(python)) {
    const module = python.moduleOf(event.file);
    for (const { key, node, value } of pairs) {
      if (key !== "producer" && key !== "source_module") continue;
      for (const text of valuesOf(python.names, value).map(stringOf)) {
        if (text === null) continue;
        if (text.trim() === "") report({ at: node, message: `meta.${key} is empty.` });
        else if (key === "source_module" && module !== null && text !== module.name)
          report({ at: node, message: `meta.source_module is "${text}", and the module is ${module.name}.` });
      }
    }
  }
};

/** These stand at the top of the envelope, where readers look for them. */
const topLevel = new Set(["tenant_id", "correlation_id", "mission_id", "task_id", "actor_id"]);

const contexts: Check = ({ python }, report) => {
  for (const { pairs } of metasOf(python))
    for (const { key, node } of pairs)
      if (topLevel.has(key))
        report({ at: node, message: `${key} stands in meta; expected it beside id and type.` });
};

const rawObjects: Check = ({ python: { published, names } }, report) => {
  for (const { call, event } of published) {
    const raw = event === null ? undefined : valuesOf(names, event).find(isDictionary);
    if (raw !== undefined) report({ at: call, message: `A dictionary is published; expected an Event.` });
  }
};

export const pythonEnvelope: Readonly<Record<string, Check>> = {
  "E-1": complete,
  "E-2": ids,
  "E-3": types,
  "E-4": times,
  "E-5": versions,
  "E-6": producers,
  "E-7": contexts,
  "E-8": rawObjects,
  "11.5": metas,
};
