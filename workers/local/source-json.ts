/**
 * JSON that keeps the text of its numbers: gateways pass values on, and a value that went through a double has lost the
 * digits beyond its 53 bits.
 */

/** The part of `JSON` that is newer than the types of the language version used here. */
interface SourceJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
}
const sourceJson = JSON as unknown as SourceJson;

/** A number with the digits that it was given: what `JSON.rawJSON` makes. */
export interface KeptNumber {
  readonly rawJSON: string;
}

/** The number of a JSON text, kept where a double would change it. */
export function numberOf(text: string): number | KeptNumber {
  const value = Number(text);
  return String(value) === text ? value : (sourceJson.rawJSON(text) as KeptNumber);
}

function keepSource(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value === "number") {
    return source === undefined ? value : numberOf(source);
  }
  if (typeof value === "string" && !value.isWellFormed())
    throw new Error("half of a surrogate pair in a text");
  return value;
}

/**
 * What `keepSource` looks for, told by the text alone: a number that may not be written as a double is, or an escaped half
 * of a surrogate pair. Also what only looks so, in a text.
 */
const mayChange =
  /(?:^|[:,[\s])(?:-0|-?\d{16,}|-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+))(?:[,\]}\s]|$)|\\u[dD][89a-fA-F]/;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** No text so short is nested too deep to be walked. */
const shortText = 5_000;

/**
 * The value of a JSON text in UTF-8. A number that a double would change is an object; see {@link numberText}.
 *
 * @throws Error that says what is wrong, for anything else, and for what is nested too deep to be walked.
 */
export function parseSourceJson(body: Uint8Array): unknown {
  try {
    const text = utf8.decode(body);
    // A call for each value costs several times as much as reading them.
    if (text.length < shortText && !mayChange.test(text)) return JSON.parse(text);
    return sourceJson.parse(text, keepSource);
  } catch (error) {
    if (error instanceof RangeError) throw new Error("recursion limit exceeded", { cause: error });
    throw new Error(error instanceof TypeError ? "it is not UTF-8" : String(error), { cause: error });
  }
}

/** The text of a number that {@link parseSourceJson} kept, or null for everything else. */
export function numberText(value: object): string | null {
  // These objects have no prototype, and nothing else in a parsed JSON text looks like that.
  return Object.getPrototypeOf(value) === null && "rawJSON" in value ? String(value.rawJSON) : null;
}
