/** What a function calls, one after the other, also in other files of the project. */

import { calledHere, isDefinition, valuesOf } from "./flow.ts";
import {
  below,
  calledName,
  classAround,
  field,
  functionAround,
  nameOf,
  type PyNode,
  receiverOf,
} from "./nodes.ts";
import { classOf } from "./payloads.ts";
import type { PythonTree } from "./python.ts";

const maxFunctions = 60;

/** A function and all that it calls, as far as the project has it; what others than its modules do is left out. */
export function reachedFrom(tree: Pick<PythonTree, "names" | "moduleOf">, start: PyNode): readonly PyNode[] {
  const found = new Set<PyNode>();
  const open = [start];
  for (let at = open.shift(); at !== undefined && found.size < maxFunctions; at = open.shift()) {
    if (found.has(at)) continue;
    found.add(at);
    for (const call of callsIn(at)) {
      const called = definitionOf(tree, call);
      if (called !== null && tree.moduleOf(called.file) !== null) open.push(called);
    }
  }
  return [...found];
}

export const callsIn = (definition: PyNode) =>
  below(definition, "call").filter((call) => functionAround(call) === definition);

/** The function that a call calls: of this file, or a method of an object whose class is known. */
function definitionOf({ names }: Pick<PythonTree, "names">, call: PyNode): PyNode | null {
  const here = calledHere(call);
  if (here !== null) return here;
  const callee = field(call, "function");
  if (callee === null) return null;
  const origin = names.originOf(callee)?.definition ?? null;
  if (origin?.type === "function_definition") return origin;
  const receiver = receiverOf(call);
  if (receiver === null) return null;
  const owner = ownerClass(names, receiver);
  return owner === null ? null : methodOf(owner, calledName(call) ?? "");
}

/** The class of an object: where it is made, or how its parameter is declared. */
function ownerClass(names: PythonTree["names"], object: PyNode): PyNode | null {
  for (const value of valuesOf(names, object)) {
    const definition = value.type === "call" ? classOf(names, value) : null;
    if (definition !== null) return definition;
    if (value.type === "identifier" && isDefinition(names.originOf(value)?.definition ?? value))
      return names.originOf(value)?.definition ?? null;
  }
  return null;
}

const methodOf = (owner: PyNode, name: string): PyNode | null =>
  owner.source
    .of("function_definition")
    .find((definition) => classAround(definition) === owner && nameOf(definition) === name) ?? null;
