import { createVault, defineModule, rewrapSecrets } from "@brain/engine";
import type { Mount } from "../../http/kit/mount.ts";
import { hostNamesPort } from "../ports/host-names.ts";
import { webhookDelivery } from "./job.ts";
import { sealedColumns } from "./secrets.ts";
import { webhookSettings } from "./settings.ts";
import * as tables from "./tables.ts";

/** Events to the outside: a tenant subscribes a URL to types of events. */
export const webhooks = defineModule({
  name: "webhooks",
  events: [],
  tables: [tables],
  settings: webhookSettings,
  needs: { resolve: hostNamesPort.optional },
  jobs: ({ settings, ports }) => [
    webhookDelivery({ ...settings, ...ports }),
    rewrapSecrets("webhook_secrets", createVault(settings.secretsKeys), sealedColumns),
  ],
  routes: ({ settings }): Mount[] => [
    {
      path: "/api/webhooks",
      routes: async () => (await import("./routes.ts")).webhookRoutes(settings),
      // An answer with a secret is not kept.
      keys: { "/": "refused", "/:id/rotate": "refused" },
    },
  ],
});
