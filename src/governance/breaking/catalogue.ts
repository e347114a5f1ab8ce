/** The catalogue of a product as JSON: everything about its events that others rely on, in a form that stays and compares. */

import {
  type Catalog,
  type EventDefinition,
  frozenNames,
  type JsonObject,
  type JsonValue,
  keyFields,
} from "@brain/schemas";
import * as z from "zod";
import { detailsForm, detailsOf } from "./shapes/details.ts";
import { keyProbe } from "./shapes/key-probe.ts";
import type { Shape } from "./shapes/shape.ts";

/** The form of the file. A tool that knows an older one refuses a newer one, because it would overlook what is new. */
export const catalogueForm = 1;

/** One event, as a release has it. */
export interface EventRecord {
  readonly version: number;
  readonly module: string;
  readonly criticality: string;
  readonly severity: string | null;
  readonly when: string;
  /** Fields of the ordering key, as their paths where their values would stand; null: no order. */
  readonly key: string | null;
  readonly producers: readonly string[];
  readonly consumers: readonly string[];
  readonly outside: readonly string[];
  /** Personal field → field that names whose it is. */
  readonly personal: Readonly<Record<string, string>>;
  /** Older versions that have a step to the next one. */
  readonly upcasts: readonly number[];
  /** True: shapes of the same version that older producers wrote are brought to the current one. */
  readonly readsLegacy: boolean;
  readonly nullOnlyInHistory: readonly string[];
  /** Why the name may break the rules of naming; null: it keeps them. */
  readonly frozenName: string | null;
  readonly payload: Shape;
  /** Golden payloads by version: each was released, and stays readable for ever. */
  readonly golden: Readonly<Record<string, JsonObject>>;
  /** Ordering key of the golden payload of the current version; null: it has none, or there is no golden payload. */
  readonly goldenKey: string | null;
  /** Ordering key of a payload of long texts in small letters and capitals; left out by older releases. */
  readonly keySample?: string | null;
}

/** A catalogue as it is stored. */
export interface CatalogueRecord {
  /** {@link catalogueForm} */
  readonly catalogue: number;
  /** {@link detailsForm}; left out by releases whose shapes have none. */
  readonly details?: number;
  readonly product: string;
  readonly release: string;
  /** Older wire name → catalogued name. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Facts that were written under two names: the other name → the plain one. */
  readonly dualNames: Readonly<Record<string, string>>;
  readonly events: Readonly<Record<string, EventRecord>>;
}

/** Golden payloads by `type@version`, as `schemas/fixtures/released.json` has them. */
export type Golden = Readonly<Record<string, JsonObject>>;

export interface ProductFacts {
  readonly product: string;
  readonly release: string;
  readonly golden: Golden;
}

/** Describes a catalogue. Pure; works with the definitions of any release of `@brain/schemas`. */
export function describeCatalogue(catalog: Catalog, facts: ProductFacts): CatalogueRecord {
  const events = catalog.all.map((definition) => [definition.type, describeEvent(definition, facts.golden)]);
  return sorted({
    catalogue: catalogueForm,
    details: detailsForm,
    product: facts.product,
    release: facts.release,
    // Catalogues of older releases do not tell the names that events had before.
    aliases: Object.fromEntries(catalog.readAliases ?? []),
    dualNames: Object.fromEntries(catalog.dualNames ?? []),
    events: Object.fromEntries(events),
  }) as unknown as CatalogueRecord;
}

function describeEvent(definition: EventDefinition, golden: Golden): EventRecord {
  const released = Object.entries(golden).flatMap(([name, payload]) => {
    const at = name.lastIndexOf("@");
    return name.slice(0, at) === definition.type ? [[name.slice(at + 1), payload] as const] : [];
  });
  const current = golden[`${definition.type}@${definition.version}`];
  const payload = payloadShapeOf(definition);
  return {
    version: definition.version,
    module: definition.module,
    criticality: definition.criticality,
    severity: definition.severity ?? null,
    when: definition.when,
    key: keyFields(definition),
    producers: [...(definition.producers ?? [])].toSorted(),
    consumers: [...(definition.consumers ?? [])].toSorted(),
    outside: [...(definition.outside ?? [])].toSorted(),
    personal: Object.fromEntries((definition.personal ?? []).map(({ field, subject }) => [field, subject])),
    upcasts: Object.keys(definition.upcasts ?? {})
      .map(Number)
      .toSorted((a, b) => a - b),
    readsLegacy: (definition.legacy ?? null) !== null,
    nullOnlyInHistory: [...(definition.nullOnlyInHistory ?? [])].toSorted(),
    frozenName: frozenNames.get(definition.type) ?? null,
    payload,
    golden: Object.fromEntries(released),
    goldenKey: current === undefined ? null : definition.keyOf(current),
    keySample: definition.keyOf(keyProbe(payload)),
  };
}

/** The payload as JSON Schema, with what JSON Schema cannot say. */
function payloadShapeOf({ payload }: EventDefinition): Shape {
  const written = z.toJSONSchema(payload, {
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      Object.assign(jsonSchema, detailsOf(zodSchema));
    },
  });
  const { $schema: _, ...shape } = written as JsonObject;
  return shape as Shape;
}

/** Lists whose order says nothing. */
const unordered = new Set(["required", "enum"]);

/** Keys in the order of the alphabet, at every level; the elements of lists stay, but for sets. */
function sorted(value: unknown, key = ""): JsonValue {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item));
    if (!unordered.has(key)) return items;
    return items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== "object" || value === null) return value as JsonValue;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, sorted(item, name)]),
  );
}

/** The text of a file with a catalogue: the same catalogue is always the same text. */
export function catalogueText(record: CatalogueRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
