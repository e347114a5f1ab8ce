#!/usr/bin/env node
// `charter` from anywhere: runs main.ts on the Node version that the project pins, whatever Node this is (20 or newer).

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
process.argv.splice(2, 0, join(here, "main.ts"));
await import("../../tools/run.mjs");
