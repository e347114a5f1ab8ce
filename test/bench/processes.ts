import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { StackOptions } from "./stack.ts";

/** What the processes of a stack use. Linux only: elsewhere all of it is unknown, NaN. */
export interface Usage {
  /** Processor time so far, ms. */
  readonly cpuMs: number;
  /** Resident memory, bytes. */
  readonly memory: number;
  /** Open file handles, sockets among them. */
  readonly handles: number;
}

/** Linux counts in these; `getconf CLK_TCK` says 100 everywhere. */
const ticksPerSecond = 100;

/** Nothing for a process that has ended meanwhile. */
const read = (pid: number, file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");

/** Of one process: its own processor time so far, and that of the children that have ended and were waited for, ms. */
async function timesOf(pid: number): Promise<{ readonly own: number; readonly ended: number }> {
  const stat = await read(pid, "stat");
  // Behind the name, which may hold anything, the times are the 12th to the 15th field.
  const ticks = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15);
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = ticks.map(
    (field) => (Number(field) * 1_000) / ticksPerSecond,
  );
  return { own: user + system, ended: endedUser + endedSystem };
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => read(pid, `task/${thread}/children`)));
  return lists.flatMap((list) => list.trim().split(" ").filter(Boolean).map(Number));
}

/** Of the process alone, all its threads, ms. */
export async function ownCpuMs(pid: number): Promise<number> {
  return process.platform === "linux" ? (await timesOf(pid)).own : Number.NaN;
}

/** Of the process and all that it has started, also what has ended by now, ms. */
async function treeCpuMs(pid: number): Promise<number> {
  const { own, ended } = await timesOf(pid);
  const living = await Promise.all((await childrenOf(pid)).map(treeCpuMs));
  return living.reduce((sum, ms) => sum + ms, own + ended);
}

/** Memory and handles of one process. */
async function heldBy(pid: number): Promise<Omit<Usage, "cpuMs">> {
  const memory = Number(/^VmRSS:\s+(\d+)/m.exec(await read(pid, "status"))?.[1] ?? 0) * 1_024;
  return { memory, handles: (await readdir(`/proc/${pid}/fd`).catch(() => [])).length };
}

/** True when the command runs this program, or a script of this name: an address among its arguments may have the name, too. */
const runs = (commandLine: string, name: string) =>
  commandLine.split("\0").some((argument) => basename(argument).split(" ")[0] === name);

/**
 * Of the children of process `pid` that run the program or script of this name; their processor time is with that of all
 * that they have started. Null: of the process itself, alone.
 */
export async function usageOf(pid: number, name: string | null): Promise<Usage> {
  if (process.platform !== "linux") return { cpuMs: Number.NaN, memory: Number.NaN, handles: Number.NaN };
  if (name === null) return { cpuMs: await ownCpuMs(pid), ...(await heldBy(pid)) };
  let [cpuMs, memory, handles] = [0, 0, 0];
  for (const child of await childrenOf(pid)) {
    if (!runs(await read(child, "cmdline"), name)) continue;
    cpuMs += await treeCpuMs(child);
    const held = await heldBy(child);
    memory += held.memory;
    handles += held.handles;
  }
  return { cpuMs, memory, handles };
}

/** Processor time of each part of a stack so far, ms. */
export interface Times {
  readonly worker: number;
  readonly gateways: number;
  readonly redis: number;
  readonly postgres: number;
}

/** @param pid of the stack */
export async function stackTimes(pid: number, host: StackOptions["host"]): Promise<Times> {
  const [worker, gateways, redis, postgres] = await Promise.all([
    usageOf(pid, host === "deno" ? "deno-host.ts" : "workerd"),
    ownCpuMs(pid),
    usageOf(pid, "redis-server"),
    usageOf(pid, "postgres"),
  ]);
  return { worker: worker.cpuMs, gateways, redis: redis.cpuMs, postgres: postgres.cpuMs };
}
