import { defineModule } from "@brain/engine";
import { authenticatorPort } from "../../http/kit/access.ts";
import type { Mount } from "../../http/kit/mount.ts";
import { createKeyAuthenticator } from "./key-authenticator.ts";
import { callerRoutes, keyRoutes } from "./routes.ts";
import { createSessionAuthenticator } from "./sessions/authenticator.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { sessionTidying } from "./sessions/tidying.ts";
import { identitySettings } from "./settings.ts";
import * as tables from "./tables.ts";

/** Who calls: API keys, and sessions of the console. */
export const identity = defineModule({
  name: "identity",
  events: [],
  tables: [tables],
  settings: identitySettings,
  offers: ({ settings }) => [
    authenticatorPort.from(() => createKeyAuthenticator(settings)),
    authenticatorPort.from(() => createSessionAuthenticator(settings)),
  ],
  jobs: () => [sessionTidying],
  routes: ({ settings }): Mount[] => [
    {
      path: "/api/keys",
      routes: keyRoutes(),
      // An answer with a secret is not kept.
      keys: { "/": "refused", "/:id/rotate": "refused" },
    },
    { path: "/api/me", routes: callerRoutes() },
    { path: "/api/sessions", routes: sessionRoutes(settings), keys: { "/": "refused" } },
  ],
});
