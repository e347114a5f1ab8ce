import ts from "typescript";
import type { Edit } from "../../finding.ts";
import type { Project } from "../../project.ts";
import { codeBehindCode, commentsThat, looksLikeCode } from "../../tree/syntax/comments.ts";
import { isBetweenTokens, isJavaScript } from "../../tree/syntax/source.ts";
import { placeOfLine } from "../../tree/text.ts";
import type { Report, Rule } from "../rule.ts";
import { type Looked, moduleSourcesWith, sourcesWith } from "../scope-of-rules.ts";
import { removalMark } from "./removal-mark.ts";

/** What a finished migration leaves behind: nothing. */
export const leftovers: readonly Rule[] = [
  {
    id: "L-1",
    title: "No code is commented out",
    severity: "error",
    why: "Nobody knows whether it still holds, and nobody dares to delete it; git remembers it better.",
    mend: "Delete it.",
    caughtBy: [],
    check: commentedCode,
  },
  {
    id: "L-2",
    title: "Nothing is marked to be removed later",
    severity: "error",
    why: "A migration is over when the old way is gone; what waits for later stays for ever.",
    mend: "Remove what the mark is about, and the mark.",
    caughtBy: [],
    check: removalMarks,
  },
  {
    id: "L-3",
    title: "No import is left behind",
    severity: "error",
    why: "It ties the file to what it no longer uses, often the very code that was to go.",
    mend: "Remove it.",
    caughtBy: ["types"],
    check: unusedImports,
  },
  {
    id: "C1b",
    also: ["L-4"],
    title: "The flags of the old event stream do not exist",
    severity: "error",
    why: "Each of them means that events may be off, and then nobody knows which changes were ever told.",
    mend: "Remove the flag and the way without events; only BRAIN_EVENTSTREAM_MODE says whether a stream is needed.",
    caughtBy: [],
    check: flagsLeft,
  },
];

