/**
 * Servers that belong to this program and must never outlive it.
 *
 * They run in their own process group, so that Ctrl-C in the terminal reaches only us and we stop them in order.
 * Against our own sudden end (SIGKILL) each has a guard: a shell that waits on a pipe from us; when the pipe breaks,
 * it ends the server.
 */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { readFile, readlink, realpath } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Takes standard output and error; the file of the run before is overwritten, unless `continuesLog`. */
  readonly logFile: string;
  readonly continuesLog?: boolean;
  readonly stopSignal: "SIGTERM" | "SIGINT";
  /** After this long without an end, SIGKILL. */
  readonly stopTimeoutMs?: number;
  readonly cwd?: string;
  /** Beside what this program has. */
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Child {
  readonly pid: number;
  /** How the process ended: a signal or an exit code. */
  readonly exited: Promise<string>;
  /** Whether the process has ended, for whatever reason. */
  hasExited(): boolean;
  /** Ends the process and waits until it is gone. Idempotent. */
  stop(): Promise<void>;
}

/** Ends process `pid` when this program ends without having called the function that is given back. */
export function guardProcess(pid: number, signal: "SIGTERM" | "SIGINT" | "SIGKILL"): () => void {
  const script = `read -r _; kill -${signal.slice(3)} "$1" 2>/dev/null`;
  const guard = spawn("/bin/sh", ["-c", script, "sh", String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => undefined);
  guard.stdin?.on("error", () => undefined);
  guard.unref();
  return () => {
    guard.kill("SIGKILL");
  };
}

/** Starts a server with its guard. @throws Error when the program cannot be run at all. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { command, args, logFile, stopSignal, stopTimeoutMs = 5000, cwd, env, uid, gid } = options;
  const log = openSync(logFile, options.continuesLog ? "a" : "w", 0o644);
  const child = spawn(command, args, {
    stdio: ["ignore", log, log],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  closeSync(log);
  await once(child, "spawn").catch((error: Error) => {
    throw new Error(`cannot run ${command}: ${error.message}`, { cause: error });
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot run ${command}: it has no process id`);
  const dismissGuard = guardProcess(pid, stopSignal);
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      // Its process id may belong to somebody else from now on.
      dismissGuard();
      resolve(signal ?? `exit code ${code}`);
    });
  });
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  let stopping: Promise<void> | null = null;

  const stop = async () => {
    // The guard goes first: once the server is gone its process id may belong to somebody else.
    dismissGuard();
    if (hasExited()) return;
    child.kill(stopSignal);
    const force = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    await exited;
    clearTimeout(force);
  };
  return {
    pid,
    exited,
    hasExited,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** `loading`: it says that it is reading its data, as behind a crash. Whoever stops it then begins anew the next time. */
export type Readiness = boolean | "loading";

/** How long a server may go on loading, ms. */
const loadingLimitMs = 15 * 60_000;

/**
 * Waits until `isReady` gives true. When it throws, waiting is of no use: the server is stopped.
 *
 * @param timeoutMs counted anew while the server says that it is loading
 * @throws Error with the end of the log when the server ends or takes too long
 */
export async function waitUntilReady(
  name: string,
  child: Child,
  logFile: string,
  isReady: () => Promise<Readiness>,
  timeoutMs = 30_000,
): Promise<void> {
  const beganMs = performance.now();
  let deadline = beganMs + timeoutMs;
  const look = async () => {
    try {
      return await isReady();
    } catch (error) {
      await child.stop();
      throw error;
    }
  };
  for (let ready = await look(); ready !== true; ready = await look()) {
    const nowMs = performance.now();
    if (ready === "loading") deadline = Math.min(beganMs + loadingLimitMs, nowMs + timeoutMs);
    const failure = child.hasExited()
      ? `${name} ended while starting`
      : nowMs > deadline
        ? `${name} was ${ready === "loading" ? `still loading after ${loadingLimitMs}` : `not ready after ${timeoutMs}`} ms`
        : null;
    if (failure !== null) {
      await child.stop();
      const tail = (await readFile(logFile, "utf8")).trimEnd().split("\n").slice(-15).join("\n");
      throw new Error(`${failure}. The end of ${logFile}:\n${tail}`);
    }
    await delay(20);
  }
}

/** Name=value of what a running process was started with; none when there is no such process, or elsewhere than on Linux. */
export async function environmentOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  return text.split("\0");
}

/** The command line of a running process, or null when there is none (or the system does not tell). */
export async function commandLineOf(pid: number): Promise<string | null> {
  if (existsSync("/proc/self/cmdline")) {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    } catch {
      return null;
    }
  }
  const ps = spawn("ps", ["-o", "command=", "-p", String(pid)], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  ps.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = await once(ps, "close").catch(() => [1]);
  return code === 0 ? text : null;
}

/** When a process started, in whatever form the system tells it; null when there is none. Tells it from a later one of the same id. */
export async function startOf(pid: number): Promise<string | null> {
  if (existsSync("/proc/self/stat")) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // The name, the second field, may hold anything and ends with the last parenthesis; the start is the 22nd field.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  }
  const { stdout } = await run("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.trim() || null;
}

/** The directory a process works in, links resolved; null when there is no such process or the system does not tell. */
async function directoryOf(pid: number): Promise<string | null> {
  if (existsSync("/proc/self/cwd")) return readlink(`/proc/${pid}/cwd`).catch(() => null);
  const { stdout } = await run("lsof", ["-a", "-d", "cwd", "-p", String(pid), "-Fn"]).catch(() => ({
    stdout: "",
  }));
  return /^n(.+)$/m.exec(stdout)?.[1] ?? null;
}

/** Whether there is a process with this id, of whatever user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Ends a server that an earlier run left behind. It must be that program and work in `folder`; a process id that
 * belongs to something else by now is left alone, also when it is another server of the kind.
 */
export async function endLeftover(
  pid: number,
  program: string,
  folder: string,
  signal: "SIGTERM" | "SIGINT",
): Promise<void> {
  const place = await realpath(folder);
  const isOurs = async () =>
    (await commandLineOf(pid))?.includes(program) === true && (await directoryOf(pid)) === place;
  if (!(await isOurs())) return;
  process.kill(pid, signal);
  for (let round = 0; round < 250; round++) {
    await delay(20);
    if (!(await isOurs())) return;
  }
  process.kill(pid, "SIGKILL");
  while (await isOurs()) await delay(20);
}
