/** Consumers that no module names (C-7). */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { loadedBy } from "../../tree/names/imports.ts";
import { declarationOf } from "../../tree/names/scope.ts";
import { enginePackage, type TypeScriptTree } from "../../tree/product/typescript.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { nameOf, topStatement, walk } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { sourcesWith } from "../scope-of-rules.ts";

export function unnamedConsumers(project: Project, report: Report): void {
  const { typescript } = project;
  const { look, named } = readNamed(typescript);
  const unnamed = () =>
    typescript.consumers.filter(({ call, file }) => !named.has(call) && typescript.moduleOf(file) !== null);
  for (const { definition } of typescript.modules)
    if (definition !== null)
      for (const part of definition.options === null
        ? definition.call.arguments
        : startsOf(definition.options))
        look(part);
  if (unnamed().length === 0) return;
  // A product without modules gives its consumers to the engine.
  for (const { module, nodes } of sourcesWith(project, /\bconsumers\b/)) {
    if (module !== null) continue;
    for (const node of nodes.objects) for (const part of startsOf(node, false)) look(part);
  }
  for (const { call, subscriber } of unnamed())
    report({
      at: call,
      message: `No module names the consumer "${subscriber ?? "?"}", so it is never started.`,
    });
}

/** `consumers` of an object, and what it takes in, where that may have them. */
const startsOf = (options: ts.ObjectLiteralExpression, withSpreads = true): readonly ts.Node[] =>
  options.properties.filter((property) =>
    ts.isSpreadAssignment(property)
      ? withSpreads
      : property.name !== undefined && nameOf(property.name) === "consumers",
  );

/** All that is named, from where one has looked, through names, files and what is put into lists. */
function readNamed(tree: TypeScriptTree) {
  const named = new Set<ts.Node>();
  const seen = new Set<ts.Node>();
  const lookAtFile = (file: string) => look(tree.source(file).ast);
  function look(node: ts.Node): void {
    if (seen.has(node)) return;
    seen.add(node);
    walk(node, (inner) => {
      named.add(inner);
      if (ts.isIdentifier(inner)) lookBehind(inner);
      else if (ts.isCallExpression(inner)) {
        const loaded = loadedBy(inner);
        const file = loaded === null ? null : tree.bindings.resolve(inner.getSourceFile().fileName, loaded);
        if (file !== null) lookAtFile(file);
      }
    });
  }
  function lookBehind(name: ts.Identifier): void {
    const file = name.getSourceFile().fileName;
    const local = declarationOf(name);
    if (local !== null) {
      let whole: ts.Node = local;
      while (ts.isBindingElement(whole)) whole = whole.parent.parent;
      look(whole);
      if (ts.isVariableDeclaration(whole)) lookAtFilled(whole);
      return;
    }
    const origin = tree.bindings.originOf(file, name.text);
    if (origin === null || origin.file === null || origin.package === enginePackage) return;
    const { parent } = name;
    const isMember = ts.isPropertyAccessExpression(parent) && parent.expression === name;
    const member =
      origin.name === "*" && isMember ? tree.bindings.memberOf(file, name.text, parent.name.text) : null;
    const meant = member ?? origin;
    if (meant.file === null) return;
    const top = topStatement(tree.source(meant.file).ast, meant.name);
    if (top !== null) {
      look(top);
      if (ts.isVariableDeclaration(top)) lookAtFilled(top);
    } else if (meant.value !== null) look(meant.value);
    else if (meant.name === "*" || meant.name === "default") lookAtFile(meant.file);
  }
  /** `list.push(…)` */
  function lookAtFilled({ name }: ts.VariableDeclaration): void {
    if (!ts.isIdentifier(name)) return;
    for (const use of nodesOf(name.getSourceFile()).names) {
      const { parent } = use;
      if (use.text === name.text && ts.isPropertyAccessExpression(parent) && parent.expression === use)
        if (ts.isCallExpression(parent.parent) && parent.parent.expression === parent) look(parent.parent);
    }
  }
  return { look, named };
}
