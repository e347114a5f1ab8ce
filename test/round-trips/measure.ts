import { inject, onTestFinished } from "vitest";
import type { Sandbox } from "../sandbox.ts";
import { longestChain } from "./chain.ts";
import { type Call, startCountingProxy } from "./counting-proxy.ts";

/** What one piece of work costs over the network. All numbers are exact: none is a time. */
export interface Cost {
  /** Calls one after the other, until all was done. */
  readonly chain: number;
  /** The same until the transaction of the effect was committed; null where there is none. */
  readonly toEffect: number | null;
  readonly calls: number;
  /** As Upstash bills them: each command of a pipeline, a script as one. */
  readonly redisCommands: number;
  readonly statements: number;
}

/** Long enough for a call that is made at once to begin while the one before it is held. */
const chainHoldMs = 40;

export interface Meter {
  /** The environment of a system whose calls are counted. */
  env(sandbox: Sandbox): Record<string, string>;
  /** The calls of a piece of work. */
  callsOf(work: () => Promise<unknown>): Promise<readonly Call[]>;
  /**
   * What a piece of work costs. It is done three times, each time prepared anew, because a machine that stands still for a
   * moment makes calls that run side by side look like a chain; nothing makes a chain look shorter.
   */
  costOf(prepare: () => Promise<unknown>, work: () => Promise<unknown>): Promise<Cost>;
}

/** Counts until the test ends. @param holdMs 0 where only the number of calls matters */
export async function createMeter(holdMs = chainHoldMs): Promise<Meter> {
  const { upstash, neonUrl } = inject("services");
  const proxy = await startCountingProxy({ redisUrl: upstash.url, neonUrl }, holdMs);
  onTestFinished(() => proxy.close());
  const callsOf = async (work: () => Promise<unknown>) => {
    proxy.clear();
    await work();
    return [...proxy.calls];
  };
  return {
    env: (sandbox) => {
      const database = new URL(sandbox.neonUrl);
      database.host = new URL(proxy.url).host;
      return { NEON_DATABASE_URL: database.href, UPSTASH_REDIS_REST_URL: proxy.url };
    },
    callsOf,
    async costOf(prepare, work) {
      const costs: Cost[] = [];
      for (let time = 0; time < 3; time += 1) {
        await prepare();
        costs.push(toCost(await callsOf(work)));
      }
      const [least] = costs.toSorted((a, b) => a.chain - b.chain);
      if (least === undefined) throw new Error("Nothing was measured.");
      return least;
    },
  };
}

function toCost(calls: readonly Call[]): Cost {
  const commit = calls.findLast(({ what }) => /\bCOMMIT\b/.test(what));
  const sum = (to: Call["to"]) =>
    calls.filter((call) => call.to === to).reduce((total, { count }) => total + count, 0);
  const untilEffect = commit === undefined ? [] : calls.filter(({ endMs }) => endMs <= commit.endMs);
  return {
    chain: longestChain(calls).length,
    toEffect: commit === undefined ? null : longestChain(untilEffect).length,
    calls: calls.length,
    redisCommands: sum("redis"),
    statements: sum("postgres"),
  };
}
