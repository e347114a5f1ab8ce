/** What stands in a payload, of a dictionary or of a model's class. */

import { argumentsFor, calledHere, valuesOf } from "./flow.ts";
import { localsOf, type PyNames } from "./names.ts";
import {
  bare,
  below,
  calledName,
  contains,
  field,
  functionAround,
  isDictionary,
  type PyNode,
  pairsOf,
  parametersOf,
  positional,
  receiverOf,
  stringOf,
  textOf,
} from "./nodes.ts";

export interface PayloadField {
  readonly key: string;
  /** Where the key stands. */
  readonly node: PyNode;
  /** Null: only its type is known. */
  readonly value: PyNode | null;
  /** The key of the object around it; null: it stands at the top. */
  readonly parent: string | null;
}

export interface Payload {
  /** The expression that is given. */
  readonly node: PyNode;
  readonly fields: readonly PayloadField[];
  /** The class whose fields it has; null: a plain dictionary, or not known. */
  readonly model: PyNode | null;
  /** `model`: of a typed class; `dictionary`: written out in place; `whole`: an object with all it has; `unknown`. */
  readonly kind: "model" | "dictionary" | "whole" | "unknown";
}

/** Methods that turn a model into a dictionary. */
const dumps = new Set(["model_dump", "dict", "to_dict", "to_payload"]);
/** Functions that turn any object into a dictionary. */
const dumpers = new Set(["asdict", "vars", "jsonable_encoder"]);

const payloadBases = new Set(["BaseModel", "TypedDict", "NamedTuple"]);

export function payloadsOf(names: PyNames, given: PyNode): readonly Payload[] {
  const annotated = annotationOf(names, given);
  const values = valuesOf(names, given);
  if (annotated !== null && isPayloadClass(names, annotated)) {
    const written = values.flatMap((value) => fieldsOf(names, value, null));
    return [
      { node: given, fields: [...fieldsOfClass(annotated), ...written], model: annotated, kind: "model" },
    ];
  }
  if (values.length === 0) return [{ node: given, fields: [], model: null, kind: "unknown" }];
  const later = variablesOf(bare(given)).flatMap((variable) => laterFields(names, variable));
  return values
    .flatMap((value) => returnedBy(names, value))
    .map((value) => payloadOf(names, value))
    .map((payload) => ({ ...payload, fields: [...payload.fields, ...later] }));
}

/** What a function of the project returns when it is called; anything else as it is. */
function returnedBy(names: PyNames, value: PyNode, depth = 0): readonly PyNode[] {
  if (value.type !== "call" || depth > 3) return [value];
  const callee = field(value, "function");
  const origin = callee === null ? null : (names.originOf(callee)?.definition ?? null);
  const definition = calledHere(value) ?? (origin?.type === "function_definition" ? origin : null);
  if (definition === null) return [value];
  const returned = below(definition, "return_statement").filter((one) => functionAround(one) === definition);
  const values = returned.flatMap(({ children: [given] }) =>
    given === undefined ? [] : valuesOf(names, given),
  );
  return values.length === 0 ? [value] : values.flatMap((next) => returnedBy(names, next, depth + 1));
}

function payloadOf(names: PyNames, value: PyNode): Payload {
  if (isDictionary(value))
    return { node: value, fields: fieldsOf(names, value, null), model: null, kind: "dictionary" };
  if (value.type === "attribute" && textOf(field(value, "attribute") ?? value) === "__dict__")
    return { node: value, fields: [], model: null, kind: "whole" };
  if (value.type !== "call") return { node: value, fields: [], model: null, kind: "unknown" };
  const name = calledName(value) ?? "";
  const receiver = receiverOf(value);
  const dumped = receiver !== null && dumps.has(name) ? receiver : null;
  const subject = dumped ?? (dumpers.has(name) ? (positional(value)[0] ?? null) : null);
  const made =
    subject === null ? { definition: classOf(names, value), call: value } : modelOf(names, subject);
  if (made !== null && made.definition !== null && isPayloadClass(names, made.definition)) {
    const written = made.call === null ? [] : fieldsOf(names, made.call, null);
    const fields = [...fieldsOfClass(made.definition), ...written.map((one) => ({ ...one }))];
    return { node: value, fields: unique(fields), model: made.definition, kind: "model" };
  }
  const isWhole = subject !== null && (made?.definition ?? null) === null;
  return { node: value, fields: [], model: null, kind: isWhole ? "whole" : "unknown" };
}

const unique = (fields: readonly PayloadField[]) => [
  ...new Map(fields.map((one) => [`${one.parent}.${one.key}.${one.value === null}`, one])).values(),
];

/** The class of an object, with the call that makes it; a parameter's class is its annotation. */
function modelOf(
  names: PyNames,
  subject: PyNode,
): { readonly definition: PyNode | null; readonly call: PyNode | null } | null {
  for (const value of valuesOf(names, subject)) {
    const definition = value.type === "call" ? classOf(names, value) : null;
    if (definition !== null) return { definition, call: value };
  }
  const definition = annotationOf(names, subject);
  return definition === null ? null : { definition, call: null };
}

