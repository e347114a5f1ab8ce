import * as z from "zod";

/*
 * Every array, record, text and number that a request may bring has a bound. zod has bounds for all but the members of
 * records and open objects; this is theirs.
 */

/** Arguments of `.refine(…)` for a record or an open object: at most so many members. */
export function atMostMembers(
  max: number,
): [(value: object) => boolean, { error: string; params: MemberBound }] {
  return [
    (value) => Object.keys(value).length <= max,
    { error: `Too big: expected at most ${max} members`, params: { maxMembers: max } },
  ];
}

/** Data of any shape that its module judges: so many members with names of at most 500 characters. */
export function openObject(maxMembers: number) {
  return z.record(z.string().max(500), z.unknown()).refine(...atMostMembers(maxMembers));
}

interface MemberBound {
  readonly maxMembers: number;
}

/** The bound of a record or object that was given with {@link atMostMembers}; null when there is none. */
export function maxMembersOf(schema: z.core.$ZodType): number | null {
  const { checks = [] } = schema._zod.def as { readonly checks?: readonly z.core.$ZodCheck[] };
  for (const check of checks) {
    const { params } = check._zod.def as { readonly params?: Partial<MemberBound> };
    if (params?.maxMembers !== undefined) return params.maxMembers;
  }
  return null;
}

/** The `max` or `length` of an array; null when it has none. */
export function maxItemsOf(schema: z.core.$ZodType): number | null {
  const { checks = [] } = schema._zod.def as { readonly checks?: readonly z.core.$ZodCheck[] };
  const bounds = checks.flatMap((check) => {
    const { maximum, length } = check._zod.def as { readonly maximum?: number; readonly length?: number };
    return maximum ?? length ?? [];
  });
  return bounds.length === 0 ? null : Math.min(...bounds);
}

interface SizedDef {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly catchall?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
}

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
  const def = schema._zod.def as unknown as SizedDef;
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
  const maximum = maxItemsOf(schema) ?? Number.POSITIVE_INFINITY;
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
