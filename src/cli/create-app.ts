/** `npm create @brain/app my-shop`: `charter new app`, for people who have nothing of ours yet. */

import { Command } from "commander";
import { asNewApp } from "./commands/project/new-app.ts";
import { refuseEmptyValues } from "./empty-values.ts";
import { runProgram } from "./run.ts";

const program = new Command("create-app")
  .option("--json", "what was written, as JSON")
  .showHelpAfterError("(create-app --help tells more)")
  .exitOverride();

asNewApp(program);
refuseEmptyValues(program);

process.exitCode = await runProgram(program);
