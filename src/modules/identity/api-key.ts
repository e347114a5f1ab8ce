import { sha256Hex } from "@brain/engine";
import * as base64url from "jose/base64url";

/*
 * `brk_<id>_<secret>`: the id is public and finds the key, the secret proves it. A scanner of leaked secrets knows the
 * beginning.
 */

const keyShape = /^brk_([a-z0-9]{16})_([A-Za-z0-9_-]{43})$/;

export interface ApiKey {
  /** 16 lower-case letters and digits. */
  readonly id: string;
  /** 32 random bytes, base64url. */
  readonly secret: string;
}

/** Null: it has not the shape of a key. */
export function parseApiKey(token: string): ApiKey | null {
  const [, id, secret] = keyShape.exec(token) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

export function newKeyId(): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => letters[byte % 32]).join("");
}

export function newSecret(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(32)));
}

/** Sent as it is, or only used to sign. */
export type KeyKind = "bearer" | "signing";

/** What the text of a key begins with. */
export function keyPrefix(kind: KeyKind, id: string): string {
  return `${kind === "signing" ? "brs" : "brk"}_${id}`;
}

export function keyText(kind: KeyKind, { id, secret }: ApiKey): string {
  return `${keyPrefix(kind, id)}_${secret}`;
}

/** What is stored of a secret: SHA-256, hex. */
export function hashSecret(secret: string): Promise<string> {
  return sha256Hex(secret);
}
