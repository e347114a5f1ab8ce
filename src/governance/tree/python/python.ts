/** What a project written in Python says, as teams have it that come from the original: modules, events, consumers. */

import type { ProjectFiles } from "../files.ts";
import { type PyConsumer, type PyHandled, readConsumers, readHandled } from "./consumers.ts";
import { type MadeEvent, type RegisteredType, readMadeEvents, readRegistry, typeReader } from "./events.ts";
import { isPythonTest, type PythonModule, readDottedNames, readModules } from "./modules.ts";
import { type PyNames, readNames } from "./names.ts";
import type { PySource } from "./nodes.ts";
import { isPython, parsePython } from "./parser.ts";
import { type Payload, payloadsOf } from "./payloads.ts";
import { type PyPublished, readPublished } from "./streams.ts";

export interface PythonTree {
  readonly modules: readonly PythonModule[];
  /** Paths of all sources that are not tests, of modules and others. */
  readonly files: readonly string[];
  /** Paths of tests and of what only tests use. */
  readonly tests: readonly string[];
  readonly names: PyNames;
  /** The module whose folder a file stands in. */
  moduleOf(file: string): PythonModule | null;
  /** Parsed when it is first asked for. @throws when the project has no such file */
  source(file: string): PySource;
  /** Sources of a module, without tests. */
  sourcesOf(module: PythonModule): readonly PySource[];
  /** Sources of all modules, without tests. */
  readonly sources: readonly PySource[];
  /** The enum of types; empty: the project comes without. */
  readonly registry: readonly RegisteredType[];
  /** In modules, as everything below. */
  readonly events: readonly MadeEvent[];
  /** What may stand in an event's payload; several when it is made in several ways. */
  payloadsOf(event: MadeEvent): readonly Payload[];
  readonly published: readonly PyPublished[];
  readonly consumers: readonly PyConsumer[];
  readonly handled: readonly PyHandled[];
}

export function readPython(project: ProjectFiles): PythonTree {
  const paths = [...project.files.keys()].filter(isPython);
  const modules = readModules(project);
  const source = (path: string): PySource => {
    const file = project.files.get(path);
    if (file === undefined) throw new Error(`The project has no file ${path}.`);
    return parsePython(file);
  };
  const names = readNames(readDottedNames(project), source);
  const files = paths.filter((path) => !isPythonTest(path));
  const sourcesOf = (module: PythonModule) => module.files.map(source);
  const sources = modules.flatMap(sourcesOf);
  const ofRegistry =
    modules.length === 0 ? [] : files.filter((path) => mayRegister(project.files.get(path)?.text));
  const registry = readRegistry(ofRegistry.map(source));
  const types = typeReader(names, registry);
  const payloads = new Map<MadeEvent, readonly Payload[]>();
  return {
    modules,
    files,
    tests: paths.filter(isPythonTest),
    names,
    moduleOf: (file) => modules.find(({ folder }) => file.startsWith(`${folder}/`)) ?? null,
    source,
    sourcesOf,
    sources,
    registry,
    events: sources.flatMap((one) => readMadeEvents(names, one, types)),
    payloadsOf: (event) => {
      const known = payloads.get(event) ?? (event.payload === null ? [] : payloadsOf(names, event.payload));
      payloads.set(event, known);
      return known;
    },
    published: sources.flatMap((one) => readPublished(names, one)),
    consumers: sources.flatMap((one) => readConsumers(names, one)),
    handled: sources.flatMap((one) => readHandled(names, one, types)),
  };
}

const mayRegister = (text = "") => /^class EventType\b/m.test(text);
