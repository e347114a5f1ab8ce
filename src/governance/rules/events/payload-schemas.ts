/** The payloads of events as their schemas say, with the place of each field in the text. */

import { type CharterIssue, walkSchema } from "@brain/schemas";
import ts from "typescript";
import type { Project } from "../../project.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { notKnown } from "../../tree/names/literals.ts";
import { isPlain, isSchema } from "../../tree/names/package-values.ts";
import type { SchemaSource } from "../../tree/names/value-places.ts";
import type { Values } from "../../tree/names/values.ts";
import type { DefinedEvent } from "../../tree/product/typescript.ts";

type Schema = Parameters<typeof walkSchema>[0];

export interface PayloadSchema {
  readonly event: DefinedEvent;
  /** What `payload` is given. */
  readonly node: ts.Expression;
  readonly schema: Schema;
  /** Keys ending in `hash` that are of public content. */
  readonly contentHashes: readonly string[];
  /** The place in the text that a place in the schema was written in. @param path `payload.items[].title` */
  at(path: string, schema?: unknown): ts.Node;
}

const isolatePayloads = new WeakMap<Project, readonly PayloadSchema[]>();

/** Those of events whose schema can be read; of one that is chosen at run time, all that it may be. */
export function payloadSchemas(project: Project): readonly PayloadSchema[] {
  const known = isolatePayloads.get(project);
  if (known !== undefined) return known;
  const read = project.typescript.events.flatMap((event) => readPayloads(project, event));
  isolatePayloads.set(project, read);
  return read;
}

function readPayloads({ typescript }: Project, event: DefinedEvent): readonly PayloadSchema[] {
  const { values } = typescript;
  const option = event.options && values.optionOf(event.file, event.options, "payload");
  const known = option === null ? notKnown : values.valueOf(option.file, option.node);
  if (option !== null && isSchema(known)) return [payloadOf(values, event, option.node, known)];
  const chosen = (option === null ? [] : madeOf(typescript, option.node)).flatMap((node) => {
    const schema = node === option?.node ? null : values.valueOf(node.getSourceFile().fileName, node);
    return isSchema(schema) ? [payloadOf(values, event, node, schema)] : [];
  });
  if (chosen.length > 0) return chosen;
  const whole = event.given();
  const given = isPlain(whole) ? whole.payload : null;
  return isSchema(given) ? [payloadOf(values, event, event.call.arguments[1] ?? event.call, given)] : [];
}

function payloadOf(values: Values, event: DefinedEvent, node: ts.Expression, schema: Schema): PayloadSchema {
  const hashes = event.options && values.optionOf(event.file, event.options, "contentHashes");
  const given = hashes === null ? [] : values.valueOf(hashes.file, hashes.node);
  let places: ReadonlyMap<string, SchemaSource> | null = null;
  return {
    event,
    node,
    schema,
    contentHashes: Array.isArray(given) ? given.filter((name) => typeof name === "string") : [],
    at(path, inner) {
      places ??= placesOf(schema, values.sourceOf);
      return placeIn(places, path, inner === undefined ? null : values.sourceOf(inner)) ?? node;
    },
  };
}

/** Of each field, where it was written. */
function placesOf(
  schema: Schema,
  sourceOf: (schema: unknown) => SchemaSource | null,
): ReadonlyMap<string, SchemaSource> {
  const places = new Map<string, SchemaSource>();
  walkSchema(schema, "payload", ({ schema: at, path, end }) => {
    const source = end === "no schema" ? null : sourceOf(at);
    if (source?.property != null && !places.has(path)) places.set(path, source);
    return true;
  });
  return places;
}

/** The innermost expression of the field when it stands there, otherwise the field. */
function placeIn(
  places: ReadonlyMap<string, SchemaSource>,
  path: string,
  inner: SchemaSource | null,
): ts.Node | null {
  let at = path;
  while (!places.has(at) && at !== "" && at !== "payload") at = at.replace(/(?:\.[^.[{]*|\[\]|\{\})$/, "");
  const property = places.get(at)?.property ?? null;
  if (property === null) return inner?.node ?? null;
  const isInside =
    inner !== null &&
    inner.property === null &&
    inner.node.getSourceFile() === property.getSourceFile() &&
    inner.node.pos >= property.pos &&
    inner.node.end <= property.end;
  return isInside ? inner.node : (property.name ?? property);
}

/** What was found in a schema, as a sentence. */
export const sentenceOf = ({ path, message, received }: CharterIssue): string =>
  `${path}: ${message}${received === undefined ? "" : `; received ${received}`}.`;

/** `object` of `z.object(…)`, at the beginning of a chain of calls; null: it is made otherwise. */
export function makerOf(node: ts.Node): ts.Identifier | null {
  let at: ts.Node =
    ts.isPropertyAssignment(node.parent) && node.parent.name === node ? node.parent.initializer : node;
  while (ts.isCallExpression(at) && ts.isPropertyAccessExpression(at.expression)) {
    if (ts.isIdentifier(at.expression.expression)) return at.expression.name as ts.Identifier;
    at = at.expression.expression;
  }
  return null;
}
