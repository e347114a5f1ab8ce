/** What the tests of a project show, by what they do: no name of a test or a file proves anything. */

import { posix } from "node:path";
import ts from "typescript";
import { type Act, consumersByName, type Deeds, readDeeds, topName } from "./acts.ts";
import type { ProjectFiles } from "./files.ts";
import { bare, isFunction, parseSource, stringOf, walk } from "./source.ts";
import type { DefinedConsumer, DefinedEvent, TypeScriptModule, TypeScriptTree } from "./typescript.ts";

/** What a test can show of a consumer: `consumed` is T-2 of the charter, `redelivered` T-3, `permanent` T-4, `transient` T-4b. */
export type Shown = "consumed" | "redelivered" | "permanent" | "transient";

/** `test(…)` */
export interface TestFact {
  readonly file: string;
  readonly call: ts.CallExpression;
  /** Null: worked out at run time. */
  readonly title: string | null;
  /** Why it proves nothing; null: it may. */
  readonly fault: "skipped" | "only" | "asserts nothing" | null;
  /** Whose consumers it lets read, by name. */
  readonly subscribers: ReadonlySet<string>;
  /** Types of catalogued events that it speaks of. */
  readonly types: ReadonlySet<string>;
  /** Whether it shows meta, type and payload of events that it speaks of; false when it has a fault. */
  readonly showsPublished: boolean;
  /** What it shows of one of its subscribers; nothing when it has a fault. */
  showsOf(subscriber: string): ReadonlySet<Shown>;
}

export interface TestTree {
  /** In the order of the file. @param file path of a test; any other has none */
  testsIn(file: string): readonly TestFact[];
  /** The first test that shows it of a module; null: there is none. */
  publishedBy(module: TypeScriptModule): TestFact | null;
  /** The first test that shows it of a consumer; null: there is none. */
  consumerTest(consumer: DefinedConsumer, what: Shown): TestFact | null;
  /** Types that a module publishes: what it defines, and what its code publishes. */
  typesOf(module: TypeScriptModule): ReadonlySet<string>;
}

const mayAct = /expect|assert/;
const actsSomehow =
  /drain|settle|cron|redeliver|runHandler|expectEvent|source_module|XADD|SETID|\/api\/replays/;
const acts = /drain|redeliver|SETID|XADD|settle/;

