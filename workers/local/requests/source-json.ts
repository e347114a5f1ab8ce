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

/** An integer that a double holds, where a value ends. */
const plainInteger = /(?:0|-?[1-9]\d{0,14})(?=[,\]}\s]|$)/y;
/** What half of a surrogate pair looks like when it is written with an escape; whole pairs look the same. */
const escapedSurrogate = /\\u[dD][89a-fA-F]/;

/** Everything that is nested no deeper is walked without a thought for the stack. */
const shallow = 1_000;

const [QUOTE, MINUS, NINE, ZERO] = [34, 45, 57, 48];
const opening: ReadonlySet<number> = new Set([91, 123]);
const closing: ReadonlySet<number> = new Set([93, 125]);

/** The quote that ends the text which begins at `start`, or the end of everything. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/**
 * Whether {@link keepSource} would find something, or the nesting is too deep to be sure. Texts are jumped over: what looks
 * like a number in one is none. Whether it is JSON at all is not looked at.
 */
function needsWalk(text: string): boolean {
  if (escapedSurrogate.test(text)) return true;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (opening.has(code)) {
      depth += 1;
      if (depth > shallow) return true;
    } else if (closing.has(code)) depth -= 1;
    else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      plainInteger.lastIndex = at;
      if (!plainInteger.test(text)) return true;
      at = plainInteger.lastIndex - 1;
    }
  }
  return false;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The value of a JSON text in UTF-8. A number that a double would change is an object; see {@link numberText}.
 *
 * @throws Error that says what is wrong, for anything else, and for what is nested too deep to be walked.
 */
export function parseSourceJson(body: Uint8Array): unknown {
  try {
    const text = utf8.decode(body);
    // A call for each value costs several times as much as reading them.
    return needsWalk(text) ? sourceJson.parse(text, keepSource) : JSON.parse(text);
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
