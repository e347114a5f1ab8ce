/** Where the values of a name come from, within its file: assignments, arguments of calls, attributes of `self`. */

import { localsOf, type PyNames } from "./names.ts";
import {
  around,
  bare,
  calledName,
  classAround,
  contains,
  field,
  functionAround,
  keyword,
  nameOf,
  type PyNode,
  type PySource,
  parametersOf,
  positional,
  receiverOf,
  textOf,
} from "./nodes.ts";

const maxDepth = 4;

/**
 * The expressions that one may stand for: itself when it is no name; the values a variable was given; what callers in the
 * file hand over for a parameter. Empty: not known here.
 */
export function valuesOf(names: PyNames, node: PyNode, depth = 0): readonly PyNode[] {
  const value = bare(node);
  if (depth > maxDepth) return [];
  const further = (found: readonly PyNode[]) => found.flatMap((next) => valuesOf(names, next, depth + 1));
  if (value.type === "conditional_expression") {
    // `a if condition else b`
    const [whenTrue, , whenFalse] = value.children;
    return further([whenTrue, whenFalse].filter((part) => part !== undefined));
  }
  if (value.type === "identifier") {
    const name = textOf(value);
    for (let at = functionAround(value); at !== null; at = functionAround(at)) {
      const given = localsOf(at).get(name);
      if (given === undefined) continue;
      if (given.length > 0) return further(given.filter((next) => next !== value));
      return further(argumentsFor(at, name));
    }
    const definition = names.originOf(value)?.definition ?? null;
    if (definition === null) return [];
    return isDefinition(definition) ? [value] : further([definition]);
  }
  if (isOfSelf(value)) {
    const attribute = field(value, "attribute");
    return attribute === null ? [] : further(attributesOf(value, textOf(attribute)));
  }
  return [value];
}

export const isDefinition = ({ type }: PyNode) =>
  type === "class_definition" || type === "function_definition";

/** `self.name` */
export function isOfSelf(node: PyNode): boolean {
  const object = node.type === "attribute" ? field(node, "object") : null;
  return object?.type === "identifier" && ["self", "cls"].includes(textOf(object));
}

/** Values that the class around gives to an attribute of `self`. */
export function attributesOf(node: PyNode, name: string): readonly PyNode[] {
  const definition = classAround(node);
  if (definition === null) return [];
  return node.source.of("assignment").flatMap((assignment) => {
    if (!contains(definition, assignment)) return [];
    const left = field(assignment, "left");
    const right = field(assignment, "right");
    if (left === null || right === null || !isOfSelf(left)) return [];
    const attribute = field(left, "attribute");
    return attribute !== null && textOf(attribute) === name ? [right] : [];
  });
}

/** What callers in the file give for a parameter, and its default. */
export function argumentsFor(definition: PyNode, name: string): readonly PyNode[] {
  const parameters = parametersOf(definition);
  const isMethod = parameters[0] !== undefined && ["self", "cls"].includes(parameters[0].name);
  const index = parameters.findIndex((parameter) => parameter.name === name) - (isMethod ? 1 : 0);
  const fallback = parameters.find((parameter) => parameter.name === name)?.value ?? null;
  const given = callsOf(definition).flatMap((call) => {
    const found = keyword(call, name) ?? positional(call)[index] ?? null;
    return found === null ? [] : [found];
  });
  return fallback === null ? given : [...given, fallback];
}

const isolateCalls = new WeakMap<PySource, ReadonlyMap<string, readonly PyNode[]>>();

/** The calls of a file by the last name of what they call. */
export function callsByName(source: PySource): ReadonlyMap<string, readonly PyNode[]> {
  const known = isolateCalls.get(source);
  if (known !== undefined) return known;
  const found = new Map<string, PyNode[]>();
  for (const call of source.of("call")) {
    const name = calledName(call);
    if (name === null) continue;
    const alike = found.get(name);
    if (alike === undefined) found.set(name, [call]);
    else alike.push(call);
  }
  isolateCalls.set(source, found);
  return found;
}

/** Calls of a function or method within its file; of a class: where it is made. */
export function callsOf(definition: PyNode): readonly PyNode[] {
  const name = nameOf(definition);
  const owner = classAround(definition);
  if (name === "__init__" && owner !== null) return callsOf(owner);
  return (callsByName(definition.source).get(name) ?? []).filter((call) => {
    const receiver = receiverOf(call);
    if (owner === null || functionAround(definition) !== null) return receiver === null;
    return receiver !== null && isOfClass(receiver, owner);
  });
}

/** `self` within the class, or the class by its name. */
function isOfClass(receiver: PyNode, owner: PyNode): boolean {
  const text = textOf(receiver);
  if (text === nameOf(owner)) return true;
  return (text === "self" || text === "cls") && contains(owner, receiver);
}

/** The function or method of this file that a call calls; null: it is another one. */
export function calledHere(call: PyNode): PyNode | null {
  return definitionHere(field(call, "function"));
}

/** The function or method of this file that `self.name` or `name` means. */
export function definitionHere(node: PyNode | null): PyNode | null {
  if (node === null) return null;
  const isMethod = isOfSelf(node);
  if (!isMethod && node.type !== "identifier") return null;
  const name = textOf(isMethod ? (field(node, "attribute") ?? node) : node);
  const owner = isMethod ? classAround(node) : null;
  return (
    node.source.of("function_definition").find((definition) => {
      if (nameOf(definition) !== name) return false;
      return isMethod ? classAround(definition) === owner : classAround(definition) === null;
    }) ?? null
  );
}

/** Whether two places can be passed in one run: they are not in different branches of one `if`. */
export function mayBothRun(left: PyNode, right: PyNode): boolean {
  for (let at = around(left, "if_statement"); at !== null; at = around(at, "if_statement")) {
    if (!contains(at, right)) continue;
    const [ofLeft, ofRight] = [left, right].map((node) => at.children.find((child) => contains(child, node)));
    if (ofLeft !== ofRight && isBranch(ofLeft) && isBranch(ofRight)) return false;
  }
  return true;
}

const isBranch = (node: PyNode | undefined) =>
  node !== undefined && ["block", "elif_clause", "else_clause"].includes(node.type);
