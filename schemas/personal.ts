import type * as z from "zod";
import type { JsonObject } from "./json/json.ts";
import { isSchema, schemaDef } from "./payloads/schema-walk.ts";

/*
 * Fields that are about a person. Where the program has a key for it, they are stored and sent sealed, with a key of the
 * person's own; when that key is deleted, nobody can read them any more, and everything else of the event stays.
 */

type Schema = z.core.$ZodType;

export interface PersonalOptions {
  /** The field of the payload, at its top, that names whose data it is: `user_id`. It is not sealed itself. */
  readonly subject: string;
}

/** A field of an event that is about a person. */
export interface PersonalField extends PersonalOptions {
  readonly field: string;
}

const isolateMarks = new WeakMap<Schema, PersonalOptions>();

/**
 * Marks a text as personal: `reason: pii(z.string().max(500), { subject: "user_id" })`. It is a field at the top of the
 * payload, and may hold what events must not hold otherwise, like a name or an e-mail address, but no secret. Nothing
 * can be searched by it, and it cannot be the key of an event. In the JSON Schema of the payload the field has
 * `"x-brain-pii": {"subject": "user_id"}`.
 */
export function pii<S extends z.ZodType>(schema: S, options: PersonalOptions): S {
  const marked = schema.meta({ ...schema.meta(), "x-brain-pii": { subject: options.subject } });
  isolateMarks.set(marked, options);
  return marked;
}

/** What readers get of a field whose person was erased. */
export const erasedText = "[erased]";
/** How a sealed text begins. */
export const sealedStart = "pii.v1.";
const sealedForm = /^pii\.v1\.([0-9a-f-]{36})\.([A-Za-z0-9_-]{1,200000})$/;

/** What stands in the place of a personal text, as a pattern of JSON Schema. */
export const standInPattern = `^(?:\\[erased\\]|${sealedForm.source.slice(1, -1)})$`;

/** The parts of a sealed text; null: it is none. */
export function sealedParts(text: unknown): { readonly keyId: string; readonly sealed: string } | null {
  if (typeof text !== "string" || !text.startsWith(sealedStart)) return null;
  const [, keyId, sealed] = sealedForm.exec(text) ?? [];
  return keyId === undefined || sealed === undefined ? null : { keyId, sealed };
}

/** True for what stands in the place of a personal text: sealed, or erased. */
export function standsForPersonal(text: unknown): boolean {
  return text === erasedText || sealedParts(text) !== null;
}

/** What was said of this very schema, or of the one inside of `optional` and `nullable`; null: nothing. */
export function personalOf(schema: Schema): PersonalOptions | null {
  for (let at: Schema | undefined = schema; at !== undefined && isSchema(at); at = schemaDef(at).innerType) {
    const mark = isolateMarks.get(at);
    if (mark !== undefined) return mark;
  }
  return null;
}

function isText(schema: Schema): boolean {
  const { type, innerType } = schemaDef(schema);
  return type === "string" || (innerType !== undefined && isText(innerType));
}

/** The personal fields of a payload, and what is wrong with them. */
export function personalFields(payload: Schema): {
  readonly fields: readonly PersonalField[];
  readonly faults: readonly { readonly path: string; readonly message: string }[];
} {
  const { shape = {} } = schemaDef(payload);
  const fields: PersonalField[] = [];
  const faults: { path: string; message: string }[] = [];
  for (const [field, schema] of Object.entries(shape)) {
    const mark = isSchema(schema) ? personalOf(schema) : null;
    if (mark === null) continue;
    fields.push({ field, ...mark });
    const path = `payload.${field}`;
    if (!isText(schema))
      faults.push({ path, message: "expected a text in pii(…); other values cannot be sealed" });
    const subject = shape[mark.subject];
    if (subject === undefined || !isText(subject) || personalOf(subject) !== null) {
      faults.push({
        path,
        message: `expected a text of the payload's top that is not personal itself as subject, received "${mark.subject}"`,
      });
    }
  }
  return { fields, faults };
}

/** Whose a personal field is; null: nobody's who is named, so it cannot be sealed. */
export function subjectOf({ subject }: PersonalField, payload: JsonObject): string | null {
  const named = payload[subject];
  return typeof named === "string" && named !== "" ? named : null;
}
