/** `npm run pack -- <folder>`: tarballs of all packages that others install, in a folder. */

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { makeFolder } from "../../src/governance/files/make-folder.ts";
import { endWithUsage, readToolOptions } from "../tool-options.ts";
import { packages, root } from "./manifest.ts";
import { makePrograms } from "./programs.ts";

const usage = "usage: npm run pack -- <folder for the tarballs>";

const [folder, ...others] = readToolOptions(usage, { allowPositionals: true }).positionals;
if (folder === undefined || others.length > 0) endWithUsage("Expected one folder.", usage);
const out = resolve(folder);
makeFolder(out);
const programs = await makePrograms();
const packed = packages.map((folder) => `./${folder}`);
// Its notices name each of their files. What failed is told all the same, with the output of the script that did.
const quiet = ["--loglevel=error", "--foreground-scripts=false"];
const { status } = spawnSync("npm", ["pack", ...packed, ...programs, `--pack-destination=${out}`, ...quiet], {
  cwd: root,
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;
