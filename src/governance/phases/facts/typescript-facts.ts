/** The facts of a module in TypeScript. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { makersOf } from "../../tree/product/handlers.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import type { DefinedEvent } from "../../tree/product/typescript.ts";
import { calledName, placeOf, propertyValue, walk } from "../../tree/syntax/source.ts";
import { documentOf, documentsIn, type EventUse, type ModuleFacts } from "./module-facts.ts";
import { workOf } from "./typescript-work.ts";

export const typescriptModules = {
  list: (project: Project) => project.typescript.modules,
  read(project: Project, folder: string): ModuleFacts {
    const module = project.typescript.modules.find((found) => found.folder === folder);
    if (module === undefined) throw new Error(`${folder} is no module.`);
    return readModule(project, module);
  },
};

function readModule(project: Project, module: TypeScriptModule): ModuleFacts {
  const { typescript } = project;
  const { name, folder, files, definition } = module;
  const isOwn = ({ file }: { readonly file: string }) => file.startsWith(`${folder}/`);
  const uses = (
    found: readonly { file: string; call: ts.Node; events: readonly { type: string | null }[] }[],
  ) =>
    found
      .filter(isOwn)
      .flatMap(({ call, events }) => events.map(({ type }): EventUse => ({ type, place: placeOf(call) })));
  const consumersOfModule =
    definition?.options == null ? null : propertyValue(definition.options, "consumers");
  return {
    name,
    folder,
    language: "TypeScript",
    files,
    tests: testsOf(project, module),
    docstring: docstringOf(definition?.call ?? null),
    registered: registeredOf(project, module),
    published: [...uses(typescript.published), ...chosenAtRunTime(project, module)],
    handled: [...uses(typescript.handled), ...unseenHandlers(project, module)],
    consumers: typescript.consumers
      .filter(isOwn)
      .map(({ call, subscriber }) => ({ type: subscriber, place: placeOf(call) })),
    lifecycle: consumersOfModule === null ? [] : [placeOf(consumersOfModule)],
    work: files.flatMap((file) => workOf(project, file)),
    readers: readersOf(project, module),
    readme: documentOf(project, folder, "README.md"),
    events: documentOf(project, folder, "EVENTS.md"),
    documents: documentsIn(project, folder),
  };
}

/** Those that name the module as theirs, and those that its definition lists. */
function registeredEvents(
  { typescript }: Project,
  { name, definition }: TypeScriptModule,
): readonly DefinedEvent[] {
  const list = definition?.options == null ? null : propertyValue(definition.options, "events");
  const listed = list === null || definition === null ? [] : typescript.eventsOf(definition.file, list);
  const own = typescript.events.filter((event) => event.module === name);
  return [...new Set([...own, ...listed])];
}

function registeredOf(project: Project, module: TypeScriptModule): ModuleFacts["registered"] {
  return registeredEvents(project, module).map(({ type, call, options }) => {
    const producers = options === null ? null : propertyValue(options, "producers");
    const isForeign =
      producers !== null && ts.isArrayLiteralExpression(producers) && producers.elements.length === 0;
    return { type, place: placeOf(call), isOurs: !isForeign };
  });
}

/** Handlers of events that are worked out at run time, and of all there are. */
function unseenHandlers({ typescript }: Project, { folder }: TypeScriptModule): readonly EventUse[] {
  const isOwn = ({ file }: { readonly file: string }) => file.startsWith(`${folder}/`);
  const unseen = typescript.handled.filter((found) => isOwn(found) && found.events.length === 0);
  const ofAll = typescript.consumers.filter(
    (consumer) => isOwn(consumer) && makersOf(typescript, consumer).includes("onEntries"),
  );
  return [...unseen, ...ofAll].map(({ call }) => ({ type: null, place: placeOf(call) }));
}

/** Events that the code of the module names beside its list and its handlers: one of a table is published by what it holds. */
function chosenAtRunTime(project: Project, module: TypeScriptModule): readonly EventUse[] {
  const { typescript, files } = project;
  const told = new Set(typescript.published.flatMap(({ events }) => events));
  const own = registeredEvents(project, module).filter((event) => event.name !== null && !told.has(event));
  return own.flatMap((event) => {
    for (const path of module.files) {
      if (path === module.definition?.file || path === event.file) continue;
      if (files.files.get(path)?.text.includes(event.name ?? "") !== true) continue;
      const { ast } = typescript.source(path);
      const calls = new Set<ts.Node>(
        typescript.handled.filter(({ file }) => file === path).map(({ call }) => call),
      );
      let used: ts.Node | null = null;
      let publishes = false;
      walk(ast, (node) => {
        if (ts.isImportDeclaration(node) || calls.has(node)) return false;
        if (ts.isCallExpression(node)) publishes ||= /publish|record/i.test(calledName(node) ?? "");
        if (used === null && ts.isIdentifier(node) && typescript.eventsOf(path, node).includes(event))
          used = node;
        return true;
      });
      if (used !== null && publishes) return [{ type: event.type, place: placeOf(used) }];
    }
    return [];
  });
}

/** The comment above what the module is made by. */
function docstringOf(call: ts.Node | null): string | null {
  for (let at = call; at !== null && at !== undefined; at = at.parent) {
    if (!ts.isVariableStatement(at)) continue;
    const [doc] = ts.getJSDocCommentsAndTags(at);
    const text = doc !== undefined && ts.isJSDoc(doc) ? ts.getTextOfJSDocComment(doc.comment) : undefined;
    return text?.trim() ?? null;
  }
  return null;
}

/** Tests in its folder, and those elsewhere that name one of its events, files or itself. */
function testsOf(project: Project, { name, folder }: TypeScriptModule): readonly string[] {
  const { typescript } = project;
  const words = new RegExp(`(?:^|[/_-])${name.replaceAll("_", "[_-]")}(?:[/_.-]|$)`);
  return typescript.tests.filter(
    (path) =>
      path.startsWith(`${folder}/`) ||
      words.test(path) ||
      typescript.bindings.importsOf(path).some(({ file }) => file?.startsWith(`${folder}/`) === true),
  );
}

function readersOf({ typescript }: Project, module: TypeScriptModule): ModuleFacts["readers"] {
  return typescript.modules.flatMap((other) => {
    if (other.folder === module.folder) return [];
    for (const file of other.files)
      for (const { file: target, node } of typescript.bindings.importsOf(file))
        if (target?.startsWith(`${module.folder}/`) === true)
          return [{ module: other.name, place: placeOf(node) }];
    return [];
  });
}
