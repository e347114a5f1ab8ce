/** What is given to `publish`, as far as it is written there. */

import {
  type ForbiddenKind,
  forbiddenFields,
  forbiddenKey,
  forbiddenText,
  personalOf,
  schemaDef,
} from "@brain/schemas";
import ts from "typescript";
import type { Project } from "../../project.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { declarationOf, takenFrom } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { bare, isFunction, nameOf, stringOf } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { type PayloadSchema, payloadSchemas } from "./payload-schemas.ts";

/** A field of a payload that is written as one, also deeper. */
export interface Given {
  readonly node: ts.Expression;
  /** Keys above, the innermost last. */
  readonly keys: readonly string[];
  /** The property's name; null: it is an element, or the payload. */
  readonly name: ts.PropertyName | null;
}

/** A payload and all in it that is written there, also by a function of the project that puts it together. */
export function* fieldsIn(
  tree: TypeScriptTree,
  node: ts.Expression,
  keys: readonly string[] = [],
  name: ts.PropertyName | null = null,
): Generator<Given> {
  const value = bare(node);
  yield { node: value, keys, name };
  if (ts.isObjectLiteralExpression(value)) {
    yield* fieldsOf(tree, value, keys);
  } else if (ts.isArrayLiteralExpression(value)) {
    for (const element of value.elements) yield* fieldsIn(tree, element, keys);
  } else if (ts.isConditionalExpression(value)) {
    yield* fieldsIn(tree, value.whenTrue, keys);
    yield* fieldsIn(tree, value.whenFalse, keys);
  } else if (ts.isBinaryExpression(value) && isChoice(value)) {
    yield* fieldsIn(tree, value.left, keys);
    yield* fieldsIn(tree, value.right, keys);
  } else if (ts.isCallExpression(value) && /^Object\.assign$/.test(value.expression.getText())) {
    for (const part of value.arguments) yield* fieldsIn(tree, part, keys);
  } else {
    for (const made of madeOf(tree, value))
      if (ts.isObjectLiteralExpression(made)) yield* fieldsOf(tree, made, keys);
    if (ts.isIdentifier(value)) yield* fieldsSetOf(tree, value, keys);
  }
}

function* fieldsOf(
  tree: TypeScriptTree,
  object: ts.ObjectLiteralExpression,
  keys: readonly string[],
): Generator<Given> {
  for (const property of object.properties) {
    if (ts.isSpreadAssignment(property)) yield* fieldsIn(tree, property.expression, keys);
    else if (ts.isPropertyAssignment(property)) {
      const key = keyOf(tree, property.name);
      if (key !== null) yield* fieldsIn(tree, property.initializer, [...keys, key], property.name);
    } else if (ts.isShorthandPropertyAssignment(property))
      yield { node: property.name, keys: [...keys, property.name.text], name: property.name };
  }
}

function keyOf({ values }: TypeScriptTree, name: ts.PropertyName): string | null {
  const key = nameOf(name);
  if (key !== null || !ts.isComputedPropertyName(name)) return key;
  const value = values.valueOf(name.getSourceFile().fileName, name.expression);
  return typeof value === "string" ? value : null;
}

/** `payload.note = text`, of what was made before. */
function* fieldsSetOf(tree: TypeScriptTree, name: ts.Identifier, keys: readonly string[]): Generator<Given> {
  const declared = declarationOf(name);
  if (declared === null || !ts.isVariableDeclaration(declared)) return;
  for (const { left, right, operatorToken } of nodesOf(name.getSourceFile()).binaries) {
    const target = bare(left);
    if (operatorToken.kind !== ts.SyntaxKind.EqualsToken || !ts.isPropertyAccessExpression(target)) continue;
    const owner = bare(target.expression);
    if (!ts.isIdentifier(owner) || owner.text !== name.text || declarationOf(owner) !== declared) continue;
    if (ts.isIdentifier(target.name)) yield* fieldsIn(tree, right, [...keys, target.name.text], target.name);
  }
}

const isChoice = ({ operatorToken: { kind } }: ts.BinaryExpression) =>
  kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;

export function checkValues(project: Project, wanted: ForbiddenKind, report: Report): void {
  const schemas = payloadSchemas(project);
  for (const published of project.typescript.published) {
    if (published.payload === null) continue;
    const known = schemas.filter(({ event }) => published.events.includes(event));
    for (const given of fieldsIn(project.typescript, published.payload)) {
      tellKey(given, known, wanted, report);
      tellValue(project, given, known, wanted, report);
    }
  }
}

/** Keys of data that the schema does not describe. Those that it does are judged there. */
function tellKey(
  { keys, name }: Given,
  known: readonly PayloadSchema[],
  wanted: ForbiddenKind,
  report: Report,
): void {
  const key = keys.at(-1);
  if (name === null || key === undefined) return;
  if (known.length === 0 || known.some((payload) => isKnown(payload, key))) return;
  const reason = forbiddenKey(key, keys.at(-2) ?? null);
  if (reason?.kind === wanted) report({ at: name, message: `The key ${key} names ${reason.what}.` });
}

const isKnown = ({ schema, contentHashes }: PayloadSchema, key: string) =>
  forbiddenFields(schema, contentHashes).known.has(key);

