/**
 * Which fields of an event a consumer reads, found by following its payload: through destructuring, variables, loops over
 * deliveries, and the project's own functions that it is handed to. What goes where nobody can follow reads everything.
 */

import ts from "typescript";
import { calledFunction } from "../flow/reach.ts";
import { functionOf } from "../names/scope.ts";
import { bare, type FunctionNode, isFunction, isInside, nameOf, walk } from "../syntax/source.ts";
import { positionOf } from "../text.ts";
import { elementOf, givenBack, keyOf, type Value } from "./payload-value.ts";
import type { Handled, TypeScriptTree } from "./typescript.ts";

export interface PlaceInFile {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What one handler of a consumer reads of one event. */
export interface PayloadReads extends PlaceInFile {
  /** Null: the name of the consumer is worked out at run time. */
  readonly consumer: string | null;
  /** Null: the name of the event is worked out at run time. */
  readonly type: string | null;
  /** By path (`items[].title`), each with the place where it is read first. */
  readonly fields: ReadonlyMap<string, PlaceInFile>;
  /** Where the payload as a whole goes out of sight; null: nowhere. */
  readonly everything: PlaceInFile | null;
}

interface Reads {
  readonly fields: Map<string, PlaceInFile>;
  everything: PlaceInFile | null;
  /** Functions that were followed already, each with what it was given. */
  readonly followed: Set<string>;
}

export function readPayloads(tree: TypeScriptTree): readonly PayloadReads[] {
  // In `on(event, (e) => dispatch(event, e))` the second call is a part of the first one's handler.
  const outer = tree.handled.filter(
    ({ call }) => !tree.handled.some(({ handler }) => handler !== null && isInside(call, handler)),
  );
  return outer.flatMap((handled) => {
    const reads: Reads = { fields: new Map(), everything: null, followed: new Set() };
    const maker = tree.calledOf(handled.file, handled.call, "@brain/engine");
    const place = placeOf(tree, handled.call);
    if (handled.handler !== null) {
      const found = ts.isCallExpression(bare(handled.handler)) ? null : calledFunction(tree, handled.handler);
      if (found === null) reads.everything = place;
      else follow({ tree, reads }, found, 0, firstOf(maker));
    }
    const { fields, everything } = reads;
    const consumer = consumerAround(tree, handled);
    return handled.events.map(({ type }) => ({ ...place, consumer, type, fields, everything }));
  });
}

/** What the first parameter of a handler is. */
function firstOf(maker: string | null): Value {
  if (maker === "onBatch") return { kind: "list", of: { kind: "delivery" } };
  return maker === "on" ? { kind: "event" } : { kind: "context" };
}

function consumerAround(tree: TypeScriptTree, { file, call }: Handled): string | null {
  for (let at: ts.Node | undefined = call; at !== undefined; at = at.parent) {
    const found = tree.consumers.find((consumer) => consumer.call === at);
    if (found !== undefined) return found.subscriber;
  }
  const inFile = tree.consumers.filter((consumer) => consumer.file === file);
  return (inFile.length === 1 ? inFile[0]?.subscriber : tree.moduleOf(file)?.name) ?? null;
}

function placeOf(tree: TypeScriptTree, node: ts.Node): PlaceInFile {
  const file = node.getSourceFile().fileName;
  const source = tree.source(file);
  return { file, line: positionOf(source, node.getStart(source.ast)).line };
}

interface Reading {
  readonly tree: TypeScriptTree;
  readonly reads: Reads;
}

/** Follows a parameter through a function. */
function follow(reading: Reading, node: FunctionNode, index: number, value: Value): void {
  const key = `${node.getSourceFile().fileName} ${node.pos} ${index} ${keyOf(value)}`;
  const { followed } = reading.reads;
  if (followed.has(key)) return;
  followed.add(key);
  const parameter = node.parameters[index];
  if (parameter !== undefined) bind(reading, parameter.name, value, node);
}

/** A name or a pattern that takes the value. @param within where the names hold */
function bind(reading: Reading, name: ts.BindingName, value: Value, within: ts.Node): void {
  if (ts.isIdentifier(name)) {
    for (const use of usesOf(name, within)) used(reading, use, value);
    return;
  }
  if (ts.isArrayBindingPattern(name)) {
    for (const element of name.elements)
      if (ts.isBindingElement(element)) bind(reading, element.name, elementOf(value), within);
    return;
  }
  for (const element of name.elements) {
    if (element.dotDotDotToken !== undefined) {
      everything(reading, element, value);
      continue;
    }
    const field = nameOf(element.propertyName ?? (element.name as ts.Identifier));
    const inside = field === null ? null : stepInto(reading, element, value, field);
    if (inside !== null) bind(reading, element.name, inside, within);
  }
}

function usesOf(name: ts.Identifier, within: ts.Node): readonly ts.Identifier[] {
  const found: ts.Identifier[] = [];
  walk(within, (node) => {
    if (ts.isIdentifier(node) && node.text === name.text && node !== name && isUse(node)) found.push(node);
  });
  return found;
}

/** Not the name of a field, nor one that is declared. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isParameter(parent) || ts.isVariableDeclaration(parent)) return parent.initializer === node;
  return !ts.isTypeNode(parent) && !ts.isMethodDeclaration(parent);
}

/** What a field of a value holds; null: nothing of the payload. */
function stepInto(reading: Reading, node: ts.Node, value: Value, name: string): Value | null {
  if (value.kind === "payload") {
    const path = value.path === "" ? name : `${value.path}.${name}`;
    mark(reading, node, path);
    return { kind: "payload", path };
  }
  if (value.kind === "event") return name === "payload" ? { kind: "payload", path: "" } : null;
  if (value.kind === "list") return null;
  if (name === "event") return { kind: "event" };
  if (name === "payload") return { kind: "payload", path: "" };
  return name === "deliveries" ? { kind: "list", of: { kind: "delivery" } } : null;
}

function mark({ tree, reads }: Reading, node: ts.Node, path: string): void {
  if (!reads.fields.has(path)) reads.fields.set(path, placeOf(tree, node));
}

/** The value goes out of sight. */
function everything(reading: Reading, node: ts.Node, value: Value): void {
  if (value.kind === "payload" && value.path !== "") mark(reading, node, value.path);
  else reading.reads.everything ??= placeOf(reading.tree, node);
}

/** Methods of lists whose callback gets the elements. */
const listMethods = new Set([
  "map",
  "flatMap",
  "filter",
  "forEach",
  "some",
  "every",
  "find",
  "findLast",
  "toSorted",
]);
/** Those that give a list of what the callback gives, and those that give the same elements. */
const mapping = new Set(["map", "flatMap"]);
const choosing = new Set(["filter", "toSorted", "slice", "toReversed"]);

/** An expression that holds the value: what becomes of it is seen in what stands around it. */
function used(reading: Reading, node: ts.Expression, value: Value): void {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) {
    const call = parent.parent;
    if (ts.isCallExpression(call) && call.expression === parent && isListUse(value, parent.name.text)) {
      usedByMethod(reading, call, parent.name.text, value);
      return;
    }
    // `title.trim()`: a method of a text or a number is no field.
    const isMethod = ts.isCallExpression(call) && call.expression === parent;
    if (isMethod && value.kind === "payload" && value.path !== "") return;
    const inside = stepInto(reading, parent, value, parent.name.text);
    if (inside !== null) used(reading, parent, inside);
  } else if (ts.isElementAccessExpression(parent) && parent.expression === node) {
    const key = bare(parent.argumentExpression);
    if (ts.isStringLiteralLike(key)) {
      const inside = stepInto(reading, parent, value, key.text);
      if (inside !== null) used(reading, parent, inside);
    } else if (value.kind === "list" || ts.isNumericLiteral(key)) used(reading, parent, elementOf(value));
    else everything(reading, parent, value);
  } else usedWhole(reading, node, value);
}

