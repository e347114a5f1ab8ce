/** The facts of a module in Python, in the style of the original. */

import type { Project } from "../../project.ts";
import { moduleIn, type PythonModule } from "../../tree/python/modules.ts";
import { calledName, contains, field, type PyNode, receiverOf, textOf } from "../../tree/python/nodes.ts";
import { documentOf, documentsIn, type EventUse, type ModuleFacts } from "./module-facts.ts";
import { singular } from "./past-tense.ts";
import { pythonWork } from "./python-work.ts";

export const pythonModules = {
  list: (project: Project) => project.python.modules,
  read(project: Project, folder: string): ModuleFacts {
    const module = project.python.modules.find((found) => found.folder === folder);
    if (module === undefined) throw new Error(`${folder} is no module.`);
    return readModule(project, module);
  },
};

function readModule(project: Project, module: PythonModule): ModuleFacts {
  const { name, folder, files } = module;
  const isOwn = ({ file }: { readonly file: string }) => files.includes(file);
  const { events, handled, consumers } = project.python;
  const published = events
    .filter(isOwn)
    .flatMap(({ types }) => types.map(({ type, node }): EventUse => ({ type, place: node })));
  const subscribed = consumers.filter(isOwn);
  return {
    name,
    folder,
    language: "Python",
    files,
    tests: testsOf(project, module),
    docstring: null,
    registered: registeredOf(project, module, published),
    published,
    // A key that the registry does not have is handled by nobody.
    handled: handled
      .filter(isOwn)
      .flatMap(({ call, types }) =>
        types.flatMap(({ type }): EventUse[] => (type === null ? [] : [{ type, place: call }])),
      ),
    consumers: subscribed.map(({ call, subscriber }) => ({ type: subscriber, place: call })),
    lifecycle: lifecycleOf(
      project,
      module,
      subscribed.map(({ call }) => call),
    ),
    work: files.flatMap((file) => pythonWork(project, file)),
    readers: readersOf(project, module),
    readme: documentOf(project, folder, "README.md"),
    events: documentOf(project, folder, "EVENTS.md"),
    documents: documentsIn(project, folder),
  };
}

/** Its events: those that it publishes, and those of its domain. */
function registeredOf(
  project: Project,
  { name, folder }: PythonModule,
  published: readonly EventUse[],
): ModuleFacts["registered"] {
  const own = new Set(published.flatMap(({ type }) => type ?? []));
  const domains = [name, singular(name)];
  return project.python.registry
    .filter(
      ({ type, node }) =>
        own.has(type) || domains.includes(type.split(".")[0] ?? "") || node.file.startsWith(`${folder}/`),
    )
    .map(({ type, node }) => ({ type, place: node, isOurs: true }));
}

/** Where a class of the module that has a consumer, or the consumer itself, is started and stopped. */
function lifecycleOf(
  project: Project,
  module: PythonModule,
  consumers: readonly PyNode[],
): ModuleFacts["lifecycle"] {
  const { python } = project;
  const isOfConsumer = (definition: PyNode | null | undefined) =>
    definition != null && consumers.some((call) => contains(definition, call));
  return python.files.flatMap((file) => {
    if (module.files.includes(file)) return [];
    const source = python.source(file);
    const made = source.of("call").filter((call) => {
      const callee = field(call, "function");
      return callee !== null && isOfConsumer(python.names.originOf(callee)?.definition);
    });
    return made.filter((call) => {
      const variable = assignedTo(call);
      return (
        variable !== null &&
        ["start", "stop"].every((name) =>
          source.of("call").some((other) => calledName(other) === name && textOfReceiver(other) === variable),
        )
      );
    });
  });
}

const textOfReceiver = (call: PyNode) => {
  const receiver = receiverOf(call);
  return receiver === null ? null : textOf(receiver);
};

/** `app.state.consumer` of `app.state.consumer = Consumer(…)`. */
function assignedTo(call: PyNode): string | null {
  for (let at = call.parent; at !== null; at = at.parent) {
    const left = at.type === "assignment" ? field(at, "left") : null;
    if (left !== null) return textOf(left);
    if (at.type === "block") return null;
  }
  return null;
}

/** Tests in its folder, and those that import something of it. */
function testsOf({ python }: Project, { folder, name, tests }: PythonModule): readonly string[] {
  const imports = (file: string) =>
    python.names
      .importsOf(file)
      .some(
        ({ module, name: part }) => moduleIn(part === null ? module : `${module}.${part}`)?.name === name,
      );
  return python.tests.filter(
    (file) => tests.includes(file) || file.startsWith(`${folder}/`) || imports(file),
  );
}

function readersOf({ python }: Project, module: PythonModule): ModuleFacts["readers"] {
  return python.modules.flatMap((other) => {
    if (other.folder === module.folder) return [];
    for (const file of other.files)
      for (const { module: imported, name, part } of python.names.importsOf(file))
        if (moduleIn(name === null ? imported : `${imported}.${name}`)?.name === module.name)
          return [{ module: other.name, place: part }];
    return [];
  });
}
