/** What a project written in TypeScript says: its modules, events, and who publishes and handles them. */

import ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import { type Bindings, readBindings } from "../names/bindings.ts";
import { type PackageTypes, readPackageTypes } from "../names/package-types.ts";
import { isPlain } from "../names/package-values.ts";
import { readValues, type Values } from "../names/values.ts";
import { objectOf, textOf } from "../names/written.ts";
import { nodesOf } from "../syntax/nodes.ts";
import {
  type FunctionNode,
  functionsAround,
  isTypeScript,
  parseSource,
  propertyValue,
  type SourceFile,
} from "../syntax/source.ts";

import { charterPackages } from "../workspaces.ts";
import {
  type DefinedEvent,
  type DefinedEvents,
  eventsNamed,
  put,
  readCallOf,
  readEvent,
} from "./defined-events.ts";
import { callsOfHelper, filesNaming, helperAround } from "./event-helpers.ts";
import { namesOf, saysOne } from "./event-names.ts";
import { givenName, isGivenPublisher } from "./given-publishers.ts";
import { readModules, type TypeScriptModule } from "./modules.ts";

/** A call that publishes: its first argument is a catalogued event, or one of several. */
export interface Published {
  readonly file: string;
  readonly call: ts.CallExpression;
  /** Those that it may publish; empty: known at run time only. */
  readonly events: readonly DefinedEvent[];
  readonly payload: ts.Expression | null;
  /** The innermost function around it; null: it stands at the top of a file. */
  readonly within: FunctionNode | null;
}

/** `on(event, handler)` and its relatives, in a consumer. */
export interface Handled {
  readonly file: string;
  readonly call: ts.CallExpression;
  readonly events: readonly DefinedEvent[];
  /** What is given behind the events; null: nothing. */
  readonly handler: ts.Expression | null;
}

/** `defineConsumer(…)` */
export interface DefinedConsumer {
  readonly file: string;
  readonly call: ts.CallExpression;
  readonly options: ts.ObjectLiteralExpression | null;
  /** Null: it is worked out at run time. */
  readonly subscriber: string | null;
}

export type { DefinedEvent };

export interface TypeScriptTree {
  readonly bindings: Bindings;
  readonly values: Values;
  /** Slow: to be asked for what nothing else tells. */
  readonly packageTypes: PackageTypes;
  readonly modules: readonly TypeScriptModule[];
  /** Paths of all sources that are not tests, of modules and others. */
  readonly files: readonly string[];
  /** Paths of tests and of what only tests use. */
  readonly tests: readonly string[];
  readonly events: readonly DefinedEvent[];
  readonly published: readonly Published[];
  readonly handled: readonly Handled[];
  readonly consumers: readonly DefinedConsumer[];
  /** `createCatalog(…)` */
  readonly catalogues: readonly { readonly file: string; readonly call: ts.CallExpression }[];
  /** The module whose folder a file stands in. */
  moduleOf(file: string): TypeScriptModule | null;
  /** Parsed when it is first asked for. @throws when the project has no such file */
  source(file: string): SourceFile;
  /** Events that an expression may name: one, several of a choice or an array, or none. */
  eventsOf(file: string, node: ts.Expression): readonly DefinedEvent[];
  /** Whether the text of a file has the name of an event. */
  mayName(file: string): boolean;
  /** The name under which a package exports what is called; null: it is of no package, or of another. */
  calledOf(file: string, call: ts.CallExpression, packageName: string): string | null;
}

export const enginePackage = "@brain/engine";
export const schemasPackage = "@brain/schemas";

/** Functions of the engine that make a handler of one or more events. */
const handlerMakers = new Set(["on", "onBatch", "onSql", "onSqlBatch", "onSqlSet"]);

export const isTestPath = (path: string) =>
  /(?:\.|_|-)(?:test|spec)\.[cm]?[jt]sx?$/.test(path) || /(?:^|\/)(?:tests?|__tests__|fixtures)\//.test(path);

/** Programs that are about the project and not of it, and settings of tools. */
const isAside = (path: string) =>
  /^(?:tools|scripts)\//.test(path) || /\.(?:config|setup)\.[cm]?[jt]s$/.test(path) || path.startsWith(".");

type Call = { readonly file: string; readonly node: ts.CallExpression };

