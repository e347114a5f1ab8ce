/**
 * The step from the old version to the next one, as code. What nobody but a person can know stands as `DECIDE`. Pure.
 */

import type { Comparison } from "./compare/compare.ts";
import type { ShapeChange } from "./compare/shape-change.ts";
import {
  branchesOf,
  isNullable,
  type Path,
  resolved,
  type Shape,
  shapeText,
  typesOf,
  valuesOf,
} from "./shapes/shape.ts";

/** Stands where a person has to write what older events mean. No such name is defined, so it does not compile until then. */
const decide = "DECIDE";

export interface Proposal {
  /** Properties of `defineEvent`, as they are to be written. */
  readonly code: string;
  /** True: it compiles and does what it should as it is. */
  readonly mechanical: boolean;
}

/** What is done to a value. */
interface ValueEdit {
  /** Each makes an expression of one. */
  readonly changes: ((value: string) => string)[];
  readonly fields: Map<string, FieldEdit>;
  elements: ValueEdit | null;
  values: ValueEdit | null;
}

interface FieldEdit extends ValueEdit {
  renamedTo: string | null;
  isDropped: boolean;
  /** What a field that is new holds; null: it is not new. */
  added: string | null;
  readonly isOptional: boolean;
  readonly isNullable: boolean;
}

/** Null: nothing has to be done to stored payloads. */
export function proposeUpcast({ before, shape, type }: Comparison): Proposal | null {
  const changes = shape.filter(({ stored, rule }) => stored || rule === "FIELD_REMOVED");
  if (!changes.some(({ stored }) => stored)) return null;
  const top = newEdit();
  for (const change of changes) addChange(top, change, before.payload);
  const step = top.fields.size === 0 ? `() => ${decide}` : objectFunction(top, "    ");
  const steps = [
    ...before.upcasts.map((version) => `    // ${version}: as it is`),
    `    ${before.version}: ${step},`,
  ];
  const lines = [`  // ${type}`, `  version: ${before.version + 1},`, "  upcasts: {", ...steps, "  },"];
  const code = `${lines.join("\n")}\n`;
  return { code, mechanical: !code.includes(decide) };
}

function newEdit(): ValueEdit {
  return { changes: [], fields: new Map(), elements: null, values: null };
}

/** The field or value that a path leads to; null: one of several shapes lies on the way. */
function editAt(top: ValueEdit, path: Path, root: Shape): ValueEdit | null {
  let edit = top;
  let shape = root;
  for (const step of path) {
    const ways = branchesOf(resolved(shape, root), root);
    const [way] = ways;
    if (ways.length > 1 || way === undefined) return null;
    if (step === "[]") {
      edit.elements ??= newEdit();
      edit = edit.elements;
      shape = way.items ?? {};
    } else if (step === "{}") {
      edit.values ??= newEdit();
      edit = edit.values;
      shape = typeof way.additionalProperties === "object" ? way.additionalProperties : {};
    } else {
      const field = way.properties?.[step] ?? {};
      const known = edit.fields.get(step) ?? {
        ...newEdit(),
        renamedTo: null,
        isDropped: false,
        added: null,
        isOptional: !(way.required?.includes(step) ?? false),
        isNullable: isNullable(resolved(field, root), root),
      };
      edit.fields.set(step, known);
      edit = known;
      shape = field;
    }
  }
  return edit;
}

const isField = (edit: ValueEdit): edit is FieldEdit => "isOptional" in edit;

function addChange(top: ValueEdit, change: ShapeChange, root: Shape): void {
  const edit = editAt(top, change.path, root);
  if (edit === null) {
    const [first = ""] = change.path;
    const whole = editAt(top, [first], root);
    whole?.changes.push(() => open(`it has one of several shapes: ${change.is}`));
    return;
  }
  if (change.rule === "FIELD_REMOVED" && isField(edit)) edit.isDropped = true;
  else if (change.rule === "FIELD_RENAMED" && isField(edit)) edit.renamedTo = change.renamedTo ?? null;
  else if (change.rule === "NEW_REQUIRED_FIELD" && isField(edit)) edit.added = neutral(change.after ?? {});
  else edit.changes.push((value) => changed(change, value));
}

/** @param what the author has to know */
function open(what: string): string {
  return `${decide} /* ${what.replaceAll("*/", "* /")} */`;
}

/** The only value that there can be; otherwise a person decides. */
function neutral(shape: Shape): string {
  const values = valuesOf(shape);
  if (values?.length === 1) return JSON.stringify(values[0]);
  if (isNullable(shape, shape)) return "null";
  return open(wordsOf(shape));
}

function wordsOf(shape: Shape): string {
  const meaning = shape.description === undefined ? "" : `: ${shape.description}`;
  return `${shapeText(shape, shape)}${meaning}`;
}

