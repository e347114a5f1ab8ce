import { defineModule } from "@brain/engine";
import type { Mount } from "../../http/kit/mount.ts";
import { hostNamesPort } from "../ports/host-names.ts";
import { alertDelivery } from "./deliver.ts";
import { alertingSettings } from "./settings.ts";
import * as tables from "./tables.ts";

/** Tells people of alerts, where they look. */
export const alerting = defineModule({
  name: "alerting",
  events: [],
  tables: [tables],
  settings: alertingSettings,
  needs: { resolve: hostNamesPort.optional },
  jobs: ({ settings, ports }) => [alertDelivery({ ...settings, ...ports })],
  routes: ({ settings }): Mount[] => [
    { path: "/api/alert-sinks", routes: async () => (await import("./routes.ts")).alertingRoutes(settings) },
  ],
});
