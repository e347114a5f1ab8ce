/** `charter`: the command line for operators. It talks HTTP with a key and knows nothing but the public API. */

import { enableCompileCache } from "node:module";
import { keepResolutions } from "../governance/files/kept-resolution.ts";

// What a command loads need not be compiled again each time. Before all of it: half of a start is compiling our own files.
enableCompileCache();
// Nor need Node read again and again where the packages are that it loads.
keepResolutions();
const [{ createProgram }, { runProgram }] = await Promise.all([import("./program.ts"), import("./run.ts")]);

// `charter tail | head` closes our output early, which is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// The launcher passes signals on; when it is killed it cannot, and nobody else would end `tail --follow`.
process.on("disconnect", () => process.exit(1));
process.channel?.unref();

process.exitCode = await runProgram(createProgram());
