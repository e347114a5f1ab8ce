/** The only door of the module. */

export { tasksConsumer } from "./consumer.ts";
export { createJsonlTaskEvents, type LineFiles } from "./jsonl-events.ts";
export { taskRoutes } from "./routes.ts";
export { logTaskSwitch } from "./settings.ts";
export { fromRecord } from "./task-events.ts";
