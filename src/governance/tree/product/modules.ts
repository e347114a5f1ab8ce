/** The modules of a product: folders with their definitions. */

import { posix } from "node:path";
import type ts from "typescript";
import type { Bindings } from "../names/bindings.ts";
import type { Values } from "../names/values.ts";
import { objectOf, textOf } from "../names/written.ts";
import { propertyValue } from "../syntax/source.ts";
import type { Workspace } from "../workspaces.ts";

/** `defineModule(…)` */
export interface ModuleDefinition {
  readonly file: string;
  readonly call: ts.CallExpression;
  readonly options: ts.ObjectLiteralExpression | null;
}

/** A folder that is a module, or is on its way to one. */
export interface TypeScriptModule {
  /** As `defineModule` says, otherwise the folder's name. */
  readonly name: string;
  /** From the root. */
  readonly folder: string;
  /** Null: the folder has none yet. */
  readonly definition: ModuleDefinition | null;
  /** Paths of its sources, without tests. */
  readonly files: readonly string[];
}

/** What is known of folders beside the modules. */
interface Neighbours {
  readonly workspaces: readonly Workspace[];
  /** Files that publish or handle catalogued events. */
  readonly acting: ReadonlySet<string>;
  readonly textOfFile: (path: string) => string;
}

type Call = { readonly file: string; readonly node: ts.CallExpression };

/**
 * Modules are the folders in which `defineModule` is called, and their neighbours that publish, handle or answer: those
 * are on their way. A package beside them may be shared by all, so of those only what publishes or handles is.
 *
 * @param defined calls of `defineModule`
 */
export function readModules(
  defined: readonly Call[],
  files: readonly string[],
  bindings: Bindings,
  values: Values,
  { workspaces, acting, textOfFile }: Neighbours,
): readonly TypeScriptModule[] {
  const filesIn = (folder: string) => files.filter((path) => path.startsWith(`${folder}/`));
  const modules = defined.map(({ file, node }): TypeScriptModule => {
    const folder = posix.dirname(file);
    const options = objectOf(node.arguments[0]);
    const name = options === null ? null : textOf(file, propertyValue(options, "name"), values);
    return {
      name: name ?? posix.basename(folder),
      folder,
      definition: { file, call: node, options },
      files: filesIn(folder),
    };
  });
  const parents = new Set(
    modules.map(({ folder }) => posix.dirname(folder)).filter((folder) => folder !== "."),
  );
  const others = new Set(
    files.flatMap((path) => {
      const parent = [...parents].find((folder) => path.startsWith(`${folder}/`));
      const rest = parent === undefined ? [] : path.slice(parent.length + 1).split("/");
      return rest.length > 1 ? [`${parent}/${rest[0]}`] : [];
    }),
  );
  const packages = new Set(workspaces.map(({ folder }) => folder));
  const isActing = (folder: string, path: string) =>
    acting.has(path) || (!packages.has(folder) && actsAsModule(path, textOfFile(path), bindings));
  const onTheirWay = [...others].filter(
    (folder) =>
      !modules.some((module) => module.folder === folder) &&
      filesIn(folder).some((path) => isActing(folder, path)),
  );
  return [
    ...modules,
    ...onTheirWay.map((folder) => ({
      name: posix.basename(folder),
      folder,
      definition: null,
      files: filesIn(folder),
    })),
  ].sort((left, right) => (left.folder < right.folder ? -1 : 1));
}

/** It has routes, tables or a consumer. What only helps with them, as middleware and columns for all, is of no module. */
function actsAsModule(path: string, text: string, bindings: Bindings): boolean {
  if (/\/(?:routes|service|router|consumer|tables)\.[cm]?tsx?$/.test(path)) return true;
  const isFrom = (named: RegExp) => bindings.importsOf(path).some(({ specifier }) => named.test(specifier));
  return (/\bHono\b/.test(text) && isFrom(/^hono$/)) || (makesTable.test(text) && isFrom(/^drizzle-orm\//));
}

/** One whose name is written there: a function for others is given it. */
const makesTable = /[tT]able\(\s*(?:["']|`[^`$]*`)/;
