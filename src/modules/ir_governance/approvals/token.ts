import { sha256Hex } from "@brain/engine";
import * as base64url from "jose/base64url";

/*
 * Tokens of approvals: 32 bytes of the platform's random source, shown once. Only their SHA-256 is stored, so the
 * table gives nobody a token; a plain hash is enough, because 256 random bits cannot be guessed.
 */

/** 43 characters of URL-safe base64 without padding (RFC 4648, section 5). */
export function newToken(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(32)));
}

/** SHA-256, 64 hex digits. */
export function hashToken(token: string): Promise<string> {
  return sha256Hex(token);
}

/** Compares without telling by its time where two texts of one length differ. */
export function equalInConstantTime(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index += 1) {
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  }
  return difference === 0;
}
