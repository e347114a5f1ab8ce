/** Whom PostgreSQL runs as: it refuses root. */

import { execFile } from "node:child_process";
import { chmod, chown, lchown, readdir, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A user without rights of its own, other than root. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

async function lookUp(name: string): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}

async function createPostgresUser(): Promise<void> {
  const create = ["--system", "--gid", "postgres", "--no-create-home", "--shell", "/usr/sbin/nologin"];
  await run("groupadd", ["--system", "--force", "postgres"]);
  await run("useradd", [...create, "postgres"]);
}

/** @throws Error when the system has no name for us, as in a container that runs under any number: initdb wants one */
function checkOwnName(): void {
  try {
    userInfo();
  } catch (error) {
    throw new Error(
      `PostgreSQL wants a user with a name, and uid ${process.getuid?.()} has none on this machine. ` +
        "Run as one that stands in /etc/passwd, as root, or set DATABASE_URL to a running PostgreSQL 15 or newer.",
      { cause: error },
    );
  }
}

/**
 * Null when this program is not root: then everything runs as whoever started it. As root it is the system's user
 * `postgres`, made when missing, or, where no user can be made, `nobody`.
 */
export async function findAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) {
    checkOwnName();
    return null;
  }
  const known = await lookUp("postgres");
  if (known !== null) return known;
  const failure: unknown = await createPostgresUser().then(
    () => null,
    (error: unknown) => error,
  );
  const account = (await lookUp("postgres")) ?? (await lookUp("nobody"));
  if (account !== null && account.uid !== 0) return account;
  throw new Error(
    `PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody (${String(failure)}). ` +
      "Make one, run as another user than root, or set DATABASE_URL to a running PostgreSQL 15 or newer.",
  );
}

/** The folder itself comes last: when this is cut short, the next start sees that it is not done. */
async function giveTo(account: Account, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await giveTo(account, path);
    else await lchown(path, account.uid, account.gid);
  }
  await chown(folder, account.uid, account.gid);
}

/**
 * Makes `folder` one that PostgreSQL accepts as its own: it wants to be the owner, alone. It may come from a copy that
 * kept neither owner nor mode, or from a run as somebody else.
 *
 * @throws Error that says whose it is, when it cannot be had
 */
export async function ownFolder(folder: string, account: Account | null): Promise<void> {
  const { uid } = await stat(folder);
  const wanted = account?.uid ?? process.getuid?.() ?? uid;
  if (uid !== wanted && account === null) {
    throw new Error(
      `${folder} belongs to another user (uid ${uid}), probably from a start as root. ` +
        `Give it to yourself (sudo chown -R ${wanted} ${quoteForShell(join(folder, ".."))}), ` +
        "or set BRAIN_DATA_DIR to another directory.",
    );
  }
  if (uid !== wanted && account !== null) {
    await giveTo(account, folder).catch((error: Error) => {
      throw new Error(
        `${folder} cannot be given to the user ${account.name} (${error.message}). ` +
          "Run as another user than root, or set DATABASE_URL to a running PostgreSQL 15 or newer.",
        { cause: error },
      );
    });
  }
  await chmod(folder, 0o700);
}

function quoteForShell(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
