import ts from "typescript";
import { openSource } from "./write/source-edit.ts";

/** JSON inside of TypeScript, which is the same value there whatever it holds. */
export function literalOf(value: unknown): string {
  // In a text that is no template it is taken for one that was meant to be.
  const text = JSON.stringify(value, null, 2).replaceAll("${", "\\u0024{");
  // As a property of a literal it is the prototype, and no property.
  return /"__proto__"\s*:/.test(text)
    ? `JSON.parse(${JSON.stringify(JSON.stringify(value))})`
    : text.replaceAll(/^( *)"([a-z_][a-z0-9_]*)": /gm, "$1$2: ");
}

/** A file in which constants at its top have other values. @throws {Error} it has no such constant */
export function withConstants(path: string, text: string, values: Readonly<Record<string, unknown>>): string {
  const { source } = openSource(path, text);
  const declared = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations);
  const places = Object.entries(values).map(([name, value]) => {
    const found = declared.find((one) => one.name.getText() === name)?.initializer;
    if (found === undefined) throw new Error(`The template of ${path} has no constant ${name} any more.`);
    return { from: found.getStart(), to: found.getEnd(), literal: literalOf(value) };
  });
  places.sort((one, other) => other.from - one.from);
  return places.reduce((rest, { from, to, literal }) => rest.slice(0, from) + literal + rest.slice(to), text);
}
