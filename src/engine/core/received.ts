/*
 * Types rule out most of what is checked with this, but not all: a circle of imports leaves a value undefined, a file
 * may not export what is imported from it, and programs in JavaScript have no types.
 */

/** What was received instead, for messages. Never a value, which may be a secret. */
export function nameOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "another object" : `a ${typeof value}`;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param what names the value, e.g. `createEngine: catalog`
 * @param expected what it should be, and how to make it
 * @throws {TypeError} it does not fit
 */
export function requireFitting(fits: boolean, what: string, value: unknown, expected: string): void {
  if (!fits) throw new TypeError(`${what} is ${nameOf(value)}, expected ${expected}.`);
}

/**
 * @param what names the list, e.g. `createEngine: jobs`
 * @param each what one of its values should be, and how to make it
 * @throws {TypeError} it is no list, or a value does not fit; says which
 */
export function requireList(
  value: unknown,
  what: string,
  each: string,
  fits: (item: unknown) => boolean,
): asserts value is readonly unknown[] {
  requireFitting(Array.isArray(value), what, value, `a list of ${each}`);
  const items = value as readonly unknown[];
  for (const [index, item] of items.entries()) {
    if (fits(item)) continue;
    throw new TypeError(
      `${what}: ${index + 1} of ${items.length} is ${nameOf(item)}, expected ${each}. Look whether its file exports it, and whether it is imported in a circle.`,
    );
  }
}
