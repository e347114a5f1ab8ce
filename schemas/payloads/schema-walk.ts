import type * as z from "zod";

/** How zod schemas are looked into: what a schema is made of, and what of it has a bound. */

type Schema = z.core.$ZodType;

/** The parts of a zod schema that the walks need; zod types `def` per class, so the shape is named here once. */
export interface SchemaDef {
  readonly type: string;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly element?: Schema;
  readonly innerType?: Schema;
  readonly keyType?: Schema;
  readonly valueType?: Schema;
  readonly options?: readonly Schema[];
  readonly items?: readonly Schema[];
  readonly rest?: Schema | null;
  readonly left?: Schema;
  readonly right?: Schema;
  readonly in?: Schema;
  readonly out?: Schema;
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
  readonly checks?: readonly z.core.$ZodCheck[];
  readonly coerce?: boolean;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly catchall?: Schema;
}

export function schemaDef(schema: Schema): SchemaDef {
  return schema._zod.def as unknown as SchemaDef;
}

/** Schemas of zod 4 carry this; those of zod 3, and what a circular import left undefined, do not. */
export function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/** A schema inside of another one. `step` leads to it in the data; empty: it is the same value (`nullable`, a union). */
export interface ChildSchema {
  readonly step: string;
  readonly schema: Schema;
}

/** Steps that are no field names: an element of a list, a value of a record, one of its keys. */
const elementStep = "[]";
const valueStep = "{}";
const keyStep = "(key)";

/** What a schema is made of, one level. The schema behind a `lazy` is not: it may be the same one again. */
export function childrenOf(schema: Schema): readonly ChildSchema[] {
  const def = schemaDef(schema);
  const at = (step: string, child: Schema | null | undefined): readonly ChildSchema[] =>
    child === undefined || child === null ? [] : [{ step, schema: child }];
  switch (def.type) {
    case "object":
      return [
        ...Object.entries(def.shape ?? {}).map(([step, child]) => ({ step, schema: child })),
        ...(isStrict(schema) ? [] : at(valueStep, def.catchall)),
      ];
    case "array":
    case "set":
      return at(elementStep, def.element ?? def.valueType);
    case "record":
    case "map":
      return [...at(keyStep, def.keyType), ...at(valueStep, def.valueType)];
    case "union":
      return (def.options ?? []).flatMap((option) => at("", option));
    case "intersection":
      return [...at("", def.left), ...at("", def.right)];
    case "tuple":
      return [
        ...(def.items ?? []).flatMap((item, index) => at(String(index), item)),
        ...at(elementStep, def.rest),
      ];
    case "pipe":
      // What comes in is judged; behind `preprocess` it is what goes out.
      return at("", def.in !== undefined && schemaDef(def.in).type === "transform" ? def.out : def.in);
    default:
      return at("", def.innerType);
  }
}

/** A place in a schema, as {@link walkSchema} comes to it. */
export interface SchemaPlace {
  readonly schema: Schema;
  /** `payload.items[].title`. */
  readonly path: string;
  /** The nearest field above whose value holds this one, also through lists; null at the top. */
  readonly field: string | null;
  /** Why the walk ends here: a schema that holds itself, or a field whose schema is none (of zod 4). */
  readonly end: "repeated" | "no schema" | null;
}

/** Goes through a schema and all that it is made of, each before what is inside; not below where `visit` says false. */
export function walkSchema(schema: Schema, path: string, visit: (place: SchemaPlace) => boolean): void {
  const go = (place: SchemaPlace, above: readonly Schema[]): void => {
    if (!visit(place) || place.end !== null) return;
    for (const { step, schema: child } of childrenOf(place.schema)) {
      const isField = step !== "" && step !== elementStep && step !== valueStep && step !== keyStep;
      const next: SchemaPlace = {
        schema: child,
        path: placeBelow(place.path, step),
        field: isField ? step : place.field,
        end: !isSchema(child) ? "no schema" : above.includes(child) ? "repeated" : null,
      };
      go(next, [...above, child]);
    }
  };
  go({ schema, path, field: null, end: null }, [schema]);
}

/** `payload.items[].title`: how documents and messages name a place in a payload. */
export function placeBelow(path: string, step: string): string {
  if (step === "") return path;
  return step === elementStep || step === valueStep ? `${path}${step}` : `${path}.${step}`;
}

/** True for an object that refuses fields it does not name. */
export function isStrict(schema: Schema): boolean {
  const { catchall } = schemaDef(schema);
  return catchall !== undefined && schemaDef(catchall).type === "never";
}

/** The `max` or `length` of a text or an array; null when it has none. */
export function maxLengthOf(schema: Schema): number | null {
  const bounds = (schemaDef(schema).checks ?? []).flatMap((check) => {
    const { maximum, length } = check._zod.def as { readonly maximum?: number; readonly length?: number };
    return maximum ?? length ?? [];
  });
  return bounds.length === 0 ? null : Math.min(...bounds);
}

/** True when the text has a `max` or `length`, or a pattern that ends. */
export function isBoundedText(schema: Schema): boolean {
  if (maxLengthOf(schema) !== null) return true;
  const { checks = [], pattern } = schemaDef(schema);
  const patterns = checks.map((check) => (check._zod.def as { readonly pattern?: RegExp }).pattern);
  const own = pattern ?? (schema._zod as { readonly pattern?: RegExp }).pattern;
  return [own, ...patterns].some((given) => given !== undefined && isBoundedPattern(given));
}

/** Anchored at both ends of the text, with no way around them, and nothing in it may repeat without end. */
function isBoundedPattern({ source, multiline }: RegExp): boolean {
  const plain = source.replace(/\\./g, "x").replace(/\[[^\]]{0,1000}\]/g, "x");
  let outside = plain;
  for (let inner = ""; inner !== outside; ) {
    inner = outside;
    outside = inner.replace(/\([^()]*\)/g, "x");
  }
  return !multiline && /^\^.*\$$/s.test(plain) && !outside.includes("|") && !/[*+]|\{\d+,\}/.test(plain);
}

interface MemberBound {
  readonly maxMembers: number;
}

/**
 * Arguments of `.refine(…)` for a record or an open object: at most so many members. zod has bounds for all but these;
 * {@link maxMembersOf} reads it again.
 */
export function atMostMembers(
  max: number,
): [(value: object) => boolean, { error: string; params: MemberBound }] {
  return [
    (value) => Object.keys(value).length <= max,
    { error: `Too big: expected at most ${max} members`, params: { maxMembers: max } },
  ];
}

/** The bound of a record or object that was given with {@link atMostMembers}; null when there is none. */
export function maxMembersOf(schema: Schema): number | null {
  for (const check of schemaDef(schema).checks ?? []) {
    const { params } = check._zod.def as { readonly params?: Partial<MemberBound> };
    if (params?.maxMembers !== undefined) return params.maxMembers;
  }
  return null;
}
