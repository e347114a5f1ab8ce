import * as z from "zod";
import type { TrustedIssuer } from "../issuers.ts";
import { jsonListSetting } from "../json-setting.ts";

/** Where people sign in. */
export interface SignInClient {
  /** That of the issuer. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Null: a public client, which has PKCE alone. */
  readonly clientSecret: string | null;
  /** Asked of the issuer, separated by spaces. */
  readonly scope: string;
  /** What its claims mean here. */
  readonly claims: TrustedIssuer;
}

const client = z.strictObject({
  /** A `name` in BRAIN_JWT_ISSUERS. */
  issuer: z.string().min(1).max(24),
  client_id: z.string().min(1).max(500),
  client_secret: z.string().min(1).max(500).optional(),
  scope: z
    .string()
    .max(500)
    .regex(
      /^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
      'expected "openid", and what is asked beside, separated by spaces',
    )
    .default("openid profile"),
});

export type GivenClient = z.output<typeof client>;

/** A list of clients in JSON. */
export const signInSetting = jsonListSetting.pipe(
  z.array(client, { error: "expected a list of clients" }).max(20),
);

/**
 * The clients with what the claims of their issuers mean.
 *
 * @param fault called for a client whose issuer is not there
 */
export function signInClients(
  given: readonly GivenClient[],
  issuers: readonly TrustedIssuer[],
  fault: (message: string) => void,
): readonly SignInClient[] {
  return given.flatMap((one) => {
    const claims = issuers.find(({ name }) => name === one.issuer);
    if (claims === undefined) {
      fault(`names the issuer "${one.issuer}", and BRAIN_JWT_ISSUERS has none of that name`);
      return [];
    }
    return {
      name: claims.name,
      issuer: claims.issuer,
      clientId: one.client_id,
      clientSecret: one.client_secret ?? null,
      scope: one.scope,
      claims,
    };
  });
}
