/** The tests that show something of a module, found by what they do. */

import type { Project } from "../../project.ts";
import { placeOf } from "../../tree/syntax/source.ts";
import type { Shown } from "../../tree/tests/shown.ts";
import { positionOf } from "../../tree/text.ts";
import type { ModuleFacts } from "../facts/module-facts.ts";
import { pythonTests } from "./python-tests.ts";
import type { ShownTest, TestKind } from "./shown-test.ts";

const kindOf = {
  consumed: "T-2",
  redelivered: "T-3",
  permanent: "T-4",
  transient: "T-4b",
} as const satisfies Readonly<Record<Shown, TestKind>>;

export function shownTests(project: Project, facts: ModuleFacts): readonly ShownTest[] {
  return facts.language === "Python" ? pythonTests(project, facts) : typescriptTests(project, facts);
}

function typescriptTests({ typescript, tests, files }: Project, facts: ModuleFacts): readonly ShownTest[] {
  const module = typescript.modules.find(({ folder }) => folder === facts.folder);
  if (module === undefined) return [];
  const consumers = typescript.consumers.filter(({ file }) => file.startsWith(`${facts.folder}/`));
  const found = [
    { kind: "T-1" as const, of: module.name, test: tests.publishedBy(module) },
    ...consumers.flatMap((consumer) =>
      (["consumed", "redelivered", "permanent", "transient"] as const).map((what) => ({
        kind: kindOf[what],
        of: consumer.subscriber ?? module.name,
        test: tests.consumerTest(consumer, what),
      })),
    ),
  ];
  return found.flatMap(({ kind, of, test }) => {
    const file = test === null ? undefined : files.files.get(test.file);
    if (test === null || file === undefined) return [];
    const { line } = positionOf(file, placeOf(test.call).start);
    return [{ kind, file: test.file, line, title: test.title, of }];
  });
}
