/** How a value differs from what a test expects of it. */

export interface CompareOptions {
  /** `part`: objects may hold more than is expected of them. Lists are compared whole. */
  readonly mode: "whole" | "part";
}

/** What `expect.any(String)` and its like are in vitest, jest and jasmine. */
interface Matcher {
  asymmetricMatch(actual: unknown): boolean;
}

/**
 * Lines such as `payload.amount: expected 3, got 4`; none when `actual` is as expected.
 *
 * @param expected values, which are compared by what they hold, and matchers of vitest or jest
 */
export function differences(
  actual: unknown,
  expected: unknown,
  options: CompareOptions,
  path = "",
): readonly string[] {
  if (isMatcher(expected)) return expected.asymmetricMatch(actual) ? [] : [line(path, expected, actual)];
  if (Object.is(actual, expected)) return [];
  if (!isObject(actual) || !isObject(expected) || kindOf(actual) !== kindOf(expected)) {
    return [line(path, expected, actual)];
  }
  if (actual instanceof Date && expected instanceof Date) {
    return actual.getTime() === expected.getTime() ? [] : [line(path, expected, actual)];
  }
  if (actual instanceof Error && expected instanceof Error) {
    return actual.message === expected.message ? [] : [line(path, expected, actual)];
  }
  const [own, wanted] = [membersOf(actual), membersOf(expected)];
  const names = new Set(wanted.keys());
  if (options.mode === "whole" || Array.isArray(expected)) for (const name of own.keys()) names.add(name);
  return [...names].flatMap((name) =>
    differences(own.get(name), wanted.get(name), options, placeOf(path, name, Array.isArray(expected))),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isMatcher(value: unknown): value is Matcher {
  return isObject(value) && "asymmetricMatch" in value && typeof value.asymmetricMatch === "function";
}

/** A list is not an object with the members 0, 1, 2; instances of two classes differ. */
function kindOf(value: object): unknown {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

/** A member that is undefined counts as missing, as in JSON. */
function membersOf(value: object): ReadonlyMap<unknown, unknown> {
  if (value instanceof Map) return value;
  if (value instanceof Set) return new Map([...value].map((member) => [member, member]));
  if (Array.isArray(value)) return new Map(value.entries());
  return new Map(Object.entries(value).filter(([, member]) => member !== undefined));
}

function placeOf(path: string, name: unknown, isList: boolean): string {
  if (isList) return `${path}[${String(name)}]`;
  return path === "" ? String(name) : `${path}.${String(name)}`;
}

function line(path: string, expected: unknown, actual: unknown): string {
  return `${path === "" ? "" : `${path}: `}expected ${show(expected)}, got ${show(actual)}`;
}

/** Characters of one value that are shown. */
const maxShown = 2_000;

/** A value as one would write it. */
export function show(value: unknown): string {
  if (isMatcher(value)) return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Map) return `Map ${show([...value])}`;
  if (value instanceof Set) return `Set ${show([...value])}`;
  if (typeof value === "function") return `the function ${value.name || "without a name"}`;
  const text = isObject(value) || typeof value === "string" ? toJson(value) : String(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

function toJson(value: object | string): string {
  try {
    return JSON.stringify(value, (_, member) => (typeof member === "bigint" ? `${member}n` : member)) ?? "{}";
  } catch {
    return String(value);
  }
}
