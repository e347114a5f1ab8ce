/**
 * For receivers of webhooks: whether a call comes from us and is fresh. Web standards only, so it runs in Workers, Deno,
 * browsers and Node. The form is that of Standard Webhooks:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

/** Why a call is not to be believed. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
}

export interface VerifyWebhookOptions {
  /** How far its time may be from ours, s; default 300. */
  readonly toleranceSeconds?: number;
  /** Default: now. */
  readonly now?: Date;
}

const encoder = new TextEncoder();

/**
 * Checks signature and age of a call.
 *
 * @param secrets one, or several while one is being replaced: `whsec_…`
 * @param headers of the request: `webhook-id`, `webhook-timestamp`, `webhook-signature`
 * @param body exactly as it came; parse it afterwards
 * @returns the id of the message: the same for a repetition, which is to be passed over
 * @throws {WebhookVerificationError} it is not from us, it is too old, or its clock is not ours
 */
export async function verifyWebhook(
  secrets: string | readonly string[],
  headers: { get(name: string): string | null },
  body: string,
  { toleranceSeconds = 300, now = new Date() }: VerifyWebhookOptions = {},
): Promise<string> {
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp");
  const signatures = headers.get("webhook-signature");
  if (!id || !timestamp || !signatures)
    throw new WebhookVerificationError(
      "The headers webhook-id, webhook-timestamp and webhook-signature are not all there.",
    );
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookVerificationError("webhook-timestamp is no Unix time.");
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > toleranceSeconds)
    throw new WebhookVerificationError(
      `webhook-timestamp is more than ${toleranceSeconds} s from the time here: an old call, or a wrong clock.`,
    );
  const given = signatures
    .split(" ")
    .slice(0, 10)
    .flatMap((one) => (one.startsWith("v1,") ? [bytesOf(one.slice(3))] : []));
  const signed = encoder.encode(`${id}.${timestamp}.${body}`);
  for (const secret of typeof secrets === "string" ? [secrets] : secrets) {
    const key = bytesOf(secret.replace(/^whsec_/, ""));
    if (key === null || key.length === 0)
      throw new WebhookVerificationError("A secret is no base64 behind whsec_.");
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const hmac = await crypto.subtle.importKey("raw", key, algorithm, false, ["verify"]);
    // Compares in a time that says nothing of the right one.
    for (const signature of given)
      if (signature !== null && (await crypto.subtle.verify("HMAC", hmac, signature, signed))) return id;
  }
  throw new WebhookVerificationError(
    "No signature is by one of the secrets: the call is not from us, or was changed.",
  );
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
