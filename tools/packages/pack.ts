/** `npm run pack -- <folder>`: tarballs of all packages that others install, in a folder. */

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeFolder } from "../../src/governance/make-folder.ts";
import { packages, root } from "./manifest.ts";
import { makePrograms } from "./programs.ts";

const usage = "usage: npm run pack -- <folder for the tarballs>";

/** The folder; the program ends when it is not said, or more is. */
function folderOf(args: readonly string[]): string {
  try {
    const options = { help: { type: "boolean", short: "h" } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [folder, ...others] = positionals;
    if (values.help === true) {
      console.log(usage);
      process.exit(0);
    }
    if (folder !== undefined && others.length === 0) return folder;
    console.error(usage);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  process.exit(2);
}

const out = resolve(folderOf(process.argv.slice(2)));
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
