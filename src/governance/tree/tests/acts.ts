/** What a test does, in order: it lets consumers read, delivers again, and asserts. Functions of the tests are followed. */

import ts from "typescript";
import { isWaitedFor } from "../flow/awaited.ts";
import { declarationOf, functionOf, takenFrom } from "../names/scope.ts";
import { shapesOf } from "../names/shapes.ts";
import type { DefinedConsumer, DefinedEvent, TypeScriptTree } from "../product/typescript.ts";
import { enginePackage } from "../product/typescript.ts";
import { bare, calledName, type FunctionNode, isFunction, stringOf } from "../syntax/source.ts";
import { isAssertion, isAsync, isRun } from "./assertions.ts";
import type { ConsumersByName } from "./consumers-by-name.ts";

/** One thing that a test does. */
export interface Act {
  /**
   * `drain`: consumers read what is on the stream. `read`: the test looks at the entries of the stream. `append`: it writes
   * one by hand. `redeliver`: what was delivered before is delivered again. `handle`: a handler runs without a stream.
   */
  readonly kind: "drain" | "read" | "append" | "redeliver" | "handle" | "assert";
  readonly node: ts.CallExpression;
  /** Names and texts that stand in it, and in the constants that it names. */
  readonly words: ReadonlySet<string>;
  /** Those of the functions that it calls too. */
  readonly farWords: ReadonlySet<string>;
}

/** What a function of a test does, with what it calls. */
export interface Activity {
  readonly acts: readonly Act[];
  readonly words: ReadonlySet<string>;
  /** Strings, also those that names stand for. */
  readonly texts: ReadonlySet<string>;
  readonly events: ReadonlySet<DefinedEvent>;
  readonly consumers: ReadonlySet<DefinedConsumer>;
}

const maxDepth = 5;
const engineDrains = new Set([
  "drainAll",
  "drainOnce",
  "drainSubscribers",
  "cronTick",
  "runAllBulkOperations",
]);
const drainMethods = new Set(["drain", "settle", "cron"]);
const doorAsserts = new Set(["expectEvent", "expectNoEvent", "waitForEvent"]);

export interface ActivityReader {
  activityOf(node: ts.Node): Activity;
}

/** @param follows whether what a file defines belongs to tests */
export function readActivity(
  tree: TypeScriptTree,
  consumers: ConsumersByName,
  follows: (file: string) => boolean,
): ActivityReader {
  const known = new Map<ts.Node, Activity>();
  const sources = {
    bindings: tree.bindings,
    source: (file: string) => (follows(file) ? tree.source(file) : null),
  };
  const functionCalled = (call: ts.CallExpression): FunctionNode | null => {
    const found = functionOf(sources, call.expression) ?? methodCalled(tree, call);
    return found !== null && follows(found.getSourceFile().fileName) ? found : null;
  };

  function activityOf(node: ts.Node, depth = 0): Activity {
    const done = known.get(node);
    if (done !== undefined) return done;
    const reading = new Reading(node, tree, consumers, functionCalled, (inner) =>
      depth < maxDepth ? activityOf(inner, depth + 1) : nothing,
    );
    // Who calls itself finds what is known so far: nothing.
    known.set(node, nothing);
    reading.visit(isFunction(node) ? node.body : node);
    const { acts, words, texts, events, consumers: named } = reading;
    const activity = { acts, words, texts, events, consumers: named };
    known.set(node, activity);
    return activity;
  }
  return { activityOf };
}

/** Of an object or a class of the tests; null: nothing tells whose it is. */
function methodCalled(tree: TypeScriptTree, call: ts.CallExpression): FunctionNode | null {
  const callee = bare(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || isAssertion(call)) return null;
  const found = shapesOf(tree).of(callee)?.node ?? null;
  return found !== null && isFunction(found) ? found : null;
}

const nothing: Activity = {
  acts: [],
  words: new Set(),
  texts: new Set(),
  events: new Set(),
  consumers: new Set(),
};

