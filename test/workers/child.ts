import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, readlink } from "node:fs/promises";
import { compiledCode } from "../compiled-code.ts";
import { waitFor } from "../wait-for.ts";

/** A program under test, with all it printed. */
export interface Child {
  readonly pid: number;
  /** Standard output and error, in the order they came. */
  output(): string;
  /** Waits for text in the output. @throws {Error} the program ended before, or the time is over; tells the output */
  until(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  signal(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** How it ended: exit code, or the signal's name. */
  ended(timeoutMs: number): Promise<number | string>;
  /** Ends it at once if it still runs. */
  kill(): Promise<void>;
}

/** Where a program starts, and as whom; default: as the test itself. */
export interface ChildPlace {
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Starts a program in a process group of its own, with exactly this environment besides PATH, HOME and the folder of
 * compiled code.
 */
export function startChild(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  place: ChildPlace = {},
): Child {
  const { PATH = "", HOME = "" } = process.env;
  const child: ChildProcess = spawn(command, args, {
    ...place,
    env: { PATH, HOME, ...compiledCode, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot run ${command}`);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const closed = once(child, "close");
  const outcome = () => child.exitCode ?? child.signalCode;
  return {
    pid,
    output: () => output,
    async until(pattern, timeoutMs) {
      await waitFor(
        `output like ${pattern}`,
        () => ({ output, ended: outcome() }),
        (seen) => pattern.test(seen.output) || seen.ended !== null,
        { timeoutMs },
      );
      const found = pattern.exec(output);
      if (found === null)
        throw new Error(`ended with ${outcome()} before ${pattern}; it printed:\n${output}`);
      return found;
    },
    signal(signal) {
      child.kill(signal);
    },
    async ended(timeoutMs) {
      const seen = await waitFor(
        "the end of the program",
        () => ({ ended: outcome(), output: output.slice(-2_000) }),
        ({ ended }) => ended !== null,
        { timeoutMs },
      );
      // Its pipes may hold more than was read yet.
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1_000))]);
      return seen.ended ?? "nothing";
    },
    async kill() {
      if (outcome() !== null) return;
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** False for what has ended and waits for its parent to notice. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The state follows the name, which stands in parentheses and may hold anything.
  const state = stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  return state !== "" && state !== "Z";
}

/**
 * The running processes that belong to a start: those that have its data directory in their environment or command
 * line, or work in it (redis-server overwrites the other two). Unlike a look at parents it also finds those that lost theirs. Linux only.
 */
export async function processesOf(dataDir: string): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const name of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    if (pid === process.pid || !(await isRunning(pid))) continue;
    const read = (file: string) => readFile(`/proc/${name}/${file}`, "utf8").catch(() => "");
    const directory = await readlink(`/proc/${name}/cwd`).catch(() => "");
    const [command, environment] = await Promise.all([read("cmdline"), read("environ")]);
    if (`${command}\0${environment}\0${directory}`.includes(dataDir)) {
      found.push({ pid, command: command.replaceAll("\0", " ").slice(0, 200) });
    }
  }
  return found;
}
