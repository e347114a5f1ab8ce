import type { JsonObject } from "@brain/schemas";
import { publishSchemaPath, schemaPath } from "@brain/schemas/documents";

/** What a running system says of its events, as far as formats for other tools need it. */

/** One event of `GET /api/catalog`. */
export interface CatalogueEvent {
  readonly type: string;
  readonly module: string;
  readonly version: number;
  readonly criticality: string;
  readonly when: string;
  readonly key: string | null;
  readonly personal_fields: readonly { readonly field: string; readonly subject: string }[];
  readonly producers: readonly string[];
  readonly consumers: readonly { readonly subscriber: string; readonly handles: boolean }[];
  readonly outside: readonly string[];
}

export interface Catalogue {
  readonly events: readonly CatalogueEvent[];
  /** Consumers that are given every event. */
  readonly catch_all: readonly string[];
  readonly subscribers: readonly { readonly subscriber: string; readonly module: string }[];
}

export interface VersionSchemas {
  readonly type: string;
  readonly version: number;
  readonly isCurrent: boolean;
  /** For those who are given it. */
  readonly read: JsonObject;
  /** For those who send it; null: nobody does any more. */
  readonly publish: JsonObject | null;
}

export interface Facts {
  readonly catalogue: Catalogue;
  readonly schemas: readonly VersionSchemas[];
  readonly asyncApi: JsonObject;
}

/** Asks a route of the API. */
export type Ask = (path: string, query?: Readonly<Record<string, string>>) => Promise<unknown>;

interface SchemaList {
  readonly schemas: readonly {
    readonly type: string;
    readonly version: number;
    readonly is_current: boolean;
    readonly publish_schema: string | null;
  }[];
}

const askedAtOnce = 8;

export const readCatalogue = async (ask: Ask): Promise<Catalogue> =>
  (await ask("/api/catalog", { observed: "false" })) as Catalogue;

export const readAsyncApi = async (ask: Ask): Promise<JsonObject> =>
  (await ask("/asyncapi.json")) as JsonObject;

/** The schemas of all versions, in the order of the catalogue. */
export async function readSchemas(ask: Ask): Promise<readonly VersionSchemas[]> {
  const { schemas: listed } = (await ask("/schemas/index.json")) as SchemaList;
  const found: VersionSchemas[] = [];
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < listed.length; at = next++) {
      const one = listed[at];
      if (one === undefined) return;
      const { type, version, is_current: isCurrent, publish_schema: publishAt } = one;
      const [read, publish] = await Promise.all([
        ask(schemaPath(type, version)),
        publishAt === null ? null : ask(publishSchemaPath(type, version)),
      ]);
      found[at] = {
        type,
        version,
        isCurrent,
        read: read as JsonObject,
        publish: publish as JsonObject | null,
      };
    }
  };
  await Promise.all(Array.from({ length: askedAtOnce }, lane));
  return found;
}

export async function readFacts(ask: Ask): Promise<Facts> {
  const [catalogue, schemas, asyncApi] = await Promise.all([
    readCatalogue(ask),
    readSchemas(ask),
    readAsyncApi(ask),
  ]);
  return { catalogue, schemas, asyncApi };
}
