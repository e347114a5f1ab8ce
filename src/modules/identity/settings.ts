import { defineSettings, whole } from "@brain/engine";

export interface IdentitySettings {
  /** How long a credential is good after it was revoked, at most, ms. */
  readonly credentialCacheMs: number;
}

export const identitySettings = defineSettings(
  { BRAIN_CREDENTIAL_CACHE_SECONDS: whole(0, 60).default(30) },
  (env): IdentitySettings => ({ credentialCacheMs: env.BRAIN_CREDENTIAL_CACHE_SECONDS * 1_000 }),
);
