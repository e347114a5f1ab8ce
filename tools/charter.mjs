#!/usr/bin/env node
// `charter` from anywhere: runs the command line on the Node version that the project pins, whatever Node this is.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
process.argv.splice(2, 0, join(root, "src", "cli", "main.ts"));
await import("./run.mjs");
