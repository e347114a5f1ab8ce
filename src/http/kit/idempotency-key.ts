import { ValidationError } from "@brain/engine";

const most = 255;

/**
 * The header `Idempotency-Key`, when it is a key.
 *
 * @throws {ValidationError} it is none; says what is wrong with it, and where
 */
export function requireIdempotencyKey(header: string): string {
  const problem = problemOf(header);
  if (problem === null) return header;
  throw new ValidationError("The Idempotency-Key header is not a key.", {
    issues: [
      { path: "idempotency-key", message: `expected 1 to ${most} visible ASCII characters, ${problem}` },
    ],
  });
}

function problemOf(header: string): string | null {
  if (header === "") return "received none";
  const at = header.search(/[^\x21-\x7e]/);
  // Two headers of one name arrive as one, with a comma and a space between them.
  if (header[at] === " " && header[at - 1] === ",")
    return `received a space as character ${at + 1}, as between two of these headers; send one`;
  if (at !== -1) return `received ${header[at] === " " ? "a space" : "another one"} as character ${at + 1}`;
  return header.length > most ? `received ${header.length}` : null;
}
