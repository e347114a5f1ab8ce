import { Webhook } from "standardwebhooks";

/**
 * The headers of Standard Webhooks, with a signature for each secret that is good. A secret that begins with `whsec_` is
 * base64 behind it, any other is taken as text.
 *
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param id the same for every repetition of a message
 */
export function signedHeaders(
  secrets: readonly string[],
  id: string,
  at: Date,
  body: string,
): Readonly<Record<string, string>> {
  const signatures = secrets.map((secret) => {
    const webhook = secret.startsWith("whsec_")
      ? new Webhook(secret)
      : new Webhook(new TextEncoder().encode(secret), { format: "raw" });
    return webhook.sign(id, at, body);
  });
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": signatures.join(" "),
  };
}
