import type { Command } from "commander";
import { cliOf, pastInstant, wholeNumber } from "../../command.ts";
import { addTaskFolder } from "./folder.ts";

export function addTasks(program: Command): void {
  const tasks = program
    .command("tasks")
    .description("events of task items: import older files, export files, look into exported ones");

  tasks
    .command("import <file...>")
    .description("import event files of older programs: data/events.json or events-YYYY-MM-DD.jsonl")
    .option("--dry-run", "only tell what would happen")
    .option("--publish", "also publish each imported event, as of now")
    .action(async (files: string[], options, command: Command) => {
      const { importFiles } = await import("./import.ts");
      await importFiles(cliOf(command), files, options);
    });

  tasks
    .command("export <folder>")
    .description("write the events as events-YYYY-MM-DD.jsonl; what is there already is not written again")
    .option("--from <time>", "events of this time and later, or so long ago: 2d", pastInstant)
    .option("--to <time>", "events of this time and earlier", pastInstant)
    .option("--archive-days <n>", "move files of days longer ago to archive/", wholeNumber(1, 36_500))
    .option("--archive-mb <n>", "move larger files to archive/, megabytes", wholeNumber(1, 100_000), 100)
    .action(async (folder: string, options, command: Command) => {
      const { exportFiles } = await import("./export.ts");
      await exportFiles(cliOf(command), folder, options);
    });

  addTaskFolder(tasks);
}
