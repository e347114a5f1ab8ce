import type { Consumer } from "@brain/engine";
import type { Catalog, JsonObject } from "@brain/schemas";
import {
  asyncApiDocument,
  type DocumentedSubscriber,
  schemaDocument,
  schemaIndex,
} from "@brain/schemas/documents";
import { versions } from "./release-facts.ts";

/** What documents are made of, as one deployment has it. */
export interface Documented {
  readonly catalog: Catalog;
  readonly consumers: ReadonlyMap<string, Consumer>;
  /** Keys of the streams, in the order of their shards. */
  readonly streams: readonly [string, ...string[]];
  readonly base: string;
  readonly examples: Readonly<Record<string, JsonObject>>;
}

const subscribersOf = ({ consumers }: Documented): readonly DocumentedSubscriber[] =>
  [...consumers.values()].map(({ subscriber, any, byType }) => ({
    subscriber,
    types: any === null ? [...byType.keys()] : null,
  }));

let isolateAsyncApi: { readonly of: Documented; readonly text: string } | null = null;

const isSame = (one: Documented, other: Documented) =>
  one.catalog === other.catalog &&
  one.consumers === other.consumers &&
  one.base === other.base &&
  one.streams.join(" ") === other.streams.join(" ");

/** The last one is kept: it takes some 50 ms, and is the same until a release changes it. */
export function asyncApiText(documented: Documented): string {
  if (isolateAsyncApi === null || !isSame(isolateAsyncApi.of, documented)) {
    const document = asyncApiDocument(documented.catalog, {
      ...documented,
      title: "BRAiN EventStream",
      description:
        "What happens in this system, who tells of it and who is told. Made of the catalogue of its events.",
      version: versions.project,
      subscribers: subscribersOf(documented),
      ingest: "/api/events",
    });
    isolateAsyncApi = { of: documented, text: JSON.stringify(document) };
  }
  return isolateAsyncApi.text;
}

export { schemaDocument, schemaIndex };
