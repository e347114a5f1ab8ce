import type * as z from "zod";
import { type CharterIssue, describeReceived } from "../errors.ts";
import { isBoundedText, isStrict, maxLengthOf, maxMembersOf, schemaDef, walkSchema } from "./schema-walk.ts";

/**
 * What the schema of a payload may be made of. An event is copied to every subscriber and kept for years, so its schema
 * describes JSON exactly: no field that it does not name, nothing without a bound, and what is stored is what was given.
 */

type Schema = z.core.$ZodType;

/** `shape`: it is no exact JSON; `open`: it lets anything through; `bound`: it has no end. */
export type FaultKind = "shape" | "open" | "bound";

/** What is wrong with a schema, and what it was. */
interface Fault {
  readonly kind: FaultKind;
  /** `expected …`: what to write instead. */
  readonly message: string;
  readonly received: string;
}

const withOpenObject = "or openObject() of @brain/schemas for data of any shape";

/** Kinds that no payload can have, with what to write instead. */
const refusedKinds = {
  any: `expected the type of the value, ${withOpenObject}: any() lets everything through`,
  unknown: `expected the type of the value, ${withOpenObject}: unknown() lets everything through`,
  custom: `expected a zod type that says what the value is, such as z.string().max(…).refine(…): a function alone tells readers nothing`,
  date: "expected z.iso.datetime({ offset: true }): JSON has no dates",
  bigint: "expected z.string().regex(/^-?\\d{1,30}$/), or z.int(): JSON has no bigint",
  symbol: "expected z.enum([…]): JSON has no symbols",
  undefined: "expected .optional() on the field: JSON has no undefined",
  void: "expected .optional() on the field: JSON has no undefined",
  nan: "expected z.number(): JSON has no NaN",
  map: `expected z.record(…) with a bound, ${withOpenObject}: JSON has no maps`,
  set: "expected z.array(…).max(…): JSON has no sets",
  file: "expected the id or the URL of the file: an event holds no files",
  function: "expected data: JSON has no functions",
  promise: "expected the value itself: a payload is complete when it is published",
  success: "expected the schema of the value itself",
  transform: "expected a schema without .transform(…): change the value before it is published",
  pipe: "expected a schema without .transform(…), .pipe(…), preprocess and codecs: what is stored is what was given, so change the value before it is published",
  catch: "expected a schema without .catch(…): it would hide a wrong value",
  lazy: "expected a schema that is known at once and does not hold itself: recursion has no bound",
  intersection: "expected one z.strictObject({ …, … }): an intersection of strict objects refuses everything",
} as const satisfies Readonly<Record<string, string>>;

const openKinds: ReadonlySet<string> = new Set(["any", "unknown", "custom"]);

const isRefusedKind = (type: string): type is keyof typeof refusedKinds => Object.hasOwn(refusedKinds, type);

/** Formats of text whose values are short by themselves; of a time only the digits of its fraction have no end. */
const shortFormats: ReadonlySet<string> = new Set(["datetime", "date", "time"]);

/** Null: an event can keep it, as far as the schema says it without those inside of it. */
function faultOf(schema: Schema): Fault | null {
  const { type, coerce } = schemaDef(schema);
  if (isRefusedKind(type)) {
    const kind = openKinds.has(type) ? "open" : type === "lazy" ? "bound" : "shape";
    return { kind, message: refusedKinds[type], received: `z.${type}` };
  }
  if (coerce === true) {
    const message = `expected z.${type}() without coercion: what is stored is what was given`;
    return { kind: "shape", message, received: `z.coerce.${type}()` };
  }
  return faultsOfKind[type]?.(schema) ?? null;
}

