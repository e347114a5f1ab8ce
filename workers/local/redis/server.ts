/** A real `redis-server` of our own: free port, append-only file in the data directory. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { makeFolder } from "../../../src/governance/files/make-folder.ts";
import { findFreePort } from "../ports.ts";
import { endLeftover, startChild, waitUntilReady } from "../processes/child-process.ts";
import { keepRunning } from "../processes/supervise.ts";
import { createRedisConnection } from "./connection.ts";
import { plainReply, RedisReplyError } from "./resp.ts";

const run = promisify(execFile);

export interface RedisServerOptions {
  readonly dataDir: string;
  readonly onProgress: (line: string) => void;
  /** True: when it ends unasked it is started again, on the same port and data. */
  readonly keepsRunning?: boolean;
}

export interface RunningServer {
  readonly url: string;
  readonly version: string;
  /** Of the server process that runs now; for tests that stop it the hard way. */
  readonly pid: number;
  stop(): Promise<void>;
}

function findOnPath(program: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/bin", "/opt/homebrew/bin"];
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file)) ?? null;
}

/** Installs Debian's package, without its service: the policy file tells the package not to start one. */
async function installOnDebian(onProgress: (line: string) => void): Promise<void> {
  onProgress("installing redis-server with apt-get (not found on this machine)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const policy = "/usr/sbin/policy-rc.d";
  const ownPolicy = !existsSync(policy);
  if (ownPolicy) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await run("apt-get", ["update"], { env });
    await run("apt-get", ["install", "-y", "--no-install-recommends", "redis-server"], { env });
  } finally {
    if (ownPolicy) await rm(policy, { force: true });
  }
}

const howToInstall =
  "redis-server was not found. Install it (Debian, Ubuntu: sudo apt-get install redis-server; " +
  "macOS: brew install redis; Fedora: sudo dnf install redis), or set REDIS_URL to a running Redis 7 or newer, " +
  "or set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.";

async function findRedisServer(onProgress: (line: string) => void): Promise<string> {
  const found = findOnPath("redis-server");
  if (found) return found;
  if (process.getuid?.() === 0 && existsSync("/etc/debian_version") && findOnPath("apt-get")) {
    await installOnDebian(onProgress).catch((error: Error) => {
      throw new Error(`${howToInstall} The installation with apt-get failed: ${error.message}`, {
        cause: error,
      });
    });
    const installed = findOnPath("redis-server");
    if (installed) return installed;
  }
  throw new Error(howToInstall);
}

async function endLeftoverRedis(pidFile: string, folder: string): Promise<void> {
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).trim());
  if (pid > 0) await endLeftover(pid, "redis-server", folder, "SIGTERM");
  await rm(pidFile, { force: true });
}

/** Starts Redis and waits until it answers. @throws Error that says what to install or set. */
export async function startRedis(options: RedisServerOptions): Promise<RunningServer> {
  const program = await findRedisServer(options.onProgress);
  const { dataDir, onProgress, keepsRunning = false } = options;
  const folder = join(dataDir, "redis");
  makeFolder(folder);
  const pidFile = join(folder, "redis.pid");
  await endLeftoverRedis(pidFile, folder);

  const port = await findFreePort();
  const url = `redis://127.0.0.1:${port}`;
  const logFile = join(dataDir, "redis.log");
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    dir: folder,
    appendonly: "yes",
    appendfsync: "everysec",
    save: "",
    daemonize: "no",
    loglevel: "notice",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  let version = "";
  const launch = async (continuesLog: boolean) => {
    const child = await startChild({
      command: program,
      args,
      logFile,
      continuesLog,
      stopSignal: "SIGTERM",
      cwd: folder,
    });
    await writeFile(pidFile, String(child.pid));
    const probe = createRedisConnection({ url, connectTimeoutMs: 500, commandTimeoutMs: 2000 });
    try {
      await waitUntilReady("redis-server", child, logFile, async () => {
        try {
          const [ping, info] = await probe.send([["PING"], ["INFO", "server"]], plainReply);
          version = /redis_version:(\S+)/.exec(String(info))?.[1] ?? "";
          if (ping instanceof RedisReplyError && ping.message.startsWith("LOADING ")) return "loading";
          return ping === "PONG";
        } catch {
          return false;
        }
      });
    } finally {
      probe.close();
    }
    return child;
  };
  const child = await launch(false);
  const kept = keepsRunning ? keepRunning("redis-server", child, () => launch(true), onProgress) : null;
  return {
    url,
    version,
    get pid() {
      return kept?.pid() ?? child.pid;
    },
    async stop() {
      await (kept ?? child).stop();
      await rm(pidFile, { force: true });
    },
  };
}