export function readTests(project: ProjectFiles, tree: TypeScriptTree): TestTree {
  const paths = new Set(tree.tests);
  const byName = consumersByName(tree);
  const { deedsOf } = readDeeds(tree, byName, (file) => paths.has(file));
  const facts = new Map<string, readonly TestFact[]>();
  const textOf = (path: string) => project.files.get(path)?.text ?? "";
  const bySubscriber = new Map(tree.consumers.map((consumer) => [consumer.subscriber, consumer] as const));
  const handledBy = (event: DefinedEvent) =>
    tree.handled.flatMap(({ file, events }) =>
      events.includes(event)
        ? tree.consumers.filter((consumer) => tree.moduleOf(consumer.file) === tree.moduleOf(file))
        : [],
    );

  function testsIn(file: string): readonly TestFact[] {
    const known = facts.get(file);
    if (known !== undefined) return known;
    const text = textOf(file);
    const found = paths.has(file) && mayAct.test(text) ? readFile(file) : [];
    facts.set(file, found);
    return found;
  }

  function readFile(file: string): readonly TestFact[] {
    const { ast } = parseSource({ path: file, text: textOf(file) });
    const calls: { readonly call: ts.CallExpression; readonly body: ts.Node | null }[] = [];
    const names = new Set<string>();
    const around = new Set<string>();
    walk(ast, (node) => {
      if (ts.isCallExpression(node) && isTest(node)) calls.push({ call: node, body: bodyOf(node) });
      if (ts.isIdentifier(node)) names.add(node.text);
      if (ts.isStringLiteralLike(node) && bySubscriber.has(node.text)) around.add(node.text);
    });
    for (const name of names) {
      const subscriber =
        byName.named(file, name)?.subscriber ?? stringOf(tree.bindings.originOf(file, name)?.value);
      if (subscriber !== null && bySubscriber.has(subscriber)) around.add(subscriber);
    }
    return calls.map(({ call, body }) => factOf(file, call, body, around));
  }

  /** What a test does is read when it is asked for: of most nobody asks. */
  function factOf(
    file: string,
    call: ts.CallExpression,
    body: ts.Node | null,
    around: ReadonlySet<string>,
  ): TestFact {
    let known: ReturnType<typeof readTest> | null = null;
    const read = () => {
      known ??= readTest(call, body, around);
      return known;
    };
    return {
      file,
      call,
      title: stringOf(call.arguments[0]),
      get fault() {
        return read().fault;
      },
      get subscribers() {
        return read().subscribers;
      },
      get types() {
        return read().types;
      },
      get showsPublished() {
        const { fault, acts } = read();
        return fault === null && showsPublished(acts.filter(({ kind }) => kind === "assert"));
      },
      showsOf(subscriber) {
        const { fault, acts } = read();
        return fault === null ? showsOf(acts.filter((act) => isAbout(act, subscriber))) : new Set();
      },
    };
  }

  function readTest(call: ts.CallExpression, body: ts.Node | null, around: ReadonlySet<string>) {
    const deeds = body === null ? null : deedsOf(body);
    const acts = deeds?.acts ?? [];
    const isChecked = acts.some(({ kind }) => kind === "assert");
    const texts = new Set([...(deeds?.texts ?? []), ...rowsOf(call)]);
    const types = tree.events.flatMap((event) =>
      event.type !== null && (deeds?.events.has(event) === true || texts.has(event.type)) ? [event.type] : [],
    );
    return {
      acts,
      fault: faultOf(call) ?? (isChecked ? null : ("asserts nothing" as const)),
      subscribers: new Set(deeds === null ? [] : subscribersOf(deeds, around)),
      types: new Set(types),
    };
  }

  const named = (words: ReadonlySet<string>) => [...words].filter((word) => bySubscriber.has(word));

  /** It names no consumer, or this one. */
  const isAbout = ({ kind, words, farWords }: Act, subscriber: string): boolean => {
    if (kind !== "drain" && kind !== "assert") return true;
    const others = named(kind === "drain" ? words : farWords);
    return others.length === 0 || others.includes(subscriber);
  };

  /** Who is let read by name; otherwise who the file is about; otherwise who handles what the test speaks of. */
  function subscribersOf(deeds: Deeds, around: ReadonlySet<string>): readonly string[] {
    const drained = deeds.acts
      .filter(({ kind }) => kind === "drain" || kind === "handle")
      .flatMap(({ words }) => named(words));
    if (drained.length > 0) return drained;
    const inTest = [...deeds.consumers].flatMap(({ subscriber }) => subscriber ?? []);
    if (inTest.length > 0) return inTest;
    if (around.size > 0) return [...around];
    return [...deeds.events].flatMap(handledBy).flatMap(({ subscriber }) => subscriber ?? []);
  }

  function typesOf(module: TypeScriptModule): ReadonlySet<string> {
    const defined = tree.events.filter((event) => event.module === module.name);
    const published = tree.published
      .filter(({ file }) => tree.moduleOf(file) === module)
      .flatMap(({ events }) => events);
    return new Set([...defined, ...published].flatMap(({ type }) => type ?? []));
  }

  /**
   * Those that speak of it most come first: the fewer files are read, the sooner it is known. That a test says the
   * words proves nothing, so when none of those shows it, the others are read too.
   */
  function firstOf(about: About, shows: (fact: TestFact) => boolean): TestFact | null {
    for (const words of [about.words, about.otherwise])
      for (const path of ranked(about.name, words)) {
        const fact = testsIn(path).find(shows);
        if (fact !== undefined) return fact;
      }
    return null;
  }

  const rankings = new Map<string, readonly string[]>();

  /** Tests that may show something of it, by how much they speak of it. What is shown is asked four times of each. */
  function ranked(name: string, words: readonly string[]): readonly string[] {
    const key = JSON.stringify([name, words]);
    const known = rankings.get(key);
    if (known !== undefined) return known;
    const found = tree.tests
      .map((path) => ({ path, rank: rankOf(path, name, words) }))
      .filter(({ rank }) => rank > 0)
      .sort((left, right) => right.rank - left.rank || (left.path < right.path ? -1 : 1))
      .map(({ path }) => path);
    rankings.set(key, found);
    return found;
  }

  const looked = new Map<string, Looked | null>();

  /** Null: it cannot show anything of anybody. */
  function lookAt(path: string): Looked | null {
    const known = looked.get(path);
    if (known !== undefined) return known;
    const text = textOf(path);
    const found =
      !mayAct.test(text) || !actsSomehow.test(text)
        ? null
        : { reach: reachOf(path, text), actsItself: acts.test(text) };
    looked.set(path, found);
    return found;
  }

  /** With what a test imports from other tests, because names may stand there. */
  const reachOf = (path: string, text: string): readonly string[] => {
    const imported = [...text.matchAll(/from "(\.[^"]+)"/g)]
      .map(([, specifier = ""]) => posix.join(posix.dirname(path), specifier))
      .filter((target) => paths.has(target));
    return [text, ...imported.map(textOf)];
  };

  /** 0: it cannot show anything of it. */
  function rankOf(path: string, name: string, words: readonly string[]): number {
    const seen = lookAt(path);
    if (seen === null) return 0;
    const spoken = words.filter((word) => seen.reach.some((each) => each.includes(word))).length;
    if (spoken === 0) return 0;
    const isNamed = posix.basename(path).replaceAll("-", "_").includes(name);
    return spoken + (isNamed ? 100 : 0) + (seen.actsItself ? 10 : 0);
  }

  return {
    testsIn,
    typesOf,
    publishedBy(module) {
      const types = typesOf(module);
      return firstOf(
        {
          name: module.name,
          words: [...types],
          otherwise: tree.events.flatMap(({ name, type }) => (types.has(type ?? "") ? (name ?? []) : [])),
        },
        ({ showsPublished: isShown, types: spoken }) =>
          isShown && [...spoken].some((type) => types.has(type)),
      );
    },
    consumerTest(consumer, what) {
      const { subscriber, file } = consumer;
      if (subscriber === null) return null;
      const module = tree.moduleOf(file);
      const handled = tree.handled.filter((handled) => tree.moduleOf(handled.file) === module);
      const words = [`"${subscriber}"`, `'${subscriber}'`, topName(consumer.call) ?? `"${subscriber}"`];
      const otherwise = handled.flatMap(({ events }) => events).flatMap(({ name }) => name ?? []);
      return firstOf(
        { name: module?.name ?? subscriber, words, otherwise },
        (fact) => fact.subscribers.has(subscriber) && fact.showsOf(subscriber).has(what),
      );
    },
  };
}

