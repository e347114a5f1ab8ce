/** What stands in the payload of an event, judged by the charter's own lists of keys and values. */

import { forbiddenKeyReason, forbiddenValue, holdsSecret } from "@brain/schemas";
import { valuesOf } from "../../tree/python/flow.ts";
import {
  below,
  calledName,
  field,
  lastName,
  type PyNode,
  positional,
  receiverOf,
  stringOf,
  stringPieces,
  textOf,
} from "../../tree/python/nodes.ts";
import { classOf, type Payload, type PayloadField } from "../../tree/python/payloads.ts";
import type { PythonTree } from "../../tree/python/python.ts";
import type { Check } from "../rule.ts";

type Kind = "person" | "secret" | "provider";

interface Forbidden {
  readonly at: PyNode;
  readonly kind: Kind;
  readonly message: string;
}

const providerValue = /^(?:cus|pi|cs|ch|sub|pm|in|re|seti|acct)_[A-Za-z0-9]{3,}/;

/** What a reason of the charter's list is about. */
function kindOf(reason: string): Kind {
  if (reason.startsWith("a provider")) return "provider";
  return reason.startsWith("personal") ? "person" : "secret";
}

/** Every event with what its payload may be; one payload that several events have is there once. */
function payloadsIn({ events, payloadsOf }: PythonTree): readonly Payload[] {
  const found = events.flatMap(payloadsOf);
  return [...new Map(found.map((payload) => [payload.node, payload])).values()];
}

function forbiddenIn(tree: PythonTree): readonly Forbidden[] {
  return payloadsIn(tree).flatMap(({ fields }) => fields.flatMap((one) => byKey(one) ?? byValue(one) ?? []));
}

function byKey({ key, node, parent }: PayloadField): Forbidden | null {
  const reason = forbiddenKeyReason(key, parent);
  if (reason === null) return null;
  return { at: node, kind: kindOf(reason), message: `The payload has "${key}": ${reason}.` };
}

function byValue({ key, node, value }: PayloadField): Forbidden | null {
  if (value === null) return null;
  const read = readName(value);
  const reason = read === null ? null : forbiddenKeyReason(read.name, read.of);
  if (read !== null && reason !== null)
    return {
      at: node,
      kind: kindOf(reason),
      message: `The payload has ${read.name} as "${key}": ${reason}.`,
    };
  for (const text of value.type === "string" ? stringPieces(value) : []) {
    if (providerValue.test(text))
      return { at: node, kind: "provider", message: `"${key}" is a provider's id; carry our own id.` };
    const found = forbiddenValue(text);
    if (found !== null)
      return { at: node, kind: holdsSecret(text) ? "secret" : "person", message: `"${key}" holds ${found}.` };
  }
  return null;
}

/** The name that a value is read from: `email` of `user.email`, `row["email"]` or `data.get("email")`. */
function readName(value: PyNode): { readonly name: string; readonly of: string | null } | null {
  if (value.type === "attribute") {
    const object = field(value, "object");
    return { name: lastName(value) ?? "", of: object === null ? null : lastName(object) };
  }
  if (value.type === "subscript") {
    const name = stringOf(field(value, "subscript"));
    const object = field(value, "value");
    return name === null ? null : { name, of: object === null ? null : lastName(object) };
  }
  if (value.type !== "call" || calledName(value) !== "get") return null;
  const name = stringOf(positional(value)[0] ?? null);
  const object = receiverOf(value);
  return name === null || object === null ? null : { name, of: lastName(object) };
}

const forbidden =
  (...kinds: readonly Kind[]): Check =>
  ({ python }, report) => {
    for (const { at, kind, message } of forbiddenIn(python))
      if (kinds.includes(kind)) report({ at, message });
  };

const wholeMethods = new Set(["dict", "model_dump", "to_dict", "__dict__"]);

const wholeObjects: Check = ({ python }, report) => {
  for (const { node, kind, fields } of payloadsIn(python)) {
    if (kind === "whole")
      report({
        at: node,
        message: `The payload is a whole object, ${textOf(node)}; expected the fields that others need.`,
      });
    for (const one of fields) {
      const fault = one.value === null ? null : faultOfPart(python, one.key, one.value);
      if (fault !== null) report({ at: one.node, message: `"${one.key}" is ${fault}` });
    }
  }
};

function faultOfPart({ names }: PythonTree, key: string, value: PyNode): string | null {
  const isId = /(?:^|_)id$/.test(key);
  if (isId && value.type === "integer") return "a number; expected the public id.";
  if (value.type === "attribute" && lastName(value) === "__dict__") return "a whole object; expected its id.";
  if (value.type === "call" && receiverOf(value) !== null && wholeMethods.has(calledName(value) ?? ""))
    return "a whole object; expected its id.";
  if (!isId || value.type !== "attribute" || lastName(value) !== "id") return null;
  const owner = field(value, "object");
  const rows = owner === null ? [] : valuesOf(names, owner);
  const isNumber = rows.some((row) => row.type === "call" && hasNumericId(classOf(names, row)));
  return isNumber ? "the number of a row in the database; expected the public id." : null;
}

/** `id: Mapped[int]`, `id = Column(Integer, …)`, `id: int` */
function hasNumericId(definition: PyNode | null): boolean {
  if (definition === null) return false;
  return below(definition, "assignment").some((assignment) => {
    const left = field(assignment, "left");
    if (left === null || textOf(left) !== "id") return false;
    const type = field(assignment, "type");
    const right = field(assignment, "right");
    if (type !== null && /^(?:Mapped\[)?int\]?$/.test(textOf(type))) return true;
    return right !== null && /\bColumn\(\s*(?:\w+\.)?(?:Big|Small)?Integer\b/.test(textOf(right));
  });
}

/** The charter's bound for what an event carries. */
const maxTextBytes = 1024;

const sizes: Check = ({ python }, report) => {
  for (const { fields, node } of payloadsIn(python)) {
    const texts = fields.flatMap(({ value }) => (value?.type === "string" ? stringPieces(value) : []));
    const bytes = new TextEncoder().encode(texts.join("")).length;
    if (bytes > maxTextBytes)
      report({
        at: node,
        message: `The texts of the payload alone have ${bytes} bytes; expected at most ${maxTextBytes}.`,
      });
  }
};

const typed: Check = ({ python }, report) => {
  for (const { kind, node } of payloadsIn(python))
    if (kind === "dictionary")
      report({
        at: node,
        message: "The payload is a plain dictionary; expected a TypedDict or a model of pydantic.",
      });
};

const empty: Check = ({ python }, report) => {
  for (const { kind, node, fields } of payloadsIn(python))
    if (kind === "dictionary" && fields.length === 0 && node.children.length === 0)
      report({
        at: node,
        message: "The payload is empty; expected at least the id of what the event is about.",
      });
};

export const pythonPayload: Readonly<Record<string, Check>> = {
  "P-1": empty,
  "P-2": forbidden("person"),
  "P-3": forbidden("secret"),
  "P-4": forbidden("provider"),
  "P-5": wholeObjects,
  "P-6": sizes,
  "P-7": typed,
};
