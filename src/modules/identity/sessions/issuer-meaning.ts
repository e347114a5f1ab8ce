import { hashSecret } from "../api-key.ts";
import { issuerNameOf } from "../claims.ts";
import type { TrustedIssuer } from "../issuers.ts";

/**
 * What the settings make of the tokens of an issuer, in short: whose they are, for which tenant, what is granted. A session
 * that was opened with one keeps none of its claims, so it cannot be judged anew when this changes, and ends then.
 *
 * @param identity of somebody whom an issuer named
 * @returns null: the issuer is not believed
 */
export async function meaningOf(identity: string, issuers: readonly TrustedIssuer[]): Promise<string | null> {
  const name = issuerNameOf(identity);
  const found = issuers.find((one) => one.name === name);
  if (found === undefined) return null;
  const { issuer, audiences, tenant, grants } = found;
  return hashSecret(JSON.stringify([issuer, audiences, tenant, grants]));
}
