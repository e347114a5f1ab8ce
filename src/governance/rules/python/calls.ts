/** What a module may not do with another one: import it, call it, wait for it. */

import { valuesOf } from "../../tree/python/flow.ts";
import { moduleIn, type PythonModule } from "../../tree/python/modules.ts";
import {
  below,
  calledName,
  contains,
  field,
  functionAround,
  keyword,
  lastName,
  type PyNode,
  positional,
  receiverOf,
  stringPieces,
  textOf,
} from "../../tree/python/nodes.ts";
import type { PythonTree } from "../../tree/python/python.ts";
import type { Check } from "../rule.ts";

/** Shapes of data are shared: `schemas.py` of a module is what others may read. */
const sharedParts = new Set(["schemas"]);

/** The module of others that a dotted name leads into; null: into none, or into what is shared. */
function otherModule({ modules }: PythonTree, module: PythonModule, dotted: string): string | null {
  const target = moduleIn(dotted);
  if (target === null || target.name === module.name) return null;
  // A file beside the modules belongs to all of them.
  if (target.rest === "" && !modules.some(({ name }) => name === target.name)) return null;
  const isFile = !modules.some(({ name }) => name === target.name) && !target.rest.includes(".");
  if (isFile && !/^(?:service|router|models|consumer|\w+_service)\b/.test(target.rest)) return null;
  return sharedParts.has(target.rest.split(".")[0] ?? "") ? null : target.name;
}

const importsOfOthers: Check = ({ python }, report) => {
  for (const module of python.modules) {
    for (const file of module.files) {
      for (const { module: imported, name, part } of python.names.importsOf(file)) {
        const dotted = name === null ? imported : `${imported}.${name}`;
        const other = otherModule(python, module, dotted);
        if (other !== null)
          report({
            at: part,
            message: `${module.name} imports "${dotted}", which is code of the module ${other}.`,
          });
      }
    }
  }
};

const sleeps = /^(?:asyncio|time|trio|anyio)\.sleep$/;

/** A loop that waits and asks again how far something is. */
const polling: Check = ({ python: { sources } }, report) => {
  for (const source of sources) {
    if (!source.text.includes("sleep")) continue;
    for (const loop of [...source.of("while_statement"), ...source.of("for_statement")]) {
      const isWaiting = below(loop, "call").some((call) => {
        const callee = field(call, "function");
        return (
          callee !== null &&
          (sleeps.test(textOf(callee)) || textOf(callee) === "sleep") &&
          functionAround(call) === functionAround(loop)
        );
      });
      if (!isWaiting || !asksForStatus(loop)) continue;
      const within = functionAround(loop);
      const head = field(loop, "condition") ?? field(loop, "left") ?? loop;
      report({
        at: { ...head, start: loop.start },
        message: `A loop waits and asks for a state${within === null ? "" : ` (${nameOfFunction(within)})`}; expected a handler of the event that tells it.`,
      });
    }
  }
};

const nameOfFunction = (definition: PyNode) => textOf(field(definition, "name") ?? definition);
const stateWord = /(?:^|_)(?:status|state|is_(?:done|ready|finished|completed)|completed|finished|done)$/;

function asksForStatus(loop: PyNode): boolean {
  const isAsked = below(loop, "call").some((call) => {
    const name = calledName(call) ?? "";
    return /^(?:get|fetch|load|query|check|poll|read)_(?:\w+_)?(?:status|state)$/.test(name);
  });
  if (isAsked) return true;
  if (below(loop, "string").some((text) => /\bselect\b[\s\S]*\b(?:status|state)\b/i.test(textOf(text))))
    return true;
  const hasQuery =
    below(loop, "await").length > 0 ||
    below(loop, "call").some((call) =>
      /^(?:get|execute|scalar|fetchrow|query|refresh)$/.test(calledName(call) ?? ""),
    );
  return (
    hasQuery &&
    below(loop, "comparison_operator").some((test) =>
      test.children.some(
        (part) =>
          part.type === "attribute" &&
          stateWord.test(lastName(part) ?? "") &&
          !textOf(part).startsWith("self."),
      ),
    )
  );
}

