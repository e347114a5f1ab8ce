/**
 * The door of the documents about a catalogue: AsyncAPI and JSON Schema. It is beside the main one, because programs that
 * publish and handle events need none of it.
 */

export { type AsyncApiOptions, asyncApiDocument, type DocumentedSubscriber } from "./documents/async-api.ts";
export { payloadSchemaFor, type SchemaUse } from "./documents/json-schema.ts";
export {
  type DocumentOptions,
  schemaDocument,
  schemaFormat,
  schemaIndex,
} from "./documents/schema-documents.ts";
export { publishSchemaPath, schemaPath } from "./schema-address.ts";
