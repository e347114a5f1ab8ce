/** Which folders of Python are modules, and which file a dotted name means. */

import { posix } from "node:path";
import type { ProjectFiles } from "../files.ts";
import { isPython } from "./parser.ts";

/** A folder below `backend/modules`, `backend/app/modules` or `backend/brain/agents`. */
export interface PythonModule {
  /** The folder's name. */
  readonly name: string;
  /** From the root. */
  readonly folder: string;
  /** Paths of its sources, without tests. */
  readonly files: readonly string[];
  /** Paths of the tests inside of it. */
  readonly tests: readonly string[];
}

const roots = ["modules", "app/modules", "brain/agents"];
const inModules = new RegExp(`^((?:.*/)?backend/(?:${roots.join("|")})/([A-Za-z]\\w*))/`);
/** As imported, with and without `backend`. */
const dottedModule = /^(?:(?:.+\.)?backend\.)?(?:(?:app\.)?modules|brain\.agents)\.([A-Za-z]\w*)(?:\.(.+))?$/;

const asideFolders = /(?:^|\/)(?:tests?|fixtures)\//;

export const isPythonTest = (path: string) =>
  /(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest)\.py$/.test(path) || asideFolders.test(path);

/** Empty, or `backend/` when the folder that is judged is that of the backend itself. */
function prefixOf({ root, paths }: ProjectFiles): string {
  if (posix.basename(root.replaceAll("\\", "/")) !== "backend") return "";
  return [...paths].some((path) => path.startsWith("backend/")) ? "" : "backend/";
}

export function readModules(project: ProjectFiles): readonly PythonModule[] {
  const prefix = prefixOf(project);
  const found = new Map<string, { name: string; files: string[]; tests: string[] }>();
  for (const path of project.files.keys()) {
    if (!isPython(path)) continue;
    const [, full = "", name = ""] = inModules.exec(prefix + path) ?? [];
    // What is kept for tests is nobody's module.
    if (full === "" || asideFolders.test(`${full}/`)) continue;
    const folder = full.slice(prefix.length);
    const module = found.get(folder) ?? { name, files: [], tests: [] };
    found.set(folder, module);
    (isPythonTest(path.slice(folder.length)) ? module.tests : module.files).push(path);
  }
  return [...found]
    .map(([folder, module]) => ({ folder, ...module }))
    .sort((left, right) => (left.folder < right.folder ? -1 : 1));
}

/** The module that an absolute dotted name leads into, and what of it; null: into none. */
export function moduleIn(dotted: string): { readonly name: string; readonly rest: string } | null {
  const [, name, rest = ""] = dottedModule.exec(dotted) ?? [];
  return name === undefined ? null : { name, rest };
}

export interface DottedNames {
  /** The file of a dotted name; null: it is none of the project. */
  fileOf(dotted: string): string | null;
  /** The absolute name for `from ..payment import x` in a file. */
  absolute(file: string, relative: string): string;
}

const dottedOf = (path: string) => path.replace(/(?:\/__init__)?\.py$/, "").replaceAll("/", ".");

export function readDottedNames(project: ProjectFiles): DottedNames {
  const prefix = prefixOf(project);
  const files = new Map<string, string>();
  for (const path of project.paths) {
    if (!isPython(path)) continue;
    const full = dottedOf(prefix + path);
    // The backend's folder and the one above it are both where programs start.
    const inside = full.replace(/^(?:.*\.)?backend\./, "");
    for (const name of [full, inside, `backend.${inside}`]) if (!files.has(name)) files.set(name, path);
  }
  return {
    fileOf: (dotted) => files.get(dotted) ?? null,
    absolute: (file, relative) => {
      const [dots = ""] = /^\.*/.exec(relative) ?? [];
      const name = relative.slice(dots.length);
      if (dots === "") return name;
      const folders = (prefix + file).split("/").slice(0, -dots.length);
      return [...folders, ...(name === "" ? [] : [name])].join(".");
    },
  };
}
