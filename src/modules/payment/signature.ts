/*
 * Signatures of Stripe's webhooks: `stripe-signature: t=<seconds>,v1=<hex>[,v1=<hex>…]`, where each v1 is the
 * HMAC-SHA256 of `<t>.<raw body>`. Source: https://docs.stripe.com/webhooks#verify-manually
 */

/** More than a change of secrets brings; further ones are not looked at. */
const maxSignatures = 8;

const encoder = new TextEncoder();

/** Why a signature was refused; for the log. */
export type SignatureProblem = "no_signature" | "unreadable" | "too_old" | "no_match";

interface SignatureHeader {
  readonly time: string;
  readonly signatures: readonly Uint8Array<ArrayBuffer>[];
}

function parseHeader(header: string): SignatureHeader | null {
  let time: string | null = null;
  const signatures: Uint8Array<ArrayBuffer>[] = [];
  for (const part of header.slice(0, 4_096).split(",")) {
    const [name, value = ""] = part.trim().split("=", 2);
    if (name === "t" && /^\d{1,12}$/.test(value)) time ??= value;
    if (name === "v1" && /^[0-9a-f]{64}$/.test(value) && signatures.length < maxSignatures) {
      signatures.push(Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
    }
  }
  return time === null || signatures.length === 0 ? null : { time, signatures };
}

function signedBytes(time: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = encoder.encode(`${time}.`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/**
 * Checks the signature over the bytes as they came. WebCrypto compares in constant time:
 * https://www.w3.org/TR/WebCryptoAPI/#hmac-operations-verify
 *
 * @param header null when there was none
 * @param secrets one is enough to match, so that a secret can be replaced while events come
 * @param toleranceSeconds how far the time of the signature may be from `now`, in both directions
 * @returns null when it is good
 */
export async function signatureProblem(
  body: Uint8Array,
  header: string | null,
  secrets: readonly string[],
  toleranceSeconds: number,
  now: Date,
): Promise<SignatureProblem | null> {
  if (header === null) return "no_signature";
  const parsed = parseHeader(header);
  if (parsed === null) return "unreadable";
  if (Math.abs(Math.floor(now.getTime() / 1000) - Number(parsed.time)) > toleranceSeconds) return "too_old";
  const data = signedBytes(parsed.time, body);
  for (const secret of secrets) {
    const key = await crypto.subtle.importKey(
      "raw",
      encoder.encode(secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    for (const signature of parsed.signatures) {
      if (await crypto.subtle.verify("HMAC", key, signature, data)) return null;
    }
  }
  return "no_match";
}
