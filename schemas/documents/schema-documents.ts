import type { Catalog } from "../catalog.ts";
import type { EventDefinition } from "../define-event.ts";
import type { JsonObject } from "../json/json.ts";
import { publishSchemaPath, schemaPath } from "../schema-address.ts";
import { payloadSchemaFor, type SchemaUse } from "./json-schema.ts";

/** What documents about a catalogue need beside it. */
export interface DocumentOptions {
  /** Origin at which they are served, without a slash at its end: `https://brain.example`. */
  readonly base: string;
  /** A payload of each version, by `type@version`. */
  readonly examples: Readonly<Record<string, JsonObject>>;
}

const dialect = "https://json-schema.org/draft/2020-12/schema";

/** The media type of AsyncAPI for schemas of that dialect. */
export const schemaFormat = "application/schema+json;version=draft-2020-12";

const forReaders =
  "It holds for every event of this version that a reader is given, now and later: fields may be added, so unknown ones are to be ignored.";
const forPublishers = "It is what a publisher may send; a field that is not named is refused.";

/** A schema of one version without dialect and address, to stand in another document; null: there is no such version. */
export function embeddedSchema(
  definition: EventDefinition,
  version: number,
  use: SchemaUse,
  { base, examples }: DocumentOptions,
): JsonObject | null {
  const { type, when } = definition;
  if (!Number.isInteger(version) || version < 1 || version > definition.version) return null;
  const example = examples[`${type}@${version}`];
  const told = {
    title: `${type}, version ${version}`,
    ...(example === undefined ? {} : { examples: [example] }),
  };
  if (version === definition.version) {
    const description = `${when}. ${use === "read" ? forReaders : forPublishers}`;
    return { ...told, description, ...payloadSchemaFor(definition, use) };
  }
  if (use === "publish") return null;
  const newest = `${base}${schemaPath(type, definition.version)}`;
  return {
    ...told,
    description: `${when}. Version ${version} is not published any more; its events stay readable, and readers of ours are given version ${definition.version} in its place (${newest}). Of the older one a payload is kept and no schema, so this one only says that it is an object.`,
    deprecated: true,
    type: "object",
  };
}

/** The JSON Schema of one version as it is served; null: there is none. */
export function schemaDocument(
  definition: EventDefinition,
  version: number,
  use: SchemaUse,
  options: DocumentOptions,
): JsonObject | null {
  const schema = embeddedSchema(definition, version, use, options);
  if (schema === null) return null;
  const path = use === "read" ? schemaPath : publishSchemaPath;
  return { $schema: dialect, $id: `${options.base}${path(definition.type, version)}`, ...schema };
}

/** All schemas that are served. */
export function schemaIndex({ all }: Catalog, { base }: Pick<DocumentOptions, "base">) {
  return all.flatMap(({ type, version: current, module, when }) =>
    Array.from({ length: current }, (_, index) => {
      const version = index + 1;
      const isCurrent = version === current;
      return {
        type,
        version,
        module,
        when,
        is_current: isCurrent,
        schema: `${base}${schemaPath(type, version)}`,
        /** Null: it is not published any more. */
        publish_schema: isCurrent ? `${base}${publishSchemaPath(type, version)}` : null,
      };
    }),
  );
}
