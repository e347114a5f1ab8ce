/** A file of Python as plain nodes: what the parser found, without the parser's memory. */

import type { Place } from "../../finding.ts";
import type { TextFile } from "../text.ts";

/** A node of the grammar of tree-sitter-python, as `call` or `keyword_argument`; operators are nodes too. */
export interface PyNode extends Place {
  readonly type: string;
  /** What it is to its parent, as `function` of a `call`; null: one of several. */
  readonly field: string | null;
  readonly parent: PyNode | null;
  readonly children: readonly PyNode[];
  readonly source: PySource;
}

export interface PySource extends TextFile {
  readonly root: PyNode;
  /** Where the parser could not go on, or what is nested too deeply. Empty: all of the file was understood. */
  readonly errors: readonly PyNode[];
  /** All nodes of a type, in the order of the text. */
  of(type: string): readonly PyNode[];
}

export const textOf = (node: PyNode) => node.source.text.slice(node.start, node.end);

export const field = (node: PyNode, name: string): PyNode | null =>
  node.children.find((child) => child.field === name) ?? null;

/** Nodes of a type below a node, and the node itself. They stand in the order of the text, so the first is looked up. */
export function below(node: PyNode, type: string): readonly PyNode[] {
  const all = node.source.of(type);
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.start ?? 0) < node.start) low = middle + 1;
    else high = middle;
  }
  const found: PyNode[] = [];
  for (let at = all[low]; at !== undefined && at.start < node.end; at = all[++low])
    if (at.end <= node.end) found.push(at);
  return found;
}

export const contains = (outer: PyNode, inner: PyNode) =>
  outer.source === inner.source && outer.start <= inner.start && inner.end <= outer.end;

/** The nearest node around this one that has one of the types. */
export function around(node: PyNode, ...types: readonly string[]): PyNode | null {
  for (let at = node.parent; at !== null; at = at.parent) if (types.includes(at.type)) return at;
  return null;
}

export const functionAround = (node: PyNode) => around(node, "function_definition");
export const classAround = (node: PyNode) => around(node, "class_definition");

/** The name of a function or class. */
export function nameOf(definition: PyNode): string {
  const name = field(definition, "name");
  return name === null ? "" : textOf(name);
}

/** Without parentheses and `await`. */
export function bare(node: PyNode): PyNode {
  let at = node;
  while ((at.type === "parenthesized_expression" || at.type === "await") && at.children[0] !== undefined)
    at = at.children.find(({ type }) => type !== "comment") ?? at.children[0];
  return at;
}

/** The last name of what is called: `publish_event` in `self.stream.publish_event(…)`; null when it has none. */
export function calledName(call: PyNode): string | null {
  const callee = field(call, "function");
  return callee === null ? null : lastName(callee);
}

export function lastName(node: PyNode): string | null {
  if (node.type === "identifier") return textOf(node);
  const attribute = node.type === "attribute" ? field(node, "attribute") : null;
  return attribute === null ? null : textOf(attribute);
}

/** What stands before the dot of a called method; null: a function is called. */
export function receiverOf(call: PyNode): PyNode | null {
  const callee = field(call, "function");
  return callee?.type === "attribute" ? field(callee, "object") : null;
}

/** `a.b.c`; null for anything else than names and dots. */
export function dottedName(node: PyNode): string | null {
  if (node.type === "identifier") return textOf(node);
  if (node.type === "dotted_name") return node.children.map(textOf).join(".");
  if (node.type !== "attribute") return null;
  const object = field(node, "object");
  const attribute = field(node, "attribute");
  const left = object === null ? null : dottedName(object);
  return left === null || attribute === null ? null : `${left}.${textOf(attribute)}`;
}

/** Arguments without keywords, without comments. */
export function positional(call: PyNode): readonly PyNode[] {
  const given = field(call, "arguments");
  return (given?.children ?? []).filter(
    ({ type }) => type !== "keyword_argument" && type !== "comment" && !type.endsWith("_splat"),
  );
}

/** The value of a keyword argument; null: it is not given. */
export function keyword(call: PyNode, name: string): PyNode | null {
  for (const child of field(call, "arguments")?.children ?? []) {
    if (child.type !== "keyword_argument") continue;
    const key = field(child, "name");
    if (key !== null && textOf(key) === name) return field(child, "value");
  }
  return null;
}

/** True when arguments come out of a list or a dictionary that is worked out: `f(**values)`. */
export const hasSplat = (call: PyNode) =>
  (field(call, "arguments")?.children ?? []).some(({ type }) => type.endsWith("_splat"));

/** The text of a string without parts that are worked out, with its escapes as written; null for anything else. */
export function stringOf(node: PyNode | null): string | null {
  if (node === null) return null;
  const value = bare(node);
  if (value.type === "concatenated_string") {
    const parts = value.children.filter(({ type }) => type === "string").map(stringOf);
    return parts.includes(null) ? null : parts.join("");
  }
  if (value.type !== "string" || value.children.some(({ type }) => type === "interpolation")) return null;
  return value.children
    .filter(({ type }) => type === "string_content")
    .map(textOf)
    .join("");
}

/** The pieces of a string that are written out, also of one with parts that are worked out. */
export function stringPieces(node: PyNode): readonly string[] {
  return below(node, "string_content").map(textOf);
}

export interface PyPair {
  readonly key: string;
  /** The pair. */
  readonly node: PyNode;
  readonly value: PyNode;
}

/** The entries of a dictionary whose keys are written out, of `{…}` or `dict(…)`. */
export function pairsOf(node: PyNode): readonly PyPair[] {
  const value = bare(node);
  if (value.type === "call") {
    return (field(value, "arguments")?.children ?? []).flatMap((child) => {
      const key = child.type === "keyword_argument" ? field(child, "name") : null;
      const given = field(child, "value");
      return key === null || given === null ? [] : [{ key: textOf(key), node: child, value: given }];
    });
  }
  if (value.type !== "dictionary") return [];
  return value.children.flatMap((child) => {
    const key = child.type === "pair" ? stringOf(field(child, "key")) : null;
    const given = field(child, "value");
    return key === null || given === null ? [] : [{ key, node: child, value: given }];
  });
}

export const isDictionary = (node: PyNode) =>
  node.type === "dictionary" ||
  (node.type === "call" && calledName(node) === "dict" && receiverOf(node) === null);

export interface PyParameter {
  readonly name: string;
  readonly node: PyNode;
  readonly annotation: PyNode | null;
  readonly value: PyNode | null;
}

export function parametersOf(definition: PyNode): readonly PyParameter[] {
  return (field(definition, "parameters")?.children ?? []).flatMap((node) => {
    if (node.type === "identifier") return [{ name: textOf(node), node, annotation: null, value: null }];
    if (!node.type.endsWith("parameter")) return [];
    const name = field(node, "name") ?? node.children.find(({ type }) => type === "identifier");
    if (name === undefined || name === null) return [];
    return [{ name: textOf(name), node, annotation: field(node, "type"), value: field(node, "value") }];
  });
}

/** The statements of a function or class, without its docstring. */
export function bodyOf(definition: PyNode): readonly PyNode[] {
  const statements = (field(definition, "body")?.children ?? []).filter(({ type }) => type !== "comment");
  const [first] = statements;
  const isDocstring = first?.type === "expression_statement" && first.children[0]?.type === "string";
  return isDocstring ? statements.slice(1) : statements;
}
