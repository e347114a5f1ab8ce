/** Programs that tests need and npm does not bring: found, or installed where that is possible. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Program {
  /** Names that it has on the path, the first one that is there is taken. */
  readonly names: readonly string[];
  /** Where it may be beside the path. */
  readonly elsewhere?: readonly string[];
  /** Path that somebody has named. */
  readonly named?: string | undefined;
  /** Debian's package. */
  readonly debianPackage: string;
  /** Who needs it, and how it is installed by hand. */
  readonly howToInstall: string;
}

function find({ names, elsewhere = [], named }: Program): string | null {
  if (named !== undefined && named !== "") return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...elsewhere].find((file) => existsSync(file)) ?? null;
}

/** @throws Error that says how to install it */
export async function findOrInstall(program: Program): Promise<string> {
  const found = find(program);
  if (found !== null) return found;
  const { debianPackage, howToInstall } = program;
  if (process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    try {
      await install(debianPackage);
    } catch (error) {
      throw new Error(`${howToInstall} The installation with apt-get failed.`, { cause: error });
    }
    const installed = find(program);
    if (installed !== null) return installed;
  }
  throw new Error(howToInstall);
}

/** Without its service: the policy file tells the package not to start one. */
async function install(debianPackage: string): Promise<void> {
  const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, maxBuffer: 2 ** 24 };
  const policy = "/usr/sbin/policy-rc.d";
  const ownPolicy = !existsSync(policy);
  if (ownPolicy) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    // Another program may be installing at this moment: wait for it.
    const wait = ["-o", "DPkg::Lock::Timeout=120"];
    await run("apt-get", [...wait, "update"], options);
    await run("apt-get", [...wait, "install", "-y", "--no-install-recommends", debianPackage], options);
  } finally {
    if (ownPolicy) await rm(policy, { force: true });
  }
}