/** What is seen of a file of tests before it is parsed. */
interface Looked {
  /** Its text, and those of tests that it imports from. */
  readonly reach: readonly string[];
  readonly actsItself: boolean;
}

interface About {
  /** Of the module: files that are named so come first. */
  readonly name: string;
  /** One of them stands in each test that is about it. */
  readonly words: readonly string[];
  /** When no test that says one of the words shows it: another may be about it all the same. */
  readonly otherwise: readonly string[];
}

const isTest = (call: ts.CallExpression) => testRoot(call) !== null && bodyArgument(call) !== undefined;

/** `test` of `test.each(rows)(…)`, with what stands between; null: it is none. */
function testRoot(call: ts.CallExpression): readonly string[] | null {
  const names: string[] = [];
  let at = bare(call.expression);
  while (true) {
    if (ts.isPropertyAccessExpression(at)) {
      names.unshift(at.name.text);
      at = bare(at.expression);
    } else if (ts.isCallExpression(at)) at = bare(at.expression);
    else if (ts.isTaggedTemplateExpression(at)) at = bare(at.tag);
    else break;
  }
  if (!ts.isIdentifier(at)) return null;
  if (at.text === "Deno" && names[0] === "test") return names;
  return at.text === "test" || at.text === "it" ? [at.text, ...names] : null;
}

