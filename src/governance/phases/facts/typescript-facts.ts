/** The facts of a module in TypeScript. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { makersOf } from "../../tree/product/handlers.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import type { DefinedEvent } from "../../tree/product/typescript.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  functionsAround,
  isFunction,
  nameOf,
  placeOf,
  propertyValue,
  stringOf,
  walk,
} from "../../tree/syntax/source.ts";
import {
  type Change,
  documentOf,
  documentsIn,
  type EventUse,
  type ModuleFacts,
  onlyAsks,
  type Work,
} from "./module-facts.ts";

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

interface Draft {
  readonly node: FunctionNode;
  readonly name: string;
  readonly changes: Change[];
  readonly external: string[];
  readonly tells: string[];
  readonly calls: Set<string>;
  readonly publishes: string[];
  readonly route: string | null;
}

function workOf(project: Project, file: string): readonly Work[] {
  const drafts = new Map<FunctionNode, Draft>();
  const { typescript } = project;
  const draftAround = (node: ts.Node): Draft | null => {
    for (const around of functionsAround(node)) {
      const name = functionName(around);
      const route = name === null ? routeOf(around) : null;
      if (name === null && route === null) continue;
      const known = drafts.get(around);
      if (known !== undefined) return known;
      const made = {
        node: around,
        name: name ?? "",
        changes: [],
        external: [],
        tells: [],
        calls: new Set<string>(),
        publishes: [],
        route,
      };
      drafts.set(around, made);
      return made;
    }
    return null;
  };
  walk(typescript.source(file).ast, (node) => {
    if (ts.isTaggedTemplateExpression(node)) {
      const change = changeOfSql(node.template.getText());
      if (change !== null) draftAround(node)?.changes.push(change);
    }
    if (!ts.isCallExpression(node)) return;
    const draft = draftAround(node);
    if (draft === null) return;
    const called = calledName(node);
    if (called !== null) draft.calls.add(called);
    const change = changeOf(project, file, node, called);
    if (change !== null) draft.changes.push(change);
    const outside = externalCall(project, file, node, called);
    if (outside !== null) draft.external.push(outside);
    const other = callOfOther(project, file, node);
    if (other === null) return;
    draft.external.push(`${other}.${called ?? ""}`);
    if (called !== null && !onlyAsks(called)) draft.tells.push(other);
  });
  for (const { call, events } of typescript.published.filter((found) => found.file === file))
    draftAround(call)?.publishes.push(...events.flatMap(({ type }) => type ?? []));
  return [...drafts.values()].map(({ node, name, route, ...draft }) => ({
    ...draft,
    name,
    route,
    owner: ts.isClassLike(node.parent) ? (node.parent.name?.text ?? null) : null,
    place: placeOf(node),
    parameters: node.parameters.flatMap(({ name: parameter }) => namesIn(parameter)),
  }));
}

function namesIn(name: ts.BindingName): readonly string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesIn(element.name) : []));
}

/** Of a declaration, a method, or a value that is a function; null: it has none of its own. */
function functionName(node: FunctionNode): string | null {
  if (node.name !== undefined && (ts.isIdentifier(node.name) || ts.isStringLiteral(node.name)))
    return node.name.text;
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) return parent.name.text;
  return ts.isPropertyAssignment(parent) && isFunction(node) ? nameOf(parent.name) : null;
}

const methods = new Set(["post", "put", "patch", "delete"]);

/** The last argument of `app.post("/path", …)`. */
function routeOf(node: FunctionNode): string | null {
  const { parent } = node;
  if (!ts.isCallExpression(parent) || parent.arguments.at(-1) !== node) return null;
  const called = calledName(parent);
  const path = stringOf(parent.arguments[0]);
  return called !== null && methods.has(called) && path?.startsWith("/") === true
    ? `${called.toUpperCase()} ${path}`
    : null;
}

const written: Readonly<Record<string, string>> = {
  insert: "inserts into",
  update: "updates",
  delete: "deletes from",
};

/** `tx.insert(table)` and its like, when what is given is a table. */
function changeOf(
  project: Project,
  file: string,
  node: ts.CallExpression,
  called: string | null,
): Change | null {
  const verb = called === null ? undefined : written[called];
  const [first] = node.arguments;
  if (verb === undefined || first === undefined) return null;
  const origin = project.typescript.bindings.originOfExpression(file, first);
  if (origin?.value == null || origin.file === null) return null;
  const made = bare(origin.value);
  if (!ts.isCallExpression(made)) return null;
  const maker = project.typescript.bindings.originOfExpression(origin.file, made.expression);
  if (maker?.package !== "drizzle-orm" && maker?.package !== "@brain/engine") return null;
  const subject = stringOf(made.arguments[0]) ?? origin.name;
  return { what: `${verb} ${subject}`, subject };
}

const sqlChange = /\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?"?([a-z_][a-z0-9_.]*)"?/i;

/** What a statement changes; null when it only reads. */
export function changeOfSql(statement: string): Change | null {
  const found = sqlChange.exec(statement.replace(/\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b/gi, ""));
  const [, verb, subject] = found ?? [];
  if (verb === undefined || subject === undefined || /^(?:set|of|on)$/i.test(subject)) return null;
  const words = written[verb.toLowerCase().split(/\s/)[0] ?? ""];
  return words === undefined ? null : { what: `${words} ${subject}`, subject };
}

/** The module whose code is called; null: it is this one's, or no module's. */
function callOfOther({ typescript }: Project, file: string, node: ts.CallExpression): string | null {
  const callee = bare(node.expression);
  const root = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  const origin = typescript.bindings.originOfExpression(file, root);
  const other = origin?.file == null ? null : typescript.moduleOf(origin.file);
  return other === null || other.folder === typescript.moduleOf(file)?.folder ? null : other.name;
}

const callers = new Set(["axios", "got", "ky", "undici", "node-fetch", "superagent"]);

function externalCall(
  project: Project,
  file: string,
  node: ts.CallExpression,
  called: string | null,
): string | null {
  const { bindings } = project.typescript;
  const callee = bare(node.expression);
  const root = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  const origin = bindings.originOfExpression(file, root);
  if (origin?.package != null && callers.has(origin.package))
    return `${origin.package} ${called ?? ""}`.trim();
  return called === "fetch" && origin?.file == null ? "fetch" : null;
}
