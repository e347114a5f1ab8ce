import ts from "typescript";

/**
 * Gives the imports in a declaration file the names of JavaScript files. The compiler does so in JavaScript and leaves
 * `./name.ts` in declarations, which it understands itself and other programs do not.
 */
export function namesOfJavaScript({
  factory,
}: ts.TransformationContext): ts.Transformer<ts.SourceFile | ts.Bundle> {
  const renamed = <Name extends ts.Node | undefined>(name: Name): Name =>
    name !== undefined && ts.isStringLiteral(name) && /^\.{1,2}\/.*\.ts$/.test(name.text)
      ? (factory.createStringLiteral(name.text.replace(/\.ts$/, ".js")) as ts.Node as Name)
      : name;

  function visit(node: ts.Node): ts.Node {
    if (ts.isImportDeclaration(node)) {
      const { modifiers, importClause, moduleSpecifier, attributes } = node;
      return factory.updateImportDeclaration(
        node,
        modifiers,
        importClause,
        renamed(moduleSpecifier),
        attributes,
      );
    }
    if (ts.isExportDeclaration(node)) {
      const { modifiers, isTypeOnly, exportClause, moduleSpecifier, attributes } = node;
      return factory.updateExportDeclaration(
        node,
        modifiers,
        isTypeOnly,
        exportClause,
        renamed(moduleSpecifier),
        attributes,
      );
    }
    // `import("./name.ts").Type`
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const { argument } = node;
      const named = factory.updateLiteralTypeNode(argument, renamed(argument.literal));
      return ts.visitEachChild(node, (child) => (child === argument ? named : visit(child)), undefined);
    }
    return ts.visitEachChild(node, visit, undefined);
  }
  return (file) => visit(file) as ts.SourceFile | ts.Bundle;
}
