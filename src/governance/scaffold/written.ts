/** Templates as files of a project: their paths, their names, and what they import from where they now stand. */

import { dirname, posix } from "node:path";
import ts from "typescript";
import type { Layout } from "./layout.ts";
import { fillIn, listTemplates, readTemplate, type Values } from "./templates.ts";
import { newFile, type PlannedFile } from "./write/plan.ts";

/** The folder of templates for a project, and where its parts stand there. */
function templatesOf({ kind }: Layout) {
  return kind === "product"
    ? { folder: "repository", modules: "src/modules", events: "schemas/events", tests: "test/modules" }
    : { folder: "app", modules: "src/modules", events: "src/events", tests: "test" };
}

/** The template of a test that is no part of a new module. */
export const testTemplate = (layout: Layout, of: "consumer" | "letter") =>
  `${layout.kind === "product" ? "test/modules/sample_room" : "test"}/sample-room-${of}.test.ts`;

/** Where a file of the template stands in the project, names not replaced yet. */
function placeOf(layout: Layout, path: string): string {
  const from = templatesOf(layout);
  for (const part of ["modules", "events", "tests"] as const) {
    if (path.startsWith(`${from[part]}/`)) return layout[part] + path.slice(from[part].length);
  }
  return path;
}

/** Imports of neighbours, as they are written where the file stands now. */
function rerouted(layout: Layout, text: string, from: string, to: string): string {
  const source = ts.createSourceFile(from, text, ts.ScriptTarget.Latest, true);
  const specifiers = source.statements
    .filter(ts.isImportDeclaration)
    .map(({ moduleSpecifier }) => moduleSpecifier)
    // What stands beside a file comes along with it.
    .filter((node): node is ts.StringLiteral => ts.isStringLiteral(node) && node.text.startsWith("../"));
  return specifiers.reduceRight((result, node) => {
    const target = placeOf(layout, posix.join(dirname(from), node.text));
    const path = posix.relative(dirname(to), target);
    const written = JSON.stringify(path.startsWith(".") ? path : `./${path}`);
    return result.slice(0, node.getStart()) + written + result.slice(node.getEnd());
  }, text);
}

/** A template, filled in. @param path from the templates of this kind of project */
export function written(layout: Layout, path: string, values: Values, place = placeOf(layout, path)): string {
  const text = readTemplate(`${templatesOf(layout).folder}/${path}`);
  return fillIn(path.endsWith(".ts") ? rerouted(layout, text, path, place) : text, values);
}

/** Paths of the templates of this kind of project, from their folder. */
export const templatePaths = (layout: Layout) => listTemplates(templatesOf(layout).folder);

/** @param place of the file, names not replaced yet; left out: that of the template */
export function fromTemplate(
  layout: Layout,
  path: string,
  values: Values,
  place = placeOf(layout, path),
): PlannedFile {
  return newFile(fillIn(place, values), written(layout, path, values, place));
}
