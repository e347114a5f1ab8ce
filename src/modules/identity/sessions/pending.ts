import { BadRequestError } from "@brain/engine";
import { isJsonObject, readJson } from "@brain/schemas";
import * as base64url from "jose/base64url";

/** What is remembered between leaving and coming back. */
export interface PendingSignIn {
  /** Name of the client's issuer. */
  readonly with: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** A path of ours. */
  readonly returnTo: string;
}

/** As the value of a cookie. */
export function pendingText(pending: PendingSignIn): string {
  return base64url.encode(JSON.stringify(pending));
}

/** @throws {BadRequestError} there is none, or it is none of ours */
export function readPending(text: string | null): PendingSignIn {
  const pending = text === null ? null : decoded(text);
  if (pending !== null) return pending;
  throw new BadRequestError(
    "This browser has begun no sign-in here, or too long ago. Begin it at /api/sessions/oidc/<issuer>/start.",
  );
}

function decoded(text: string): PendingSignIn | null {
  if (!/^[\w-]{1,3000}$/.test(text)) return null;
  let json: string;
  try {
    json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(base64url.decode(text));
  } catch {
    return null;
  }
  const read = readJson(json);
  if (!read.ok || !isJsonObject(read.value)) return null;
  const fields = ["with", "state", "nonce", "verifier", "returnTo"] as const;
  const { value } = read;
  const isWhole =
    fields.every((field) => typeof value[field] === "string") && isOwnPath(String(value.returnTo));
  return isWhole ? (value as unknown as PendingSignIn) : null;
}

/** True for a path of this site, which leads to no other one however a browser reads it. */
export function isOwnPath(text: string): boolean {
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,1000}$/.test(text);
}
