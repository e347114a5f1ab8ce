import { defineModule } from "@brain/engine";
import type { Mount } from "../../http/kit/mount.ts";
import { analyticsConsumer } from "./consumer.ts";
import { analyticsKeeping } from "./keep.ts";
import { analyticsSettings } from "./settings.ts";
import * as tables from "./tables.ts";

/** What happens, in numbers: hours and days, by tenant, language and course. */
export const analytics = defineModule({
  name: "analytics",
  events: [],
  tables: [tables],
  settings: analyticsSettings,
  consumers: () => [analyticsConsumer()],
  jobs: ({ settings }) => [analyticsKeeping(settings)],
  routes: (): Mount[] => [
    { path: "/api/analytics", routes: async () => (await import("./routes.ts")).analyticsRoutes() },
  ],
});
