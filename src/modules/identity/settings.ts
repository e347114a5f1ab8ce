import { defineSettings, whole } from "@brain/engine";
import { issuersSetting, type TrustedIssuer } from "./issuers.ts";

export interface IdentitySettings {
  /** How long a credential is good after it was revoked, at most, ms. */
  readonly credentialCacheMs: number;
  /** How long a session goes on after the sign-in, seconds. */
  readonly sessionS: number;
  /** Whose tokens are believed. */
  readonly issuers: readonly TrustedIssuer[];
}

export const identitySettings = defineSettings(
  {
    BRAIN_CREDENTIAL_CACHE_SECONDS: whole(0, 60).default(30),
    BRAIN_SESSION_HOURS: whole(1, 168).default(12),
    BRAIN_JWT_ISSUERS: issuersSetting.optional(),
  },
  (env): IdentitySettings => ({
    credentialCacheMs: env.BRAIN_CREDENTIAL_CACHE_SECONDS * 1_000,
    sessionS: env.BRAIN_SESSION_HOURS * 3_600,
    issuers: env.BRAIN_JWT_ISSUERS ?? [],
  }),
);
