import { decodeUtf8 } from "@brain/schemas";
import { UsageError } from "./errors.ts";

/** @throws {UsageError} the bytes are not UTF-8; names the first that is not, and its line */
export function textOfFile(file: string, bytes: Uint8Array): string {
  const decoded = decodeUtf8(bytes);
  if (decoded.ok) return decoded.text;
  const { offset } = decoded;
  const line = bytes.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1;
  throw new UsageError(
    `${file} is not text in UTF-8: the byte at offset ${offset} (line ${line}) does not belong there. Nothing of it was sent; save it as UTF-8.`,
  );
}
