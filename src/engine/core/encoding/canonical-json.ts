import type { JsonValue } from "@brain/schemas";

/** A UTF-16 unit's place in the order of code points: surrogates stand for what lies above U+FFFF. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** Order of code points, which differs from that of UTF-16 units above U+FFFF. */
function byCodePoint(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = rank(left.charCodeAt(index)) - rank(right.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/**
 * The one text of a JSON value, for hashes and signatures: keys sorted by code point, `,` and `:` without blanks,
 * non-ASCII characters as they are. Numbers are written as ECMAScript writes them, so for whole numbers the text is
 * that of Python's `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`.
 *
 * @throws {TypeError} the value is no JSON: a number that is not finite, undefined, a function
 */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .sort(([left], [right]) => byCodePoint(left, right))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  const text = typeof value === "number" && !Number.isFinite(value) ? undefined : JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(`Expected a JSON value, received ${String(value)}. Leave the field out or use null.`);
  }
  return text;
}
