import { canonicalJson, hexOf, sha256Hex, TransientError } from "@brain/engine";
import * as base64url from "jose/base64url";
import * as z from "zod";
import { actorId } from "../route-parts.ts";
import { certificateId, enrollmentId, unixSeconds } from "./fields.ts";

/**
 * What is signed. Ids only, never a name: whoever shows the certificate proves otherwise that the id is theirs.
 * Unknown fields are refused, so that a valid signature vouches for everything that is shown.
 */
export const certificatePayload = z.strictObject({
  schema: z.literal("cert-v1"),
  certificate_id: certificateId,
  enrollment_id: enrollmentId,
  course_id: z.uuid(),
  course_title: z.string().min(1).max(200),
  course_version: z.string().min(1).max(20),
  language: z.string().regex(/^[a-z]{2}(?:-[A-Z]{2})?$/),
  /** Null: the enrolment was anonymous. */
  actor_id: actorId.nullable(),
  /** SHA-256, see `completionHash`. */
  completion_hash: z.string().regex(/^[0-9a-f]{64}$/),
  completed_at: unixSeconds,
  issued_at: unixSeconds,
  issuer: z.string().min(1).max(2048),
  /** Names the key that signed, see `keyIdOf`. */
  key_id: z.string().regex(/^[0-9a-f]{16}$/),
});
export type CertificatePayload = z.output<typeof certificatePayload>;

const ed25519 = { name: "Ed25519" } as const;

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** A key that signs, and the public half by which others verify. */
export interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly keyId: string;
  /** `x` of the JSON Web Key, base64url (RFC 8037). */
  readonly publicKey: string;
}

/** Name of a public key: the first 16 hex digits of the SHA-256 of its 32 bytes. @param x base64url */
export async function keyIdOf(x: string): Promise<string> {
  return (await sha256Hex(new Uint8Array(base64url.decode(x)))).slice(0, 16);
}

/**
 * @param pkcs8 Ed25519 private key, PKCS #8 in base64
 * @throws {TransientError} 503: it is none; the message says how to make one
 */
export async function readSigningKey(pkcs8: string): Promise<SigningKey> {
  let privateKey: CryptoKey;
  let x: string | undefined;
  try {
    // Extractable, because the public half is derived by exporting: WebCrypto has no other way.
    privateKey = await crypto.subtle.importKey("pkcs8", bytesOfBase64(pkcs8), ed25519, true, ["sign"]);
    ({ x } = (await crypto.subtle.exportKey("jwk", privateKey)) as JsonWebKey);
  } catch (cause) {
    throw new TransientError(`BRAIN_CERTIFICATE_KEY is not an Ed25519 key in PKCS #8. ${howToMakeOne}`, {
      cause,
    });
  }
  if (x === undefined)
    throw new TransientError("The public half of BRAIN_CERTIFICATE_KEY cannot be derived.");
  return { privateKey, publicKey: x, keyId: await keyIdOf(x) };
}

export const howToMakeOne =
  "Make one with `openssl genpkey -algorithm ed25519 -outform DER | base64 -w0` and set BRAIN_CERTIFICATE_KEY to it.";

function signedBytes(payload: CertificatePayload): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(canonicalJson(payload)));
}

/** @returns the Ed25519 signature of the payload's canonical JSON, 128 hex digits */
export async function signCertificate(key: SigningKey, payload: CertificatePayload): Promise<string> {
  return hexOf(await crypto.subtle.sign(ed25519, key.privateKey, signedBytes(payload)));
}

/** True when the key signed exactly this payload. @param signature 128 hex digits @param publicKey base64url */
export async function isSignedBy(
  publicKey: string,
  payload: CertificatePayload,
  signature: string,
): Promise<boolean> {
  const jwk = { kty: "OKP", crv: "Ed25519", x: publicKey };
  const key = await crypto.subtle.importKey("jwk", jwk, ed25519, false, ["verify"]);
  const bytes = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return crypto.subtle.verify(ed25519, key, bytes, signedBytes(payload));
}

/** Public key as others import it (RFC 8037). */
export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly alg: "EdDSA";
  readonly use: "sig";
}

export function jwkOf(keyId: string, publicKey: string): PublicJwk {
  return { kty: "OKP", crv: "Ed25519", x: publicKey, kid: keyId, alg: "EdDSA", use: "sig" };
}
