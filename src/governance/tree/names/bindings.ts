/** What a name in a file means: where it was defined, followed through imports and exports. */

import ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import { rememberEach } from "../remember-each.ts";
import { type Declaration, declarationOf } from "../syntax/declarations.ts";
import { bare, isTypeScript, nameOf, parseSource, propertyValue, stringOf } from "../syntax/source.ts";
import { charterPackages, type Workspace } from "../workspaces.ts";
import { type FileNames, type Imported, readFileNames } from "./file-names.ts";
import { type Import, loadedBy, readImports } from "./imports.ts";
import { createResolver } from "./resolve.ts";

/** Where a name comes from. */
export interface Origin {
  /** The package that it belongs to: of npm, or one of the charter's that is a workspace here. Null: the project's own code. */
  readonly package: string | null;
  /** The name that it has where it is defined; `*` for a whole module, `default` for a default export. */
  readonly name: string;
  /** The file that defines it, from the root; null: it is not of this project. */
  readonly file: string | null;
  /** The expression that the name stands for; null when it is a function, a class, or not of this project. */
  readonly value: ts.Expression | null;
}

const maxSteps = 20;

export interface Bindings {
  importsOf(file: string): readonly Import[];
  /** Null: a name of the language, a parameter, or a local one. */
  originOf(file: string, name: string): Origin | null;
  /** Of an identifier, `namespace.name`, or a call's callee. */
  originOfExpression(file: string, node: ts.Expression): Origin | null;
  /** Of `whole["name"]`, where the file imports a module as a whole; null: it does not, or exports no such name. */
  memberOf(file: string, whole: string, name: string): Origin | null;
  /** What a file gets under a name from a specifier, as by `import("…")`; null: there is no such export. */
  exportOf(file: string, specifier: string, name: string): Origin | null;
  /** The file that a specifier leads to; null when it is none of this project. */
  resolve(file: string, specifier: string): string | null;
}

/** Remembers what it has read: to be made for each look at a project. */
export function readBindings(project: ProjectFiles): Bindings {
  const resolve = createResolver(project);
  const reader: NameReader = {
    project,
    resolve,
    namesOf: rememberEach((file: string) => {
      const text = project.files.get(file);
      return text === undefined ? null : readFileNames(parseSource(text));
    }),
    holdsEvents: rememberEach((owner: string) => holdsEvents(project, owner)),
  };
  // Each name of a file is asked for many times: by everything that reads what its functions do.
  const originsIn = rememberEach((file: string) =>
    rememberEach((name: string) => localOrigin(reader, file, name, 0)),
  );
  const originOf = (file: string, name: string) => originsIn(file)(name);
  const memberOf = (file: string, whole: string, name: string) => memberOrigin(reader, file, whole, name);
  const exportOf = (file: string, specifier: string, name: string) =>
    importedOrigin(reader, file, { specifier, name }, 0);
  const named: NamedOrigins = { originOf, memberOf, exportOf };

  return {
    resolve,
    originOf,
    memberOf,
    exportOf,
    originOfExpression: (file, node) => originOfNode(named, file, node, 0),
    importsOf: rememberEach((file: string) => {
      const text = project.files.get(file);
      return text === undefined
        ? []
        : readImports(parseSource(text), (specifier) => resolve(file, specifier));
    }),
  };
}

type NamedOrigins = Pick<Bindings, "originOf" | "memberOf" | "exportOf">;

/** How often a part is another name's: `const { on } = engine; const handle = on;` */
const maxNames = 5;

/** Of what stands in a place, where a nearer name may hide that of the file. */
function originOfNode(by: NamedOrigins, file: string, node: ts.Expression, steps: number): Origin | null {
  const value = bare(node);
  if (steps > maxNames) return null;
  const part = partOf(value);
  if (part !== null) return originOfPart(by, file, part.owner, part.name, steps);
  if (!ts.isIdentifier(value)) return null;
  const declared = declarationOf(value);
  const taken = declared === null ? null : originOfDeclared(by, file, declared, steps);
  return taken ?? (declared === null || isAtTop(declared) ? by.originOf(file, value.text) : null);
}

/** `engine.on`, `engine["on"]` */
function partOf(node: ts.Expression): { readonly owner: ts.Expression; readonly name: string } | null {
  if (ts.isPropertyAccessExpression(node)) return { owner: node.expression, name: node.name.text };
  const name = ts.isElementAccessExpression(node) ? stringOf(node.argumentExpression) : null;
  return name !== null && ts.isElementAccessExpression(node) ? { owner: node.expression, name } : null;
}

/** What a variable was given, when that is another name, or a part of what is imported as a whole. */
function originOfDeclared(
  by: NamedOrigins,
  file: string,
  declared: Declaration,
  steps: number,
): Origin | null {
  if (ts.isBindingElement(declared)) {
    const around = declared.parent.parent;
    const name = nameOf((declared.propertyName ?? declared.name) as ts.PropertyName);
    return name !== null && ts.isVariableDeclaration(around) && around.initializer !== undefined
      ? originOfPart(by, file, around.initializer, name, steps + 1)
      : null;
  }
  if (!ts.isVariableDeclaration(declared) || declared.initializer === undefined) return null;
  const given = bare(declared.initializer);
  const isNamed = partOf(given) !== null || (ts.isIdentifier(given) && !isAtTop(declared));
  return isNamed ? originOfNode(by, file, given, steps + 1) : null;
}

