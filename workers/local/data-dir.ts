/** The directory that keeps data between runs: one program at a time, secrets readable by their owner only. */

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { access, constants, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeFolder } from "../../src/governance/files/make-folder.ts";
import { commandLineOf, startOf } from "./processes/child-process.ts";

/**
 * Creates the directory when needed and gives its absolute path, links resolved.
 *
 * @throws Error that says what to do when it cannot be made, or belongs to somebody else
 */
export async function prepareDataDir(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    makeFolder(absolute);
    await access(absolute, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      `the data directory ${absolute} cannot be used (${code}). Expected one that this user may make, ` +
        "read and write. Give it to the user who starts this (it may be left from a start as root), or set BRAIN_DATA_DIR to another directory.",
      { cause: error },
    );
  }
  return realpath(absolute);
}

/** A generated secret that is the same in every run with this directory. */
export function readOrCreateSecret(dataDir: string, name: string, prefix = ""): Promise<string> {
  return readOrCreate(join(dataDir, name), () => prefix + randomBytes(24).toString("base64url"));
}

/** 32 random bytes in base64 that are the same in every run with this directory. */
export function readOrCreateKey(dataDir: string, name: string): Promise<string> {
  return readOrCreate(join(dataDir, name), () => randomBytes(32).toString("base64"));
}

/** An Ed25519 private key, PKCS #8 in base64, that is the same in every run with this directory. */
export function readOrCreateSigningKey(dataDir: string, name: string): Promise<string> {
  return readOrCreate(join(dataDir, name), () =>
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
  );
}

async function readOrCreate(file: string, create: () => string): Promise<string> {
  try {
    const known = (await readFile(file, "utf8")).trim();
    if (known !== "") return known;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(file, error);
  }
  const secret = create();
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

/**
 * Leaves the address and the key of the server that runs on this data for `charter`, readable by their owner only.
 * Gives the function that takes them away again.
 *
 * @param key null: it is switched off
 */
export async function announceServer(
  dataDir: string,
  url: string,
  key: string | null,
): Promise<() => Promise<void>> {
  const file = join(dataDir, "server.json");
  await rm(file, { force: true });
  await writeFile(file, `${JSON.stringify({ url, key, pid: process.pid })}\n`, { mode: 0o600 });
  return () => rm(file, { force: true });
}

function unreadable(file: string, cause: unknown): Error {
  return new Error(
    `${file} cannot be read (${(cause as NodeJS.ErrnoException).code}). It may be left from a start as root: ` +
      "give it to the user who starts this, or set BRAIN_DATA_DIR to another directory.",
    { cause },
  );
}

/** Another start uses the same data directory. */
export class DataDirInUseError extends Error {
  override readonly name = "DataDirInUseError";
}

/**
 * Who holds a lock, as it stands in the file: a process id, and when that process started. The id alone is not enough:
 * after a restart of the machine or the container it belongs to somebody else.
 */
async function describeHolder(pid: number): Promise<string> {
  return `${pid} ${(await startOf(pid)) ?? ""}`.trim();
}

/** Whether the process that wrote `text` into the lock still runs. */
async function isHeld(text: string): Promise<number | null> {
  const pid = Number(text.split(" ", 1)[0]);
  if (!(pid > 0)) return null;
  if (text.includes(" ")) return text === (await describeHolder(pid)) ? pid : null;
  // Written by an earlier version.
  const commandLine = pid === process.pid ? null : await commandLineOf(pid);
  return commandLine?.includes("workers/local/main.ts") ? pid : null;
}

/**
 * Takes the directory for this process; gives the function that lets it go. A lock left by a process that is gone is
 * taken over.
 *
 * @throws DataDirInUseError when a running process holds it.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, "lock");
  for (;;) {
    try {
      await writeFile(file, await describeHolder(process.pid), { flag: "wx" });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = await isHeld((await readFile(file, "utf8").catch(() => "")).trim());
    if (holder !== null) {
      throw new DataDirInUseError(
        `the data directory ${dataDir} is in use by process ${holder} (${(await commandLineOf(holder))?.trim()}). ` +
          "Stop it first, or set BRAIN_DATA_DIR to another directory.",
      );
    }
    await rm(file, { force: true });
  }
}
