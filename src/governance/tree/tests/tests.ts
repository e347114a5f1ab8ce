/** What the tests of a project show, by what they do: no name of a test or a file proves anything. */

import type { ProjectFiles } from "../files.ts";
import type { TypeScriptModule } from "../product/modules.ts";
import type { DefinedConsumer, TypeScriptTree } from "../product/typescript.ts";
import { rememberEach } from "../remember-each.ts";
import { topName } from "./consumers-by-name.ts";
import { mayAssert, rankTests, type Sought } from "./ranking.ts";
import type { Shown } from "./shown.ts";
import { createTestReader, type TestFact } from "./test-facts.ts";

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
  const readFile = createTestReader(tree, paths);
  const textOf = (path: string) => project.files.get(path)?.text ?? "";
  const testsIn = rememberEach((path: string) => {
    const text = textOf(path);
    return paths.has(path) && mayAssert(text) ? readFile({ path, text }) : [];
  });
  const filesFor = rankTests(paths, textOf);
  const firstTest = (sought: Sought, shows: (fact: TestFact) => boolean): TestFact | null => {
    for (const path of filesFor(sought)) {
      const fact = testsIn(path).find(shows);
      if (fact !== undefined) return fact;
    }
    return null;
  };

  return {
    testsIn,
    typesOf: (module) => typesOf(tree, module),
    publishedBy(module) {
      const types = typesOf(tree, module);
      return firstTest(
        soughtOfModule(tree, module, types),
        (fact) => fact.showsPublished && [...fact.types].some((type) => types.has(type)),
      );
    },
    consumerTest(consumer, what) {
      const { subscriber } = consumer;
      if (subscriber === null) return null;
      return firstTest(
        soughtOfConsumer(tree, consumer, subscriber),
        (fact) => fact.subscribers.has(subscriber) && fact.showsOf(subscriber).has(what),
      );
    },
  };
}

function typesOf(tree: TypeScriptTree, module: TypeScriptModule): ReadonlySet<string> {
  const defined = tree.events.filter((event) => event.module === module.name);
  const published = tree.published
    .filter(({ file }) => tree.moduleOf(file) === module)
    .flatMap(({ events }) => events);
  return new Set([...defined, ...published].flatMap(({ type }) => type ?? []));
}

const soughtOfModule = (
  { events }: TypeScriptTree,
  module: TypeScriptModule,
  types: ReadonlySet<string>,
): Sought => ({
  name: module.name,
  words: [...types],
  otherwise: events.flatMap(({ name, type }) => (types.has(type ?? "") ? (name ?? []) : [])),
});

function soughtOfConsumer(tree: TypeScriptTree, consumer: DefinedConsumer, subscriber: string): Sought {
  const module = tree.moduleOf(consumer.file);
  const handled = tree.handled.filter(({ file }) => tree.moduleOf(file) === module);
  return {
    name: module?.name ?? subscriber,
    words: [`"${subscriber}"`, `'${subscriber}'`, topName(consumer.call) ?? `"${subscriber}"`],
    otherwise: handled.flatMap(({ events }) => events).flatMap(({ name }) => name ?? []),
  };
}
