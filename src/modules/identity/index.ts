import { createVault, defineModule, rewrapSecrets } from "@brain/engine";
import { type Authenticator, authenticatorPort } from "../../http/kit/access.ts";
import type { Mount } from "../../http/kit/mount.ts";
import type { TrustedIssuer } from "./issuers.ts";
import { createKeyAuthenticator } from "./key-authenticator.ts";
import { signInsLimit } from "./limits.ts";
import { createSessionAuthenticator } from "./sessions/authenticator.ts";
import { identitySettings } from "./settings.ts";
import { createSignatureAuthenticator } from "./signing/authenticator.ts";
import { sealedKeyColumns } from "./signing/secrets.ts";
import * as tables from "./tables.ts";
import { identityTidying } from "./tidying.ts";
import { endingKeys } from "./watches.ts";

/** Loaded with the first request that it is asked about: without issuers nobody needs what checks their tokens. */
function jwtAuthenticator(issuers: readonly TrustedIssuer[]): Authenticator {
  let loaded: Promise<Authenticator> | null = null;
  return {
    async authenticate(asking) {
      loaded ??= import("./jwt-authenticator.ts").then((part) => part.createJwtAuthenticator(issuers));
      return (await loaded).authenticate(asking);
    },
  };
}

/** Who calls: API keys, sessions of the console, signed requests, tokens of issuers. */
export const identity = defineModule({
  name: "identity",
  events: [],
  tables: [tables],
  settings: identitySettings,
  offers: ({ settings }) => [
    authenticatorPort.from(() => createKeyAuthenticator(settings)),
    authenticatorPort.from(() => createSignatureAuthenticator(settings, createVault(settings.secretsKeys))),
    authenticatorPort.from(() => createSessionAuthenticator(settings)),
    ...(settings.issuers.length === 0
      ? []
      : [authenticatorPort.from(() => jwtAuthenticator(settings.issuers))]),
  ],
  limits: [signInsLimit],
  jobs: ({ settings }) => [
    identityTidying,
    rewrapSecrets("identity_secrets", createVault(settings.secretsKeys), sealedKeyColumns),
  ],
  watches: ({ settings }) => [endingKeys(settings.keyNoticeDays)],
  routes: ({ settings }): Mount[] => [
    {
      path: "/api/keys",
      routes: async () => (await import("./routes.ts")).keyRoutes(createVault(settings.secretsKeys)),
      // An answer with a secret is not kept.
      keys: { "/": "refused", "/:id/rotate": "refused" },
    },
    {
      path: "/api/sessions",
      routes: async () => (await import("./sessions/routes.ts")).sessionRoutes(settings),
      keys: { "/": "refused" },
    },
  ],
});
