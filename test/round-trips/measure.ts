import { inject, onTestFinished } from "vitest";
import type { PathCost } from "../../src/cli/model/counts.ts";
import type { Places } from "../sandbox.ts";
import { longestChain } from "./chain.ts";
import { type Call, startCountingProxy } from "./counting-proxy.ts";
import { watchScriptCalls } from "./script-calls.ts";

/** Long enough for a call that is made at once to begin while the one before it is held. */
const chainHoldMs = 40;

export interface Meter {
  /** The environment of a system whose calls are counted. */
  env(sandbox: Places): Record<string, string>;
  /** The calls of a piece of work. */
  callsOf(work: () => Promise<unknown>): Promise<readonly Call[]>;
  /**
   * What a piece of work costs. It is done three times, each time prepared anew, because a machine that stands still for a
   * moment makes calls that run side by side look like a chain; nothing makes a chain look shorter.
   */
  costOf(prepare: () => Promise<unknown>, work: () => Promise<unknown>): Promise<PathCost>;
}

/** Counts until the test ends. @param holdMs 0 where only the number of calls matters */
export async function createMeter(holdMs = chainHoldMs): Promise<Meter> {
  const { upstash, neonUrl, redisUrl } = inject("services");
  const proxy = await startCountingProxy({ redisUrl: upstash.url, neonUrl }, holdMs);
  onTestFinished(() => proxy.close());
  const scripts = await watchScriptCalls(redisUrl);
  onTestFinished(() => scripts.close());
  let prefix = "";
  const callsOf = async (work: () => Promise<unknown>) => {
    proxy.clear();
    await work();
    return [...proxy.calls];
  };
  return {
    env: (sandbox) => {
      prefix = sandbox.prefix;
      const database = new URL(sandbox.neonUrl);
      database.host = new URL(proxy.url).host;
      return { NEON_DATABASE_URL: database.href, UPSTASH_REDIS_REST_URL: proxy.url };
    },
    callsOf,
    async costOf(prepare, work) {
      const costs: PathCost[] = [];
      for (let time = 0; time < 3; time += 1) {
        await prepare();
        const { result: calls, commands } = await scripts.countDuring(prefix, () => callsOf(work));
        costs.push(toCost(calls, commands));
      }
      const [least] = costs.toSorted((a, b) => a.chain - b.chain);
      if (least === undefined) throw new Error("Nothing was measured.");
      return least;
    },
  };
}

function toCost(calls: readonly Call[], commandsInScripts: number): PathCost {
  // What comes over HTTP as one request commits with it.
  const commit = calls.findLast(
    ({ what, session }) => /\bCOMMIT\b/.test(what) || (session === null && what.includes("claim_batch(")),
  );
  const sum = (to: Call["to"]) =>
    calls.filter((call) => call.to === to).reduce((total, { count }) => total + count, 0);
  const untilEffect = commit === undefined ? [] : calls.filter(({ endMs }) => endMs <= commit.endMs);
  return {
    chain: longestChain(calls).length,
    toEffect: commit === undefined ? null : longestChain(untilEffect).length,
    calls: calls.length,
    redisCommands: sum("redis"),
    commandsInScripts,
    statements: sum("postgres"),
  };
}
