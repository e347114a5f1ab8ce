/** The tests of one file, and what each of them is about. */

import ts from "typescript";
import type { DefinedConsumer, DefinedEvent, TypeScriptTree } from "../product/typescript.ts";
import { isInside, parseSource, stringOf, walk } from "../syntax/source.ts";
import type { TextFile } from "../text.ts";
import { type Act, type Activity, readActivity } from "./acts.ts";
import { bodyOf, faultOf, hookBody, isTest, rowTextsOf } from "./calls.ts";
import { type ConsumersByName, consumersByName } from "./consumers-by-name.ts";
import { type Shown, showsOf, showsPublished } from "./shown.ts";

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

/** What tests are read with: the consumers and events of the project that they may be about. */
interface TestReader {
  readonly tree: TypeScriptTree;
  readonly byName: ConsumersByName;
  readonly bySubscriber: ReadonlyMap<string | null, DefinedConsumer>;
  activityOf(node: ts.Node): Activity;
}

/** @param paths of tests: functions of other files are not followed */
export function createTestReader(
  tree: TypeScriptTree,
  paths: ReadonlySet<string>,
): (file: TextFile) => readonly TestFact[] {
  const byName = consumersByName(tree);
  const reader: TestReader = {
    tree,
    byName,
    bySubscriber: new Map(tree.consumers.map((consumer) => [consumer.subscriber, consumer] as const)),
    activityOf: readActivity(tree, byName, (file) => paths.has(file)).activityOf,
  };
  return (file) => {
    const { ast } = parseSource(file);
    const about = aboutFile(reader, file.path, ast);
    return about.calls.map((call) => factOf(file.path, call, () => readTest(reader, call, about)));
  };
}

interface AboutFile {
  readonly calls: readonly ts.CallExpression[];
  /** `beforeEach(…)` and its like. */
  readonly hooks: readonly ts.CallExpression[];
  /** That it names anywhere. */
  readonly subscribers: ReadonlySet<string>;
}

function aboutFile({ tree, byName, bySubscriber }: TestReader, path: string, ast: ts.SourceFile): AboutFile {
  const calls: ts.CallExpression[] = [];
  const hooks: ts.CallExpression[] = [];
  const names = new Set<string>();
  const subscribers = new Set<string>();
  walk(ast, (node) => {
    if (ts.isCallExpression(node) && isTest(node)) calls.push(node);
    else if (ts.isCallExpression(node) && hookBody(node) !== null) hooks.push(node);
    if (ts.isIdentifier(node)) names.add(node.text);
    if (ts.isStringLiteralLike(node) && bySubscriber.has(node.text)) subscribers.add(node.text);
  });
  for (const name of names) {
    const subscriber =
      byName.named(path, name)?.subscriber ?? stringOf(tree.bindings.originOf(path, name)?.value);
    if (subscriber !== null && bySubscriber.has(subscriber)) subscribers.add(subscriber);
  }
  return { calls, hooks, subscribers };
}

/** What a test does is read when it is asked for: of most nobody asks. */
function factOf(file: string, call: ts.CallExpression, readNow: () => ReadTest): TestFact {
  let known: ReadTest | null = null;
  const read = () => {
    known ??= readNow();
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
      const { fault, actsAbout } = read();
      return fault === null ? showsOf(actsAbout(subscriber)) : new Set();
    },
  };
}

interface ReadTest extends Pick<TestFact, "fault" | "subscribers" | "types"> {
  readonly acts: readonly Act[];
  actsAbout(subscriber: string): readonly Act[];
}

function readTest(
  reader: TestReader,
  call: ts.CallExpression,
  { hooks, subscribers: around }: AboutFile,
): ReadTest {
  const body = bodyOf(call);
  const activity = body === null ? null : reader.activityOf(body);
  const before = hooks
    .filter((hook) => isInside(call, hook.parent.parent))
    .flatMap((hook) =>
      reader.activityOf(hookBody(hook) ?? hook).acts.filter(({ kind }) => kind !== "assert"),
    );
  const acts = [...before, ...(activity?.acts ?? [])];
  const isChecked = acts.some(({ kind }) => kind === "assert");
  const texts = new Set([...(activity?.texts ?? []), ...rowTextsOf(call)]);
  const types = reader.tree.events.flatMap((event) =>
    event.type !== null && (activity?.events.has(event) === true || texts.has(event.type))
      ? [event.type]
      : [],
  );
  return {
    acts,
    actsAbout: (subscriber) => acts.filter((act) => isAbout(reader, act, subscriber)),
    fault: faultOf(call) ?? (isChecked ? null : "asserts nothing"),
    subscribers: new Set(activity === null ? [] : subscribersOf(reader, { ...activity, acts }, around)),
    types: new Set(types),
  };
}

const subscribersIn = ({ bySubscriber }: TestReader, words: ReadonlySet<string>) =>
  [...words].filter((word) => bySubscriber.has(word));

/** It names no consumer, or this one. */
function isAbout(reader: TestReader, { kind, words, farWords }: Act, subscriber: string): boolean {
  if (kind !== "drain" && kind !== "assert") return true;
  const named = subscribersIn(reader, kind === "drain" ? words : farWords);
  return named.length === 0 || named.includes(subscriber);
}

/** Who is let read by name; otherwise who the file is about; otherwise who handles what the test speaks of. */
function subscribersOf(
  reader: TestReader,
  { acts, consumers, events }: Activity,
  around: ReadonlySet<string>,
): readonly string[] {
  const drained = acts
    .filter(({ kind }) => kind === "drain" || kind === "handle")
    .flatMap(({ words }) => subscribersIn(reader, words));
  if (drained.length > 0) return drained;
  const inTest = [...consumers].flatMap(({ subscriber }) => subscriber ?? []);
  if (inTest.length > 0) return inTest;
  if (around.size > 0) return [...around];
  return [...events]
    .flatMap((event) => handlersOf(reader.tree, event))
    .flatMap(({ subscriber }) => subscriber ?? []);
}

/** Consumers of the modules that handle an event. */
function handlersOf(tree: TypeScriptTree, event: DefinedEvent): readonly DefinedConsumer[] {
  return tree.handled.flatMap(({ file, events }) =>
    events.includes(event)
      ? tree.consumers.filter((consumer) => tree.moduleOf(consumer.file) === tree.moduleOf(file))
      : [],
  );
}
