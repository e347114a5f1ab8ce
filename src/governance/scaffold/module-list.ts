/** The places where a module is named: the product's list, the module's own value, the tables of its routes. */

import ts from "typescript";
import { ScaffoldError } from "./errors.ts";
import { engineDoor, type FoundEvent, type Layout, specifier } from "./layout.ts";
import { changedFile, type PlannedFile } from "./write/plan.ts";
import {
  addImport,
  appendProperty,
  appendTo,
  callsOf,
  editedText,
  importsOf,
  listIn,
  openSource,
  propertyOf,
} from "./write/source-edit.ts";

/** What one file imports of another. */
export interface Imported {
  readonly local: string;
  /** `*` for all of it. */
  readonly imported: string;
  /** From the root. */
  readonly path: string;
}

function notUnderstood(path: string, looked: string, todo: string): ScaffoldError {
  return new ScaffoldError(`${path}, in which ${looked} is not found`, `${looked}, written out`, todo);
}

/** The product's list with a module more. */
export function listWith(layout: Layout, module: Imported): PlannedFile {
  return changedFile(layout.root, layout.list, (before) => {
    const edit = openSource(layout.list, before);
    const [call] = callsOf(edit.source, "defineProduct", engineDoor);
    const list = listIn(call?.arguments[0]);
    const from = specifier(layout, layout.list, module.path);
    if (list === undefined) {
      throw notUnderstood(
        layout.list,
        "the list of defineProduct([…])",
        `Add there by hand: import { ${module.imported} } from "${from}"; and ${module.local} in the list.`,
      );
    }
    addImport(edit, { ...module, from });
    appendTo(edit, list, module.local);
    return editedText(edit);
  });
}

/** The list of tables of routes, in the test of two tenants, with one more. */
export function tenantTablesWith(layout: Layout, table: Imported): PlannedFile {
  const path = `${layout.tests}/tenants.test.ts`;
  return changedFile(layout.root, path, (before) => {
    const edit = openSource(path, before);
    const { source } = edit;
    const from = specifier(layout, path, table.path);
    const tables = importsOf(source).filter((one) => one.from.startsWith("./tenant-routes/"));
    const isTable = (node: ts.Expression) =>
      ts.isIdentifier(node) && tables.some(({ local }) => local === node.text);
    const list = source.statements
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => declarationList.declarations)
      .map(({ initializer }) => listIn(initializer))
      .find((one) => one !== undefined && one.elements.length > 0 && one.elements.every(isTable));
    if (list === undefined) {
      throw notUnderstood(
        path,
        "the list of the tables of routes",
        `Add there by hand: import { ${table.imported} } from "${from}"; and ${table.local} in the list.`,
      );
    }
    addImport(edit, { ...table, from });
    appendTo(edit, list, table.local);
    return editedText(edit);
  });
}

/** What is added to a part of a module, e.g. an event to `events`. */
export interface Addition {
  readonly part: "events" | "tables" | "consumers";
  readonly element: Imported;
}

/** Where a part stands that the module does not have yet, and how it is written. */
const newParts = {
  events: { behind: "name", text: (element: string) => `events: [${element}]` },
  tables: { behind: "events", text: (element: string) => `tables: [${element}]` },
  consumers: { behind: "tables", text: (element: string) => `consumers: () => [${element}]` },
};

/** The `index.ts` of a module with more in its parts. @param module its folder's name */
export function moduleWith(layout: Layout, module: string, additions: readonly Addition[]): PlannedFile {
  const path = `${layout.modules}/${module}/index.ts`;
  return changedFile(layout.root, path, (before) => {
    const edit = openSource(path, before);
    const [call] = callsOf(edit.source, "defineModule", engineDoor);
    const object = call?.arguments[0];
    for (const { part, element } of additions) {
      const { local, imported, path: to } = element;
      const from = specifier(layout, path, to);
      const written = imported === "*" ? `* as ${local}` : `{ ${imported} }`;
      const todo = `Add by hand: import ${written} from "${from}"; and ${local} to ${part}.`;
      if (object === undefined || !ts.isObjectLiteralExpression(object))
        throw notUnderstood(path, "defineModule({…})", todo);
      const isThere = object.properties.some((property) => property.name?.getText() === part);
      const list = listIn(propertyOf(object, part));
      if (isThere && list === undefined) throw notUnderstood(path, `the list of ${part}`, todo);
      addImport(edit, { local, imported, from });
      if (list !== undefined) appendTo(edit, list, local);
      else appendProperty(edit, object, newParts[part].text(local), newParts[part].behind);
    }
    return editedText(edit);
  });
}

/** The definition of an event that names a consumer more, for the documents. */
export function definitionWith(
  layout: Layout,
  { path, constant }: FoundEvent,
  consumer: string,
): PlannedFile {
  return changedFile(layout.root, path, (before) => {
    const edit = openSource(path, before);
    const call = callsOf(edit.source, "defineEvent", /./).find(
      ({ parent }) => ts.isVariableDeclaration(parent) && parent.name.getText() === constant,
    );
    const options = call?.arguments[1];
    const todo = `Add "${consumer}" by hand to the consumers of ${constant}, then begin again.`;
    if (options === undefined || !ts.isObjectLiteralExpression(options))
      throw notUnderstood(path, `defineEvent("…", {…}) of ${constant}`, todo);
    const isThere = options.properties.some((property) => property.name?.getText() === "consumers");
    const list = listIn(propertyOf(options, "consumers"));
    if (isThere && list === undefined)
      throw notUnderstood(path, `the list of consumers of ${constant}`, todo);
    const name = JSON.stringify(consumer);
    if (list !== undefined) appendTo(edit, list, name);
    else appendProperty(edit, options, `consumers: [${name}]`);
    return editedText(edit);
  });
}
