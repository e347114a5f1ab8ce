import { readFile } from "node:fs/promises";

/*
 * Reads profiles of V8's sampling profiler, as Deno and Node write them. One is of the thread that runs JavaScript; what
 * other threads do (sockets, digests) is in the processor time of the process, and not there.
 */

/** https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Microseconds. */
  readonly startTime: number;
  readonly samples: readonly number[];
  /** Between each sample and the one before it, microseconds. */
  readonly timeDeltas: readonly number[];
}

/** Time spent in one function itself, without what it called. */
export interface SelfTime {
  readonly name: string;
  /** Empty for what the runtime has in it. */
  readonly url: string;
  /** The first is 1. */
  readonly line: number;
  readonly ms: number;
}

/** The clock of the profiles, which is that of the system since its start, microseconds. */
export const profileClockUs = () => Number(process.hrtime.bigint() / 1_000n);

/** @param span from and to, by `profileClockUs` */
export async function readSelfTimes(
  file: string,
  [fromUs, toUs]: readonly [number, number],
): Promise<SelfTime[]> {
  const { nodes, samples, timeDeltas, startTime } = JSON.parse(await readFile(file, "utf8")) as Profile;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, SelfTime>();
  let atUs = startTime;
  for (const [index, sample] of samples.entries()) {
    atUs += timeDeltas[index] ?? 0;
    const frame = frames.get(sample);
    if (frame === undefined || atUs < fromUs || atUs > toUs) continue;
    const { functionName: name, url, lineNumber } = frame;
    const key = `${name} ${url} ${lineNumber}`;
    // What was seen lasts until the next look.
    const ms = (timeDeltas[index + 1] ?? 0) / 1_000 + (times.get(key)?.ms ?? 0);
    times.set(key, { name, url, line: lineNumber + 1, ms });
  }
  return [...times.values()];
}

const garbage = "(garbage collector)";
const waiting = "(idle)";

/** Of what a function is part: a package, a part of this project, the runtime. Null: nothing is done. */
export function ownerOf({ name, url }: SelfTime): string | null {
  if (name === waiting) return null;
  if (name === garbage) return "garbage collection";
  const installed = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1];
  if (installed !== undefined) return installed;
  if (/\/src\/engine\//.test(url)) return "our engine";
  if (/\/(src|workers)\//.test(url)) return `ours: ${/\/((?:src|workers)\/[^/]+)\//.exec(url)?.[1] ?? "src"}`;
  if (/\/schemas\//.test(url)) return "ours: schemas";
  if (/\/test\/bench\//.test(url)) return "the benchmark's own handlers";
  return url === "" ? "runtime, native functions" : "runtime, JavaScript";
}

/** Where a function stands, as short as it is clear. Lines of TypeScript are left out: those of Deno are not those of the source. */
export function placeOf({ url, line }: SelfTime): string {
  if (url === "") return "runtime";
  const path =
    /\/node_modules\/(?!.*\/node_modules\/)(.*)$/.exec(url)?.[1] ??
    /\/((?:src|workers|schemas|test)\/.*)$/.exec(url)?.[1] ??
    url;
  return path.endsWith(".ts") ? path : `${path}:${line}`;
}
