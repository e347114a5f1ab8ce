import { charter, checkEventName, frozenNames } from "@brain/schemas";
import ts from "typescript";
import type { Edit } from "../../finding.ts";
import type { Project } from "../../project.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import { handedOn } from "../../tree/product/publishers.ts";
import type { DefinedEvent, TypeScriptTree } from "../../tree/product/typescript.ts";
import { placeOf, walk } from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { type EventList, eventLists, type Named, namesIn, ownerOfName } from "./names.ts";

/** What is known of an event beside its name. */
export const catalogued: readonly Rule[] = [
  {
    id: "N-6",
    title: "An event is catalogued once, and published",
    severity: "error",
    why: "What stands in no catalogue is refused when it is published and unknown to who reads it; what stands there twice stops the start.",
    mend: "Name the event once in the `events` of the module that owns it, and publish it there.",
    caughtBy: ["start", "publish"],
    check: (project, report) => {
      tellTwice(project, report);
      tellUnlisted(project, report);
      tellUnpublished(project, report);
      tellForeign(project, report);
    },
  },
  {
    id: "N-7",
    title: "The constant of an event is called like the event",
    severity: "error",
    why: "Who knows the name on the wire must find the constant, and the other way round, without looking it up.",
    mend: "Call it by the name without dots and underscores: `courseOutlineCreated` for `course.outline.created`.",
    caughtBy: [],
    check: checkConstants,
  },
  {
    id: "N-8",
    title: "What is started is also completed or failed",
    severity: "error",
    why: "Who waits for the end of a long operation waits for ever when its end has no event.",
    mend: "Define `completed` and `failed` of the same resource, and publish them.",
    caughtBy: [],
    check: checkLifeCycles,
  },
];

function tellTwice(project: Project, report: Report): void {
  const names = namesIn(project);
  for (const name of names) {
    const owner = ownerOfName(names, name.type);
    if (owner === undefined || owner === name) continue;
    const message = `"${name.type}" is defined a second time; the other one is in ${owner.event.file}.`;
    report({ at: name.at, message });
  }
  for (const { entries, module } of eventLists(project)) {
    const listed = new Set<DefinedEvent>();
    for (const { event, at } of entries) {
      if (listed.has(event)) report({ at, message: `"${event.type}" stands in ${listName(module)} twice.` });
      listed.add(event);
    }
  }
}

const listName = (module: string | null) =>
  module === null ? "this catalogue" : `the events of the module ${module}`;

/** Without those whose name is another one's. */
function ownNames(project: Project): readonly Named[] {
  const names = namesIn(project);
  return names.filter((name) => ownerOfName(names, name.type) === name);
}

function tellUnlisted(project: Project, report: Report): void {
  const lists = eventLists(project);
  const modules = new Map(project.typescript.modules.map((module) => [module.name, module]));
  for (const { event, type, at } of ownNames(project)) {
    const own = lists.find(({ module }) => module !== null && module === event.module);
    if (own === undefined) {
      const isOpen = event.module !== null && modules.get(event.module)?.definition === null;
      const isNowhere =
        lists.length > 0 && lists.every(({ isWhole, entries }) => isWhole && !holds(entries, event));
      if (isNowhere && !isOpen)
        report({ at, message: `"${type}" stands in no catalogue and in the list of no module.` });
    } else if (own.isWhole && !holds(own.entries, event)) {
      const message = `"${type}" belongs to the module ${event.module}, whose \`events\` do not name it.`;
      report({ at, message });
    }
  }
  for (const { module, entries } of lists) {
    for (const { event, at } of entries) {
      if (module === null || event.module === null || event.module === module) continue;
      const message = `"${event.type}" belongs to the module ${event.module}, and stands in the events of ${module}.`;
      report({ at, message });
    }
  }
}

const holds = (entries: EventList["entries"], event: DefinedEvent) =>
  entries.some((entry) => entry.event === event);

/** The owner's own code never names it, but in the list of its events and where it handles it. */
function tellUnpublished(project: Project, report: Report): void {
  const { modules, published } = project.typescript;
  const told = new Set(published.flatMap(({ events }) => events));
  const listed = new Set(eventLists(project).flatMap(({ entries }) => entries.map(({ event }) => event)));
  for (const { event, type, at } of ownNames(project)) {
    const owner = modules.find(({ name, definition }) => name === event.module && definition !== null);
    if (owner === undefined || told.has(event) || !listed.has(event) || event.name === null) continue;
    if (producersOf(project.typescript, event)?.length === 0 || isUsed(project, owner, event)) continue;
    report({
      at,
      severity: "warning",
      message: `Nothing in the module ${owner.name} publishes "${type}".`,
      mend: "Publish it in the transaction of what it tells of; `producers: []` in its definition says that only programs outside do.",
    });
  }
}

