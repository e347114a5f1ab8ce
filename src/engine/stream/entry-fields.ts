/** The fields of an entry, flat as Redis has them, as an object; of a field that stands twice the last one. */
export function fieldsToObject(fields: readonly string[]): Record<string, string> {
  const object: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) object[fields[at] ?? ""] = fields[at + 1] ?? "";
  return object;
}

/** The way back from `fieldsToObject`. */
export function objectToFields(object: Readonly<Record<string, string>>): string[] {
  return Object.entries(object).flat();
}
