/** The facts of a module in Python, in the style of the original. */

import type { Project } from "../project.ts";
import { moduleIn, type PythonModule } from "../tree/python/modules.ts";
import {
  below,
  calledName,
  contains,
  field,
  isDictionary,
  keyword,
  nameOf,
  type PyNode,
  pairsOf,
  positional,
  receiverOf,
  stringOf,
  textOf,
} from "../tree/python/nodes.ts";
import { type Deed, documentOf, documentsIn, type ModuleFacts } from "./module-facts.ts";
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
  const handled = handledIn(project, files);
  const published = publishedIn(project, files, handled);
  const consumers = consumersIn(project, files);
  return {
    name,
    folder,
    language: "Python",
    files,
    tests: testsOf(project, module),
    docstring: null,
    registered: registeredOf(project, module, published),
    published,
    handled,
    consumers,
    lifecycle: lifecycleOf(project, module, consumers),
    work: files.flatMap((file) => pythonWork(project, file)),
    readers: readersOf(project, module),
    readme: documentOf(project, folder, "README.md"),
    events: documentOf(project, folder, "EVENTS.md"),
    documents: documentsIn(project, folder),
  };
}

/** An enum of wire names: each member that is a text with dots. */
interface Member {
  readonly key: string;
  readonly type: string;
  readonly node: PyNode;
}

const isolateMembers = new WeakMap<PyNode, readonly Member[]>();

function membersOf(definition: PyNode): readonly Member[] {
  const known = isolateMembers.get(definition);
  if (known !== undefined) return known;
  const bases = field(definition, "superclasses");
  const isEnum = bases !== null && /\b\w*Enum\b/.test(textOf(bases));
  const members = !isEnum
    ? []
    : below(definition, "assignment").flatMap((node) => {
        const left = field(node, "left");
        const type = stringOf(field(node, "right"));
        return left?.type === "identifier" && type !== null && /^[a-z]\w*(?:\.\w+)*$/.test(type)
          ? [{ key: textOf(left), type, node }]
          : [];
      });
  isolateMembers.set(definition, members);
  return members;
}

/** Every class of wire names in the project. */
function registries({ python }: Project): readonly Member[] {
  return python.files
    .flatMap((file) => python.source(file).of("class_definition"))
    .filter((definition) => /event/i.test(nameOf(definition)))
    .flatMap(membersOf);
}

/** The wire name of `EventType.X`; null: it is no member of an enum that is known. `missing`: the enum has no such key. */
function memberOf({ python }: Project, node: PyNode): { readonly type: string | null } | null {
  if (node.type !== "attribute") return null;
  const object = field(node, "object");
  const attribute = field(node, "attribute");
  if (object?.type !== "identifier" || attribute === null) return null;
  const definition = python.names.originOf(object)?.definition;
  if (definition?.type !== "class_definition") return null;
  const members = membersOf(definition);
  if (members.length === 0) return null;
  return { type: members.find(({ key }) => key === textOf(attribute))?.type ?? null };
}

/** What listens is told by a name that the stream and its consumer have for it. */
const listeners = new Set(["register_handler", "subscribe", "on", "add_handler"]);

function handledIn(project: Project, files: readonly string[]): readonly Deed[] {
  return files.flatMap((file) =>
    project.python
      .source(file)
      .of("call")
      .flatMap((call): Deed[] => {
        if (!listeners.has(calledName(call) ?? "") || receiverOf(call) === null) return [];
        const first = positional(call)[0] ?? keyword(call, "event_type");
        if (first === undefined || first === null) return [];
        const member = memberOf(project, first);
        // A key that the enum does not have is handled by nobody.
        if (member !== null) return member.type === null ? [] : [{ type: member.type, place: call }];
        const type = stringOf(first);
        return type?.includes(".") === true ? [{ type, place: call }] : [];
      }),
  );
}

/** Wire names that are given to a call, where nothing listens to them: into an event, or into what makes and sends one. */
function publishedIn(project: Project, files: readonly string[], handled: readonly Deed[]): readonly Deed[] {
  const { python } = project;
  return files.flatMap((file) => {
    const source = python.source(file);
    const publishes = source
      .of("call")
      .some((call) => /^_?(?:publish|emit|xadd)/.test(calledName(call) ?? ""));
    if (!publishes) return [];
    const isHeard = (node: PyNode) => handled.some(({ place }) => contains(place as PyNode, node));
    const members = source.of("attribute").flatMap((node): Deed[] => {
      const member = memberOf(project, node);
      return member === null || isHeard(node) || !isGiven(node) ? [] : [{ type: member.type, place: node }];
    });
    const texts = source.of("call").flatMap((call): Deed[] => {
      const type = stringOf(keyword(call, "type") ?? keyword(call, "event_type"));
      const isEvent = /Event$/.test(calledName(call) ?? "");
      const dictionary = positional(call).find(isDictionary);
      const pair =
        dictionary === undefined
          ? undefined
          : pairsOf(dictionary).find(({ key }) => /^(?:event_)?type$/.test(key));
      const told = isEvent && type !== null ? type : pair === undefined ? null : stringOf(pair.value);
      return told !== null && (isEvent || /publish|emit/.test(calledName(call) ?? ""))
        ? [{ type: told, place: call }]
        : [];
    });
    return [...members, ...texts];
  });
}

/** As an argument, and not to be compared. */
function isGiven(node: PyNode): boolean {
  for (let at: PyNode | null = node; at !== null; at = at.parent) {
    if (at.type === "comparison_operator" || at.type === "decorator") return false;
    if (at.type === "argument_list") return true;
    if (at.type.endsWith("_statement") || at.type === "block") return false;
  }
  return false;
}

function consumersIn({ python }: Project, files: readonly string[]): readonly Deed[] {
  return files.flatMap((file) =>
    python
      .source(file)
      .of("call")
      .flatMap((call): Deed[] => {
        const callee = field(call, "function");
        const origin = callee === null ? null : python.names.originOf(callee);
        const name = origin?.name ?? null;
        if (name !== "EventConsumer") return [];
        return [
          { type: stringOf(keyword(call, "subscriber_name") ?? positional(call)[0] ?? null), place: call },
        ];
      }),
  );
}

/** Its events: those that it publishes, and those of its domain. */
function registeredOf(
  project: Project,
  { name, folder }: PythonModule,
  published: readonly Deed[],
): ModuleFacts["registered"] {
  const own = new Set(published.flatMap(({ type }) => type ?? []));
  return registries(project)
    .filter(
      ({ type, node }) => own.has(type) || type.split(".")[0] === name || node.file.startsWith(`${folder}/`),
    )
    .map(({ type, node }) => ({ type, place: node, isOurs: true }));
}

/** Where a class of the module that has a consumer, or the consumer itself, is started and stopped. */
function lifecycleOf(
  project: Project,
  module: PythonModule,
  consumers: readonly Deed[],
): ModuleFacts["lifecycle"] {
  const { python } = project;
  const isOfConsumer = (definition: PyNode | null | undefined) =>
    definition != null && consumers.some(({ place }) => contains(definition, place as PyNode));
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