/** An event of another module is published, which its definition does not allow for by `producers`. */
function tellForeign({ typescript }: Project, report: Report): void {
  const owned = new Set(typescript.modules.flatMap(({ name, definition }) => (definition ? [name] : [])));
  const tell = (file: string, at: ts.Node, events: readonly DefinedEvent[]) => {
    const module = typescript.moduleOf(file);
    if (module === null) return;
    for (const event of events) {
      if (event.module === null || event.module === module.name || !owned.has(event.module)) continue;
      if (producersOf(typescript, event)?.includes(module.name) === true) continue;
      report({
        at,
        message: `"${event.type}" belongs to the module ${event.module}, and is published by ${module.name}.`,
        mend: `Publish an event of ${module.name}, and let ${event.module} handle it; or name ${module.name} in the event's \`producers\`.`,
      });
    }
  };
  for (const { file, call, events } of typescript.published) tell(file, call, events);
  for (const { call, event } of handedOn(typescript)) tell(call.getSourceFile().fileName, call, [event]);
}

/** Null: it names none, or they are worked out. */
function producersOf({ values }: TypeScriptTree, { file, options }: DefinedEvent): readonly unknown[] | null {
  const named = options && values.optionOf(file, options, "producers");
  const list = named === null ? null : values.valueOf(named.file, named.node);
  return Array.isArray(list) ? list : null;
}

function isUsed({ files, typescript }: Project, owner: TypeScriptModule, event: DefinedEvent): boolean {
  const word = new RegExp(`\\b${event.name}\\b`, "g");
  return owner.files.some((path) => {
    const count = (files.files.get(path)?.text.match(word) ?? []).length;
    if (path === event.file || path === owner.definition?.file) return count > 2;
    const isHandler = typescript.handled.some(({ file, events }) => file === path && events.includes(event));
    return count > 0 && !isHandler;
  });
}

const camelCase = (type: string) =>
  type.replace(/(?<![._])[._]+(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Names from before the rule have constants from before it. */
function checkConstants(project: Project, report: Report): void {
  for (const { event, type } of namesIn(project)) {
    const { name } = event;
    if (name === null || frozenNames.has(type) || checkEventName(type).length > 0) continue;
    const expected = camelCase(type);
    if (name === expected || name === type.replaceAll(".", "_").toUpperCase()) continue;
    report({
      at: declarationOf(event.call) ?? event.call,
      message: `The constant of "${type}" is called ${name}; expected ${expected}.`,
      ...renamed(project, event, name, expected),
    });
  }
}

function declarationOf(call: ts.CallExpression): ts.Node | null {
  for (let at: ts.Node = call; at.parent !== undefined; at = at.parent)
    if (ts.isVariableDeclaration(at)) return at.name;
  return null;
}

/** In every file that means this constant; nothing when one of them has the new name already, or hides the old one. */
function renamed(
  { files, typescript }: Project,
  event: DefinedEvent,
  name: string,
  to: string,
): { readonly fix?: readonly Edit[] } {
  const edits: Edit[] = [];
  for (const path of [...typescript.files, ...typescript.tests]) {
    const text = files.files.get(path)?.text ?? "";
    if (!text.includes(name)) continue;
    const origin = typescript.bindings.originOf(path, name);
    if (origin?.file !== event.file || origin.name !== name) continue;
    const found = identifiersIn(typescript.source(path).ast, name);
    if (found === null || new RegExp(`\\b${to}\\b`).test(text)) return {};
    edits.push(...found.map((node) => ({ ...placeOf(node), text: textFor(node, to) })));
  }
  return { fix: edits };
}

const textFor = (node: ts.Identifier, to: string) =>
  ts.isShorthandPropertyAssignment(node.parent) ? `${node.text}: ${to}` : to;

/** Null: a parameter or a variable of a function has the name, too. */
function identifiersIn(ast: ts.SourceFile, name: string): readonly ts.Identifier[] | null {
  const found: ts.Identifier[] = [];
  let isHidden = false;
  walk(ast, (node) => {
    if (!ts.isIdentifier(node) || node.text !== name) return;
    const { parent } = node;
    const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
    const isKey = ts.isPropertyAssignment(parent) && parent.name === node;
    const isOther = ts.isExportSpecifier(parent) && parent.propertyName !== undefined && parent.name === node;
    const isOwn =
      (ts.isParameter(parent) || ts.isBindingElement(parent) || ts.isVariableDeclaration(parent)) &&
      parent.name === node;
    if (isOwn && !isAtTop(parent)) isHidden = true;
    if (!isMember && !isKey && !isOther) found.push(node);
  });
  return isHidden ? null : found;
}

const isAtTop = (node: ts.Node) =>
  ts.isVariableDeclaration(node) && ts.isSourceFile(node.parent.parent.parent);

/** A resource that is started must be able to end both ways. */
function checkLifeCycles(project: Project, report: Report): void {
  const names = namesIn(project);
  const known = new Set([...names.map(({ type }) => type), ...charter.all.map(({ type }) => type)]);
  for (const { type, at } of names) {
    if (!type.endsWith(".started")) continue;
    const resource = type.slice(0, -".started".length);
    const missing = ["completed", "failed"].filter((action) => !known.has(`${resource}.${action}`));
    for (const action of missing)
      report({
        at,
        message: `"${type}" has no "${resource}.${action}"; whoever waits for the end never hears of it.`,
      });
  }
}
