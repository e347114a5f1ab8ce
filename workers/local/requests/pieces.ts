import type { Writable } from "node:stream";

/**
 * Large answers and commands are made and sent in pieces of about so many characters. For a text of 128 KiB and more V8
 * asks the system for new pages each time, and `write` does so again for its bytes: an answer of 256 KiB in one text
 * took five times as long.
 */
export const pieceLength = 32 * 1024;

/** Items of a longer array are made into text so many at a time. */
const itemsAtOnce = 64;

/** A long array is in it, by way of short ones and objects. */
function holdsLong(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > itemsAtOnce || value.some(holdsLong);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsLong);
}

/**
 * What `JSON.stringify` gives for values that came out of JSON or Redis, in pieces of about {@link pieceLength}. One value
 * that is longer than that is in one piece.
 *
 * @throws RangeError for a value whose text is longer than the runtime can build
 */
export function jsonPieces(value: unknown): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  const add = (text: string) => {
    piece += text;
    if (piece.length < pieceLength) return;
    pieces.push(piece);
    piece = "";
  };
  const addEach = <T>(opening: string, items: readonly T[], closing: string, addItem: (item: T) => void) => {
    add(opening);
    for (const [at, item] of items.entries()) {
      if (at > 0) add(",");
      addItem(item);
    }
    add(closing);
  };
  const addValue = (one: unknown) => {
    if (!holdsLong(one)) add(JSON.stringify(one));
    else if (!Array.isArray(one)) {
      addEach("{", Object.entries(one as object), "}", ([name, field]) => {
        add(`${JSON.stringify(name)}:`);
        addValue(field);
      });
    } else if (one.length <= itemsAtOnce) addEach("[", one, "]", addValue);
    else {
      const starts = Array.from({ length: Math.ceil(one.length / itemsAtOnce) }, (_, at) => at * itemsAtOnce);
      addEach("[", starts, "]", (start) =>
        add(JSON.stringify(one.slice(start, start + itemsAtOnce)).slice(1, -1)),
      );
    }
  };
  addValue(value);
  if (piece !== "") pieces.push(piece);
  return pieces;
}

/** A text as it is best written: short ones go out together with what stands before them. */
export function toWrite(text: string): string | Buffer {
  return text.length < pieceLength ? text : Buffer.from(text);
}

/** Writes pieces with one call of the system, where the socket takes so much. */
export function writeTogether(stream: Writable, pieces: readonly (string | Uint8Array)[]): void {
  stream.cork();
  for (const piece of pieces) stream.write(piece);
  stream.uncork();
}
