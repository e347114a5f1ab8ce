/** What the tests of a module in Python show. */

import type { Project } from "../../project.ts";
import { nameOf } from "../../tree/python/nodes.ts";
import { testsIn } from "../../tree/python/tests.ts";
import { positionOf } from "../../tree/text.ts";
import type { ModuleFacts } from "../facts/module-facts.ts";
import type { ShownTest } from "./shown-test.ts";

export function pythonTests({ python, files }: Project, facts: ModuleFacts): readonly ShownTest[] {
  const types = [...facts.registered, ...facts.published].flatMap(({ type }) => type ?? []);
  const paths = facts.tests.filter((path) => files.files.has(path));
  return testsIn(python, paths, types).map(({ kind, test }) => ({
    kind,
    file: test.file,
    line: positionOf(test.source, test.start).line,
    title: nameOf(test),
    of: facts.name,
  }));
}
