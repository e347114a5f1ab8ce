import { defineModule } from "@brain/engine";
import { courseAccessGranted, courseAccessRevoked } from "@brain/schemas";
import type { Mount } from "../../http/kit/mount.ts";
import { accessCheckPort } from "../ports/access-check.ts";
import { accessCheck } from "./check.ts";
import { courseAccessConsumer } from "./consumer.ts";
import { courseAccessNotificationsConsumer } from "./notifications.ts";
import { courseAccessSettings } from "./settings.ts";
import * as tables from "./tables.ts";

/** Who may learn which course: granted and revoked after payments, and told to the outside. */
export const courseAccess = defineModule({
  name: "course_access",
  events: [courseAccessGranted, courseAccessRevoked],
  tables: [tables],
  settings: courseAccessSettings,
  offers: () => [accessCheckPort.from(() => accessCheck)],
  consumers: ({ settings }) => [courseAccessConsumer(), courseAccessNotificationsConsumer(settings.notify)],
  routes: ({ settings }): Mount[] => [
    {
      path: "/api/course-access",
      routes: async () => (await import("./routes.ts")).courseAccessRoutes(settings),
    },
  ],
});
