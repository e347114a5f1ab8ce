/** Which module owns a table of the database. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { EngineTable, engineTableNamed } from "../../tree/names/package-values.ts";
import { rootOf } from "../../tree/names/scope.ts";
import { DrizzleTable } from "../../tree/names/table-values.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import { enginePackage, type TypeScriptTree } from "../../tree/product/typescript.ts";
import { rememberEach } from "../../tree/remember-each.ts";
import { engineTables } from "../../tree/sql/engine-tables.ts";
import { isPlainCall } from "../../tree/syntax/plain-calls.ts";
import { bare, calledName } from "../../tree/syntax/source.ts";
import { type ModuleLooked, moduleSourcesWith } from "../scope-of-rules.ts";

/** A table that a module defines. */
export interface TableDefinition {
  readonly module: TypeScriptModule;
  /** Its name in the database, in lower case. */
  readonly table: string;
  readonly at: ts.CallExpression;
  /** As drizzle makes it; null: by what nobody knows, and a name is all that tells. */
  readonly made: DrizzleTable | null;
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

const isolateDefinitions = new WeakMap<Project, readonly TableDefinition[]>();

/** Those of the engine are left out: it owns them, whoever writes them down. */
export function definitionsOf(project: Project): readonly TableDefinition[] {
  const known = isolateDefinitions.get(project);
  if (known !== undefined) return known;
  const mayMake = makersIn(project);
  const found = [...moduleSourcesWith(project, /[\w\])]\(/)].flatMap((looked) => {
    if (!/[tT]able\(/.test(looked.text) && !mayMake.inFile(looked.file)) return [];
    const { calls } = looked.nodes;
    const own = calls.filter((call) => !isPlainCall(call)).flatMap((call) => definedBy(call, looked));
    // What is said in roundabout words, and is not understood as it stands.
    const more = calls.filter((call) => isPlainCall(call) && !own.some(({ at }) => at.pos === call.pos));
    return [...own, ...more.flatMap((call) => definedBy(call, looked))];
  });
  isolateDefinitions.set(project, found);
  return found;

  function definedBy(call: ts.CallExpression, { file, module }: ModuleLooked): readonly TableDefinition[] {
    const made = mayMake.by(file, call) ? madeBy(project, file, call) : [];
    if (made.length > 0)
      return made
        .filter((table) => !isOfEngine(table) && (table.call === call || !isSeenByItself(project, table)))
        .map((table) => ({ module, table: table.name.toLowerCase(), at: call, made: table }));
    const table = tableNamedBy(call);
    return table === null || isNamedAsEngines(call, table) ? [] : [{ module, table, at: call, made: null }];
  }
}

const madeBy = ({ typescript: { values } }: Project, file: string, call: ts.CallExpression) =>
  values.valuesOf(file, call).filter((value) => value instanceof DrizzleTable);

/** A function of a module may make it of nothing that it is given: there it stands. */
function isSeenByItself(project: Project, { call }: DrizzleTable): boolean {
  const file = call.getSourceFile().fileName;
  return project.typescript.moduleOf(file) !== null && madeBy(project, file, call).length > 0;
}

/** Which calls may make a table: those of drizzle, and of functions that stand where it is named. */
function makersIn({ files, typescript: { bindings } }: Project) {
  const isNamedIn = rememberEach((file: string) =>
    /\b(?:pg|mysql|sqlite)(?:Table|Schema)/.test(files.files.get(file)?.text ?? ""),
  );
  const isNear = rememberEach(
    (file: string) =>
      isNamedIn(file) || bindings.importsOf(file).some((one) => one.file !== null && isNamedIn(one.file)),
  );
  const isMaker = rememberEach((file: string) =>
    rememberEach((name: string) => {
      const origin = bindings.originOf(file, name);
      if (origin === null) return isNamedIn(file);
      return origin.package === "drizzle-orm" || (origin.file !== null && isNear(origin.file));
    }),
  );
  return {
    inFile: (file: string) =>
      isNear(file) || bindings.importsOf(file).some((one) => one.file !== null && isNear(one.file)),
    by(file: string, call: ts.CallExpression) {
      const root = rootOf(call.expression);
      return root === null ? isNamedIn(file) : isMaker(file)(root.text);
    },
  };
}

/** `pgTable("books", …)`; null: it is none. */
function tableNamedBy(call: ts.CallExpression): string | null {
  const [first] = call.arguments;
  if (!/^\w*[tT]able$/.test(calledName(call) ?? "") || first === undefined) return null;
  const named = bare(first);
  return ts.isStringLiteralLike(named) ? named.text.toLowerCase() : null;
}

/** In a schema of its own, `pgSchema("own").table("jobs", …)`, it is another one. */
const isOfEngine = ({ name, schema }: DrizzleTable) => schema === null && engineTables.has(name);

const isNamedAsEngines = (call: ts.CallExpression, table: string) =>
  engineTables.has(table) && !ts.isPropertyAccessExpression(bare(call.expression));

/** The engine's table that an expression is: one of its exports, or one that is written down here. Null: it is none. */
export function engineTableOf(
  { bindings, values }: Pick<TypeScriptTree, "bindings" | "values">,
  file: string,
  node: ts.Expression,
): string | null {
  const origin = bindings.originOfExpression(file, node);
  if (origin?.package === enginePackage) return engineTableNamed(origin.name)?.name ?? null;
  const found = engineTableIn(values.valueOf(file, node));
  if (found !== null) return found;
  const made = origin === null || origin.value === null ? null : bare(origin.value);
  if (made === null || !ts.isCallExpression(made)) return null;
  const table = tableNamedBy(made) ?? "";
  return isNamedAsEngines(made, table) ? table : null;
}

/** The name of the engine's table that a value is; null: it is none. */
export const engineTableIn = (value: unknown): string | null =>
  value instanceof EngineTable || (value instanceof DrizzleTable && isOfEngine(value)) ? value.name : null;