const bodyArgument = (call: ts.CallExpression) => call.arguments.find((given) => isFunction(bare(given)));

function bodyOf(call: ts.CallExpression): ts.Node | null {
  const given = bodyArgument(call);
  return given === undefined ? null : bare(given);
}

/** Texts in the rows of `test.each`. */
function rowsOf(call: ts.CallExpression): readonly string[] {
  const callee = bare(call.expression);
  if (!ts.isCallExpression(callee)) return [];
  const texts: string[] = [];
  for (const given of callee.arguments)
    walk(given, (node) => {
      if (ts.isStringLiteralLike(node)) texts.push(node.text);
    });
  return texts;
}

function faultOf(call: ts.CallExpression): "skipped" | "only" | null {
  for (let at: ts.Node | undefined = call; at !== undefined; at = at.parent) {
    if (!ts.isCallExpression(at)) continue;
    const names = at === call ? (testRoot(call) ?? []) : suiteNames(at);
    if (names.some((name) => /^(?:skip|skipIf|runIf|todo|fails|ignore)$/.test(name))) return "skipped";
    if (names.includes("only")) return "only";
    if (names.length > 0 && at.arguments.some(isSkipOption)) return "skipped";
  }
  return null;
}

function suiteNames(call: ts.CallExpression): readonly string[] {
  const text = bare(call.expression).getText();
  return /^(?:describe|suite)\b/.test(text) ? (text.match(/\w+/g) ?? []) : [];
}

function isSkipOption(given: ts.Expression): boolean {
  const value = bare(given);
  if (!ts.isObjectLiteralExpression(value)) return false;
  return value.properties.some((property) => {
    const isOff = property.name !== undefined && /^(?:skip|todo|ignore)$/.test(property.name.getText());
    const isFalse =
      ts.isPropertyAssignment(property) && property.initializer.kind === ts.SyntaxKind.FalseKeyword;
    return isOff && !isFalse;
  });
}

function showsOf(acts: readonly Act[]): ReadonlySet<Shown> {
  const found = new Set<Shown>();
  const at = (kind: Act["kind"], from = 0) =>
    acts.findIndex((act, index) => index >= from && act.kind === kind);
  const asserts = acts.filter(({ kind }) => kind === "assert");
  const drained = at("drain");
  const behind = drained === -1 ? [] : acts.slice(drained + 1);
  const asserted = behind.filter(({ kind }) => kind === "assert");
  if (asserted.some((act) => !isAboutLetters(act))) found.add("consumed");
  const again = redeliveredAt(acts);
  if (again !== -1) {
    const read = at("drain", again + 1);
    if (read !== -1 && at("assert", read + 1) !== -1) found.add("redelivered");
  }
  const isHandled = acts.some(({ kind }) => kind === "handle");
  const drains = acts.filter(({ kind }) => kind === "drain");
  const says = (word: string) =>
    (isHandled && asserts.some(({ words }) => words.has(word))) ||
    drains.some(({ words }) => words.has(word));
  if (asserted.some(tellsOfLetter) || says("dead-letter")) found.add("permanent");
  if (asserted.some(tellsOfRetry) || isLater(behind) || says("retry")) found.add("transient");
  return found;
}

/** The parts of meta by name: an event without them is none of the charter. */
function showsPublished(asserts: readonly Act[]): boolean {
  const words = new Set(asserts.flatMap((act) => [...act.words]));
  const isPayload = words.has("payload") || words.has("expectEvent") || words.has("waitForEvent");
  return (
    isPayload && ["meta", "schema_version", "producer", "source_module"].every((word) => words.has(word))
  );
}

