import ts from "typescript";
import type { Project } from "../../project.ts";
import { functionOf } from "../../tree/names/scope.ts";
import { DrizzleTable } from "../../tree/names/table-values.ts";
import { enginePackage, type TypeScriptTree } from "../../tree/product/typescript.ts";
import { walk } from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { sourcesWith } from "../scope-of-rules.ts";
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
  for (const { module, table, at, made } of definitionsOf(project)) {
    if (made === null || !isOnEngine(module.folder) || shared.isUnread(module.folder)) continue;
    if (shared.has(made) || saysTenants(typescript, made.call, at)) continue;
    report({
      at: at.arguments[0] ?? at,
      message: `The table ${table} says neither tenantRows nor withoutTenants.`,
    });
  }
}

const policies = /^(?:tenantRows\w*|pgPolicy)$/;

/** Beside its columns, or by a function that is called there, or is given it. */
function saysTenants(tree: TypeScriptTree, made: ts.CallExpression, at: ts.CallExpression): boolean {
  // .enableRLS(), which wants policies that stand elsewhere
  if ([made, at].some(({ parent }) => ts.isPropertyAccessExpression(parent))) return true;
  const beside = [...made.arguments.slice(2), ...(at === made ? [] : at.arguments)];
  return beside.some((one) => hasPolicy(tree, one, 2));
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
  /** Whether `withoutTenants` says why. */
  has(table: DrizzleTable): boolean;
  /** Whether it is not seen which table of a module's folder is meant. */
  isUnread(folder: string): boolean;
}

function sharedTables(project: Project): Shared {
  const { typescript } = project;
  const tables: DrizzleTable[] = [];
  const unread = new Set<string | null>();
  for (const { file, module, nodes } of sourcesWith(project, /withoutTenants/))
    for (const call of nodes.calls) {
      if (typescript.calledOf(file, call, enginePackage) !== "withoutTenants") continue;
      const [given] = call.arguments;
      const found = given === undefined ? [] : typescript.values.valuesOf(file, given);
      const meant = found.filter((value) => value instanceof DrizzleTable);
      tables.push(...meant);
      if (meant.length === 0) unread.add(module?.folder ?? null);
    }
  return {
    has: ({ call, name }) => tables.some((table) => table.call === call && table.name === name),
    isUnread: (folder) => unread.has(folder) || unread.has(null),
  };
}
