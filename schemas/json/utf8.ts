export type DecodedText =
  | { readonly ok: true; readonly text: string }
  /** `offset` of the first byte that is not UTF-8, counted from 0. */
  | { readonly ok: false; readonly offset: number };

/**
 * Text of bytes, strictly: a lenient decoder puts U+FFFD where it does not understand, and that other text would be
 * kept. A byte order mark in front is left out.
 */
export function decodeUtf8(bytes: Uint8Array): DecodedText {
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes) };
  } catch {
    return { ok: false, offset: firstForeignByte(bytes) };
  }
}

/** The lenient text, written again, is the same up to the first replacement. */
function firstForeignByte(bytes: Uint8Array): number {
  const lenient = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
  const again = new TextEncoder().encode(lenient);
  let at = 0;
  while (at < again.length && again[at] === bytes[at]) at += 1;
  // The replacement may begin as the broken sequence does: back to its first byte.
  while (at > 0 && ((again[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}