/** Index of the first that delivers again: by the engine's or the group's means, or by writing an entry anew. */
function redeliveredAt(acts: readonly Act[]): number {
  const written = new Set<string>();
  let isRead = false;
  let isDrained = false;
  for (const [index, { kind, node }] of acts.entries()) {
    if (kind === "read") isRead = true;
    if (kind === "drain") isDrained = true;
    if (!isDrained) {
      if (kind === "append") written.add(node.getText());
      continue;
    }
    if (kind === "redeliver") return index;
    if (kind === "append" && (isRead || written.has(node.getText()))) return index;
  }
  return -1;
}

const letterWords = ["deadLetters", "dead_letters", "deadLettered", "deadLetter"];
const isAboutLetters = ({ farWords }: Act) => letterWords.some((word) => farWords.has(word));

/** It says that there is something: a list with something in it, a number above 0, an object. */
function saysSomething(node: ts.CallExpression): boolean {
  if (/\.not\./.test(node.expression.getText())) return false;
  const [given] = node.arguments;
  if (given === undefined) return /\.(?:toBeDefined|toBeTruthy)$/.test(node.expression.getText());
  const value = bare(given);
  if (ts.isArrayLiteralExpression(value)) return value.elements.length > 0;
  if (ts.isNumericLiteral(value))
    return Number(value.text) > 0 || /toBeGreaterThan$/.test(node.expression.getText());
  const isMatcher = ts.isCallExpression(value) && /^expect\./.test(value.getText());
  return ts.isObjectLiteralExpression(value) || isMatcher || ts.isBinaryExpression(value);
}

/** The number that a property of the expected object has; null: it has none. */
function expectedCount(node: ts.CallExpression, names: readonly string[]): number | null {
  const [given] = node.arguments;
  const value = given === undefined ? null : bare(given);
  if (value === null || !ts.isObjectLiteralExpression(value)) return null;
  for (const property of value.properties) {
    if (!ts.isPropertyAssignment(property) || !names.includes(property.name.getText())) continue;
    return ts.isNumericLiteral(property.initializer) ? Number(property.initializer.text) : null;
  }
  return null;
}

function tellsOfLetter(act: Act): boolean {
  const count = expectedCount(act.node, ["deadLettered"]);
  if (count !== null) return count > 0;
  if (act.words.has("retried")) return false;
  return isAboutLetters(act) && saysSomething(act.node);
}

function tellsOfRetry(act: Act): boolean {
  const count = expectedCount(act.node, ["retried"]);
  if (count !== null) return count > 0;
  const isPending = act.farWords.has("XPENDING") || act.words.has("pending");
  const [given] = act.node.arguments;
  const value = given === undefined ? null : bare(given);
  const isOne = value !== null && ts.isNumericLiteral(value) && Number(value.text) > 0;
  return (isPending || act.words.has("retried")) && isOne;
}

/** Nothing applied, or no dead letter, first; and handled when it is read again. */
function isLater(behind: readonly Act[]): boolean {
  const none = behind.findIndex(
    (act) =>
      act.kind === "assert" &&
      ((isAboutLetters(act) && !saysSomething(act.node)) || tellsThatNothingWasApplied(act)),
  );
  if (none === -1) return false;
  const again = behind.findIndex(({ kind }, index) => index > none && kind === "drain");
  return again !== -1 && behind.some(({ kind }, index) => index > again && kind === "assert");
}

function tellsThatNothingWasApplied({ node, words }: Act): boolean {
  const count = expectedCount(node, ["applied"]);
  if (count !== null) return count === 0;
  const [given] = node.arguments;
  const value = given === undefined ? null : bare(given);
  return words.has("applied") && value !== null && ts.isNumericLiteral(value) && value.text === "0";
}
