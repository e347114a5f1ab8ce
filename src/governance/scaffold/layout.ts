/** Where the parts of a project stand: found out from the project, not from how it is called. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";
import { readProject } from "../project.ts";
import type { TypeScriptTree } from "../tree/product/typescript.ts";
import { ScaffoldError } from "./errors.ts";
import { kebab } from "./names.ts";
import { readText } from "./write/plan.ts";
import { callsOf, importsOf, listIn, openSource, propertyOf } from "./write/source-edit.ts";

/**
 * `product`: events have a package of their own (`schemas`), documents and lists are generated. `app`: what
 * `charter new app` writes, on the installed packages.
 */
export type LayoutKind = "product" | "app";

export interface Layout {
  readonly kind: LayoutKind;
  /** Absolute. */
  readonly root: string;
  /** Of modules, e.g. `src/modules`. */
  readonly modules: string;
  /** Of event definitions, e.g. `schemas/events`. */
  readonly events: string;
  readonly tests: string;
  /** A payload of each event, JSON. */
  readonly golden: string;
  /** The list of modules. */
  readonly list: string;
  /** Names of the modules that are there: folders that the list names. */
  readonly present: readonly string[];
  readonly definitions: readonly FoundEvent[];
  /** Names of all consumers, with the file each is defined in. */
  readonly subscribers: ReadonlyMap<string, string>;
}

/** A definition of an event, where it stands. */
export interface FoundEvent {
  readonly type: string;
  /** The exported name. */
  readonly constant: string;
  /** From the root. */
  readonly path: string;
  /** Null: it is not written out. */
  readonly module: string | null;
  /** Null: it is not written out. */
  readonly criticality: string | null;
}

/** What a project must have so that what is written works in it. */
const needed: Readonly<Record<LayoutKind, readonly string[]>> = {
  product: ["test/engine.ts", "test/wait-for.ts", "src/http/kit/mount.ts", "schemas/fixtures/released.json"],
  app: ["test/engine.ts", "src/mount.ts", "fixtures/released.json"],
};

const list = "src/product.ts";
export const engineDoor = /^@brain\/engine$/;

/** The root of the project in which a folder is; null: it is in none. */
function rootOf(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, "package.json")) && existsSync(join(at, list))) return at;
    if (dirname(at) === at) return null;
  }
}

function nameIn(path: string): unknown {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { readonly name?: unknown }).name;
  } catch {
    return undefined;
  }
}

/** Of which folder each module of the list is, by what the list imports. */
function modulesOf(root: string): readonly string[] {
  const { source } = openSource(list, readText(root, list));
  const [call] = callsOf(source, "defineProduct", engineDoor);
  const names = listIn(call?.arguments[0])?.elements.map((element) => element.getText());
  if (names === undefined) {
    throw new ScaffoldError(
      `${list}, in which no list of modules is found`,
      'defineProduct([…]) of "@brain/engine", with the list written in the call',
      "Write the list there, so that a module can be added to it.",
    );
  }
  return importsOf(source)
    .filter(({ local, from }) => names.includes(local) && /^\..*\/index\.(?:ts|js)$/.test(from))
    .map(({ from }) => posix.join(dirname(list), dirname(from)));
}

function definitionsIn({ events }: TypeScriptTree): readonly FoundEvent[] {
  return events.flatMap(({ type, name, file, module, options }) => {
    if (type === null || name === null) return [];
    const said = options === null ? undefined : propertyOf(options, "criticality");
    const criticality = said !== undefined && ts.isStringLiteralLike(said) ? said.text : null;
    return [{ type, constant: name, path: file, module, criticality }];
  });
}

/**
 * @param folder in the project, or below it
 * @throws {ScaffoldError} it is in no project whose layout is known
 */
export async function readLayout(folder: string): Promise<Layout> {
  const root = rootOf(folder);
  if (root === null) {
    throw new ScaffoldError(
      `the folder ${folder}, which is in no project with a ${list}`,
      "a project on @brain/engine",
      "Go into one, or make one: charter new app my-app.",
    );
  }
  const kind: LayoutKind =
    nameIn(join(root, "schemas/package.json")) === "@brain/schemas" ? "product" : "app";
  const folders = modulesOf(root);
  const missing = needed[kind].filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) {
    throw new ScaffoldError(
      `a project without ${missing.join(", ")}`,
      "those, because what is written uses them",
      "charter new app shows how they look.",
    );
  }
  const [first = "src/modules/any"] = folders;
  const { typescript } = await readProject(root);
  const named = typescript.consumers.flatMap(({ subscriber, file }) =>
    subscriber === null ? [] : [[subscriber, file] as const],
  );
  return {
    kind,
    root,
    modules: dirname(first),
    events: kind === "product" ? "schemas/events" : "src/events",
    tests: kind === "product" ? "test/modules" : "test",
    golden: kind === "product" ? "schemas/fixtures/released.json" : "fixtures/released.json",
    list,
    present: folders.map((path) => posix.basename(path)),
    definitions: definitionsIn(typescript),
    subscribers: new Map(named),
  };
}

/** The module that an event of this name is most likely of: whose domain it has, or the only one; null: nobody can tell. */
export function likelyModule({ present, definitions }: Layout, type: string | undefined): string | null {
  const [domain = ""] = (type ?? "").split(".");
  if (present.includes(domain)) return domain;
  const owners = new Set(
    definitions.filter((event) => event.type.startsWith(`${domain}.`)).map(({ module }) => module),
  );
  const [owner = null, ...others] = owners.size > 0 ? owners : present;
  return others.length === 0 ? owner : null;
}

/** The file of a module's own events. */
export const eventFile = (layout: Layout, module: string) => `${layout.events}/${kebab(module)}.ts`;

/** The module in whose folder a file stands; null: in none. */
export const moduleIn = ({ present, modules }: Layout, path: string): string | null =>
  present.find((name) => path.startsWith(`${modules}/${name}/`)) ?? null;

/** Where tests of a module stand: an app has few, and no folders of them. */
export const testFolder = ({ kind, tests }: Layout, module: string | null): string =>
  kind === "product" && module !== null ? `${tests}/${module}` : tests;

/** What one file writes to import what another of the project exports. */
export function specifier({ kind, events }: Layout, from: string, to: string): string {
  if (kind === "product" && dirname(to) === events)
    return `@brain/schemas/events/${posix.basename(to).replace(/\.ts$/, "")}`;
  const path = posix.relative(dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}
