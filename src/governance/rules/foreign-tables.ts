/** E-8, C-3 and 11.1, where they are broken by SQL: each table is written by whoever owns it. */

import ts from "typescript";
import type { Project } from "../project.ts";
import { engineTables } from "../tree/engine-tables.ts";
import { bare, calledName } from "../tree/source.ts";
import { type SqlTables, tablesOf } from "../tree/sql/tables.ts";
import { mayHaveSql, readSqlTexts, type SqlText } from "../tree/sql-texts.ts";
import type { TypeScriptModule } from "../tree/typescript.ts";
import type { Report } from "./rule.ts";
import { moduleSourcesWith } from "./scope-of-rules.ts";

const recordTable = "events";
const claimTable = "processed_events";

/** E-8: who inserts a row into the record publishes what nobody has checked; who changes one changes what was told. */
export function writtenRecord(project: Project, report: Report): void {
  eachEngineTable(project, (module, at, table) => {
    if (table === recordTable)
      report({ at, message: `${module.name} writes the table events itself: nobody checks what it tells.` });
  });
}

/** C-3: what the engine keeps is written by the engine alone. */
export function writtenEngineTables(project: Project, report: Report): void {
  eachEngineTable(project, (module, at, table) => {
    if (table === claimTable) report({ at, message: `${module.name} writes claims itself.` });
    else if (table !== recordTable)
      report({ at, message: `${module.name} writes ${table}, a table of the engine.` });
  });
}

function eachEngineTable(
  project: Project,
  tell: (module: TypeScriptModule, at: ts.Node, table: string) => void,
): void {
  const owners = ownersOf(project);
  for (const { module, at, tables } of sqlOf(project))
    for (const table of tables.written)
      if (engineTables.has(table) && !owners.has(table)) tell(module, at, table);
}

/** 11.1: another module's table is its code as much as its functions are. */
export function tablesOfOthers(project: Project, report: Report): void {
  const owners = ownersOf(project);
  const all = sqlOf(project);
  const madeBy = (folder: string) =>
    new Set(all.flatMap(({ module, tables }) => (module.folder === folder ? [...tables.made] : [])));
  const made = new Map<string, ReadonlySet<string>>();
  for (const { module, at, tables, isWhole } of all) {
    for (const table of new Set([...tables.read, ...tables.written])) {
      const owner = owners.get(table);
      if (owner === undefined || owner.folder === module.folder) continue;
      if (!isWhole && !tables.written.has(table)) {
        // A piece may ask a CTE of the text that takes it.
        const known = made.get(module.folder) ?? madeBy(module.folder);
        made.set(module.folder, known);
        if (known.has(table) && !tables.made.has(table)) continue;
      }
      report({
        at,
        message: `${module.name} uses ${table}, which is a table of the module ${owner.name}.`,
      });
    }
  }
}

/** A text of SQL in a module's code. */
interface ModuleSql extends Pick<SqlText, "at" | "isWhole"> {
  readonly module: TypeScriptModule;
  readonly tables: SqlTables;
}

const isolateSql = new WeakMap<Project, readonly ModuleSql[]>();

function sqlOf(project: Project): readonly ModuleSql[] {
  const known = isolateSql.get(project);
  if (known !== undefined) return known;
  const reader = readSqlTexts(project.typescript.bindings);
  const found = [...moduleSourcesWith(project, mayHaveSql)].flatMap(({ module, nodes }) =>
    reader.textsOf(nodes).map(({ at, text, isWhole }) => ({ module, at, isWhole, tables: tablesOf(text) })),
  );
  isolateSql.set(project, found);
  return found;
}

/** A table that a module defines. */
interface TableDefinition {
  readonly module: TypeScriptModule;
  /** Its name in the database, in lower case. */
  readonly table: string;
  readonly at: ts.Node;
}

/** Modules by the tables that they own, in lower case: the one that defined a table, and not whoever writes it down again. */
function ownersOf(project: Project): ReadonlyMap<string, TypeScriptModule> {
  const owners = new Map<string, TableDefinition>();
  for (const one of definitionsOf(project)) {
    const known = owners.get(one.table);
    if (known === undefined || claimOf(one) > claimOf(known)) owners.set(one.table, one);
  }
  return new Map([...owners].map(([table, { module }]) => [table, module]));
}

/**
 * How much speaks for the owner: its migrations are made from its file of tables, and its tables begin with its name. Of
 * two that are alike the first one counts.
 */
function claimOf({ module, table, at }: TableDefinition): number {
  const isInFileOfTables = /(?:^|\/)tables\.ts$/.test(at.getSourceFile().fileName);
  return (isInFileOfTables ? 2 : 0) + (table.startsWith(module.name) ? 1 : 0);
}

/** 11.1: with a definition of its own a module uses another one's table, and nothing names that one. */
export function tablesDefinedAgain(project: Project, report: Report): void {
  const owners = ownersOf(project);
  for (const { module, table, at } of definitionsOf(project)) {
    const owner = owners.get(table);
    if (owner === undefined || owner.folder === module.folder) continue;
    report({ at, message: `${module.name} defines ${table}, which is a table of the module ${owner.name}.` });
  }
}

function* definitionsOf(project: Project): Iterable<TableDefinition> {
  for (const { module, nodes } of moduleSourcesWith(project, /[tT]able\(/))
    for (const call of nodes.calls) {
      const [first] = call.arguments;
      if (!/^\w*[tT]able$/.test(calledName(call) ?? "") || first === undefined) continue;
      const named = bare(first);
      if (ts.isStringLiteralLike(named)) yield { module, table: named.text.toLowerCase(), at: call };
    }
}
