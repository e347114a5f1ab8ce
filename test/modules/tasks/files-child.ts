import { createTaskFiles } from "../../../workers/local/workerd/task-files.ts";

/** Writes the daily files without a pause, until it is killed: `node files-child.ts {neonUrl} {folder}`. */
const [, , neonUrl = "", folder = ""] = process.argv;
const files = createTaskFiles(neonUrl, folder, (_level, line) => console.log(line));
for (;;) {
  const { written } = await files.round("all");
  if (written > 0) console.log(`round ${written}`);
}
