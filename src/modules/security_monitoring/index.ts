import { defineModule } from "@brain/engine";
import type { Mount } from "../../http/kit/mount.ts";
import { securityConsumer } from "./consumer.ts";
import * as tables from "./tables.ts";

/** Looks for attacks: in windows of time over what the gate tells. */
export const securityMonitoring = defineModule({
  name: "security_monitoring",
  events: [],
  tables: [tables],
  consumers: () => [securityConsumer],
  routes: (): Mount[] => [
    { path: "/api/security/alerts", routes: async () => (await import("./routes.ts")).securityRoutes() },
  ],
});
