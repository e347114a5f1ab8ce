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
import { declarationOf } from "../../tree/names/scope.ts";
import type { Published } from "../../tree/product/typescript.ts";
import { bare, nameOf } from "../../tree/syntax/source.ts";
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

/** A payload and all in it that is written there. */
export function* fieldsIn(
  node: ts.Expression,
  keys: readonly string[],
  name: ts.PropertyName | null,
): Generator<Given> {
  const value = bare(node);
  yield { node: value, keys, name };
  if (ts.isObjectLiteralExpression(value)) {
    for (const property of value.properties) {
      if (ts.isSpreadAssignment(property)) yield* fieldsIn(property.expression, keys, null);
      else if (ts.isPropertyAssignment(property)) {
        const key = nameOf(property.name);
        if (key !== null) yield* fieldsIn(property.initializer, [...keys, key], property.name);
      } else if (ts.isShorthandPropertyAssignment(property))
        yield { node: property.name, keys: [...keys, property.name.text], name: property.name };
    }
  } else if (ts.isArrayLiteralExpression(value)) {
    for (const element of value.elements) yield* fieldsIn(element, keys, null);
  } else if (ts.isConditionalExpression(value)) {
    yield* fieldsIn(value.whenTrue, keys, null);
    yield* fieldsIn(value.whenFalse, keys, null);
  } else if (ts.isBinaryExpression(value) && isChoice(value)) {
    yield* fieldsIn(value.left, keys, null);
    yield* fieldsIn(value.right, keys, null);
  } else if (ts.isIdentifier(value)) {
    const given = constantOf(value);
    if (given !== null && ts.isObjectLiteralExpression(bare(given))) yield* fieldsIn(given, keys, null);
  }
}

const isChoice = ({ operatorToken: { kind } }: ts.BinaryExpression) =>
  kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;

function constantOf(name: ts.Identifier): ts.Expression | null {
  const declared = declarationOf(name);
  return declared !== null && ts.isVariableDeclaration(declared) ? (declared.initializer ?? null) : null;
}

export function checkValues(project: Project, wanted: ForbiddenKind, report: Report): void {
  const schemas = payloadSchemas(project);
  for (const published of project.typescript.published) {
    if (published.payload === null) continue;
    const known = schemas.filter(({ event }) => published.events.includes(event));
    for (const given of fieldsIn(published.payload, [], null)) {
      tellKey(given, known, wanted, report);
      tellValue(project, published, given, known, wanted, report);
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
  { typescript: { values } }: Project,
  { file }: Published,
  { node, keys }: Given,
  known: readonly PayloadSchema[],
  wanted: ForbiddenKind,
  report: Report,
): void {
  const [top] = keys;
  const mayBePersonal = top !== undefined && known.some((payload) => isPersonal(payload, top));
  if (wanted === "person" && mayBePersonal) return;
  const found = textsOf(node, (name) => values.valueOf(file, name))
    .map(forbiddenText)
    .find((told) => told?.kind === wanted);
  const place = keys.length === 0 ? "The payload" : `The field ${keys.join(".")}`;
  if (found != null) {
    report({ at: node, message: `${place} holds ${found.what}.` });
    return;
  }
  for (const part of partsOf(node)) {
    const owner = bare(part.expression);
    const of = ts.isIdentifier(owner)
      ? owner.text
      : ts.isPropertyAccessExpression(owner)
        ? owner.name.text
        : null;
    const reason = forbiddenKey(part.name.text, of);
    if (reason?.kind === wanted && !/hash$/i.test(part.name.text))
      report({
        at: part,
        severity: "warning",
        message: `${place} is given ${part.getText()}, which names ${reason.what}.`,
      });
  }
}

/** `user.email`, also as it is put into a text: `` `${user.email}-1` ``, `"by " + user.email`. */
function partsOf(node: ts.Expression): readonly ts.PropertyAccessExpression[] {
  const value = bare(node);
  if (ts.isPropertyAccessExpression(value)) return [value];
  if (ts.isTemplateExpression(value))
    return value.templateSpans.flatMap(({ expression }) => partsOf(expression));
  const isJoined = ts.isBinaryExpression(value) && value.operatorToken.kind === ts.SyntaxKind.PlusToken;
  return isJoined ? [...partsOf(value.left), ...partsOf(value.right)] : [];
}

function isPersonal({ schema }: PayloadSchema, field: string): boolean {
  const inner = schemaDef(schema).shape?.[field];
  return inner !== undefined && personalOf(inner) !== null;
}

/** What stands in a value as text. Behind the beginning of a template something stands that nobody knows yet. */
function textsOf(node: ts.Expression, read: (node: ts.Expression) => unknown): readonly string[] {
  if (ts.isTemplateExpression(node)) {
    const parts = node.templateSpans.map(({ literal }) => literal.text);
    return [node.head.text, ...parts].map((text) => (text.endsWith("_") ? `${text}1A2b3C4d5E6f` : text));
  }
  if (!ts.isStringLiteralLike(node) && !ts.isNumericLiteral(node) && !ts.isIdentifier(node)) return [];
  const value = read(node);
  return typeof value === "string" || typeof value === "number" ? [String(value)] : [];
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
