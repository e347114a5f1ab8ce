/** Which texts in the code are SQL, and what they say as far as it is seen without running anything. */

import ts from "typescript";
import type { Bindings } from "../names/bindings.ts";
import { declarationOf } from "../names/scope.ts";
import type { Values } from "../names/values.ts";
import type { TypeScriptTree } from "../product/typescript.ts";
import { isLogger } from "../syntax/loggers.ts";
import type { Nodes } from "../syntax/nodes.ts";
import { bare, calledName } from "../syntax/source.ts";
import { runsGiven } from "./given-on.ts";
import { hole } from "./tokens.ts";

export interface SqlText {
  /** Where it is written, in the file that was looked at. */
  readonly at: ts.Node;
  /** What is worked out at run time stands as {@link hole}. */
  readonly text: string;
  /** It is run as it stands; otherwise it may be a piece of another one. */
  readonly isWhole: boolean;
}

/** Methods that are given SQL. */
const runners = new Set(["execute", "query", "raw", "unsafe", "rows", "batch"]);

export const isSqlRunner = (call: ts.CallExpression): boolean => runners.has(calledName(call) ?? "");

/** A file without any of these has none. */
export const mayHaveSql =
  /\bsql\b|\.(?:execute|query|raw|unsafe|rows|batch)\(|["'`]\s*(?:select|insert|update|delete|with|merge|truncate)\s/i;

/** How a statement begins, which no other text does. */
const statement =
  /^\s*(?:select\b[^;]*\bfrom\s|insert\s+into\s|update\s[^;]*\bset\s|delete\s+from\s|with\s[^;]*\bas\s*\(|merge\s+into\s|truncate\s)/i;
/** What is put into another text stands there as it is, up to this length: names and short conditions. */
const maxPiece = 200;

export interface SqlReader {
  /** In the order of the text; a text is there once. */
  textsOf(nodes: Pick<Nodes, "calls" | "texts">): readonly SqlText[];
  /** What one call is given, tagged or not. */
  givenTo(call: ts.CallExpression): readonly string[];
}

/** Remembers what it has read: to be made for each look at a project. */
export function readSqlTexts(tree: TypeScriptTree): SqlReader {
  const { bindings, values } = tree;
  const seen: Seen = {
    bindings,
    values,
    pieces: new Map(),
    tagged: new Map(),
    underWay: new Map(),
    leftOutFor: Infinity,
    steps: 0,
  };
  return {
    givenTo(call) {
      const [first] = call.arguments;
      if (first === undefined) return [];
      const value = meant(bindings, first);
      if (isSqlTag(bindings, value)) return [textOf(seen, value) ?? ""];
      return givenTexts(seen, first, calledName(call) === "batch").map(({ text }) => text);
    },
    textsOf({ calls, texts }) {
      const tagged = texts.flatMap((node): SqlText[] => {
        const { parent } = node;
        if (!isSqlTag(bindings, parent)) return [];
        return [{ at: node, text: textOf(seen, parent) ?? "", isWhole: isRun(parent) }];
      });
      const given = calls.flatMap((call) => {
        const name = calledName(call);
        const [first] = call.arguments;
        return first === undefined || name === null || !runners.has(name)
          ? call.arguments.flatMap((_, index) => statementIn(tree, seen, call, index))
          : givenTexts(seen, first, name === "batch");
      });
      return [...new Map([...tagged, ...given].map((text) => [text.at, text])).values()];
    },
  };
}

/** A statement that a method of a driver is given, or a function of the project that runs it. */
function statementIn(
  tree: TypeScriptTree,
  seen: Seen,
  call: ts.CallExpression,
  index: number,
): readonly SqlText[] {
  const argument = call.arguments[index];
  const value = argument === undefined ? null : bare(argument);
  if (value === null || !(ts.isStringLiteralLike(value) || ts.isTemplateExpression(value))) return [];
  const text = textOf(seen, value);
  const isTaken =
    text !== null && statement.test(text) && !isLogger(call.expression) && runsGiven(tree, call, index);
  return isTaken ? [{ at: value, text, isWhole: true }] : [];
}

/** What has been read of one project. */
interface Seen {
  readonly bindings: Bindings;
  readonly values: Pick<Values, "valueOf">;
  /** What stands for an expression inside of another text. */
  readonly pieces: Map<ts.Node, string>;
  /** The same inside of a tagged text. */
  readonly tagged: Map<ts.Node, string>;
  /** Expressions that are being worked out, each with how many stand around it. */
  readonly underWay: Map<ts.Node, number>;
  /** The outermost of them for the sake of which a part was left out. */
  leftOutFor: number;
  steps: number;
}

/** For what doubles its work with each name: no text is put together of as many. */
const maxSteps = 20_000;

/** What a name stands for: here, at the top of its file, or in another one of the project. */
function valueNamed(bindings: Bindings, node: ts.Expression): ts.Expression | null {
  if (ts.isIdentifier(node)) {
    const declared = declarationOf(node);
    if (declared !== null)
      return ts.isVariableDeclaration(declared) && declared.initializer !== undefined
        ? bare(declared.initializer)
        : null;
  } else if (!ts.isPropertyAccessExpression(node)) return null;
  const value = bindings.originOfExpression(node.getSourceFile().fileName, node)?.value ?? null;
  return value === null || bare(value) === node ? null : bare(value);
}

/** Follows names to what is no name any more. */
function meant(bindings: Bindings, node: ts.Expression): ts.Expression {
  let at = bare(node);
  for (let steps = 0; steps < 5; steps++) {
    const given = valueNamed(bindings, at);
    if (given === null) break;
    at = given;
  }
  return at;
}

function isSqlTag(bindings: Bindings, node: ts.Node): node is ts.TaggedTemplateExpression {
  if (!ts.isTaggedTemplateExpression(node)) return false;
  const tag = bare(node.tag);
  if (ts.isPropertyAccessExpression(tag)) return tag.name.text === "sql";
  if (!ts.isIdentifier(tag)) return false;
  return tag.text === "sql" || bindings.originOf(tag.getSourceFile().fileName, tag.text)?.name === "sql";
}

/** Null: it is no text. */
function textOf(seen: Seen, node: ts.Expression, isTagged = false): string | null {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    const parts = node.templateSpans.map(
      ({ expression, literal }) => pieceOf(seen, expression, isTagged) + literal.text,
    );
    return node.head.text + parts.join("");
  }
  if (isSqlTag(seen.bindings, node)) return textOf(seen, node.template, true);
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return null;
  const [left, right] = [bare(node.left), bare(node.right)];
  const said = [textOf(seen, left), textOf(seen, right)];
  if (said[0] === null && said[1] === null) return null;
  return (said[0] ?? pieceOf(seen, left, false)) + (said[1] ?? pieceOf(seen, right, false));
}

/** What is put into a text. In a tagged one a plain text is a value, and never SQL. */
function pieceOf(seen: Seen, node: ts.Expression, isTagged: boolean): string {
  const value = meant(seen.bindings, node);
  if (isTagged && ts.isStringLiteralLike(value)) return hole;
  const known = (isTagged ? seen.tagged : seen.pieces).get(value);
  if (known !== undefined) return known;
  // What refers to itself has no end.
  const outer = seen.underWay.get(value);
  if (outer !== undefined || seen.steps >= maxSteps) {
    seen.leftOutFor = Math.min(seen.leftOutFor, outer ?? 0);
    return hole;
  }
  return workOut(seen, value, isTagged);
}

/** Remembers it, unless a part was left out for the sake of what stands around: asked for by itself it is known. */
function workOut(seen: Seen, value: ts.Expression, isTagged: boolean): string {
  const [own, before] = [seen.underWay.size, seen.leftOutFor];
  seen.underWay.set(value, own);
  seen.leftOutFor = Infinity;
  seen.steps++;
  const said =
    nameGiven(seen, value) ??
    (value.getEnd() - value.getStart() > maxPiece
      ? null
      : (textOf(seen, value) ?? workedOut(seen, value, isTagged)));
  const piece = said === null || said.length > maxPiece ? hole : said;
  seen.underWay.delete(value);
  const isWhole = seen.leftOutFor >= own;
  if (isWhole) (isTagged ? seen.tagged : seen.pieces).set(value, piece);
  seen.leftOutFor = Math.min(before, isWhole ? Infinity : seen.leftOutFor);
  if (own === 0) seen.steps = 0;
  return piece;
}

/** `named("books")`, `tables.books`, `parts.join(" ")`; null: it is not known. In a tagged text it is a value, and never SQL. */
function workedOut({ values }: Seen, node: ts.Expression, isTagged: boolean): string | null {
  const isPut =
    ts.isCallExpression(node) || ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
  if (isTagged || !isPut) return null;
  const value = values.valueOf(node.getSourceFile().fileName, node);
  return typeof value === "string" ? value : null;
}

/** `sql.identifier("books")`, `sql.raw("books")`; null: it is none of them. */
function nameGiven(seen: Seen, node: ts.Expression): string | null {
  if (!ts.isCallExpression(node)) return null;
  const [first] = node.arguments;
  const name = calledName(node);
  if (first === undefined || (name !== "identifier" && name !== "raw")) return null;
  const value = meant(seen.bindings, first);
  const text = textOf(seen, value) ?? workedOut(seen, value, false);
  return text === null || name === "raw" ? text : `"${text}"`;
}

/** Texts that a call is given: one, one of a choice, one with its values, or several. */
function givenTexts(
  seen: Seen,
  node: ts.Expression,
  isBatch: boolean,
  at: ts.Expression = node,
): readonly SqlText[] {
  const value = meant(seen.bindings, node);
  const isHere = value.getSourceFile() === node.getSourceFile();
  const place = isHere ? value : at;
  if (ts.isConditionalExpression(value))
    return [value.whenTrue, value.whenFalse].flatMap((one) => givenTexts(seen, one, false, place));
  if (ts.isArrayLiteralExpression(value) && isBatch)
    return value.elements.flatMap((element) => {
      const [first] = ts.isArrayLiteralExpression(element) ? element.elements : [element];
      return first === undefined ? [] : givenTexts(seen, first, false, place);
    });
  if (ts.isObjectLiteralExpression(value))
    return value.properties.flatMap((property) =>
      ts.isPropertyAssignment(property) && /^(?:text|sql)$/.test(property.name.getText())
        ? givenTexts(seen, property.initializer, false, place)
        : [],
    );
  // A tagged one is found by itself.
  const text = isSqlTag(seen.bindings, value) ? null : (textOf(seen, value) ?? workedOut(seen, value, false));
  return text === null ? [] : [{ at: place, text, isWhole: true }];
}

/** Given to what runs it, and to nothing before. */
function isRun(node: ts.Expression): boolean {
  let at: ts.Node = node;
  while (ts.isParenthesizedExpression(at.parent) || ts.isAsExpression(at.parent)) at = at.parent;
  return ts.isCallExpression(at.parent) && runners.has(calledName(at.parent) ?? "");
}
