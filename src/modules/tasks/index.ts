import { defineModule } from "@brain/engine";
import { taskItemCompleted, taskItemCreated, taskItemDeleted, taskItemUpdated } from "@brain/schemas";
import type { Mount } from "../../http/kit/mount.ts";
import { tasksConsumer } from "./consumer.ts";
import { logTaskSwitch, taskSettings } from "./settings.ts";
import * as tables from "./tables.ts";

/** Task items, with their history as domain events. */
export const tasks = defineModule({
  name: "tasks",
  events: [taskItemCreated, taskItemCompleted, taskItemDeleted, taskItemUpdated],
  tables: [tables],
  settings: taskSettings,
  consumers: () => [tasksConsumer()],
  routes: ({ settings }): Mount[] => [
    { path: "/api/tasks", routes: async () => (await import("./routes.ts")).taskRoutes(settings) },
  ],
  logStart: ({ settings }, log) => logTaskSwitch(settings, log),
});
