/** The directory that keeps data between runs: one program at a time, secrets readable by their owner only. */

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { commandLineOf } from "./child-process.ts";

/** Creates the directory when needed and gives its absolute path. */
export async function prepareDataDir(path: string): Promise<string> {
  const absolute = resolve(path);
  await mkdir(absolute, { recursive: true });
  // Postgres runs as its own user when we are root, and must be able to pass through to its folder.
  if (process.getuid?.() === 0) await chmod(absolute, 0o755);
  return absolute;
}

/** A generated secret that is the same in every run with this directory. */
export function readOrCreateSecret(dataDir: string, name: string, prefix = ""): Promise<string> {
  return readOrCreate(join(dataDir, name), () => prefix + randomBytes(24).toString("base64url"));
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
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const secret = create();
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

/** Another start uses the same data directory. */
export class DataDirInUseError extends Error {
  override readonly name = "DataDirInUseError";
}

/**
 * Takes the directory for this process; gives the function that lets it go. A lock left by a process that is gone
 * (or whose id now belongs to something that is not Node) is taken over.
 *
 * @throws DataDirInUseError when a running process holds it.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, "lock");
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: "wx" });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number((await readFile(file, "utf8").catch(() => "")).trim());
    const commandLine = holder > 0 && holder !== process.pid ? await commandLineOf(holder) : null;
    if (commandLine?.includes("node")) {
      throw new DataDirInUseError(
        `the data directory ${dataDir} is in use by process ${holder} (${commandLine.trim()}). ` +
          "Stop it first, or set BRAIN_DATA_DIR to another directory.",
      );
    }
    await rm(file, { force: true });
  }
}
