/** The tests that a module must have, recognised by what they do. */

import type { PythonModule } from "../../tree/python/modules.ts";
import { moduleIn } from "../../tree/python/modules.ts";
import { field, type PyNode } from "../../tree/python/nodes.ts";
import type { PythonTree } from "../../tree/python/python.ts";
import { type PyTestKind, testsIn } from "../../tree/python/tests.ts";
import type { Check } from "../rule.ts";

/** Tests inside of the module, called like it, or importing it. */
function pathsOf(
  { tests, names }: PythonTree,
  { name, folder, tests: own }: PythonModule,
): readonly string[] {
  const about = tests.filter(
    (path) =>
      own.includes(path) ||
      path.endsWith(`/test_${name}_events.py`) ||
      names.importsOf(path).some((one) => {
        const target = moduleIn(one.name === null ? one.module : `${one.module}.${one.name}`);
        return target?.name === name;
      }),
  );
  return [...new Set(about)].filter((path) => path.startsWith(`${folder}/`) || !path.includes("/fixtures/"));
}

function shownOf(tree: PythonTree, module: PythonModule): ReadonlySet<PyTestKind> {
  const events = tree.events.filter(({ file }) => module.files.includes(file));
  const types = events.flatMap((event) =>
    event.types.flatMap(({ type, key }) => [type ?? [], key ?? []].flat()),
  );
  return new Set(testsIn(tree, pathsOf(tree, module), types).map(({ kind }) => kind));
}

const head = (call: PyNode) => field(call, "function") ?? call;

const published: Check = ({ python }, report) => {
  for (const module of python.modules) {
    const first = python.events.find(({ file }) => module.files.includes(file));
    if (first === undefined || shownOf(python, module).has("T-1")) continue;
    report({
      at: head(first.call),
      message: `No test shows that ${module.name} publishes with type, payload and complete meta.`,
    });
  }
};

/** As with the other language, who only publishes has the first test; what can be read again is the stream's contract. */
const consumed =
  (kind: PyTestKind, lacks: string): Check =>
  ({ python }, report) => {
    for (const module of python.modules) {
      const isOwn = ({ file }: { readonly file: string }) => module.files.includes(file);
      const first = python.consumers.find(isOwn)?.call ?? python.handled.find(isOwn)?.call;
      if (first === undefined || shownOf(python, module).has(kind)) continue;
      report({ at: head(first), message: `No test shows that the consumer of ${module.name} ${lacks}.` });
    }
  };

export const pythonTestRules: Readonly<Record<string, Check>> = {
  "T-1": published,
  "T-2": consumed("T-2", "handles an event from a real stream"),
  "T-3": consumed("T-3", "has one effect when the same message is delivered again"),
  "T-4": consumed("T-4", "acks what can never be handled"),
  "T-4b": consumed("T-4b", "leaves what failed for now to be tried again"),
};