export function readTypeScript(project: ProjectFiles): TypeScriptTree {
  const bindings = readBindings(project);
  const paths = [...project.files.keys()].filter((path) => isTypeScript(path) && !isAside(path));
  const files = paths.filter((path) => !isTestPath(path));
  const source = (path: string): SourceFile => {
    const file = project.files.get(path);
    if (file === undefined) throw new Error(`The project has no file ${path}.`);
    return parseSource(file);
  };
  const values = readValues(bindings, source);
  const calledOf = (file: string, call: ts.CallExpression, packageName: string): string | null => {
    const origin = bindings.originOfExpression(file, call.expression);
    return origin?.package === packageName ? origin.name : null;
  };
  // A package of the charter has events of the product at most: its own code says how to publish, and publishes none.
  const charters = charterPackages(project.workspaces);
  const isPackage = (path: string) => charters.some(({ folder }) => path.startsWith(`${folder}/`));
  const text = (path: string) => project.files.get(path)?.text ?? "";
  const defining = files.filter((path) => (isPackage(path) ? /defineEvent\(/ : mayDefine).test(text(path)));
  const definitions = defining.flatMap((path) => callsIn(source(path)));
  const events: DefinedEvents = new Map();
  const byHelper = new Set<string>();
  for (const { file, node } of definitions) {
    if (calledOf(file, node, schemasPackage) !== "defineEvent") continue;
    const event = readEvent(file, node, values);
    const helper = event.type === null ? helperAround(node) : null;
    const callers = helper === null ? [] : filesNaming(helper, files, text);
    const helped =
      helper === null
        ? []
        : callers.flatMap((path) =>
            callsOfHelper(helper, nodesOf(source(path).ast).calls, { bindings, source }),
          );
    if (!helped.some((call) => call.getSourceFile() === node.getSourceFile())) put(events, node, event);
    for (const call of helped) {
      const caller = call.getSourceFile().fileName;
      byHelper.add(caller);
      put(events, call, {
        ...(caller === file ? event : { ...event, file: caller, options: null }),
        ...(helper !== null && readCallOf(helper, caller, call, values)),
      });
    }
  }
  for (const path of byHelper)
    if (!defining.includes(path)) {
      defining.push(path);
      definitions.push(...callsIn(source(path)));
    }
  // Who publishes or handles an event says its name somewhere, be it in the import that renames it.
  const own = [...events.values()].flat().map(({ name }) => name);
  const names = namesOf(own, () => files.filter((path) => !isPackage(path)).map(text));
  const telling = files.filter(
    (path) =>
      !defining.includes(path) && !isPackage(path) && mayTell(text(path)) && saysOne(text(path), names),
  );
  const calls = [...definitions, ...telling.flatMap((path) => callsIn(source(path)))];
  const eventsOf = (file: string, node: ts.Expression) => eventsNamed(events, bindings, { file, node });
  const defined = calls.filter(({ file, node }) => calledOf(file, node, enginePackage) === "defineModule");
  const handled = calls.flatMap((call) => readHandled(call, eventsOf, calledOf) ?? []);
  const published = calls.flatMap((call) => readPublished(call, eventsOf, calledOf) ?? []);
  const acting = new Set([...published, ...handled].map(({ file }) => file));
  const { workspaces } = project;
  const modules = readModules(defined, files, bindings, values, { workspaces, acting, textOfFile: text });
  return {
    bindings,
    values,
    packageTypes: readPackageTypes(project, () => handled.map(({ file }) => file)),
    modules,
    files,
    tests: paths.filter(isTestPath),
    events: [...events.values()].flat(),
    published,
    handled,
    consumers: calls.flatMap(({ file, node }) =>
      calledOf(file, node, enginePackage) === "defineConsumer" ? [readConsumer(file, node, values)] : [],
    ),
    catalogues: calls.flatMap(({ file, node }) =>
      calledOf(file, node, schemasPackage) === "createCatalog" ? [{ file, call: node }] : [],
    ),
    moduleOf: (file) => modules.find(({ folder }) => file.startsWith(`${folder}/`)) ?? null,
    source,
    mayName: (file) => saysOne(text(file), names),
    eventsOf,
    calledOf,
  };
}

/** Cheap, and never wrong about a file that defines something: the words must stand there, and not as a text. */
const mayDefine =
  /(?<!["'`])\b(?:define(?:Event|Module|Consumer)|createCatalog)\b(?!["'`])|(?<![.\w"'`])on(?:Sql)?(?:Batch|Set)?\(/;

const mayTell = (text: string) => /publish|record|emit|send/i.test(text);

function callsIn({ path, ast }: SourceFile): readonly Call[] {
  return nodesOf(ast).calls.map((node) => ({ file: path, node }));
}

function readConsumer(file: string, call: ts.CallExpression, values: Values): DefinedConsumer {
  const [given] = call.arguments;
  const options = objectOf(given);
  const named = options === null ? null : textOf(file, propertyValue(options, "subscriber"), values);
  const whole = named !== null || given === undefined ? null : values.valueOf(file, given);
  const subscriber = isPlain(whole) && typeof whole.subscriber === "string" ? whole.subscriber : named;
  return { file, call, options, subscriber };
}

type EventsOf = TypeScriptTree["eventsOf"];
type CalledOf = TypeScriptTree["calledOf"];

/** In the list of handlers of a consumer every call with an event makes one, also by a function of the module's own. */
function readHandled({ file, node }: Call, eventsOf: EventsOf, calledOf: CalledOf): Handled | null {
  const [first, handler] = node.arguments;
  if (first === undefined) return null;
  const isMaker = handlerMakers.has(calledOf(file, node, enginePackage) ?? "");
  if (!isMaker && !standsInHandlers(node)) return null;
  const events = eventsOf(file, first);
  if (!isMaker && events.length === 0) return null;
  return { file, call: node, events, handler: handler ?? null };
}

function standsInHandlers(node: ts.Node): boolean {
  for (let at = node.parent; at !== undefined && !ts.isBlock(at); at = at.parent)
    if (ts.isPropertyAssignment(at) && at.name.getText() === "handlers") return true;
  return false;
}

const publishing = /publish|record|emit|send/i;

/** A function that publishes comes as an argument, from the engine: no import leads to it. */
function readPublished({ file, node }: Call, eventsOf: EventsOf, calledOf: CalledOf): Published | null {
  const [first, payload] = node.arguments;
  const name = givenName(node);
  if (first === undefined || name === null) return null;
  if (!publishing.test(name) && !isGivenPublisher(node)) return null;
  if (calledOf(file, node, enginePackage) !== null || calledOf(file, node, schemasPackage) !== null)
    return null;
  const events = eventsOf(file, first);
  if (events.length === 0) return null;
  return { file, call: node, events, payload: payload ?? null, within: functionsAround(node)[0] ?? null };
}