function commentedCode(project: Project, report: Report): void {
  for (const looked of sourcesWith(project, /\/[/*]/)) {
    const file = project.files.files.get(looked.file);
    const inOwnLines = commentsThat(looked.text, () => looked.nodes, looksLikeCode);
    for (const { start, end, content } of [
      ...inOwnLines,
      ...(file === undefined ? [] : codeBehindCode(file)),
    ])
      report({
        at: { file: looked.file, start, end },
        message: `This is code in a comment: ${(content.trim().split("\n")[0] ?? "").slice(0, 60)}`,
        fix: [{ file: looked.file, ...wholeLines(looked.text, start, end), text: "" }],
      });
  }
}

/** With the spaces before, and the end of the line. */
function wholeLines(text: string, start: number, end: number) {
  let from = start;
  while (from > 0 && (text[from - 1] === " " || text[from - 1] === "\t")) from--;
  const isOwnLine = from === 0 || text[from - 1] === "\n";
  return isOwnLine && text[end] === "\n" ? { start: from, end: end + 1 } : { start, end };
}

/** Wherever a comment may stand, behind code too. From the mark to the word it is one comment. */
function removalMarks(project: Project, report: Report): void {
  for (const { file, text } of sourcesWith(project, /\b(?:TODO|FIXME|XXX|HACK)\b|@deprecated\b/i)) {
    const source = { path: file, text };
    for (const { 0: found, index } of text.matchAll(removalMark)) {
      if (!isBetweenTokens(source, index) || !isBetweenTokens(source, index + found.length - 1)) continue;
      const line = text.slice(0, index).split("\n").length;
      report({
        at: placeOfLine(source, line),
        message: `Something is to be removed: ${found.slice(0, 80)}`,
      });
    }
  }
}

function unusedImports(project: Project, report: Report): void {
  for (const looked of moduleSourcesWith(project, /^import\b/m)) {
    const { ast } = project.typescript.source(looked.file);
    const isUse = (name: ts.Identifier) =>
      !isOfObject(name) && !(ts.isImportEqualsDeclaration(name.parent) && name.parent.name === name);
    const used = new Set(looked.nodes.names.filter(isUse).map(({ text }) => text));
    for (const node of ast.statements) {
      if (ts.isImportEqualsDeclaration(node) && !used.has(node.name.text) && !isUsed(looked, ast, node.name))
        report({
          at: node,
          message: `Nothing uses ${node.name.text}.`,
          fix: [{ file: looked.file, ...wholeLines(looked.text, node.getStart(), node.end), text: "" }],
        });
      const clause = ts.isImportDeclaration(node) ? node.importClause : undefined;
      if (clause === undefined || !ts.isImportDeclaration(node)) continue;
      const names = namesOf(clause);
      const unused = names.filter((name) => !used.has(name.text) && !isUsed(looked, ast, name));
      if (unused.length === 0) continue;
      report({
        at: unused.length === names.length ? node : (unused[0] ?? node),
        message: `Nothing uses ${unused.map(({ text }) => text).join(", ")}.`,
        fix: [withoutNames(looked, node, clause, new Set(unused))],
      });
    }
  }
}

function namesOf({ name, namedBindings }: ts.ImportClause): readonly ts.Identifier[] {
  const first = name === undefined ? [] : [name];
  if (namedBindings === undefined) return first;
  if (ts.isNamespaceImport(namedBindings)) return [...first, namedBindings.name];
  return [...first, ...namedBindings.elements.map((element) => element.name)];
}

/** In a type, or in what is exported: the names of the code are known. */
function isUsed({ text }: Looked, ast: ts.SourceFile, name: ts.Identifier): boolean {
  const word = new RegExp(`(?<![\\w$])${name.text.replaceAll("$", "\\$")}(?![\\w$])`, "g");
  const places = [...text.matchAll(word)].filter(({ index }) => index !== name.getStart(ast));
  // JavaScript says its types in comments.
  if (isJavaScript(ast.fileName)) return places.length > 0;
  return places.some(({ index }) => isNameAt(ast, index, name));
}

function isNameAt(ast: ts.SourceFile, position: number, name: ts.Identifier): boolean {
  const find = (node: ts.Node): ts.Node | undefined =>
    ts.forEachChild(node, (child) =>
      child.getStart(ast) <= position && position < child.end ? find(child) : undefined,
    ) ?? node;
  const found = find(ast);
  if (found === undefined || !ts.isIdentifier(found) || found.text !== name.text) return false;
  const { parent } = found;
  const isOfImport =
    ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isImportEqualsDeclaration(parent);
  return !isOfImport && !isOfObject(found);
}

/** The name of a property, which is no use of what is called so. */
const isOfObject = (name: ts.Identifier) => {
  const { parent } = name;
  const isNamed =
    ts.isPropertyAccessExpression(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isPropertySignature(parent);
  return isNamed ? parent.name === name : ts.isBindingElement(parent) && parent.propertyName === name;
};

function withoutNames(
  { file, text }: Looked,
  node: ts.ImportDeclaration,
  clause: ts.ImportClause,
  unused: ReadonlySet<ts.Identifier>,
): Edit {
  const kept = namesOf(clause).filter((name) => !unused.has(name));
  const named = clause.namedBindings;
  const [start, end] = [node.getStart(), node.end];
  if (kept.length === 0 || named === undefined || !ts.isNamedImports(named)) {
    return { file, ...wholeLines(text, start, end), text: "" };
  }
  const elements = named.elements.filter(({ name }) => !unused.has(name)).map((element) => element.getText());
  const first = clause.name !== undefined && !unused.has(clause.name) ? [clause.name.text] : [];
  const parts = [...first, ...(elements.length > 0 ? [`{ ${elements.join(", ")} }`] : [])];
  const type = clause.isTypeOnly ? "type " : "";
  return {
    file,
    start,
    end,
    text: `import ${type}${parts.join(", ")} from ${node.moduleSpecifier.getText()};`,
  };
}

/** Names of the charter, of which none may be there in any language. */
export const oldFlags: readonly string[] =
  "EVENT_STREAM_AVAILABLE USE_EVENTS USE_EVENT_STREAM ENABLE_EVENT_STREAM".split(" ");
const anyFlag = new RegExp(`(?<![A-Za-z0-9_])(?:${oldFlags.join("|")})(?![A-Za-z0-9_])`);

function flagsLeft(project: Project, report: Report): void {
  const isFlag = (text: string) => oldFlags.some((flag) => flag === text);
  for (const { nodes } of sourcesWith(project, anyFlag)) {
    const told = new Set<string>();
    const tell = (node: ts.Node, name: string) => {
      const key = `${name}:${node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line}`;
      if (told.has(key)) return;
      told.add(key);
      report({ at: node, message: `${name} is a flag of the old event stream.` });
    };
    for (const name of nodes.names) if (isFlag(name.text)) tell(name, name.text);
    for (const node of nodes.texts)
      if (ts.isStringLiteralLike(node) && isFlag(node.text) && isKey(node)) tell(node, node.text);
  }
  for (const { path, line, text, name } of settingsOf(project, anyFlag))
    report({ at: placeOfLine({ path, text }, line), message: `${name} is a flag of the old event stream.` });
}

/** `env["USE_EVENTS"]`, `env.get("USE_EVENTS")`, `{ "USE_EVENTS": true }`: no text that is only looked for. */
const isKey = ({ parent }: ts.StringLiteralLike) =>
  ts.isElementAccessExpression(parent) ||
  ts.isPropertyAssignment(parent) ||
  (ts.isCallExpression(parent) && /get|env|flag|enabled/i.test(parent.expression.getText()));

/** Lines of settings files that set a variable whose name matches. */
export function* settingsOf(project: Project, pattern: RegExp) {
  for (const { path, text } of project.files.files.values()) {
    if (
      !/\.(?:toml|ya?ml|json)$/.test(path) ||
      /(?:^|\/)(?:tests?|fixtures)\//.test(path) ||
      !pattern.test(text)
    )
      continue;
    for (const [index, line] of text.split("\n").entries()) {
      const set = /^\s*(?:-\s*)?["']?([A-Z][A-Z0-9_]*)["']?\s*[:=]\s*["']?([^"'#,\s]*)/.exec(line);
      if (set !== null && pattern.test(set[1] ?? ""))
        yield { path, text, line: index + 1, name: set[1] ?? "", value: set[2] ?? "" };
    }
  }
}
