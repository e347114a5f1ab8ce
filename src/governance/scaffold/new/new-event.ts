import { existsSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ScaffoldError } from "../errors.ts";
import { goldenWith, samplePayload } from "../golden.ts";
import { eventFile, type Layout, specifier } from "../layout.ts";
import { documentsWithEvent } from "../module-documents.ts";
import { moduleWith } from "../module-list.ts";
import { checkEvent, domainsOf } from "../names.ts";
import { stepsBehind } from "../steps.ts";
import type { Values } from "../templates.ts";
import { changedFile, newFile, type Plan, type PlannedFile } from "../write/plan.ts";
import { addImport, editedText, importsOf, openSource } from "../write/source-edit.ts";
import { written } from "../written.ts";

export interface NewEvent {
  readonly type: string;
  readonly module: string;
  readonly date: string;
}

/** @throws {ScaffoldError} there is no such module */
export function requireModule(layout: Layout, module: string): void {
  if (layout.present.includes(module)) return;
  throw new ScaffoldError(
    `"${module}" as the name of a module`,
    `one of ${layout.present.join(", ")}`,
    `Name one that ${layout.list} lists, or make it: charter new module.`,
  );
}

/** The definition of the template, as a file of its own or behind those that a file has. */
function definition(layout: Layout, path: string, values: Values): PlannedFile {
  const template = `${layout.kind === "product" ? "schemas" : "src"}/events/sample-room.ts`;
  // Nobody handles it yet.
  const text = written(layout, template, values, path).replace(/^ {2}consumers: .*\n/m, "");
  if (!existsSync(join(layout.root, path))) return newFile(path, text);
  const { source } = openSource(path, text);
  const statement = source.statements.find(ts.isVariableStatement);
  return changedFile(layout.root, path, (before) => {
    const edit = openSource(path, before);
    for (const binding of importsOf(source)) addImport(edit, binding);
    return `${editedText(edit).trimEnd()}\n\n${statement?.getText() ?? ""}\n`;
  });
}

/**
 * An event more of a module: its definition, its golden payload, its place in the module and in the documents.
 *
 * @throws {ScaffoldError} nothing of it can be written
 */
export function planEvent(layout: Layout, { type, module, date }: NewEvent): Plan {
  requireModule(layout, module);
  const all = layout.definitions;
  const own = all.filter((event) => event.module === module);
  const event = checkEvent(
    type,
    domainsOf(
      module,
      own.map((one) => one.type.slice(0, one.type.indexOf("."))),
    ),
  );
  const taken = all.find((one) => one.type === type || one.constant === event.constant);
  if (taken !== undefined) {
    throw new ScaffoldError(
      `"${type}" as the name of an event`,
      "a name that no event has",
      `${taken.path} defines it as ${taken.constant}. Take another action or resource.`,
    );
  }
  const usual = eventFile(layout, module);
  const path = existsSync(join(layout.root, usual)) ? usual : (own.at(-1)?.path ?? usual);
  const door = layout.kind === "product" ? specifier(layout, usual, path) : path;
  const values = { name: module, event, purpose: "-", owner: "-", date };
  const index = `${layout.modules}/${module}/index.ts`;
  const files = [
    definition(layout, path, values),
    goldenWith(layout, event),
    moduleWith(layout, module, [
      { part: "events", element: { local: event.constant, imported: event.constant, path } },
    ]),
    ...documentsWithEvent(layout, module, { ...values, door }),
  ];
  const { steps } = stepsBehind(layout, files, null);
  const payload = JSON.stringify(samplePayload(event));
  return {
    root: layout.root,
    files,
    steps,
    notes: [
      `Publish it in the transaction of what it tells of, and test that it is (T-1):`,
      `  import { ${event.constant} } from "${specifier(layout, index.replace("index", "routes"), path)}";`,
      `  await publish(${event.constant}, ${payload});`,
    ],
  };
}
