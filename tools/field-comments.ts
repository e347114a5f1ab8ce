/** What the authors wrote above the fields of the payload schemas: the meaning that a schema cannot tell. */

import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const folder = fileURLToPath(new URL("../schemas/events/", import.meta.url).href);

/** Comments by the exported name of the event, then by the field's path (`seo.meta_title`, `violations[].code`). */
export type FieldComments = ReadonlyMap<string, ReadonlyMap<string, string>>;

function commentOf(node: ts.Node): string | null {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = comment === undefined ? undefined : ts.getTextOfJSDocComment(comment.comment);
  return text === undefined ? null : text.replace(/\s+/g, " ").trim();
}

/** Goes through `z.strictObject({ … })`, also wrapped in `z.array(…)` or followed by `.nullable()`. */
function collect(node: ts.Expression, prefix: string, comments: Map<string, string>): void {
  if (ts.isObjectLiteralExpression(node)) {
    for (const property of node.properties) {
      if (!ts.isPropertyAssignment(property) && !ts.isShorthandPropertyAssignment(property)) continue;
      const path = prefix === "" ? property.name.getText() : `${prefix}.${property.name.getText()}`;
      const text = commentOf(property);
      if (text !== null) comments.set(path, text);
      if (ts.isPropertyAssignment(property)) collect(property.initializer, path, comments);
    }
  } else if (ts.isCallExpression(node)) {
    const called = node.expression;
    if (!ts.isPropertyAccessExpression(called)) return;
    const name = called.name.text;
    const [argument] = node.arguments;
    if (name === "strictObject" || name === "array") {
      if (argument) collect(argument, name === "array" ? `${prefix}[]` : prefix, comments);
    } else collect(called.expression, prefix, comments);
  }
}

function payloadOf(call: ts.CallExpression): ts.Expression | null {
  const options = call.arguments[1];
  if (options === undefined || !ts.isObjectLiteralExpression(options)) return null;
  for (const property of options.properties) {
    if (ts.isPropertyAssignment(property) && property.name.getText() === "payload")
      return property.initializer;
  }
  return null;
}

/** Reads the comments of all events in `schemas/events`. */
export async function readFieldComments(): Promise<FieldComments> {
  const byEvent = new Map<string, ReadonlyMap<string, string>>();
  for (const name of (await readdir(folder)).sort()) {
    const source = ts.createSourceFile(
      name,
      await readFile(folder + name, "utf8"),
      ts.ScriptTarget.Latest,
      true,
    );
    const visit = (node: ts.Node): void => {
      if (
        ts.isVariableDeclaration(node) &&
        node.initializer !== undefined &&
        ts.isCallExpression(node.initializer) &&
        node.initializer.expression.getText() === "defineEvent"
      ) {
        const payload = payloadOf(node.initializer);
        const comments = new Map<string, string>();
        if (payload !== null) collect(payload, "", comments);
        byEvent.set(node.name.getText(), comments);
      } else ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return byEvent;
}
