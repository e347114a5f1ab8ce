import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { commandLineOf } from "../../workers/local/processes/child-process.ts";
import { bundleWorkers, readCompatibility } from "../../workers/local/workerd/bundle.ts";
import { runWorkers } from "../../workers/local/workerd/run-workers.ts";

/*
 * One deployment of the workers, in a process of its own: two of them side by side are two places on the network, and
 * each finds its own workerd among its children. Does what its parent tells it, and ends when the parent lets go.
 */

/** What the parent asks for. */
export interface EdgeCommand {
  readonly id: number;
  /** `freeze` stops workerd for `ms` and lets it go on, as a machine that swaps or a VM that is moved. */
  readonly action: "tick" | "crash" | "freeze" | "redeploy";
  readonly ms?: number;
  /** Of a redeploy: what is set otherwise from then on. */
  readonly bindings?: Readonly<Record<string, string>>;
}

export type EdgeMessage =
  | { readonly url: string }
  | { readonly failed: string }
  | { readonly id: number; readonly error: string | null };

interface EdgeSettings {
  readonly bindings: Readonly<Record<string, string>>;
  readonly logFile: string;
}

const settings = JSON.parse(process.env.CHAOS_EDGE ?? "{}") as EdgeSettings;
const tell = (message: EdgeMessage) => {
  // A parent that has let go needs no answer.
  if (process.connected) process.send?.(message);
};
// Ctrl-C is the parent's to handle; it lets go of us then.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);

async function workerdIds(): Promise<number[]> {
  const text = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").catch(() => "");
  const ids = text.trim().split(" ").filter(Boolean).map(Number);
  const lines = await Promise.all(ids.map(commandLineOf));
  return ids.filter((_, index) => lines[index]?.includes("workerd"));
}

/**
 * By a process of its own: a call into workerd that is under way may block this one until workerd answers, and then
 * nobody here could wake it.
 */
async function freeze(ms: number): Promise<void> {
  const ids = (await workerdIds()).join(" ");
  if (ids === "") return;
  const script = `kill -STOP ${ids}; sleep ${(ms / 1_000).toFixed(3)}; kill -CONT ${ids}`;
  const shell = spawn("sh", ["-c", script], { stdio: "ignore" });
  await once(shell, "exit");
}

async function main(): Promise<void> {
  const log = createWriteStream(settings.logFile);
  const worker = fileURLToPath(new URL("worker.ts", import.meta.url).href);
  const bundles = await bundleWorkers({ api: worker, consumer: worker });
  const compatibility = await readCompatibility();
  let { bindings } = settings;
  const start = (port: number) =>
    runWorkers({
      bundles,
      compatibility,
      port,
      bindings,
      onLog: (_level, message) => void log.write(`${message}\n`),
    });
  let workers = await start(0);
  process.once("disconnect", async () => {
    await workers.dispose();
    process.exit(0);
  });
  let redeployed = Promise.resolve();
  let crashing: Promise<void> | null = null;
  const crash = () => {
    crashing ??= redeployed
      .then(() => workers.crash())
      .finally(() => {
        crashing = null;
      });
    return crashing;
  };
  const redeploy = (changed: EdgeSettings["bindings"]) => {
    redeployed = Promise.all([redeployed, crashing]).then(async () => {
      bindings = { ...bindings, ...changed };
      const port = Number(new URL(workers.url).port);
      await workers.dispose();
      workers = await start(port);
    });
    return redeployed;
  };
  const obey = ({ action, ms = 0, bindings: changed = {} }: EdgeCommand): Promise<void> => {
    switch (action) {
      case "tick":
        return workers.tick();
      case "crash":
        return crash();
      case "freeze":
        return freeze(ms);
      case "redeploy":
        return redeploy(changed);
    }
  };
  process.on("message", (command: EdgeCommand) => {
    const { id } = command;
    obey(command).then(
      () => tell({ id, error: null }),
      (error: unknown) => tell({ id, error: String(error) }),
    );
  });
  tell({ url: workers.url });
}

main().catch((error: unknown) => {
  tell({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
});
