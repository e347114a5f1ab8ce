/** Path at which the JSON Schema of an event is served, for those who are given it: what `dataschema` of a CloudEvent names. */
export function schemaPath(type: string, version: number): string {
  return `/schemas/${type}/${version}.json`;
}

/** The same for those who send it, who may send less than readers must expect. */
export function publishSchemaPath(type: string, version: number): string {
  return `/schemas/${type}/${version}.publish.json`;
}