function isListUse(value: Value, name: string): boolean {
  return (value.kind === "list" || value.kind === "payload") && (listMethods.has(name) || choosing.has(name));
}

function usedByMethod(reading: Reading, call: ts.CallExpression, name: string, value: Value): void {
  const [callback] = call.arguments;
  const found = callback === undefined ? null : functionOf(reading.tree, callback);
  const element = elementOf(value);
  if (found !== null) follow(reading, found, 0, element);
  else if (callback !== undefined && listMethods.has(name)) everything(reading, callback, value);
  if (choosing.has(name)) used(reading, call, value);
  else if (name === "find" || name === "findLast") used(reading, call, element);
  else if (mapping.has(name) && found !== null) {
    const given = givenBack(found, element);
    if (given !== null) used(reading, call, { kind: "list", of: given });
  }
}

/** The value itself, not a field of it. */
function usedWhole(reading: Reading, node: ts.Expression, value: Value): void {
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) && parent.initializer === node) {
    bind(reading, parent.name, value, scopeOf(parent));
  } else if (ts.isForOfStatement(parent) && parent.expression === node) {
    const { initializer } = parent;
    if (ts.isVariableDeclarationList(initializer)) {
      for (const { name } of initializer.declarations)
        bind(reading, name, elementOf(value), parent.statement);
    }
  } else if (ts.isCallExpression(parent) && parent.arguments.includes(node)) {
    handedOn(reading, parent, parent.arguments.indexOf(node), value);
  } else if (isTransparent(parent)) used(reading, parent as ts.Expression, value);
  else if (isTold(node) || value.kind === "list") return;
  else everything(reading, node, value);
}

function isTransparent(node: ts.Node): boolean {
  return (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isConditionalExpression(node) ||
    (ts.isBinaryExpression(node) && /^(?:\?\?|\|\||&&)$/.test(node.operatorToken.getText()))
  );
}

/** What a short callback gives back is followed where the list is. */
function isTold(node: ts.Expression): boolean {
  const { parent } = node;
  if (!ts.isArrowFunction(parent) || parent.body !== node) return false;
  const call = parent.parent;
  return (
    ts.isCallExpression(call) &&
    ts.isPropertyAccessExpression(call.expression) &&
    (listMethods.has(call.expression.name.text) || choosing.has(call.expression.name.text))
  );
}

function scopeOf(node: ts.Node): ts.Node {
  for (let at: ts.Node | undefined = node.parent; at !== undefined; at = at.parent)
    if (ts.isBlock(at) || ts.isSourceFile(at) || isFunction(at)) return at;
  return node;
}

function handedOn(reading: Reading, call: ts.CallExpression, index: number, value: Value): void {
  const found = functionOf(reading.tree, call.expression);
  if (found !== null) follow(reading, found, index, value);
  else everything(reading, call, value);
}
