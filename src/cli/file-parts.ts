import { elementTexts } from "@brain/schemas";

/** A part of an event file that one request takes. */
export interface FilePart {
  readonly text: string;
  /** Lines, or elements of the array, in front of the part. */
  readonly before: number;
  readonly lines: number;
}

const maxLines = 2_000;
/** Well below the limit of a request, which counts bytes. */
const maxBytes = 700_000;

/**
 * Cuts an event file into parts: lines of JSON, or one JSON array, whose elements become lines. Every line is in exactly
 * one part; one that is too long for a request is alone in its part, and the server says so.
 *
 * @param most lines of a part
 */
export function partsOf(text: string, most = maxLines): FilePart[] {
  const lines = linesOf(text);
  const parts: FilePart[] = [];
  let current: string[] = [];
  let bytes = 0;
  const close = (end: number) => {
    if (current.some((line) => line.trim() !== "")) {
      parts.push({ text: current.join("\n"), before: end - current.length, lines: current.length });
    }
    current = [];
    bytes = 0;
  };
  for (const [index, line] of lines.entries()) {
    const size = Buffer.byteLength(line) + 1;
    if (current.length >= most || (current.length > 0 && bytes + size > maxBytes)) close(index);
    current.push(line);
    bytes += size;
  }
  close(lines.length);
  return parts;
}

function linesOf(text: string): string[] {
  const plain = text.replace(/^\uFEFF/, "");
  // When it is no array after all, the server says which lines it cannot read.
  const elements = plain.trimStart().startsWith("[") ? elementTexts(plain) : null;
  return elements ?? plain.split("\n");
}
