/** The only door of the module. */

export { tasksConsumer } from "./consumer.ts";
export { createDailyFiles, type DailyFiles, type FilesScope } from "./daily-files.ts";
export { createJsonlTaskEvents, type LineFiles } from "./jsonl-events.ts";
export { rowsOf } from "./postgres-events.ts";
export { taskRoutes } from "./routes.ts";
export { logTaskSwitch } from "./settings.ts";
export { fromRecord, taskEventTypes, toRecord } from "./task-events.ts";
