/** Which module owns a table of the database. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import type { Bindings } from "../../tree/names/bindings.ts";
import { engineTableNamed } from "../../tree/names/package-values.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import { enginePackage } from "../../tree/product/typescript.ts";
import { engineTables } from "../../tree/sql/engine-tables.ts";
import { bare, calledName } from "../../tree/syntax/source.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";

/** A table that a module defines. */
export interface TableDefinition {
  readonly module: TypeScriptModule;
  /** Its name in the database, in lower case. */
  readonly table: string;
  readonly at: ts.Node;
}

const isolateOwners = new WeakMap<Project, ReadonlyMap<string, TypeScriptModule>>();

/** Modules by the tables that they own, in lower case: the one that defined a table, and not whoever writes it down again. */
export function ownersOf(project: Project): ReadonlyMap<string, TypeScriptModule> {
  const known = isolateOwners.get(project);
  if (known !== undefined) return known;
  const owners = new Map<string, TableDefinition>();
  for (const one of definitionsOf(project)) {
    const other = owners.get(one.table);
    if (other === undefined || claimOf(one) > claimOf(other)) owners.set(one.table, one);
  }
  const found = new Map([...owners].map(([table, { module }]) => [table, module]));
  isolateOwners.set(project, found);
  return found;
}

/**
 * How much speaks for the owner: its migrations are made from its file of tables, and its tables begin with its name. Of
 * two that are alike the first one counts.
 */
function claimOf({ module, table, at }: TableDefinition): number {
  const isInFileOfTables = /(?:^|\/)tables\.[cm]?ts$/.test(at.getSourceFile().fileName);
  return (isInFileOfTables ? 2 : 0) + (table.startsWith(module.name) ? 1 : 0);
}

/** Those of the engine are left out: it owns them, whoever writes them down. */
export function* definitionsOf(project: Project): Iterable<TableDefinition> {
  for (const { module, nodes } of moduleSourcesWith(project, /[tT]able\(/))
    for (const call of nodes.calls) {
      const table = tableNamedBy(call);
      if (table !== null && !isOfEngine(call, table)) yield { module, table, at: call };
    }
}

/** `pgTable("books", …)`; null: it is none. */
function tableNamedBy(call: ts.CallExpression): string | null {
  const [first] = call.arguments;
  if (!/^\w*[tT]able$/.test(calledName(call) ?? "") || first === undefined) return null;
  const named = bare(first);
  return ts.isStringLiteralLike(named) ? named.text.toLowerCase() : null;
}

/** In a schema of its own, `pgSchema("own").table("jobs", …)`, it is another one. */
const isOfEngine = (call: ts.CallExpression, table: string) =>
  engineTables.has(table) && !ts.isPropertyAccessExpression(bare(call.expression));

/** The engine's table that an expression is: one of its exports, or one that is written down here. Null: it is none. */
export function engineTableOf(bindings: Bindings, file: string, node: ts.Expression): string | null {
  const origin = bindings.originOfExpression(file, node);
  if (origin === null) return null;
  if (origin.package === enginePackage) return engineTableNamed(origin.name)?.name ?? null;
  const made = origin.value === null ? null : bare(origin.value);
  if (made === null || !ts.isCallExpression(made)) return null;
  const table = tableNamedBy(made) ?? "";
  return isOfEngine(made, table) ? table : null;
}
