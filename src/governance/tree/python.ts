/** What a project written in Python says, as teams have it that come from the original: modules, events, consumers. */

import type { ProjectFiles } from "./files.ts";
import { isPythonTest, type PythonModule, readDottedNames, readModules } from "./python/modules.ts";
import { type PyNames, readNames } from "./python/names.ts";
import type { PySource } from "./python/nodes.ts";
import { isPython, parsePython } from "./python/parser.ts";

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
}

export function readPython(project: ProjectFiles): PythonTree {
  const paths = [...project.files.keys()].filter(isPython);
  const modules = readModules(project);
  const source = (path: string): PySource => {
    const file = project.files.get(path);
    if (file === undefined) throw new Error(`The project has no file ${path}.`);
    return parsePython(file);
  };
  return {
    modules,
    files: paths.filter((path) => !isPythonTest(path)),
    tests: paths.filter(isPythonTest),
    names: readNames(readDottedNames(project), source),
    moduleOf: (file) => modules.find(({ folder }) => file.startsWith(`${folder}/`)) ?? null,
    source,
  };
}
