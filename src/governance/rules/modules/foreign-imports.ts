/** 11.1: a module does not import another one. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import { bare, calledName } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";
import { tablesDefinedAgain, tablesOfOthers, tablesOfOthersMigrated } from "./foreign-tables.ts";

export function importsOfOthers(project: Project, report: Report): void {
  tablesOfOthers(project, report);
  tablesOfOthersMigrated(project, report);
  tablesDefinedAgain(project, report);
  computedImports(project, report);
  const { bindings, modules, moduleOf, source } = project.typescript;
  for (const module of modules) {
    for (const file of module.files) {
      for (const { file: target, node, specifier } of bindings.importsOf(source(file).path)) {
        if (target === null) continue;
        const direct = moduleOf(target);
        const others = direct === null ? passedOnBy(project, file, target, node) : [direct];
        for (const other of others)
          if (other.folder !== module.folder)
            report({
              at: node,
              message: `${module.name} imports "${specifier}", which is code of the module ${other.name}.`,
            });
      }
    }
  }
}

/** The modules whose code comes through a file that is of none, by names that are imported from there. */
function passedOnBy(
  { typescript: { bindings, moduleOf } }: Project,
  file: string,
  target: string,
  node: ts.Node,
): readonly TypeScriptModule[] {
  const found = new Map<string, TypeScriptModule>();
  const add = (path: string | null) => {
    const module = path === null ? null : moduleOf(path);
    if (module !== null) found.set(module.folder, module);
  };
  const named = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : undefined;
  if (named !== undefined && ts.isNamedImports(named))
    for (const { name } of named.elements) add(bindings.originOf(file, name.text)?.file ?? null);
  else
    for (const passed of bindings.importsOf(target))
      if (ts.isExportDeclaration(passed.node)) add(passed.file);
  return [...found.values()];
}

/** 11.1: nobody can see whose code that is. */
function computedImports(project: Project, report: Report): void {
  for (const { module, nodes } of moduleSourcesWith(project, /\bimport\s*\(|createRequire|import\.meta/))
    for (const call of nodes.calls) {
      const isImport = call.expression.kind === ts.SyntaxKind.ImportKeyword;
      const isOther =
        calledName(call) === "createRequire" || call.expression.getText() === "import.meta.glob";
      if (!isImport && !isOther) continue;
      const [given] = call.arguments;
      if (isImport && given !== undefined && ts.isStringLiteralLike(bare(given))) continue;
      report({
        at: call,
        message: `${module.name} imports what is worked out when it runs: it may be code of another module.`,
      });
    }
}