const methods = new Set(["get", "post", "put", "patch", "delete", "request", "stream"]);
const clients = /^(?:httpx|aiohttp|requests)(?:\.|$)/;

/** An awaited call of another module, by its code or its HTTP API. */
const awaitedCalls: Check = ({ python }, report) => {
  for (const module of python.modules) {
    for (const source of python.sourcesOf(module)) {
      for (const call of source.of("call")) {
        const isAwaited = call.parent?.type === "await";
        const url = isAwaited || isPlainRequest(python, call) ? ownApi(python, call) : null;
        if (url !== null)
          report({ at: call, message: `${module.name} calls "${url}" and waits for the answer.` });
        const other = isAwaited ? calledModule(python, module, call) : null;
        if (other !== null)
          report({ at: call, message: `${module.name} calls the module ${other} and waits for the answer.` });
      }
    }
  }
};

const isPlainRequest = ({ names }: PythonTree, call: PyNode) => {
  const receiver = methods.has(calledName(call) ?? "") ? receiverOf(call) : null;
  const origin = receiver === null ? null : names.originOf(receiver);
  return origin !== null && origin.name === null && /^(?:requests|httpx)$/.test(origin.module);
};

/** The URL of a request to the product's own API; null: it is none, or to somebody else. */
function ownApi({ names }: PythonTree, call: PyNode): string | null {
  const receiver = receiverOf(call);
  const name = calledName(call) ?? "";
  if (receiver === null || !methods.has(name) || !isHttpClient(names, receiver)) return null;
  const given = keyword(call, "url") ?? positional(call)[name === "request" || name === "stream" ? 1 : 0];
  if (given === undefined || given === null) return null;
  for (const value of valuesOf(names, given)) {
    if (value.type !== "string") continue;
    const pieces = stringPieces(value).join("…");
    const isOutside =
      /^https?:\/\/(?!localhost\b|127\.0\.0\.1\b|0\.0\.0\.0\b|backend\b|brain\b|api\b(?!\.))[\w-]+(?:\.[\w-]+)+/.test(
        pieces,
      );
    if (!isOutside && /(?:^|[\w…/])\/?api\//.test(pieces)) return pieces;
  }
  return null;
}

function isHttpClient(names: PythonTree["names"], node: PyNode): boolean {
  const origin = names.originOf(node);
  if (origin !== null && clients.test(origin.module)) return true;
  const isMade = (value: PyNode) => {
    const callee = value.type === "call" ? field(value, "function") : null;
    const made = callee === null ? null : names.originOf(callee);
    return made !== null && clients.test(made.module);
  };
  if (valuesOf(names, node).some(isMade)) return true;
  // `async with httpx.AsyncClient() as client`
  return node.source.of("as_pattern").some((pattern) => {
    const target = pattern.children.find(({ type }) => type === "as_pattern_target");
    const [value] = pattern.children;
    const statement = pattern.parent?.parent?.parent ?? null;
    return (
      target !== undefined &&
      value !== undefined &&
      textOf(target) === textOf(node) &&
      statement !== null &&
      contains(statement, node) &&
      isMade(value)
    );
  });
}

/** The module of others whose code a call runs. */
function calledModule(tree: PythonTree, module: PythonModule, call: PyNode): string | null {
  const callee = field(call, "function");
  const receiver = receiverOf(call);
  const candidates = [
    ...(callee === null ? [] : [callee]),
    ...(receiver === null
      ? []
      : valuesOf(tree.names, receiver).flatMap((value) =>
          value.type === "call" ? (field(value, "function") ?? []) : value,
        )),
  ];
  for (const candidate of candidates) {
    const origin = tree.names.originOf(candidate);
    if (origin === null || origin.module === "") continue;
    const other = otherModule(
      tree,
      module,
      origin.name === null ? origin.module : `${origin.module}.${origin.name}`,
    );
    if (other !== null) return other;
  }
  return null;
}

export const pythonCalls: Readonly<Record<string, Check>> = {
  "11.1": importsOfOthers,
  "11.2": polling,
  "11.4": awaitedCalls,
};
