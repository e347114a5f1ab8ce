/** Where the objects of a payload stand and which names each has: to hold stored payloads against their schema. */

import type { EventDefinition } from "../define-event.ts";
import { payloadSchema } from "./payload-fields.ts";

/** The parts of JSON Schema that say what stands where. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly maxItems?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly type?: string | readonly string[];
}

/** An object of a payload: the payload itself, one below it, or each one of a list. */
export interface PayloadObject {
  /** As fields are named: empty for the payload itself, `seo`, `violations[]`, `scores{}`. */
  readonly path: string;
  /** The same for Postgres: `$`, `$."seo"`, `$."violations"[*]`, `$."scores".*`. */
  readonly jsonPath: string;
  /** Names of its fields, of all ways where there are several. */
  readonly names: readonly string[];
}

interface Found {
  readonly jsonPath: string;
  readonly names: Set<string>;
  isOpen: boolean;
}

/**
 * The payload's objects whose names the schema says, the outer before the inner ones. One that may have any names is left
 * out, also when that is only one of its ways.
 */
export function payloadObjects(definition: EventDefinition): readonly PayloadObject[] {
  const found = new Map<string, Found>();
  walk(payloadSchema(definition) as Schema, "", "$", found);
  return [...found]
    .filter(([, { isOpen }]) => !isOpen)
    .map(([path, { jsonPath, names }]) => ({ path, jsonPath, names: [...names] }));
}

function walk(schema: Schema, path: string, jsonPath: string, found: Map<string, Found>): void {
  const { properties, additionalProperties, items, prefixItems, maxItems, anyOf, oneOf, type } = schema;
  for (const way of [...(anyOf ?? []), ...(oneOf ?? [])]) walk(way, path, jsonPath, found);
  const isObject = properties !== undefined || [type].flat().includes("object");
  if (isObject) {
    const known = found.get(path) ?? { jsonPath, names: new Set(), isOpen: false };
    found.set(path, known);
    if (additionalProperties !== false) known.isOpen = true;
    for (const [name, field] of Object.entries(properties ?? {})) {
      known.names.add(name);
      walk(field, path === "" ? name : `${path}.${name}`, `${jsonPath}.${JSON.stringify(name)}`, found);
    }
  }
  if (typeof additionalProperties === "object")
    walk(additionalProperties, `${path}{}`, `${jsonPath}.*`, found);
  if (items !== undefined && maxItems !== 0) walk(items, `${path}[]`, `${jsonPath}[*]`, found);
  for (const [index, item] of (prefixItems ?? []).entries()) {
    walk(item, `${path}.${index}`, `${jsonPath}[${index}]`, found);
  }
}
