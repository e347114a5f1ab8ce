/** `npm run pack -- <folder>`: tarballs of all packages that others install, in a folder. */

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { makeFolder } from "../../src/governance/make-folder.ts";
import { root } from "./manifest.ts";
import { makePrograms } from "./programs.ts";

const [given, ...others] = process.argv.slice(2);
if (given === undefined || others.length > 0) {
  console.error("usage: npm run pack -- <folder for the tarballs>");
  process.exit(2);
}
const out = resolve(given);
makeFolder(out);
const programs = await makePrograms();
const packed = ["schemas", "src/engine"].map((folder) => `./${folder}`);
const { status } = spawnSync("npm", ["pack", ...packed, ...programs, `--pack-destination=${out}`], {
  cwd: root,
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;
