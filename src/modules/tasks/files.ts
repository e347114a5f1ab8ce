/** The second door of the module, for programs that read and write its files of events without the module. */

export { createDailyFiles, type DailyFiles, type FilesScope } from "./daily-files.ts";
export type { LineFiles } from "./day-files.ts";
export { createJsonlTaskEvents } from "./jsonl-events.ts";
export { rowsOf } from "./postgres-events.ts";
export { fromRecord, taskEventTypes, toRecord } from "./task-events.ts";
