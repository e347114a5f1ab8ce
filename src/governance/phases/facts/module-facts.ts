/** A module as the phases see it, whatever language it is written in. */

import { InputError } from "../../errors.ts";
import type { Place } from "../../finding.ts";
import type { Project } from "../../project.ts";
import type { Document } from "../../tree/documents/documents.ts";
import { positionOf } from "../../tree/text.ts";

/** An event that a module registers, publishes or handles, and where its code does. */
export interface EventUse {
  /** Wire name of the event, or null when it is worked out at run time. */
  readonly type: string | null;
  readonly place: Place;
}

/** A function of the module that is of interest for its events. */
export interface Work {
  /** E.g. `create_course`. */
  readonly name: string;
  /** Of the class around it; null: none. */
  readonly owner: string | null;
  readonly place: Place;
  readonly parameters: readonly string[];
  /** Changes of state that stand in it, in words: `inserts into courses`. */
  readonly changes: readonly Change[];
  /** Whom it waits for outside of the module: packages that speak with the network, and `payment.get_status` of others. */
  readonly external: readonly string[];
  /** Modules that it calls to tell them something, not to ask. */
  readonly tells: readonly string[];
  /** Last names of what it calls. */
  readonly calls: ReadonlySet<string>;
  /** Wire names. */
  readonly publishes: readonly string[];
  /** E.g. `POST /courses`; null: it answers no request itself. */
  readonly route: string | null;
}

/** Of a function of another module, by its name: it is asked, not told. */
export const onlyAsks = (name: string) =>
  /^_?(?:get|find|list|read|check|is|has|fetch|load|count|search|exists|look)(?:_|[A-Z]|$)/.test(name);

export interface Change {
  /** `inserts into courses`, `commits a session`. */
  readonly what: string;
  /** The table or model; null: only known at run time. */
  readonly subject: string | null;
}

export interface ModuleFacts {
  readonly name: string;
  /** From the root. */
  readonly folder: string;
  readonly language: "TypeScript" | "Python";
  /** Its sources, without tests. */
  readonly files: readonly string[];
  /** Files of tests that test it. */
  readonly tests: readonly string[];
  /** What the code says that it is for; null: nothing. */
  readonly docstring: string | null;
  /** Its events in the registry: the catalogue, or the enum of the original. `ours`: others publish it. */
  readonly registered: readonly (EventUse & { readonly isOurs: boolean })[];
  readonly published: readonly EventUse[];
  readonly handled: readonly EventUse[];
  /** Its consumers; `type` is the subscriber's name. */
  readonly consumers: readonly EventUse[];
  /** Where its consumers are started: the list of a module, a lifecycle of an application. */
  readonly lifecycle: readonly Place[];
  readonly work: readonly Work[];
  /** Names of modules that call it or read its state, with one place each. */
  readonly readers: readonly { readonly module: string; readonly place: Place }[];
  readonly readme: Document | null;
  readonly events: Document | null;
  /** Markdown of its folder, and what was given as plan. */
  readonly documents: readonly Document[];
}

/** A reader of modules in one language. */
export interface ModuleReader {
  /** Names and folders. */
  readonly list: (project: Project) => readonly { readonly name: string; readonly folder: string }[];
  readonly read: (project: Project, folder: string) => ModuleFacts;
}

/**
 * By name, or by its folder from the root.
 *
 * @throws {InputError} there is no such module
 */
export function findModule(project: Project, wanted: string, readers: readonly ModuleReader[]): ModuleFacts {
  const path = wanted.replace(/^\.\//, "").replace(/(?<!\/)\/+$/, "");
  for (const reader of readers) {
    const found = reader.list(project).find(({ name, folder }) => name === path || folder === path);
    if (found !== undefined) return reader.read(project, found.folder);
  }
  const names = readers.flatMap((reader) => reader.list(project).map(({ name }) => name)).sort();
  throw new InputError(
    names.length === 0
      ? `${project.files.root} has no modules. Give --path with the root of a project that has some.`
      : `There is no module "${wanted}". There are: ${names.join(", ")}.`,
  );
}

/** Documents of the folder itself, those of folders below included. */
export function documentsIn(project: Project, folder: string): readonly Document[] {
  return [...project.documents.values()].filter(({ path }) => path.startsWith(`${folder}/`));
}

export const documentOf = (project: Project, folder: string, name: string): Document | null =>
  project.documents.get(`${folder}/${name}`) ?? null;

/** `src/a.ts:12` */
export function whereOf(project: Project, { file, start }: Place): string {
  const text = project.files.files.get(file);
  return text === undefined ? file : `${file}:${positionOf(text, start).line}`;
}
