import type * as z from "zod";
import type { CharterIssue } from "./errors.ts";
import { forbiddenKeyReason } from "./key-rules.ts";
import { personalOf } from "./personal.ts";
import { childrenOf, isSchema, placeBelow, schemaDef, walkSchema } from "./schema-walk.ts";

type Schema = z.core.$ZodType;

/** Formats of text that are always what no event may hold. */
const forbiddenFormats: ReadonlyMap<string, string> = new Map([
  ["email", "an e-mail address"],
  ["e164", "a phone number"],
  ["ipv4", "an IP address"],
  ["ipv6", "an IP address"],
  ["cidrv4", "an IP address"],
  ["cidrv6", "an IP address"],
  ["mac", "the address of a device"],
  ["jwt", "a JSON Web Token"],
  ["iban", "an IBAN"],
  ["credit_card", "a payment card number"],
]);

/** The same few keys stand in most events: what was said of them, by parent and key. */
const isolateReasons = new Map<string, string | null>();

function reasonOf(key: string, parent: string | null): string | null {
  const place = JSON.stringify([parent, key]);
  const known = isolateReasons.get(place);
  if (known !== undefined) return known;
  const reason = forbiddenKeyReason(key, parent);
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

/**
 * Looks through a payload schema once, when its event is defined.
 *
 * @param contentHashes keys ending in `hash` that are hashes of public content, so not secret
 */
export function guardSchema(payload: Schema, contentHashes: readonly string[] = []): SchemaFindings {
  const known = new Set<string>();
  const forbidden: CharterIssue[] = [];
  walkSchema(payload, "payload", ({ schema, path, field, end }) => {
    if (end !== null) return false;
    // What is sealed may be about a person. Its values are looked through for secrets all the same.
    if (personalOf(schema) !== null) return false;
    const { shape = {}, format = "" } = schemaDef(schema);
    const what = forbiddenFormats.get(format);
    if (what !== undefined) {
      forbidden.push({ path, message: `the field holds ${what}; carry the id of the record that holds it` });
    }
    for (const [key, child] of Object.entries(shape)) {
      const isAllowed = contentHashes.includes(key) || (isSchema(child) && personalOf(child) !== null);
      const reason = isAllowed ? null : reasonOf(key, field);
      const place = placeBelow(path, key);
      if (reason !== null) forbidden.push({ path: place, message: `the key names ${reason}` });
      if (/(?:^|_)ids?$/.test(key) && isSchema(child) && acceptsNumber(child)) {
        forbidden.push({ path: place, message: "an id must not be a number; carry the public id as text" });
      }
      known.add(key);
    }
    return true;
  });
  return { forbidden, known };
}
