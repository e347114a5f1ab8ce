import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { EdgeCommand, EdgeMessage } from "./edge-process.ts";

/** One deployment of the workers, in a process of its own. */
export interface Edge {
  readonly url: string;
  /** One cron tick. @throws when workerd dies meanwhile */
  tick(): Promise<void>;
  /** Kills workerd with SIGKILL; fulfilled when there is a new one. */
  crash(): Promise<void>;
  /** Ends workerd and starts another one at the same address, with these settings; fulfilled when it is there. */
  redeploy(bindings: Readonly<Record<string, string>>): Promise<void>;
  /** Stops workerd for this time, ms. What it held goes on afterwards, as if nothing had been. */
  freeze(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** @throws {Error} the workers do not start; with their words */
export async function startEdge(bindings: Readonly<Record<string, string>>, logFile: string): Promise<Edge> {
  const child = fork(fileURLToPath(new URL("edge-process.ts", import.meta.url).href), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    env: { PATH: process.env.PATH ?? "", CHAOS_EDGE: JSON.stringify({ bindings, logFile }) },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  const waiting = new Map<number, (error: string | null) => void>();
  const ready = new Promise<string>((resolve, reject) => {
    child.on("message", (message: EdgeMessage) => {
      if ("url" in message) resolve(message.url);
      else if ("failed" in message) reject(new Error(message.failed));
      else waiting.get(message.id)?.(message.error);
    });
    exited.then(([code]) => {
      reject(new Error(`the workers' process ended with ${code}`));
      for (const answer of waiting.values()) answer("the workers' process has ended");
    });
  });
  let nextId = 0;
  const ask = (action: EdgeCommand["action"], given: Pick<EdgeCommand, "ms" | "bindings"> = {}) =>
    new Promise<void>((resolve, reject) => {
      nextId += 1;
      const id = nextId;
      waiting.set(id, (error) => {
        waiting.delete(id);
        if (error === null) resolve();
        else reject(new Error(error));
      });
      if (child.connected) child.send({ id, action, ...given } satisfies EdgeCommand);
      else waiting.get(id)?.("the workers' process has ended");
    });
  const stop = async () => {
    if (child.connected) child.disconnect();
    const force = setTimeout(() => child.kill("SIGKILL"), 5_000);
    if (child.exitCode === null && child.signalCode === null) await exited;
    clearTimeout(force);
  };
  try {
    const url = await ready;
    return {
      url,
      tick: () => ask("tick"),
      crash: () => ask("crash"),
      redeploy: (bindings) => ask("redeploy", { bindings }),
      freeze: (ms) => ask("freeze", { ms }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
