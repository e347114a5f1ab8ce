import { defineModule } from "@brain/engine";
import { authenticatorPort } from "../../http/kit/access.ts";
import type { Mount } from "../../http/kit/mount.ts";
import { createKeyAuthenticator } from "./key-authenticator.ts";
import { callerRoutes, keyRoutes } from "./routes.ts";
import { identitySettings } from "./settings.ts";
import * as tables from "./tables.ts";

/** Who calls: API keys. */
export const identity = defineModule({
  name: "identity",
  events: [],
  tables: [tables],
  settings: identitySettings,
  offers: ({ settings }) => [authenticatorPort.from(() => createKeyAuthenticator(settings))],
  routes: (): Mount[] => [
    {
      path: "/api/keys",
      routes: keyRoutes(),
      // An answer with a secret is not kept.
      keys: { "/": "refused", "/:id/rotate": "refused" },
    },
    { path: "/api/me", routes: callerRoutes() },
  ],
});
