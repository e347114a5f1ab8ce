/*
 * Signed requests: HTTP Message Signatures (RFC 9421) with hmac-sha256, and the digest of the body (RFC 9530). This is
 * the part of it that is needed to sign and to check: one signature, four derived components, plain fields without
 * parameters.
 */

/** What of a request can be signed. */
export interface SignedMessage {
  readonly method: string;
  /** Absolute, as it is sent. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

/** Fields that change what a request means: signed when they are there. */
export const fieldsToSign = ["content-type", "content-digest", "idempotency-key", "x-actor-id"] as const;

const derived: Readonly<Record<string, (message: SignedMessage, url: URL) => string>> = {
  "@method": ({ method }) => method,
  "@authority": (_message, { host }) => host,
  "@path": (_message, { pathname }) => pathname,
  // A question mark also when there is no query: RFC 9421, 2.2.7.
  "@query": (_message, { search }) => (search === "" ? "?" : search),
};

/**
 * The text that is signed (RFC 9421, 2.5): a line for each component, and the parameters.
 *
 * @param components names, without quotes
 * @param parameters what stands behind the label in `Signature-Input`, to the letter
 * @returns null: a component is not there, or is none that can be signed
 */
export function signatureBase(
  components: readonly string[],
  parameters: string,
  message: SignedMessage,
): string | null {
  const url = new URL(message.url);
  const lines: string[] = [];
  for (const name of components) {
    const value = name.startsWith("@")
      ? Object.hasOwn(derived, name) && derived[name]?.(message, url)
      : message.headers.get(name)?.trim();
    if (typeof value !== "string") return null;
    lines.push(`"${name}": ${value}`);
  }
  return [...lines, `"@signature-params": ${parameters}`].join("\n");
}

/** `sha-256=:…:`, the value of `Content-Digest`. */
export async function contentDigest(body: Uint8Array): Promise<string> {
  return `sha-256=:${toBase64(await crypto.subtle.digest("SHA-256", new Uint8Array(body)))}:`;
}

/** The secret of a signing key as it signs: its text, in UTF-8. */
export function importSigningSecret(secret: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, [
    "sign",
    "verify",
  ]);
}

const signingKeyShape = /^brs_([a-z0-9]{16})_([A-Za-z0-9_-]{43})$/;

/**
 * Signs a request with a signing key, `brs_<id>_<secret>`. Each attempt needs a signature of its own: one is taken once,
 * and within five minutes. Give what is tried again an `Idempotency-Key`.
 *
 * @param now when it is sent; left out: now
 * @returns the same request with `Content-Digest`, `Signature-Input` and `Signature`
 * @throws {TypeError} the key is no signing key
 */
export async function signRequest(request: Request, key: string, now = new Date()): Promise<Request> {
  const [, id, secret] = signingKeyShape.exec(key) ?? [];
  if (id === undefined || secret === undefined)
    throw new TypeError("The key is no signing key. Expected brs_<id>_<secret>, as POST /api/keys gave it.");
  const body = new Uint8Array(await request.clone().arrayBuffer());
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  if (body.length > 0) headers.set("content-digest", await contentDigest(body));
  const fields = fieldsToSign.filter((name) => headers.has(name));
  const components = ["@method", "@path", "@query", ...fields];
  const nonce = toBase64(crypto.getRandomValues(new Uint8Array(18)).buffer);
  const created = Math.floor(now.getTime() / 1_000);
  const list = components.map((name) => `"${name}"`).join(" ");
  const parameters = `(${list});created=${created};keyid="${id}";nonce="${nonce}";alg="hmac-sha256"`;
  const base = signatureBase(components, parameters, { method: request.method, url: request.url, headers });
  const signature = await crypto.subtle.sign(
    "HMAC",
    await importSigningSecret(secret),
    new TextEncoder().encode(base ?? ""),
  );
  headers.set("signature-input", `brain=${parameters}`);
  headers.set("signature", `brain=:${toBase64(signature)}:`);
  const { method, url, signal } = request;
  return new Request(url, { method, headers, signal, ...(body.length > 0 ? { body } : {}) });
}

function toBase64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}
