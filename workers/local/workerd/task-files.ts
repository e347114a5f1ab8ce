/** The daily files of the tasks, `events-YYYY-MM-DD.jsonl`: workerd has no file system, so this program writes them. */

import { createDatabase, createLogger, type LogSink } from "@brain/engine";
import { createLineFolder } from "../../../src/cli/line-folder.ts";
import { createDailyFiles, type DailyFiles, rowsOf } from "../../../src/modules/tasks/files.ts";

/**
 * @param neonUrl the record
 * @param folder made when the first file is written; nobody else writes there
 */
export function createTaskFiles(neonUrl: string, folder: string, sink: LogSink): DailyFiles {
  const log = createLogger(sink, "info", Date.now);
  return createDailyFiles(rowsOf(createDatabase(neonUrl)), createLineFolder(folder), log, Date.now);
}
