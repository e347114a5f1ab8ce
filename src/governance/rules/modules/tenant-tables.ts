import ts from "typescript";
import type { Project } from "../../project.ts";
import { functionOf } from "../../tree/names/scope.ts";
import { enginePackage, type TypeScriptTree } from "../../tree/product/typescript.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { bare, walk } from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";
import { definitionsOf } from "./table-owners.ts";

export const tenantTables: readonly Rule[] = [
  {
    id: "TR-1",
    title: "A table says whose rows it has",
    severity: "warning",
    why: "Postgres keeps tenants apart only where a table says how, and nobody sees of a table that says nothing whether it was forgotten.",
    mend: "Write ...tenantRows() (or tenantRowsThrough, tenantRowsAndShared) beside its columns, or withoutTenants(table, why) below it.",
    caughtBy: [],
    check: untoldTables,
  },
];

/** In products on the engine: without it nothing reads what a table says. */
function untoldTables(project: Project, report: Report): void {
  const { typescript } = project;
  const isOnEngine = (folder: string) =>
    typescript.modules.some((module) => module.folder === folder && module.definition !== null);
  const shared = sharedTables(project);
  for (const { module, table, at } of definitionsOf(project)) {
    if (!ts.isCallExpression(at) || !isOnEngine(module.folder) || shared.unread.has(module.folder)) continue;
    const maker = typescript.bindings.originOfExpression(at.getSourceFile().fileName, at.expression);
    // A function of the project's own may say it for all of its tables.
    if (maker?.package !== "drizzle-orm/pg-core" && maker?.package !== "drizzle-orm") continue;
    if (shared.tables.has(at) || saysTenants(typescript, at)) continue;
    report({
      at: at.arguments[0] ?? at,
      message: `The table ${table} says neither tenantRows nor withoutTenants.`,
    });
  }
}

const policies = /^(?:tenantRows\w*|pgPolicy)$/;

/** Beside its columns, or by a function that is called there. */
function saysTenants(tree: TypeScriptTree, table: ts.CallExpression): boolean {
  // .enableRLS(), which wants policies that stand elsewhere
  if (ts.isPropertyAccessExpression(table.parent)) return true;
  const [, , beside] = table.arguments;
  return beside !== undefined && hasPolicy(tree, beside, 2);
}

function hasPolicy(tree: TypeScriptTree, node: ts.Node, steps: number): boolean {
  let found = false;
  walk(node, (inner) => {
    if (ts.isIdentifier(inner) && !ts.isPropertyAccessExpression(inner.parent)) {
      const origin = tree.bindings.originOf(inner.getSourceFile().fileName, inner.text);
      found ||= policies.test(origin?.name ?? "") && origin?.package !== null;
      const made = steps === 0 || origin === null ? null : (functionOf(tree, inner) ?? origin.value);
      found ||= made !== null && hasPolicy(tree, made, steps - 1);
    } else if (ts.isPropertyAccessExpression(inner)) found ||= policies.test(inner.name.text);
    return !found;
  });
  return found;
}

interface Shared {
  /** Calls that make a table of which `withoutTenants` says why. */
  readonly tables: ReadonlySet<ts.Node>;
  /** Folders of modules in which it is not seen which table is meant. */
  readonly unread: ReadonlySet<string>;
}

function sharedTables(project: Project): Shared {
  const { typescript } = project;
  const tables = new Set<ts.Node>();
  const unread = new Set<string>();
  for (const { file, module } of moduleSourcesWith(project, /withoutTenants/))
    for (const call of nodesOf(typescript.source(file).ast).calls) {
      if (typescript.calledOf(file, call, enginePackage) !== "withoutTenants") continue;
      const [given] = call.arguments;
      const value = given === undefined ? null : bare(given);
      const origin = value === null ? null : typescript.bindings.originOfExpression(file, value);
      const made = origin?.value == null ? value : bare(origin.value);
      if (made !== null && ts.isCallExpression(made)) tables.add(made);
      else unread.add(module.folder);
    }
  return { tables, unread };
}