/** The expression that makes the new value of an old one. */
function changed(change: ShapeChange, value: string): string {
  const { rule, before = {}, after = {}, limit } = change;
  const needs = () => open(wordsOf(after));
  if (rule === "FIELD_NOW_REQUIRED") {
    const stoodFor = before.default ?? before["x-brain-prefault"];
    if (stoodFor !== undefined) return `${value} ?? ${JSON.stringify(stoodFor)}`;
    return `${value} ?? ${isNullable(after, after) ? "null" : needs()}`;
  }
  if (rule === "NULLABILITY_NARROWED") return `${value} ?? ${needs()}`;
  if (rule === "ENUM_VALUE_REMOVED") {
    const lost = change.was;
    const target = change.insteadOf ?? open(`in place of ${lost}, one of ${change.is}`);
    return `${value} === ${lost} ? ${target} : (${value} ?? null)`;
  }
  if (limit !== undefined && rule === "BOUND_NARROWED")
    return bounded(limit.name, limit.is, value) ?? needs();
  const [type] = typesOf(after) ?? [];
  const isOpen = valuesOf(after) === null && after.format === undefined && after.pattern === undefined;
  if ((rule === "FIELD_TYPE_CHANGED" || rule === "FIELD_TYPE_NARROWED") && isOpen) {
    if (type === "string") return `String(${value})`;
    if (type === "integer") return `Math.round(Number(${value}))`;
    if (type === "number") return `Number(${value})`;
  }
  return needs();
}

function bounded(name: string, bound: number | null, value: string): string | null {
  if (bound === null) return null;
  if (name === "maximum") return `Math.min(Number(${value}), ${bound})`;
  if (name === "minimum") return `Math.max(Number(${value}), ${bound})`;
  if (name === "maxLength") return `String(${value}).slice(0, ${bound})`;
  return name === "maxItems" ? `(${value} as JsonValue[]).slice(0, ${bound})` : null;
}

const identifier = /^[A-Za-z_$][\w$]*$/;
const variableOf = (name: string) =>
  identifier.test(name) ? name : name.replace(/\W+/g, "_").replace(/^(?=\d)/, "_");
const keyOf = (name: string) => (identifier.test(name) ? name : JSON.stringify(name));

/** `({ old, ...others }) => ({ ...others, now: old })` */
function objectFunction(edit: ValueEdit, indent: string): string {
  const inner = `${indent}  `;
  const taken = [...edit.fields].filter(([, { added }]) => added === null);
  const names = taken.map(([name]) => {
    const variable = variableOf(name);
    return variable === name ? name : `${keyOf(name)}: ${variable}`;
  });
  const fields = [...edit.fields].flatMap(([name, field]) => fieldText(name, field, inner));
  const parameter = names.length === 0 ? "others" : `{ ${[...names, "...others"].join(", ")} }`;
  const body = ["...others", ...fields];
  const line = `(${parameter.startsWith("{") ? parameter : parameter}) => ({ ${body.join(", ")} })`;
  if (line.length < 90 && !line.includes("\n")) return line;
  return `(${parameter}) => ({\n${body.map((text) => `${inner}${text},`).join("\n")}\n${indent}})`;
}

function fieldText(name: string, field: FieldEdit, indent: string): readonly string[] {
  if (field.added !== null) return [`${keyOf(name)}: ${field.added}`];
  if (field.isDropped) return [];
  const key = keyOf(field.renamedTo ?? name);
  const variable = variableOf(name);
  const fills = expressionOf(field, variable, indent);
  const value = fills === variable && !field.isOptional ? `${variable} ?? null` : fills;
  // What was left out or null stays so, unless that is what changes.
  const isFilled = value.startsWith(`${variable} ?? `);
  const kept =
    field.isNullable && !isFilled && value !== variable ? `${variable} === null ? null : ${value}` : value;
  if (!field.isOptional || isFilled) return [`${key}: ${kept}`];
  return [`...(${variable} === undefined ? {} : { ${key}: ${kept} })`];
}

function expressionOf(edit: ValueEdit, value: string, indent: string): string {
  let text = value;
  if (edit.fields.size > 0) text = `(${objectFunction(edit, indent)})(${text} as JsonObject)`;
  if (edit.elements !== null) {
    const item = expressionOf(edit.elements, "item", indent);
    text = `(${text} as JsonValue[]).map((item) => ${item.startsWith("{") ? `(${item})` : item})`;
  }
  if (edit.values !== null) {
    const item = expressionOf(edit.values, "item", indent);
    text = `Object.fromEntries(Object.entries(${text} as JsonObject).map(([key, item]) => [key, ${item}]))`;
  }
  return edit.changes.reduce((made, change, at) => change(at === 0 ? made : `(${made})`), text);
}
