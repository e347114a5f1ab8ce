/**
 * Servers that belong to this program and must never outlive it.
 *
 * They run in their own process group, so that Ctrl-C in the terminal reaches only us and we stop them in order.
 * Against our own sudden end (SIGKILL) each has a guard: a shell that waits on a pipe from us; when the pipe breaks,
 * it ends the server.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Takes standard output and error; the file of the run before is overwritten. */
  readonly logFile: string;
  readonly stopSignal: "SIGTERM" | "SIGINT";
  /** After this long without an end, SIGKILL. */
  readonly stopTimeoutMs?: number;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Child {
  readonly pid: number;
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
  const { command, args, logFile, stopSignal, stopTimeoutMs = 5000, cwd, uid, gid } = options;
  const log = openSync(logFile, "w", 0o644);
  const child = spawn(command, args, {
    stdio: ["ignore", log, log],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
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
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  let stopping: Promise<void> | null = null;

  const stop = async () => {
    // The guard goes first: once the server is gone its process id may belong to somebody else.
    dismissGuard();
    if (hasExited()) return;
    const gone = once(child, "exit");
    child.kill(stopSignal);
    const force = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    await gone;
    clearTimeout(force);
  };
  return {
    pid,
    hasExited,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** Waits until `isReady` gives true. @throws Error with the end of the log when the server ends or takes too long. */
export async function waitUntilReady(
  name: string,
  child: Child,
  logFile: string,
  isReady: () => Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isReady())) {
    const failure = child.hasExited()
      ? `${name} ended while starting`
      : performance.now() > deadline
        ? `${name} was not ready after ${timeoutMs} ms`
        : null;
    if (failure !== null) {
      await child.stop();
      const tail = (await readFile(logFile, "utf8")).trimEnd().split("\n").slice(-15).join("\n");
      throw new Error(`${failure}. The end of ${logFile}:\n${tail}`);
    }
    await delay(20);
  }
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

/**
 * Ends a server that an earlier run left behind. Its command line must contain all of `marks`; a process id that
 * belongs to something else by now is left alone.
 */
export async function endLeftover(
  pid: number,
  marks: readonly string[],
  signal: "SIGTERM" | "SIGINT",
): Promise<void> {
  const isOurs = async () => {
    const line = await commandLineOf(pid);
    return line !== null && marks.every((mark) => line.includes(mark));
  };
  if (!(await isOurs())) return;
  process.kill(pid, signal);
  for (let round = 0; round < 250; round++) {
    await delay(20);
    if (!(await isOurs())) return;
  }
  process.kill(pid, "SIGKILL");
  while (await isOurs()) await delay(20);
}
