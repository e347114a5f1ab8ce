import type { SecretAddress, Vault } from "@brain/engine";
import type { KeyRow } from "../tables.ts";

/*
 * Secrets of signing keys. To check a signature the secret itself is needed and no hash will do, so it is stored sealed.
 */

type Column = "sealed_secret" | "previous_sealed";

function place(id: string, column: Column): SecretAddress {
  return { table: "identity_keys", row: id, column };
}

/** What is stored of the secret of a new key. @throws {VaultKeyError} there is no key to seal it with */
export function sealSecret(vault: Vault, id: string, secret: string): Promise<string> {
  return vault.seal(secret, place(id, "sealed_secret"));
}

/** The secret of now as it is stored when another one takes its place. */
export async function sealAsPrevious(vault: Vault, id: string, sealed: string): Promise<string> {
  return vault.seal(await vault.open(sealed, place(id, "sealed_secret")), place(id, "previous_sealed"));
}

/** The secrets that a signature may have, the current one first; none for a key that does not sign. */
export async function openSecrets(row: KeyRow, vault: Vault, nowMs: number): Promise<readonly string[]> {
  const { id, sealedSecret, previousSealed, previousUntil } = row;
  if (sealedSecret === null) return [];
  const isPreviousGood = previousUntil !== null && previousUntil.getTime() > nowMs;
  const current = vault.open(sealedSecret, place(id, "sealed_secret"));
  if (previousSealed === null || !isPreviousGood) return [await current];
  return Promise.all([current, vault.open(previousSealed, place(id, "previous_sealed"))]);
}

export const sealedKeyColumns = (["sealed_secret", "previous_sealed"] as const).map((column) => ({
  table: "identity_keys",
  id: "id",
  column,
  type: "text" as const,
}));
