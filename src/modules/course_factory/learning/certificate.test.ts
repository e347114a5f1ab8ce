import { Buffer } from "node:buffer";
import { createHash, createPublicKey, verify } from "node:crypto";
import { TransientError } from "@brain/engine";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type CertificatePayload,
  certificatePayload,
  isSignedBy,
  jwkOf,
  keyIdOf,
  readSigningKey,
  type SigningKey,
  signCertificate,
} from "./certificate.ts";

/** The private key of RFC 8032, section 7.1, test 1, and the public key that belongs to it. */
const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const publicHex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const pkcs8Of = (hex: string) =>
  btoa(
    `302e020100300506032b657004220420${hex}`.replace(/../g, (pair) =>
      String.fromCharCode(Number.parseInt(pair, 16)),
    ),
  );

const payload: CertificatePayload = {
  schema: "cert-v1",
  certificate_id: "cert_0123456789abcdef",
  enrollment_id: "enr_0123456789abcdef",
  course_id: "7b1d3f50-2c6e-4a8b-9f10-1234567890ab",
  course_title: "Zeit gut einteilen – für Eltern",
  course_version: "1.0.0",
  language: "de",
  actor_id: "user-1",
  completion_hash: "0".repeat(64),
  completed_at: 1_763_700_000,
  issued_at: 1_763_700_060,
  issuer: "https://courses.example",
  key_id: "21fe31dfa154a261",
};

let key: SigningKey;
let signature: string;
beforeAll(async () => {
  key = await readSigningKey(pkcs8Of(seed));
  signature = await signCertificate(key, payload);
});

describe("the signing key", () => {
  test("has the public half of RFC 8032, and an id that is part of its SHA-256", async () => {
    const bytes = Buffer.from(publicHex, "hex");
    expect(key.publicKey).toBe(bytes.toString("base64url"));
    expect(key.keyId).toBe(createHash("sha256").update(bytes).digest("hex").slice(0, 16));
    expect(await keyIdOf(key.publicKey)).toBe(key.keyId);
  });

  test.each([
    ["no base64", "%%%"],
    ["of another kind", btoa("x".repeat(48))],
    ["cut short", pkcs8Of(seed).slice(0, 40)],
  ])("that is %s stops the request, and is not in the message", async (_, text) => {
    const error = await readSigningKey(text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransientError);
    expect(String(error)).toContain("openssl genpkey");
    expect(String(error)).not.toContain(text);
  });
});

describe("a certificate", () => {
  test("has a signature of 128 hex digits that the key's owner made", async () => {
    expect(signature).toMatch(/^[0-9a-f]{128}$/);
    expect(await isSignedBy(key.publicKey, payload, signature)).toBe(true);
  });

  test("can be verified by others with the public key alone", () => {
    const jwk = jwkOf(key.keyId, key.publicKey);
    expect(jwk.kid).toBe(key.keyId);
    // Sorted keys without blanks; this payload has no nested objects.
    const text = Buffer.from(JSON.stringify(payload, Object.keys(payload).sort()));
    const publicKey = createPublicKey({ key: { ...jwk }, format: "jwk" });
    expect(verify(null, text, publicKey, Buffer.from(signature, "hex"))).toBe(true);
  });

  test("does not depend on the order of its fields", async () => {
    const turned = Object.fromEntries(Object.entries(payload).reverse()) as unknown as CertificatePayload;
    expect(await isSignedBy(key.publicKey, turned, signature)).toBe(true);
  });

  test.each(Object.keys(payload) as (keyof CertificatePayload)[])(
    "with a changed %s is not what was signed",
    async (field) => {
      const value = payload[field];
      const changed = { ...payload, [field]: typeof value === "number" ? value + 1 : `${value}x` };
      expect(await isSignedBy(key.publicKey, changed as CertificatePayload, signature)).toBe(false);
    },
  );

  test("signed by another key is not ours", async () => {
    const other = await readSigningKey(pkcs8Of("0".repeat(63).concat("1")));
    const forged = await signCertificate(other, payload);
    expect(await isSignedBy(key.publicKey, payload, forged)).toBe(false);
    expect(await isSignedBy(other.publicKey, payload, forged)).toBe(true);
  });

  test("holds no field beyond its schema, such as a name", () => {
    expect(certificatePayload.safeParse(payload).success).toBe(true);
    expect(certificatePayload.safeParse({ ...payload, name: "Anna" }).success).toBe(false);
    expect(certificatePayload.safeParse({ ...payload, actor_id: "anna@example.org" }).success).toBe(false);
  });
});