class Reading {
  readonly acts: Act[] = [];
  readonly words = new Set<string>();
  readonly texts = new Set<string>();
  readonly events = new Set<DefinedEvent>();
  readonly consumers = new Set<DefinedConsumer>();
  readonly #seen = new Set<ts.Node>();
  readonly #tree: TypeScriptTree;
  readonly #consumers: ConsumersByName;
  readonly #functionCalled: (call: ts.CallExpression) => FunctionNode | null;
  readonly #activityOf: (node: ts.Node) => Activity;
  readonly #root: ts.Node;

  constructor(
    root: ts.Node,
    tree: TypeScriptTree,
    consumers: ConsumersByName,
    functionCalled: (call: ts.CallExpression) => FunctionNode | null,
    activityOf: (node: ts.Node) => Activity,
  ) {
    this.#root = root;
    this.#tree = tree;
    this.#consumers = consumers;
    this.#functionCalled = functionCalled;
    this.#activityOf = activityOf;
  }

  /** What is given to a call is done before the call. */
  visit(node: ts.Node): void {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
    ts.forEachChild(node, (child) => this.visit(child));
    if (ts.isIdentifier(node)) this.#name(node);
    else if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)) {
      this.words.add(node.text);
      this.texts.add(node.text);
    } else if (ts.isCallExpression(node)) this.#call(node);
  }

  #name(node: ts.Identifier): void {
    this.words.add(node.text);
    if (isPropertyName(node)) return;
    const value = constantOf(this.#tree, node);
    if (value !== null && !this.#seen.has(value)) {
      this.#seen.add(value);
      for (const word of wordsOf(this.#tree, value)) this.words.add(word);
      const text = stringOf(value);
      if (text !== null) this.texts.add(text);
    }
    for (const event of this.#tree.eventsOf(node.getSourceFile().fileName, node)) this.events.add(event);
    const consumer = this.#consumers.named(node.getSourceFile().fileName, node.text);
    if (consumer !== null) this.consumers.add(consumer);
  }

  #call(node: ts.CallExpression): void {
    const called = this.#functionCalled(node);
    const activity = called === null ? null : this.#activityOf(called);
    if (called !== null && activity !== null) {
      // Whose consumer it is stands in the call, when it is given one.
      const given = wordsOf(this.#tree, ...node.arguments);
      const isAsserting = isRun(node, this.#root) && (!isAsync(called) || isWaitedFor(node));
      this.acts.push(
        ...activity.acts
          .filter(({ kind }) => isAsserting || kind !== "assert")
          .map((act) => (act.kind === "drain" ? { ...act, words: new Set([...act.words, ...given]) } : act)),
      );
      for (const word of activity.words) this.words.add(word);
      for (const text of activity.texts) this.texts.add(text);
      for (const event of activity.events) this.events.add(event);
      for (const consumer of activity.consumers) this.consumers.add(consumer);
    }
    const kind = this.#kindOf(node, activity);
    if (kind === null) return;
    const words = wordsOf(this.#tree, node);
    this.acts.push({ kind, node, words, farWords: this.#farWords(node, words) });
  }

  #kindOf(node: ts.CallExpression, activity: Activity | null): Act["kind"] | null {
    const callee = bare(node.expression);
    const taken = ts.isIdentifier(callee) ? takenFrom(callee) : null;
    const name = taken?.part ?? calledName(node);
    const fromEngine = this.#tree.calledOf(node.getSourceFile().fileName, node, enginePackage);
    if (fromEngine !== null && engineDrains.has(fromEngine)) return "drain";
    if (fromEngine === "runHandler") return "handle";
    if (fromEngine === "startReplay") return "redeliver";
    if (isAssertion(node)) return isRun(node, this.#root) ? "assert" : null;
    if (name === null) return null;
    const isMethod = ts.isPropertyAccessExpression(callee) || taken !== null;
    if (isMethod && doorAsserts.has(name))
      return isWaitedFor(node) && isRun(node, this.#root) ? "assert" : null;
    if (isMethod && activity === null && drainMethods.has(name)) return "drain";
    if (isMethod && name === "redeliver") return "redeliver";
    if (name === "streamEntries") return "read";
    const texts = textsOf(this.#tree, node);
    if (texts.has("XRANGE") || texts.has("XREVRANGE")) return "read";
    if (texts.has("XADD")) return "append";
    if (texts.has("XGROUP") && texts.has("SETID")) return texts.has("$") ? null : "redeliver";
    return texts.has("POST") && texts.has("/api/replays") ? "redeliver" : null;
  }

  #farWords(node: ts.Node, own: ReadonlySet<string>): ReadonlySet<string> {
    const far = new Set(own);
    const looked = new Set<ts.Node>();
    const look = (at: ts.Node, steps: number): void => {
      if (looked.has(at)) return;
      looked.add(at);
      if (ts.isCallExpression(at)) {
        const called = this.#functionCalled(at);
        if (called !== null) for (const word of this.#activityOf(called).words) far.add(word);
      }
      if (ts.isIdentifier(at) && !isPropertyName(at) && steps > 0) {
        const given = givenValueOf(at);
        if (given !== null) {
          for (const word of wordsOf(this.#tree, given)) far.add(word);
          look(given, steps - 1);
        }
      }
      ts.forEachChild(at, (child) => look(child, steps));
    };
    look(node, 2);
    return far;
  }
}

const isPropertyName = (node: ts.Identifier) => {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  );
};

/** What a local name was given, also by destructuring. */
function givenValueOf(node: ts.Identifier): ts.Expression | null {
  let at: ts.Node | null = declarationOf(node);
  while (at !== null && ts.isBindingElement(at)) at = at.parent.parent;
  return at !== null && ts.isVariableDeclaration(at) ? (at.initializer ?? null) : null;
}

/** A text, a number, an object or a list that a name stands for; null when it is worked out. */
function constantOf(tree: TypeScriptTree, node: ts.Identifier): ts.Expression | null {
  const local = declarationOf(node);
  const value =
    local === null
      ? tree.bindings.originOf(node.getSourceFile().fileName, node.text)?.value
      : givenValueOf(node);
  if (value === null || value === undefined) return null;
  const plain = bare(value);
  const isConstant =
    ts.isStringLiteralLike(plain) ||
    ts.isTemplateExpression(plain) ||
    ts.isObjectLiteralExpression(plain) ||
    ts.isArrayLiteralExpression(plain);
  return isConstant ? plain : null;
}

/** Names and texts in expressions, and in the constants that they name. */
function wordsOf(tree: TypeScriptTree, ...nodes: readonly ts.Node[]): ReadonlySet<string> {
  const words = new Set<string>();
  const look = (node: ts.Node, steps: number): void => {
    if (ts.isIdentifier(node)) {
      words.add(node.text);
      const value = steps === 0 || isPropertyName(node) ? null : constantOf(tree, node);
      if (value !== null) look(value, steps - 1);
      return;
    }
    if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)) words.add(node.text);
    ts.forEachChild(node, (child) => look(child, steps));
  };
  for (const node of nodes) look(node, 2);
  return words;
}

/** Texts among what is given to a call: commands come as several, or as a list. */
function textsOf(tree: TypeScriptTree, node: ts.CallExpression): ReadonlySet<string> {
  const texts = new Set<string>();
  const take = (given: ts.Expression): void => {
    const value = bare(given);
    const constant = ts.isIdentifier(value) ? constantOf(tree, value) : null;
    const text = stringOf(constant ?? value);
    if (text !== null) texts.add(text);
    const list = constant ?? value;
    if (ts.isArrayLiteralExpression(list)) list.elements.forEach(take);
  };
  node.arguments.forEach(take);
  return texts;
}