/** Of `owner.name`, where the owner is a module as a whole: by an import at the top, or by `await import("…")`. */
function originOfPart(
  by: NamedOrigins,
  file: string,
  owner: ts.Expression,
  name: string,
  steps: number,
): Origin | null {
  const whole = bare(owner);
  const specifier = loadedBy(whole);
  if (specifier !== null) return by.exportOf(file, specifier, name);
  if (!ts.isIdentifier(whole) || steps > maxNames) return null;
  const declared = declarationOf(whole);
  if (declared === null) return by.memberOf(file, whole.text, name);
  const given = ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
  const part = given === undefined ? null : memberNamed(bare(given), name);
  if (part !== null) return originOfNode(by, file, part, steps + 1);
  const isWhole = given !== undefined && (ts.isIdentifier(bare(given)) || loadedBy(given) !== null);
  return isWhole ? originOfPart(by, file, given, name, steps + 1) : null;
}

/** `lib.on` of `const lib = { on }`, where it is another name. */
function memberNamed(whole: ts.Expression, name: string): ts.Expression | null {
  const object = ts.isObjectLiteralExpression(whole) ? whole : null;
  const value = object === null ? null : propertyValue(object, name);
  const named = value === null ? null : bare(value);
  return named !== null && (ts.isIdentifier(named) || partOf(named) !== null) ? named : null;
}

/** Whether a file itself declares it, and no function or block of it. */
function isAtTop(declared: Declaration): boolean {
  let at: ts.Node = declared;
  while (ts.isBindingElement(at)) at = at.parent.parent;
  if (ts.isVariableDeclaration(at)) at = at.parent.parent;
  return ts.isSourceFile(at.parent);
}

/** What following a name needs of a project. */
interface NameReader {
  readonly project: ProjectFiles;
  resolve(file: string, specifier: string): string | null;
  /** Null: there is no such file. */
  namesOf(file: string): FileNames | null;
  /** Whether a workspace defines events. */
  holdsEvents(owner: string): boolean;
}

/** Of a name that a file imports. */
function importedOrigin(reader: NameReader, file: string, imported: Imported, steps: number): Origin | null {
  const { specifier, name } = imported;
  const target = reader.resolve(file, specifier);
  if (target === null) return { package: packageOf(specifier), name, file: null, value: null };
  const owner = ownerOf(reader.project.workspaces, target);
  // A package without events is what it says at its door: where inside of it a name comes from matters to nobody.
  if (owner !== null && specifier === owner && !reader.holdsEvents(owner))
    return { package: owner, name, file: null, value: null };
  if (name === "*") return { package: owner, name: "*", file: target, value: null };
  return exportedOrigin(reader, target, name, steps);
}

/** Of a name that a file exports. */
function exportedOrigin(reader: NameReader, file: string, name: string, steps: number): Origin | null {
  const names = reader.namesOf(file);
  if (names === null || steps > maxSteps) return null;
  const found = names.exported.get(name);
  if (found !== undefined)
    return "local" in found
      ? localOrigin(reader, file, found.local, steps + 1)
      : importedOrigin(reader, file, found, steps + 1);
  for (const specifier of names.passedOn) {
    const origin = importedOrigin(reader, file, { specifier, name }, steps + 1);
    if (origin !== null) return origin;
  }
  return null;
}

/** Of a name as a file uses it. */
function localOrigin(reader: NameReader, file: string, name: string, steps: number): Origin | null {
  const names = reader.namesOf(file);
  if (names === null || steps > maxSteps) return null;
  const imported = names.imported.get(name);
  if (imported !== undefined) return importedOrigin(reader, file, imported, steps + 1);
  if (!names.defined.has(name)) return null;
  const value = names.defined.get(name) ?? null;
  const renamed = value === null ? null : bare(value);
  if (renamed !== null && ts.isIdentifier(renamed)) {
    const origin = localOrigin(reader, file, renamed.text, steps + 1);
    if (origin !== null) return origin;
  }
  return { package: ownerOf(reader.project.workspaces, file), name, file, value };
}

function memberOrigin(reader: NameReader, file: string, whole: string, name: string): Origin | null {
  const owner = localOrigin(reader, file, whole, 0);
  if (owner === null || owner.name !== "*") return null;
  return owner.file === null ? { ...owner, name } : exportedOrigin(reader, owner.file, name, 0);
}

function holdsEvents({ workspaces, files }: ProjectFiles, owner: string): boolean {
  const folder = workspaces.find(({ name }) => name === owner)?.folder ?? "";
  return [...files.values()].some(
    ({ path, text }) => path.startsWith(`${folder}/`) && isTypeScript(path) && text.includes("defineEvent("),
  );
}

/** The charter's own package that a file belongs to, when it is a workspace below the root; all others are the product. */
function ownerOf(workspaces: readonly Workspace[], file: string): string | null {
  const owner = charterPackages(workspaces).find(({ folder }) => file.startsWith(`${folder}/`));
  return owner?.name ?? null;
}

/** `@brain/schemas` of `@brain/schemas/events/task`. */
function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}