function tellValue(
  { typescript }: Project,
  { node, keys }: Given,
  known: readonly PayloadSchema[],
  wanted: ForbiddenKind,
  report: Report,
): void {
  const [top] = keys;
  const mayBePersonal = top !== undefined && known.some((payload) => isPersonal(payload, top));
  if (wanted === "person" && mayBePersonal) return;
  const read = (part: ts.Expression) => typescript.values.valueOf(part.getSourceFile().fileName, part);
  const ends = ts.isIdentifier(node) ? madeOf(typescript, node) : [node];
  const found = ends
    .flatMap((end) => textsOf(end, read))
    .map(forbiddenText)
    .find((told) => told?.kind === wanted);
  const place = keys.length === 0 ? "The payload" : `The field ${keys.join(".")}`;
  if (found != null) {
    report({ at: node, message: `${place} holds ${found.what}.` });
    return;
  }
  for (const { owner, part } of partsOf(node)) {
    const whole = bare(owner);
    const of = ts.isIdentifier(whole)
      ? whole.text
      : ts.isPropertyAccessExpression(whole)
        ? whole.name.text
        : null;
    const reason = forbiddenKey(part, of);
    if (reason?.kind === wanted && !/hash$/i.test(part))
      report({
        at: node,
        severity: "warning",
        message: `${place} is given ${owner.getText().slice(0, 60)}.${part}, which names ${reason.what}.`,
      });
  }
}

/** A part of something, as a value or a piece of a text. */
interface Part {
  readonly owner: ts.Expression;
  readonly part: string;
}

/** They give the same text in another form. */
const keptBy = /^(?:toLowerCase|toUpperCase|trim|toString|normalize)$/;

/**
 * `user.email`, `user["email"]`, what was taken out of it before, and as it is put into a text: `` `${user.email}-1` ``,
 * `"by " + user.email`, `user.email.trim()`.
 */
function partsOf(node: ts.Expression): readonly Part[] {
  const value = bare(node);
  if (ts.isPropertyAccessExpression(value)) return [{ owner: value.expression, part: value.name.text }];
  if (ts.isElementAccessExpression(value)) {
    const part = stringOf(value.argumentExpression);
    return part === null ? [] : [{ owner: value.expression, part }];
  }
  if (ts.isIdentifier(value)) return [takenFrom(value) ?? []].flat();
  if (ts.isTemplateExpression(value))
    return value.templateSpans.flatMap(({ expression }) => partsOf(expression));
  if (ts.isCallExpression(value)) {
    const callee = bare(value.expression);
    const [given] = value.arguments;
    if (ts.isIdentifier(callee) && callee.text === "String" && given !== undefined) return partsOf(given);
    const isKept = ts.isPropertyAccessExpression(callee) && keptBy.test(callee.name.text);
    return isKept ? partsOf(callee.expression) : [];
  }
  const isJoined = ts.isBinaryExpression(value) && value.operatorToken.kind === ts.SyntaxKind.PlusToken;
  return isJoined ? [...partsOf(value.left), ...partsOf(value.right)] : [];
}

function isPersonal({ schema }: PayloadSchema, field: string): boolean {
  const inner = schemaDef(schema).shape?.[field];
  return inner !== undefined && personalOf(inner) !== null;
}

/** What stands in a value as text. Behind the beginning of a template something stands that nobody knows yet. */
function textsOf(node: ts.Expression, read: (node: ts.Expression) => unknown): readonly string[] {
  if (ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node) || isFunction(node)) return [];
  const value = read(node);
  if (typeof value === "string" || typeof value === "number") return [String(value)];
  if (!ts.isTemplateExpression(node)) return [];
  const parts = node.templateSpans.map(({ literal }) => literal.text);
  return [
    ...[node.head.text, ...parts].map((text) => (text.endsWith("_") ? `${text}1A2b3C4d5E6f` : text)),
    ...node.templateSpans.flatMap(({ expression }) => textsOf(bare(expression), read)),
  ];
}

/** Something that came from elsewhere as a whole: a row, an entity, what a request holds. */
export function checkSpreads({ typescript }: Project, report: Report): void {
  for (const { payload } of typescript.published) {
    if (payload === null) continue;
    const value = bare(payload);
    const wholes = ts.isObjectLiteralExpression(value)
      ? value.properties.flatMap((property) => (ts.isSpreadAssignment(property) ? [property.expression] : []))
      : [value];
    for (const whole of wholes) {
      if (!cameAsWhole(whole)) continue;
      report({
        at: whole,
        severity: "warning",
        message: `${whole.getText()} is passed on as it came, with everything that it has or gets later.`,
      });
    }
  }
}

function cameAsWhole(node: ts.Expression): boolean {
  const value = bare(node);
  if (ts.isPropertyAccessExpression(value) && ts.isIdentifier(bare(value.expression)))
    return !/payload/i.test(value.getText());
  if (!ts.isIdentifier(value)) return false;
  const declared = declarationOf(value);
  if (declared === null) return false;
  if (ts.isVariableDeclaration(declared)) {
    const given = declared.initializer;
    return given !== undefined && (ts.isAwaitExpression(given) || cameAsWhole(given));
  }
  if (ts.isParameter(declared)) return !/payload/i.test(`${declared.type?.getText() ?? ""}`);
  return ts.isBindingElement(declared) && !/payload/i.test(declared.name.getText());
}
