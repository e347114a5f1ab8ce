/** What the tests of a project show, by what they do: no name of a test or a file proves anything. */

import ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import type { TypeScriptModule } from "../product/modules.ts";
import type { DefinedConsumer, DefinedEvent, TypeScriptTree } from "../product/typescript.ts";
import { parseSource, stringOf, walk } from "../syntax/source.ts";
import { type Act, type Activity, readActivity } from "./acts.ts";
import { bodyOf, faultOf, isTest, rowTextsOf } from "./calls.ts";
import { consumersByName, topName } from "./consumers-by-name.ts";
import { mayAssert, rankTests, type Sought } from "./ranking.ts";
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

export function readTests(project: ProjectFiles, tree: TypeScriptTree): TestTree {
  const paths = new Set(tree.tests);
  const byName = consumersByName(tree);
  const { activityOf } = readActivity(tree, byName, (file) => paths.has(file));
  const facts = new Map<string, readonly TestFact[]>();
  const textOf = (path: string) => project.files.get(path)?.text ?? "";
  const filesFor = rankTests(paths, textOf);
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
    const found = paths.has(file) && mayAssert(text) ? readFile(file) : [];
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
    const activity = body === null ? null : activityOf(body);
    const acts = activity?.acts ?? [];
    const isChecked = acts.some(({ kind }) => kind === "assert");
    const texts = new Set([...(activity?.texts ?? []), ...rowTextsOf(call)]);
    const types = tree.events.flatMap((event) =>
      event.type !== null && (activity?.events.has(event) === true || texts.has(event.type))
        ? [event.type]
        : [],
    );
    return {
      acts,
      fault: faultOf(call) ?? (isChecked ? null : ("asserts nothing" as const)),
      subscribers: new Set(activity === null ? [] : subscribersOf(activity, around)),
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
  function subscribersOf(activity: Activity, around: ReadonlySet<string>): readonly string[] {
    const drained = activity.acts
      .filter(({ kind }) => kind === "drain" || kind === "handle")
      .flatMap(({ words }) => named(words));
    if (drained.length > 0) return drained;
    const inTest = [...activity.consumers].flatMap(({ subscriber }) => subscriber ?? []);
    if (inTest.length > 0) return inTest;
    if (around.size > 0) return [...around];
    return [...activity.events].flatMap(handledBy).flatMap(({ subscriber }) => subscriber ?? []);
  }

  function typesOf(module: TypeScriptModule): ReadonlySet<string> {
    const defined = tree.events.filter((event) => event.module === module.name);
    const published = tree.published
      .filter(({ file }) => tree.moduleOf(file) === module)
      .flatMap(({ events }) => events);
    return new Set([...defined, ...published].flatMap(({ type }) => type ?? []));
  }

  function firstTest(sought: Sought, shows: (fact: TestFact) => boolean): TestFact | null {
    for (const path of filesFor(sought)) {
      const fact = testsIn(path).find(shows);
      if (fact !== undefined) return fact;
    }
    return null;
  }

  return {
    testsIn,
    typesOf,
    publishedBy(module) {
      const types = typesOf(module);
      return firstTest(
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
      return firstTest(
        { name: module?.name ?? subscriber, words, otherwise },
        (fact) => fact.subscribers.has(subscriber) && fact.showsOf(subscriber).has(what),
      );
    },
  };
}
