/** `charter`: the command line for operators. It talks HTTP with a key and knows nothing but the public API. */

import { Command, CommanderError } from "commander";
import { addActions } from "./commands/actions.ts";
import { addConsumers } from "./commands/consumers.ts";
import { addDlq } from "./commands/dlq.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addMove } from "./commands/move.ts";
import { addReplay } from "./commands/replay.ts";
import { addStory } from "./commands/story.ts";
import { addTail } from "./commands/tail.ts";
import { addTasks } from "./commands/tasks.ts";
import { CliError, UsageError } from "./errors.ts";

const program = new Command("charter")
  .description("look after an event backbone: dead letters, replays, consumers")
  .option(
    "--url <url>",
    "address of the server (CHARTER_URL); default: that of npm start, http://127.0.0.1:8787",
  )
  .option(
    "--key <key>",
    "bearer key (CHARTER_KEY, BRAIN_API_KEY); default, for the server of npm start only: its key",
  )
  .option("--actor <id>", "id of the user on whose behalf this is done (CHARTER_ACTOR)")
  .option("--json", "the API's answer on standard output, and nothing else")
  .showHelpAfterError("(charter --help tells more)")
  .exitOverride();

addDlq(program);
addReplay(program);
addConsumers(program);
addTail(program);
addStory(program);
addDoctor(program);
addMove(program);
addActions(program);
addTasks(program);

// `charter tail | head` closes our output early, which is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// The launcher passes signals on; when it is killed it cannot, and nobody else would end `tail --follow`.
process.on("disconnect", () => process.exit(1));
process.channel?.unref();

/** 0: done. 1: it could not be done, or something is wrong. 2: the command was given wrong. */
async function run(): Promise<number> {
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError || error instanceof CliError)) throw error;
    process.stderr.write(`charter: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

process.exitCode = await run();
