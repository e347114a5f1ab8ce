/** E-8, C-3 and 11.1, where they are broken by SQL: each table is written by whoever owns it. */

import ts from "typescript";
import type { Project } from "../project.ts";
import { engineTables } from "../tree/engine-tables.ts";
import { bare, calledName } from "../tree/source.ts";
import { sqlTextsOf, tablesNamed, tablesWritten } from "../tree/sql-tables.ts";
import type { TypeScriptModule } from "../tree/typescript.ts";
import type { Report } from "./rule.ts";
import { moduleSourcesWith } from "./scope-of-rules.ts";

const writes = /\b(?:insert|merge|delete|truncate|update)\b/i;
const recordTable = "events";

/** E-8: who inserts a row into the record publishes what nobody has checked; who changes one changes what was told. */
export function writtenRecord(project: Project, report: Report): void {
  eachEngineTable(project, (module, at, table) => {
    if (table === recordTable)
      report({ at, message: `${module.name} writes the table events itself: nobody checks what it tells.` });
  });
}

/** C-3, beyond the claims: what the engine keeps is written by the engine alone. */
export function writtenEngineTables(project: Project, report: Report): void {
  eachEngineTable(project, (module, at, table) => {
    if (table !== recordTable && table !== "processed_events")
      report({ at, message: `${module.name} writes ${table}, a table of the engine.` });
  });
}

function eachEngineTable(
  project: Project,
  tell: (module: TypeScriptModule, at: ts.Node, table: string) => void,
): void {
  const owners = ownersOf(project);
  for (const { module, nodes } of moduleSourcesWith(project, writes))
    for (const text of sqlTextsOf(nodes))
      for (const table of new Set(tablesWritten(text)))
        if (engineTables.has(table) && !owners.has(table)) tell(module, text, table);
}

/** 11.1: another module's table is its code as much as its functions are. */
export function tablesOfOthers(project: Project, report: Report): void {
  const owners = ownersOf(project);
  for (const { module, nodes } of moduleSourcesWith(project, /\bsql\b|\.(?:execute|query|raw|unsafe)\(/))
    for (const text of sqlTextsOf(nodes))
      for (const table of tablesNamed(text)) {
        const owner = owners.get(table);
        if (owner === undefined || owner.folder === module.folder) continue;
        report({
          at: text,
          message: `${module.name} uses ${table}, which is a table of the module ${owner.name}.`,
        });
      }
}

/** 11.1: nobody can see whose code that is. */
export function computedImports(project: Project, report: Report): void {
  for (const { module, nodes } of moduleSourcesWith(project, /\bimport\s*\(/))
    for (const call of nodes.calls) {
      if (call.expression.kind !== ts.SyntaxKind.ImportKeyword) continue;
      const [given] = call.arguments;
      if (given !== undefined && ts.isStringLiteralLike(bare(given))) continue;
      report({
        at: call,
        message: `${module.name} imports what is worked out when it runs: it may be code of another module.`,
      });
    }
}

/** Modules by the tables that they define, in lower case. */
function ownersOf(project: Project): ReadonlyMap<string, TypeScriptModule> {
  const owners = new Map<string, TypeScriptModule>();
  for (const { module, nodes } of moduleSourcesWith(project, /[tT]able\(/))
    for (const call of nodes.calls) {
      const [first] = call.arguments;
      if (!/^\w*[tT]able$/.test(calledName(call) ?? "") || first === undefined) continue;
      const named = bare(first);
      if (ts.isStringLiteralLike(named)) owners.set(named.text.toLowerCase(), module);
    }
  return owners;
}
