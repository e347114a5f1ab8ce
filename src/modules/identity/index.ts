import { createVault, defineModule, rewrapSecrets } from "@brain/engine";
import { authenticatorPort } from "../../http/kit/access.ts";
import type { Mount } from "../../http/kit/mount.ts";
import { createJwtAuthenticator } from "./jwt-authenticator.ts";
import { createKeyAuthenticator } from "./key-authenticator.ts";
import { callerRoutes, keyRoutes } from "./routes.ts";
import { createSessionAuthenticator } from "./sessions/authenticator.ts";
import { sessionRoutes, signInsLimit } from "./sessions/routes.ts";
import { identitySettings } from "./settings.ts";
import { createSignatureAuthenticator } from "./signing/authenticator.ts";
import { sealedKeyColumns } from "./signing/secrets.ts";
import * as tables from "./tables.ts";
import { identityTidying } from "./tidying.ts";
import { endingKeys } from "./watches.ts";

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
      : [authenticatorPort.from(() => createJwtAuthenticator(settings.issuers))]),
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
      routes: keyRoutes(createVault(settings.secretsKeys)),
      // An answer with a secret is not kept.
      keys: { "/": "refused", "/:id/rotate": "refused" },
    },
    { path: "/api/me", routes: callerRoutes() },
    { path: "/api/sessions", routes: sessionRoutes(settings), keys: { "/": "refused" } },
  ],
});