/** The class that a call makes an object of. */
export function classOf(names: PyNames, call: PyNode): PyNode | null {
  const callee = field(call, "function");
  const definition = callee === null ? null : (names.originOf(callee)?.definition ?? null);
  return definition?.type === "class_definition" ? definition : null;
}

/** The class that a variable or a parameter is declared to be of. */
function annotationOf(names: PyNames, node: PyNode): PyNode | null {
  const name = bare(node);
  if (name.type !== "identifier") return null;
  const within = functionAround(name);
  const declared = name.source
    .of("assignment")
    .filter((assignment) => functionAround(assignment) === within && field(assignment, "type") !== null)
    .find((assignment) => textOf(field(assignment, "left") ?? assignment) === textOf(name));
  const parameter =
    within === null ? undefined : parametersOf(within).find(({ name: own }) => own === textOf(name));
  const type = (declared === undefined ? null : field(declared, "type")) ?? parameter?.annotation ?? null;
  const inner = type?.children[0] ?? null;
  const definition = inner === null ? null : (names.originOf(inner)?.definition ?? null);
  return definition?.type === "class_definition" ? definition : null;
}

/** A class whose fields are declared to be data: of pydantic, a TypedDict, or a dataclass; not a row of a table. */
function isPayloadClass(names: PyNames, definition: PyNode, depth = 0): boolean {
  const decorators = definition.parent?.type === "decorated_definition" ? definition.parent.children : [];
  if (decorators.some((one) => one.type === "decorator" && /^@\s*(?:\w+\.)?dataclass\b/.test(textOf(one))))
    return true;
  return (field(definition, "superclasses")?.children ?? []).some((base) => {
    const last = textOf(base).split(".").at(-1) ?? "";
    if (payloadBases.has(last)) return true;
    const origin = depth > 5 ? null : (names.originOf(base)?.definition ?? null);
    return origin?.type === "class_definition" && isPayloadClass(names, origin, depth + 1);
  });
}

function fieldsOfClass(definition: PyNode): readonly PayloadField[] {
  return (field(definition, "body")?.children ?? []).flatMap((statement) => {
    const assignment = statement.type === "expression_statement" ? statement.children[0] : undefined;
    if (assignment?.type !== "assignment" || field(assignment, "type") === null) return [];
    const left = field(assignment, "left");
    if (left?.type !== "identifier") return [];
    return [{ key: textOf(left), node: left, value: null, parent: null }];
  });
}

function fieldsOf(names: PyNames, value: PyNode, parent: string | null): readonly PayloadField[] {
  const own = pairsOf(value).flatMap(({ key, node, value: given }): readonly PayloadField[] => {
    const inner = bare(given);
    const elements = inner.type === "list" || inner.type === "tuple" ? inner.children : [inner];
    const nested = elements.filter(isDictionary).flatMap((element) => fieldsOf(names, element, key));
    return [{ key, node, value: inner, parent }, ...nested];
  });
  const spread =
    value.type === "dictionary" ? value.children.filter(({ type }) => type === "dictionary_splat") : [];
  const further = spread.flatMap(({ children }) =>
    children.flatMap((child) => valuesOf(names, child).flatMap((next) => fieldsOf(names, next, parent))),
  );
  return [...own, ...further];
}

/** The variables that a value comes through, also those of callers of the function around. */
function variablesOf(node: PyNode, depth = 0): readonly PyNode[] {
  const within = node.type === "identifier" ? functionAround(node) : null;
  if (within === null || depth > 3) return [];
  const given = localsOf(within).get(textOf(node));
  if (given === undefined || given.length > 0) return [node];
  const further = argumentsFor(within, textOf(node)).flatMap((one) => variablesOf(bare(one), depth + 1));
  return [node, ...further];
}

/** `payload["key"] = value` and `payload.update({…})` behind the dictionary. */
function laterFields(names: PyNames, variable: PyNode): readonly PayloadField[] {
  const within = functionAround(variable);
  if (within === null) return [];
  const name = textOf(variable);
  const assigned = below(within, "assignment").flatMap((assignment): readonly PayloadField[] => {
    const left = field(assignment, "left");
    if (left?.type !== "subscript") return [];
    const object = field(left, "value");
    const key = stringOf(field(left, "subscript"));
    if (object === null || key === null || textOf(object) !== name) return [];
    return [{ key, node: assignment, value: field(assignment, "right"), parent: null }];
  });
  const updated = below(within, "call").flatMap((call) => {
    const receiver = receiverOf(call);
    const isUpdate = calledName(call) === "update" && receiver !== null && textOf(receiver) === name;
    const [more] = positional(call);
    return isUpdate && more !== undefined && contains(within, more) ? fieldsOf(names, more, null) : [];
  });
  return [...assigned, ...updated];
}
