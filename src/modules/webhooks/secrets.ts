import type { SealedColumn, SecretAddress } from "@brain/engine";

/** Where secrets of endpoints stand, and how they are made. */

const table = "webhook_endpoints";
type SecretColumn = "url" | "secret" | "previous_secret";

export const addressOf = (row: string, column: SecretColumn): SecretAddress => ({ table, row, column });

export const sealedColumns: readonly SealedColumn[] = (["url", "secret", "previous_secret"] as const).map(
  (column) => ({ table, id: "id", column, type: "text" }),
);

/** A signing secret as Standard Webhooks writes it: `whsec_` and base64 of 24 random bytes. */
export function newSigningSecret(): string {
  return `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))))}`;
}
