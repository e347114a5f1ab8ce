/** Counts what scripts call inside of Redis: MONITOR shows a script, and then each of its commands as `[0 lua]`. */

import { randomUUID } from "node:crypto";
import { createRedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";
import { waitFor } from "../wait-for.ts";

export interface ScriptCalls {
  /** Commands that scripts called during `work` whose keys begin with `prefix`; other tests share the server. */
  countDuring<T>(
    prefix: string,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly commands: number }>;
  /** The scripts that ran during `work` on keys that begin with `prefix`. */
  scriptsDuring(prefix: string, work: () => Promise<unknown>): Promise<readonly RunScript[]>;
  close(): void;
}

/** One run of a script. */
export interface RunScript {
  /** The keys that it named. */
  readonly keys: readonly string[];
  /** The commands that it called, names and arguments. */
  readonly commands: readonly (readonly string[])[];
}

export async function watchScriptCalls(redisUrl: string): Promise<ScriptCalls> {
  const lines: string[] = [];
  const monitor = createRedisConnection({ url: redisUrl });
  const other = createRedisConnection({ url: redisUrl });
  await monitor.stream(
    ["MONITOR"],
    (line) => lines.push(String(line)),
    () => undefined,
  );
  /** All that was done before is in `lines`. */
  const catchUp = async () => {
    const mark = randomUUID();
    await other.send([["ECHO", mark]], plainReply);
    await waitFor(
      "MONITOR shows the mark",
      () => lines.some((line) => line.includes(mark)),
      (isThere) => isThere,
    );
  };
  return {
    async countDuring(prefix, work) {
      await catchUp();
      lines.splice(0);
      const result = await work();
      await catchUp();
      return { result, commands: commandsInScripts(lines, prefix) };
    },
    async scriptsDuring(prefix, work) {
      await catchUp();
      lines.splice(0);
      await work();
      await catchUp();
      return scriptsIn(lines, prefix);
    },
    close() {
      monitor.close();
      other.close();
    },
  };
}

/** Nothing comes between a script and its commands. Pure. */
function scriptsIn(lines: readonly string[], prefix: string): RunScript[] {
  const runs: { readonly keys: readonly string[]; readonly commands: string[][] }[] = [];
  let isOurs = false;
  for (const line of lines) {
    if (/^\S+ \[\d+ lua\] /.test(line)) {
      if (isOurs) runs.at(-1)?.commands.push(wordsOf(line));
      continue;
    }
    isOurs = /\] "eval/i.test(line) && line.includes(`"${prefix}`);
    if (!isOurs) continue;
    const [, , count, ...words] = wordsOf(line);
    runs.push({ keys: words.slice(0, Number(count)), commands: [] });
  }
  return runs;
}

/** The quoted words of a line of MONITOR; escapes stay as they are. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) => word);
}

/** Nothing comes between a script and its commands. Pure. */
export function commandsInScripts(lines: readonly string[], prefix: string): number {
  let isOurs = false;
  let commands = 0;
  for (const line of lines) {
    if (/^\S+ \[\d+ lua\] /.test(line)) commands += isOurs ? 1 : 0;
    else isOurs = /\] "eval/i.test(line) && line.includes(`"${prefix}`);
  }
  return commands;
}
