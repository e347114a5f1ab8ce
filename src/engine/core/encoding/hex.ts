const encoder = new TextEncoder();

/** Two lower-case hex digits for each byte. */
export function hexOf(bytes: ArrayBuffer | Uint8Array): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256, 32 bytes; of a text that of its UTF-8. */
export async function sha256(of: string | BufferSource): Promise<Uint8Array> {
  const bytes = typeof of === "string" ? encoder.encode(of) : of;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The same, 64 hex digits. */
export async function sha256Hex(of: string | BufferSource): Promise<string> {
  return hexOf(await sha256(of));
}
