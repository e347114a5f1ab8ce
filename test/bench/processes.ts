import { readFile } from "node:fs/promises";

/** What the processes of a stack use. Linux only: elsewhere all of it is unknown, NaN. */
export interface Usage {
  /** Processor time so far, ms. */
  readonly cpuMs: number;
  /** Resident memory, bytes. */
  readonly memory: number;
}

/** Linux counts in these; `getconf CLK_TCK` says 100 everywhere. */
const ticksPerSecond = 100;

/** Of the children of process `pid` whose command line has the word. */
export async function usageOf(pid: number, word: string): Promise<Usage> {
  if (process.platform !== "linux") return { cpuMs: Number.NaN, memory: Number.NaN };
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  let [cpuMs, memory] = [0, 0];
  for (const child of children.trim().split(" ").filter(Boolean)) {
    const read = (file: string) => readFile(`/proc/${child}/${file}`, "utf8").catch(() => "");
    if (!(await read("cmdline")).includes(word)) continue;
    const stat = await read("stat");
    // Behind the name, which may hold anything, the times are the 12th and 13th field.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    cpuMs += ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
    memory += Number(/^VmRSS:\s+(\d+)/m.exec(await read("status"))?.[1] ?? 0) * 1_024;
  }
  return { cpuMs, memory };
}
