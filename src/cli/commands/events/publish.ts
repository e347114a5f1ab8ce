import type { Command } from "commander";
import { cliOf } from "../../command.ts";
import { UsageError } from "../../errors.ts";

interface Options {
  readonly payload?: string;
  readonly file?: string;
  readonly tenant?: string;
  readonly id?: string;
  readonly source?: string;
}

/** `charter publish`: events by hand, as any program hands them in: by `POST /api/events` and `/api/events/batch`. */
export function addPublish(program: Command): void {
  program
    .command("publish [type]")
    .description("publish an event, or those of a file; the server judges them as those of any program")
    .option("--payload <json>", 'of the event, e.g. \'{"book_id":"b-1"}\'')
    .option("--tenant <id>", "whose event it is; default: that of the key")
    .option("--id <uuid>", "of the event; handed in twice under one id, it is published once")
    .option("--source <name>", "what published it; default: as the server says")
    .option(
      "-f, --file <path>",
      "whole events instead: one, a JSON array, or one a line; - is standard input. Each is taken or refused on its own",
    )
    .action(async (type: string | undefined, options: Options, command: Command) => {
      const { file, ...ofOne } = options;
      const isOne = type !== undefined || Object.keys(ofOne).length > 0;
      if (isOne && file !== undefined)
        throw new UsageError("A file has whole events: give either --file, or the type with its --payload.");
      const { publishFile, publishOne } = await import("./publish-events.ts");
      if (file !== undefined) return publishFile(cliOf(command), file);
      if (type === undefined || ofOne.payload === undefined) {
        const what = type === undefined ? "No type was given" : "No payload was given";
        throw new UsageError(
          `${what}. Expected a type and --payload, or --file. "charter catalog" tells the types, and the console an example of each.`,
        );
      }
      await publishOne(cliOf(command), type, ofOne);
    });
}
