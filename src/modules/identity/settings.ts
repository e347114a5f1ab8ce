import { defineSettings, whole } from "@brain/engine";

export interface IdentitySettings {
  /** How long a credential is good after it was revoked, at most, ms. */
  readonly credentialCacheMs: number;
  /** How long a session goes on after the sign-in, seconds. */
  readonly sessionS: number;
}

export const identitySettings = defineSettings(
  {
    BRAIN_CREDENTIAL_CACHE_SECONDS: whole(0, 60).default(30),
    BRAIN_SESSION_HOURS: whole(1, 168).default(12),
  },
  (env): IdentitySettings => ({
    credentialCacheMs: env.BRAIN_CREDENTIAL_CACHE_SECONDS * 1_000,
    sessionS: env.BRAIN_SESSION_HOURS * 3_600,
  }),
);
