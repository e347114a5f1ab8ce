import { maxLengthOf, maxMembersOf, schemaDef } from "@brain/schemas";
import type * as z from "zod";

/** Every array, record, text and number that a request may bring has a bound; this is the look at the sizes alone. */

/** Where a value is larger than its schema allows, and how. */
export interface Oversize {
  readonly path: string;
  readonly message: string;
}

type SizeCheck = (value: unknown, path: string) => Oversize | null;

/**
 * A look at the sizes of arrays and records alone. zod judges all elements before it counts them, which takes seconds
 * and hundreds of megabytes for a body full of wrong ones.
 *
 * @returns null when nothing in the schema has a size
 */
export function sizeCheckOf(schema: z.core.$ZodType): SizeCheck | null {
  const def = schemaDef(schema);
  switch (def.type) {
    case "array":
      return ofArray(schema, def.element);
    case "record":
      return ofMembers(maxMembersOf(schema), {}, def.valueType);
    case "object":
      return ofMembers(maxMembersOf(schema), def.shape ?? {}, def.catchall);
    case "pipe":
      return def.in === undefined ? null : sizeCheckOf(def.in);
    default:
      return def.innerType === undefined ? null : sizeCheckOf(def.innerType);
  }
}

function ofArray(schema: z.core.$ZodType, element: z.core.$ZodType | undefined): SizeCheck {
  const maximum = maxLengthOf(schema) ?? Number.POSITIVE_INFINITY;
  const inner = element === undefined ? null : sizeCheckOf(element);
  return (value, path) => {
    if (!Array.isArray(value)) return null;
    if (value.length > maximum) {
      return {
        path,
        message: `Too big: expected array to have at most ${maximum} items, received ${value.length}`,
      };
    }
    return inner === null ? null : firstOf(value.entries(), path, () => inner);
  };
}

function ofMembers(
  max: number | null,
  shape: Readonly<Record<string, z.core.$ZodType>>,
  others: z.core.$ZodType | undefined,
): SizeCheck | null {
  const checks = new Map<string, SizeCheck>();
  for (const [name, child] of Object.entries(shape)) {
    const check = sizeCheckOf(child);
    if (check !== null) checks.set(name, check);
  }
  const other = others === undefined ? null : sizeCheckOf(others);
  if (max === null && checks.size === 0 && other === null) return null;
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    const members = Object.entries(value);
    if (max !== null && members.length > max) {
      return { path, message: `Too big: expected at most ${max} members, received ${members.length}` };
    }
    return firstOf(members, path, (name) => checks.get(String(name)) ?? other);
  };
}

function firstOf(
  members: Iterable<readonly [string | number, unknown]>,
  path: string,
  checkOf: (name: string | number) => SizeCheck | null,
): Oversize | null {
  for (const [name, member] of members) {
    const found = checkOf(name)?.(member, path === "" ? String(name) : `${path}.${name}`);
    if (found !== undefined && found !== null) return found;
  }
  return null;
}
