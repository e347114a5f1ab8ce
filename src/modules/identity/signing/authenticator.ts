import { TransientError, UnauthorizedError, type Vault } from "@brain/engine";
import { contentDigest, fieldsToSign, importSigningSecret, signatureBase } from "@brain/schemas";
import type { Asking, Authenticator } from "../../../http/kit/access.ts";
import { findKeyRow, keyPrincipal, noteHour } from "../key-authenticator.ts";
import type { IdentitySettings } from "../settings.ts";
import type { KeyRow } from "../tables.ts";
import { openSecrets } from "./secrets.ts";
import { type GivenSignature, parseSignature } from "./signature.ts";

/** How far the clocks of both sides may be apart, and how long a request may be on its way, seconds. */
const windowS = 300;
const alwaysSigned = ["@method", "@path", "@query"];

/** Requests signed with a key (RFC 9421, hmac-sha256). Each signature is taken once. */
export function createSignatureAuthenticator(
  { credentialCacheMs }: Pick<IdentitySettings, "credentialCacheMs">,
  vault: Vault,
): Authenticator {
  return {
    scheme: "Signature",
    async authenticate(asking) {
      const { headers } = asking.request;
      const input = headers.get("signature-input");
      if (input === null || headers.has("authorization")) return null;
      const given = parseSignature(input, headers.get("signature"));
      const nowMs = asking.invocation.now();
      if (given === null || !isInTime(given, nowMs)) throw refusal();
      const row = await findKeyRow(asking, given.keyId, nowMs, credentialCacheMs);
      const principal = row === null ? null : keyPrincipal(row, nowMs);
      if (row === null || principal === null) throw refusal();
      const body = await asking.body();
      const isGood =
        isEnough(given, asking.request, body) &&
        (await isSigned(row, given, asking, vault)) &&
        (await isDigestTrue(asking.request, body));
      if (!isGood) throw refusal();
      // Last, so that only who has the key writes to Redis, and uses up what is his own.
      await useNonce(asking, given, nowMs);
      noteHour(asking, row, nowMs);
      return { ...principal, kind: "machine" };
    },
  };
}

/** One message for all: it is nobody's business which part was right. */
function refusal(): UnauthorizedError {
  return new UnauthorizedError(
    "The signature is not valid: the key is wrong, expired or revoked, the request was changed, a part of it is not signed, the clock is more than five minutes off, or the signature was used before. Sign each attempt anew.",
  );
}

function isInTime({ created, expires }: GivenSignature, nowMs: number): boolean {
  const nowS = nowMs / 1_000;
  return Math.abs(nowS - created) <= windowS && (expires === null || nowS < expires);
}

/** Whether everything is signed that decides what the request does. */
function isEnough({ components }: GivenSignature, { headers }: Request, body: Uint8Array): boolean {
  const fields = fieldsToSign.filter((name) => headers.has(name));
  const needed = [...alwaysSigned, ...fields, ...(body.length > 0 ? ["content-digest"] : [])];
  return needed.every((name) => components.includes(name));
}

/** `verify` compares in constant time: https://w3c.github.io/webcrypto/#hmac-operations */
async function isSigned(row: KeyRow, given: GivenSignature, asking: Asking, vault: Vault): Promise<boolean> {
  const base = signatureBase(given.components, given.parameters, asking.request);
  if (base === null) return false;
  const bytes = new TextEncoder().encode(base);
  for (const secret of await openSecrets(row, vault, asking.invocation.now())) {
    const key = await importSigningSecret(secret);
    if (await crypto.subtle.verify("HMAC", key, given.bytes, bytes)) return true;
  }
  return false;
}

/** The digest is signed and no secret, so it may be compared as it is. */
async function isDigestTrue({ headers }: Request, body: Uint8Array): Promise<boolean> {
  const digest = headers.get("content-digest");
  return digest === null || digest.trim() === (await contentDigest(body));
}

/**
 * Takes the nonce, for as long as the signature would be good: one call. Without Redis nobody knows whether the request
 * comes for the first time, so it is refused.
 */
async function useNonce({ invocation }: Asking, given: GivenSignature, nowMs: number): Promise<void> {
  const { redis, keys } = invocation;
  if (redis === null)
    throw new TransientError(
      "A signed request is taken once, which Redis remembers, and this system runs without. Use an API key.",
    );
  const seconds = Math.ceil(given.created + windowS - nowMs / 1_000) + 1;
  const key = keys.nonce(given.keyId, given.nonce);
  const reply = await redis.command(["SET", key, "1", "NX", "EX", String(seconds)]);
  if (reply !== "OK") throw refusal();
}
