import type { VersionSchemas } from "./facts.ts";

/** A file below a folder, with `/` between its parts. */
export interface WantedFile {
  readonly path: string;
  readonly content: string;
}

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The JSON Schemas as files, under the paths at which they are served. */
export function schemaFiles(schemas: readonly VersionSchemas[]): readonly WantedFile[] {
  return schemas.flatMap(({ type, version, read, publish }) => [
    { path: `${type}/${version}.json`, content: jsonText(read) },
    ...(publish === null ? [] : [{ path: `${type}/${version}.publish.json`, content: jsonText(publish) }]),
  ]);
}
