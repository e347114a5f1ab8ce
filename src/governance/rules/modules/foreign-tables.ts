/** E-8, C-3 and 11.1, where they are broken by SQL: each table is written by whoever owns it. */

import type { Place } from "../../finding.ts";
import type { Project } from "../../project.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import { isTestPath } from "../../tree/product/typescript.ts";
import { engineTables } from "../../tree/sql/engine-tables.ts";
import { type FileStatement, isMigration, readStatements } from "../../tree/sql/migrations.ts";
import { mayHaveSql, readSqlTexts } from "../../tree/sql/sql-texts.ts";
import { type SqlTables, tablesOf } from "../../tree/sql/tables.ts";
import { placeOf } from "../../tree/syntax/source.ts";
import { charterPackages } from "../../tree/workspaces.ts";
import type { Report } from "../rule.ts";
import { sourcesWith } from "../scope-of-rules.ts";
import { engineTableWrites } from "./engine-table-writes.ts";
import { definitionsOf, ownersOf } from "./table-owners.ts";

const recordTable = "events";
const claimTable = "processed_events";

/** E-8: who inserts a row into the record publishes what nobody has checked; who changes one changes what was told. */
export function writtenRecord(project: Project, report: Report): void {
  eachEngineTable(project, (who, at, table) => {
    if (table === recordTable)
      report({ at, message: `${who} writes the table events itself: nobody checks what it tells.` });
  });
}

/** C-3: what the engine keeps is written by the engine alone. */
export function writtenEngineTables(project: Project, report: Report): void {
  eachEngineTable(project, (who, at, table) => {
    if (table === claimTable) report({ at, message: `${who} writes claims itself.` });
    else if (table !== recordTable) report({ at, message: `${who} writes ${table}, a table of the engine.` });
  });
}

function eachEngineTable(project: Project, tell: (who: string, at: Place, table: string) => void): void {
  for (const { module, at, tables } of sqlOf(project))
    for (const table of tables.written)
      if (engineTables.has(table)) tell(module?.name ?? "What is of no module", at, table);
  for (const { module, node, table } of engineTableWrites(project))
    tell(module?.name ?? "What is of no module", placeOf(node), table);
  for (const { statement } of migrationsOf(project))
    for (const table of statement.written)
      if (engineTables.has(table)) tell("The migration", statement.placeOf(table), table);
}

/** 11.1: another module's table is its code as much as its functions are. */
export function tablesOfOthers(project: Project, report: Report): void {
  const owners = ownersOf(project);
  const all = sqlOf(project);
  const madeBy = (folder: string) =>
    new Set(all.flatMap(({ module, tables }) => (module?.folder === folder ? [...tables.made] : [])));
  const made = new Map<string, ReadonlySet<string>>();
  for (const { module, at, tables, isWhole } of all) {
    if (module === null) continue;
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

/** A text of SQL in the code of a module, or of the product around them. */
interface ProductSql {
  readonly at: Place;
  /** Otherwise it may be a piece of another one. */
  readonly isWhole: boolean;
  readonly module: TypeScriptModule | null;
  readonly tables: SqlTables;
}

const isolateSql = new WeakMap<Project, readonly ProductSql[]>();

function sqlOf(project: Project): readonly ProductSql[] {
  const known = isolateSql.get(project);
  if (known !== undefined) return known;
  const reader = readSqlTexts(project.typescript);
  const found = [...sourcesWith(project, mayHaveSql)].flatMap(({ module, nodes }) =>
    reader.textsOf(nodes).map(
      ({ at, text, isWhole }): ProductSql => ({
        module,
        at: placeOf(at),
        isWhole,
        tables: tablesOf(text),
      }),
    ),
  );
  isolateSql.set(project, found);
  return found;
}

interface Migrated {
  readonly statement: FileStatement;
  /** In whose folder it stands. Null: of all modules, as drizzle makes them. */
  readonly module: TypeScriptModule | null;
}

const isolateMigrations = new WeakMap<Project, readonly Migrated[]>();

/** Statements of migrations of the product, and of files of SQL in its modules. Those of the engine make its tables. */
function migrationsOf(project: Project): readonly Migrated[] {
  const known = isolateMigrations.get(project);
  if (known !== undefined) return known;
  const { files, typescript } = project;
  const packages = charterPackages(files.workspaces);
  const isOfPackage = (path: string) => packages.some(({ folder }) => path.startsWith(`${folder}/`));
  const statements = readStatements(
    files,
    (path) =>
      !isOfPackage(path) &&
      !isTestPath(path) &&
      (isMigration(path, files.paths) || typescript.moduleOf(path) !== null),
  );
  const found = statements.map((statement) => ({
    statement,
    module: typescript.moduleOf(statement.file),
  }));
  isolateMigrations.set(project, found);
  return found;
}

/**
 * 11.1: what a migration makes for one module of another one's tables stays: a key, a view, a trigger, a function. What runs
 * once and only asks, as a module does that begins to keep a copy, ties nothing together.
 */
export function tablesOfOthersMigrated(project: Project, report: Report): void {
  const owners = ownersOf(project);
  for (const { statement, module } of migrationsOf(project)) {
    const touched = new Set([...statement.written, ...(statement.isLasting ? statement.read : [])]);
    const owned = [...touched].filter((table) => owners.has(table));
    const own = module ?? owners.get(owned[0] ?? "");
    if (own === undefined) continue;
    const tell = (table: string, at: Place) => {
      const owner = owners.get(table);
      if (owner !== undefined && owner.folder !== own.folder)
        report({
          at,
          message: `${own.name} uses ${table}, which is a table of the module ${owner.name}, in a migration.`,
        });
    };
    for (const table of owned) tell(table, statement.placeOf(table));
    for (const table of statement.byTrigger) tell(table, statement.placeOf(table));
  }
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
