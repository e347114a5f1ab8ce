import type { JsonObject } from "@brain/schemas";
import type { Facts } from "./facts.ts";

/** The events as CloudEvents types: what each event has as attributes, and an example as it travels. */
export function cloudEventTypes({ catalogue, schemas, asyncApi }: Facts): JsonObject {
  const messages = (asyncApi.components as { readonly messages: Readonly<Record<string, JsonObject>> })
    .messages;
  return {
    specversion: "1.0",
    types: schemas
      .filter(({ isCurrent }) => isCurrent)
      .map(({ type, version, read }) => {
        const event = catalogue.events.find((one) => one.type === type);
        const message = messages[`${type}.v${version}.cloudevent`];
        const [example] = (message?.examples ?? []) as unknown as readonly { readonly payload: JsonObject }[];
        return {
          type,
          description: event?.when ?? "",
          schemaversion: version,
          sources: [...(event?.producers ?? [])],
          datacontenttype: "application/json",
          dataschema: read.$id ?? null,
          example: example?.payload ?? null,
        };
      }),
  };
}
