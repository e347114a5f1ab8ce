/*
 * A payload held against its JSON Schema, field by field, for people who look for what is wrong with it. It says what
 * differs in names, types and allowed values; limits of lengths and patterns are the business of whoever publishes.
 */

export type FieldState = "fits" | "unknown" | "missing" | "absent" | "otherType" | "notAllowed";

export interface ComparedField {
  readonly path: string;
  readonly state: FieldState;
  /** Types as the schema names them; empty: the schema does not know the field. */
  readonly expected: string;
  /** The type that is there; empty: nothing is. */
  readonly found: string;
  /** Null: the schema does not say. */
  readonly meaning: string | null;
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** Fields that are compared at most, and elements of each array. */
const maxFields = 300;
const maxElements = 20;

/** @param schema JSON Schema, draft 2020-12, as the catalogue gives it */
export function compareWithSchema(schema: unknown, payload: unknown): readonly ComparedField[] {
  const fields: ComparedField[] = [];
  const root = schema as Schema;
  const walk = (given: Schema, value: unknown, path: string, describedBy: string | null): void => {
    if (fields.length >= maxFields) return;
    const one = branchFor(resolved(root, given), value, root);
    const meaning = given.description ?? one.description ?? describedBy;
    if (path !== "") {
      const state = !isOfType(one, value) ? "otherType" : isAllowed(one, value) ? "fits" : "notAllowed";
      fields.push({
        path,
        state,
        expected: typesOf(resolved(root, given), root),
        found: typeOf(value),
        meaning,
      });
    }
    if (Array.isArray(value) && one.items !== undefined) {
      for (const [index, element] of value.slice(0, maxElements).entries())
        walk(one.items, element, `${path}[${index}]`, null);
    } else if (isObject(value)) members(one, value, path);
  };
  const members = (one: Schema, value: Readonly<Record<string, unknown>>, path: string): void => {
    const below = (name: string) => (path === "" ? name : `${path}.${name}`);
    const properties = one.properties ?? {};
    for (const [name, property] of Object.entries(properties)) {
      if (Object.hasOwn(value, name)) walk(property, value[name], below(name), null);
      else if (fields.length < maxFields) {
        const state = one.required?.includes(name) === true ? "missing" : "absent";
        const meaning = property.description ?? null;
        fields.push({ path: below(name), state, expected: typesOf(property, root), found: "", meaning });
      }
    }
    const { additionalProperties: more } = one;
    for (const [name, member] of Object.entries(value)) {
      if (Object.hasOwn(properties, name)) continue;
      if (typeof more === "object" && Object.keys(more).length > 0) walk(more, member, below(name), null);
      else if (more === false && fields.length < maxFields) {
        fields.push({
          path: below(name),
          state: "unknown",
          expected: "",
          found: typeOf(member),
          meaning: null,
        });
      }
    }
  };
  walk(root, payload, "", null);
  return fields;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function resolved(root: Schema, schema: Schema): Schema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? "")?.[1];
  return name === undefined ? schema : (root.$defs?.[name] ?? schema);
}

const branchesOf = ({ anyOf, oneOf }: Schema): readonly Schema[] => anyOf ?? oneOf ?? [];

/** Of several forms the one that the value has: by its type, and of objects by their fixed values. */
function branchFor(schema: Schema, value: unknown, root: Schema): Schema {
  const branches = branchesOf(schema).map((branch) => resolved(root, branch));
  if (branches.length === 0) return schema;
  const fitting = branches.filter((branch) => isOfType(branch, value) && isAllowed(branch, value));
  const exact = fitting.find(
    ({ properties = {} }) =>
      !isObject(value) ||
      Object.entries(properties).every(([name, property]) => isAllowed(property, value[name])),
  );
  // A form for each type that is expected, so that none of them fits what is there.
  return exact ?? fitting[0] ?? { type: branches.flatMap(({ type = [] }) => type) };
}

function isOfType({ type }: Schema, value: unknown): boolean {
  if (type === undefined) return true;
  const found = typeOf(value);
  const wanted = typeof type === "string" ? [type] : type;
  return wanted.includes(found) || (found === "integer" && wanted.includes("number"));
}

function isAllowed(schema: Schema, value: unknown): boolean {
  if ("const" in schema) return schema.const === value;
  return schema.enum === undefined || schema.enum.includes(value);
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

/** Values shown of those that are allowed. */
const maxValues = 8;

function typesOf(schema: Schema, root: Schema): string {
  const branches = branchesOf(schema);
  if (branches.length > 0)
    return [...new Set(branches.map((branch) => typesOf(resolved(root, branch), root)))].join(" | ");
  const values = "const" in schema ? [schema.const] : schema.enum;
  if (values !== undefined) {
    const shown = values.slice(0, maxValues).map((value) => JSON.stringify(value));
    return [...shown, ...(values.length > maxValues ? ["…"] : [])].join(" | ");
  }
  const { type = "any" } = schema;
  return typeof type === "string" ? type : type.join(" | ");
}
