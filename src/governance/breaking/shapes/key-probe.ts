/** What an ordering key makes of texts: a function that takes the same fields may cut them, or write them in other letters. Pure. */

import type { JsonValue } from "@brain/schemas";
import type { Shape } from "./shape.ts";

/** Longer than what anybody cuts a key to. */
const long = "0123456789".repeat(12);

/** A payload with a text in each field's place that says which field it is, with spaces around it. */
export function keyProbe(shape: Shape, path = ""): JsonValue {
  const { properties } = shape;
  if (properties !== undefined)
    return Object.fromEntries(
      Object.entries(properties).map(([name, field]) => [
        name,
        keyProbe(field, path === "" ? name : `${path}.${name}`),
      ]),
    );
  const ways = [...(shape.anyOf ?? []), ...(shape.oneOf ?? [])].filter(({ type }) => type !== "null");
  const [way] = ways;
  return way === undefined ? ` Aa-${path}-${long}-Zz ` : keyProbe(way, path);
}

/** In words, because the probe itself says nothing to anybody. */
export function wayOfKey(sample: string | null): string {
  if (sample === null) return "no key";
  const letters =
    sample === sample.toLowerCase()
      ? "small letters"
      : sample === sample.toUpperCase()
        ? "capitals"
        : "letters as they are";
  const spaces = sample === sample.trim() ? ", without spaces around" : "";
  return `${sample.length} characters of a long text, ${letters}${spaces}`;
}
