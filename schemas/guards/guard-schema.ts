import type * as z from "zod";
import type { CharterIssue } from "../errors.ts";
import { childrenOf, isSchema, placeBelow, schemaDef, walkSchema } from "../payloads/schema-walk.ts";
import { personalOf } from "../personal.ts";
import { type ForbiddenKind, forbiddenKey } from "./key-rules.ts";

type Schema = z.core.$ZodType;

/** Formats of text that are always what no event may hold. */
const forbiddenFormats: ReadonlyMap<string, readonly [kind: ForbiddenKind, what: string]> = new Map([
  ["email", ["person", "an e-mail address"]],
  ["e164", ["person", "a phone number"]],
  ["ipv4", ["person", "an IP address"]],
  ["ipv6", ["person", "an IP address"]],
  ["cidrv4", ["person", "an IP address"]],
  ["cidrv6", ["person", "an IP address"]],
  ["mac", ["person", "the address of a device"]],
  ["jwt", ["secret", "a JSON Web Token"]],
  ["iban", ["person", "an IBAN"]],
  ["credit_card", ["secret", "a payment card number"]],
]);

/** The same few keys stand in most events: what was said of them, by parent and key. */
const isolateReasons = new Map<string, ReturnType<typeof forbiddenKey>>();

function reasonOf(key: string, parent: string | null): ReturnType<typeof forbiddenKey> {
  const place = JSON.stringify([parent, key]);
  const known = isolateReasons.get(place);
  if (known !== undefined) return known;
  const reason = forbiddenKey(key, parent);
  isolateReasons.set(place, reason);
  return reason;
}

/** True when the schema lets a number through, below optional, nullable, array and union. */
function acceptsNumber(schema: Schema): boolean {
  const { type } = schemaDef(schema);
  if (type === "number") return true;
  if (type === "object" || type === "record") return false;
  return childrenOf(schema).some((child) => acceptsNumber(child.schema));
}

/** What a payload schema names that no event may hold, and every key that it names, at any depth. */
export interface SchemaFindings {
  readonly forbidden: readonly CharterIssue[];
  readonly known: ReadonlySet<string>;
}

/** A field that no event may have, as its author's tools tell it. */
export interface ForbiddenField {
  /** `number`: the id is one. */
  readonly kind: ForbiddenKind | "number";
  readonly schema: Schema;
  readonly issue: CharterIssue;
}

/**
 * Looks through a payload schema once, when its event is defined.
 *
 * @param contentHashes keys ending in `hash` that are hashes of public content, so not secret
 */
export function guardSchema(payload: Schema, contentHashes: readonly string[] = []): SchemaFindings {
  const { fields, known } = forbiddenFields(payload, contentHashes);
  return { forbidden: fields.map(({ issue }) => issue), known };
}

/** The same with the schema of each field that is refused. */
export function forbiddenFields(
  payload: Schema,
  contentHashes: readonly string[],
): { readonly fields: readonly ForbiddenField[]; readonly known: ReadonlySet<string> } {
  const known = new Set<string>();
  const fields: ForbiddenField[] = [];
  const tell = (kind: ForbiddenField["kind"], at: Schema, path: string, message: string) =>
    fields.push({ kind, schema: at, issue: { path, message } });
  walkSchema(payload, "payload", ({ schema, path, field, end }) => {
    if (end !== null) return false;
    // What is sealed may be about a person. Its values are looked through for secrets all the same.
    if (personalOf(schema) !== null) return false;
    const { shape = {}, format = "" } = schemaDef(schema);
    const what = forbiddenFormats.get(format);
    if (what !== undefined)
      tell(what[0], schema, path, `the field holds ${what[1]}; carry the id of the record that holds it`);
    for (const [key, child] of Object.entries(shape)) {
      const isAllowed = contentHashes.includes(key) || (isSchema(child) && personalOf(child) !== null);
      const reason = isAllowed ? null : reasonOf(key, field);
      const place = placeBelow(path, key);
      if (reason !== null) tell(reason.kind, child, place, `the key names ${reason.what}`);
      if (/(?:^|_)ids?$/.test(key) && isSchema(child) && acceptsNumber(child))
        tell("number", child, place, "an id must not be a number; carry the public id as text");
      known.add(key);
    }
    return true;
  });
  return { fields, known };
}