/** What is wrong with a schema of each kind that may have a fault; null: nothing. */
const faultsOfKind: Readonly<Record<string, ((schema: Schema) => Fault | null) | undefined>> = {
  object: objectFault,
  string: textFault,
  template_literal: (schema) =>
    isBoundedText(schema)
      ? null
      : unbounded("expected z.string().regex(/^…$/).max(…)", "a template without a bound"),
  array: (schema) =>
    maxLengthOf(schema) === null
      ? unbounded("expected a bound: .max(…) or .length(…)", "a list of any length")
      : null,
  tuple: (schema) => {
    const { rest } = schemaDef(schema);
    return rest === null || rest === undefined
      ? null
      : unbounded("expected z.array(…).max(…)", "a tuple with a rest of any length");
  },
  record: (schema) =>
    maxMembersOf(schema) === null && !hasListedValues(schemaDef(schema).keyType)
      ? {
          kind: "open",
          message: `expected z.record(z.enum([…]), …), .refine(...atMostMembers(…)), ${withOpenObject}`,
          received: "a record of any size",
        }
      : null,
  literal: (schema) =>
    (schemaDef(schema).values ?? []).some((value) => value === undefined || typeof value === "bigint")
      ? {
          kind: "shape",
          message: "expected a text, a number, a boolean or null",
          received: "a literal that JSON lacks",
        }
      : null,
};

const unbounded = (message: string, received: string): Fault => ({ kind: "bound", message, received });

function objectFault(schema: Schema): Fault | null {
  if (isStrict(schema)) return null;
  const isPlain = schemaDef(schema).catchall === undefined;
  const why = isPlain
    ? "a plain object drops fields that it does not name"
    : "fields that nobody named would be stored";
  return {
    kind: "shape",
    message: `expected z.strictObject({ … }), ${withOpenObject}: ${why}`,
    received: isPlain ? "z.object" : "an object with further fields",
  };
}

function textFault(schema: Schema): Fault | null {
  const { format = "" } = schemaDef(schema);
  if (isBoundedText(schema) || shortFormats.has(format)) return null;
  return unbounded(
    "expected a bound: .max(…), .length(…), or a .regex(/^…$/) that repeats nothing without end",
    `a text of any length${format === "" ? "" : ` (${format})`}`,
  );
}

function hasListedValues(keyType: Schema | undefined): boolean {
  return keyType !== undefined && ["enum", "literal"].includes(schemaDef(keyType).type);
}

/** Open data: bounded by its record and by the size of the payload, and looked through at each publish. */
function isOpenData(schema: Schema): boolean {
  const { type, keyType, valueType } = schemaDef(schema);
  return (
    type === "record" &&
    maxMembersOf(schema) !== null &&
    keyType !== undefined &&
    isBoundedText(keyType) &&
    valueType !== undefined &&
    schemaDef(valueType).type === "unknown"
  );
}

/**
 * Everything in a payload's schema that an event cannot keep, with its place and what to write instead; the schema of the
 * payload itself is known to be an object.
 */
export function payloadFaults(payload: Schema): CharterIssue[] {
  return faultyPlaces(payload).map(({ issue }) => issue);
}

/** A place of a payload's schema that an event cannot keep, as its author's tools tell it. */
export interface FaultyPlace {
  readonly kind: FaultKind;
  readonly schema: Schema;
  readonly issue: CharterIssue;
}

/** The same with the schema of each place. */
export function faultyPlaces(payload: Schema): readonly FaultyPlace[] {
  const places: FaultyPlace[] = [];
  walkSchema(payload, "payload", ({ schema, path, end }) => {
    if (end === "repeated") {
      const issue = { path, message: refusedKinds.lazy, received: "a schema that holds itself" };
      places.push({ kind: "bound", schema, issue });
      return false;
    }
    if (end === "no schema") {
      const message = "expected a schema of zod 4; where it is imported, the import may be circular";
      places.push({ kind: "shape", schema, issue: { path, message, received: describeReceived(schema) } });
      return false;
    }
    const fault = faultOf(schema);
    if (fault !== null) {
      const { kind, message, received } = fault;
      places.push({ kind, schema, issue: { path, message, received } });
    }
    return !isRefusedKind(schemaDef(schema).type) && !isOpenData(schema);
  });
  return places;
}
