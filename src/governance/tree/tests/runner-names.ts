/** What tests call, under whatever name: `const later = test.skip`, `import { test as check }`, `const { skip } = describe`. */

import ts from "typescript";
import { declarationOf } from "../names/scope.ts";
import { bare, nameOf } from "../syntax/source.ts";

/** `it`, `each` of `it.each(rows)`. */
export interface Chain {
  /** As its package calls it. */
  readonly root: string;
  /** Where it is imported from; null: it is not. */
  readonly from: string | null;
  readonly names: readonly string[];
}

const maxSteps = 8;

/** Null: it begins with no name. Calls and templates in between are passed over. */
export function chainOf(node: ts.Expression): Chain | null {
  const names: string[] = [];
  let at = bare(node);
  let known: Chain | null = null;
  for (let steps = 0; steps < maxSteps; ) {
    if (ts.isPropertyAccessExpression(at)) {
      names.unshift(at.name.text);
      at = bare(at.expression);
    } else if (ts.isCallExpression(at)) at = bare(at.expression);
    else if (ts.isTaggedTemplateExpression(at)) at = bare(at.tag);
    else if (ts.isIdentifier(at)) {
      const said = begun(at, names);
      // Its own name counts where nobody can tell what is behind it.
      if (known === null || said.from !== null || isOfRunner.test(said.root)) known = said;
      const behind = behindName(at);
      if (behind === null) return known;
      if (behind.part !== null) names.unshift(behind.part);
      at = bare(behind.given);
      steps++;
    } else return known;
  }
  return known;
}

const isOfRunner = /^(?:test|it|describe|suite|expect|assert|Deno)$/;

function begun(name: ts.Identifier, names: readonly string[]): Chain {
  const declared = declarationOf(name);
  const imported = declared === null ? importedIn(name.getSourceFile()).get(name.text) : undefined;
  if (imported === undefined) {
    // async ({ expect: want }) => …
    const taken = declared !== null && ts.isBindingElement(declared) ? declared.propertyName : undefined;
    return { root: (taken && nameOf(taken as ts.PropertyName)) ?? name.text, from: null, names: [...names] };
  }
  const { from, exported } = imported;
  if (exported === "*" && names[0] !== undefined) return { root: names[0], from, names: names.slice(1) };
  const root = exported !== "default" ? exported : from === "node:test" ? "test" : name.text;
  return { root, from, names: [...names] };
}

/** What a variable was given, or of what it is a part. */
function behindName(name: ts.Identifier): { given: ts.Expression; part: string | null } | null {
  const declared = declarationOf(name);
  if (declared === null) return null;
  if (ts.isVariableDeclaration(declared))
    return declared.initializer === undefined ? null : { given: declared.initializer, part: null };
  if (!ts.isBindingElement(declared)) return null;
  const around = declared.parent.parent;
  const part = nameOf((declared.propertyName ?? declared.name) as ts.PropertyName);
  return ts.isVariableDeclaration(around) && around.initializer !== undefined && part !== null
    ? { given: around.initializer, part }
    : null;
}

interface ImportedName {
  readonly exported: string;
  readonly from: string;
}

const isolateImported = new WeakMap<ts.SourceFile, ReadonlyMap<string, ImportedName>>();

function importedIn(file: ts.SourceFile): ReadonlyMap<string, ImportedName> {
  const known = isolateImported.get(file);
  if (known !== undefined) return known;
  const found = new Map<string, ImportedName>();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const from = statement.moduleSpecifier.text;
    const { importClause } = statement;
    if (importClause?.name !== undefined) found.set(importClause.name.text, { exported: "default", from });
    const named = importClause?.namedBindings;
    if (named === undefined) continue;
    if (ts.isNamespaceImport(named)) found.set(named.name.text, { exported: "*", from });
    else
      for (const { name, propertyName } of named.elements)
        found.set(name.text, { exported: (propertyName ?? name).text, from });
  }
  isolateImported.set(file, found);
  return found;
}
