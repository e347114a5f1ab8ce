import { defineSettings, type VaultKeys, whole } from "@brain/engine";
import { publicUrl, secretsKeys, vaultKeysOf } from "../shared-settings.ts";
import { issuersSetting, type TrustedIssuer } from "./issuers.ts";
import { type SignInClient, signInClients, signInSetting } from "./sessions/settings.ts";

export interface IdentitySettings {
  /** How long a credential is good after it was revoked, at most, ms. */
  readonly credentialCacheMs: number;
  /** How long a session goes on after the sign-in, seconds. */
  readonly sessionS: number;
  /** Whose tokens are believed. */
  readonly issuers: readonly TrustedIssuer[];
  /** Where people sign in. */
  readonly signIn: readonly SignInClient[];
  /** Under which browsers reach us; null: what the request says. */
  readonly publicUrl: string | null;
  /** What secrets of signing keys are sealed with. */
  readonly secretsKeys: VaultKeys;
  /** How long before its end there is an alert of a key, days. */
  readonly keyNoticeDays: number;
}

export const identitySettings = defineSettings(
  {
    ...publicUrl,
    ...secretsKeys,
    BRAIN_CREDENTIAL_CACHE_SECONDS: whole(0, 60).default(30),
    BRAIN_SESSION_HOURS: whole(1, 168).default(12),
    BRAIN_ALERT_KEY_DAYS: whole(1, 90).default(14),
    BRAIN_JWT_ISSUERS: issuersSetting.optional(),
    BRAIN_SIGN_IN: signInSetting.optional(),
  },
  (env, fault): IdentitySettings => ({
    credentialCacheMs: env.BRAIN_CREDENTIAL_CACHE_SECONDS * 1_000,
    sessionS: env.BRAIN_SESSION_HOURS * 3_600,
    issuers: env.BRAIN_JWT_ISSUERS ?? [],
    signIn: signInClients(env.BRAIN_SIGN_IN ?? [], env.BRAIN_JWT_ISSUERS ?? [], (message) =>
      fault("BRAIN_SIGN_IN", message),
    ),
    publicUrl: env.BRAIN_PUBLIC_URL ?? null,
    secretsKeys: vaultKeysOf(env),
    keyNoticeDays: env.BRAIN_ALERT_KEY_DAYS,
  }),
);
