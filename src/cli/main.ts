/** `charter`: the command line for operators. It talks HTTP with a key and knows nothing but the public API. */

import { enableCompileCache } from "node:module";
import { keepResolutions } from "../governance/files/kept-resolution.ts";
import { createProgram } from "./program.ts";
import { runProgram } from "./run.ts";

// A command that loads a compiler need not compile it again each time.
enableCompileCache();
// Nor need Node read again and again where the packages are that it loads.
keepResolutions();

// `charter tail | head` closes our output early, which is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// The launcher passes signals on; when it is killed it cannot, and nobody else would end `tail --follow`.
process.on("disconnect", () => process.exit(1));
process.channel?.unref();

process.exitCode = await runProgram(createProgram());
