/** Both workers in one workerd, as on Cloudflare: the API is reachable, the consumer only through it and by cron. */

import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Log, LogLevel, Miniflare } from "miniflare";
import { createArchiveService } from "./archive-folder.ts";
import type { Compatibility, WorkerBundles } from "./bundle.ts";
import { commandLineOf, guardProcess } from "./child-process.ts";
import { formatLogLine } from "./console-lines.ts";

/** As `wrangler.toml` says it; the consumer tells its crons apart by this text. */
const janitorCron = "17 * * * *";

export interface RunWorkersOptions {
  readonly bundles: WorkerBundles;
  readonly compatibility: Compatibility;
  /** Environment of both workers. */
  readonly bindings: Readonly<Record<string, string>>;
  /** 0 takes a free port. */
  readonly port: number;
  /** Folder of the archive; left out: the workers have none. */
  readonly archiveDir?: string;
  /** A line that a worker logged. Default: standard output, warnings and errors to standard error. */
  readonly onLog?: (level: string, message: string) => void;
}

export interface RunningWorkers {
  readonly url: string;
  /**
   * One run of the consumer's cron handler.
   * @throws Error when the handler fails or workerd is away.
   */
  tick(): Promise<void>;
  /** The same for the janitor's cron. */
  janitor(): Promise<void>;
  /** Kills workerd with SIGKILL, as a machine that dies would, and waits until Miniflare has a new one. Linux only. */
  crash(): Promise<void>;
  dispose(): Promise<void>;
}

function printLog(level: string, message: string): void {
  const print = level === "error" || level === "warn" ? console.error : console.log;
  print(formatLogLine(message));
}

/**
 * Miniflare ends the whole program at SIGINT and SIGTERM. Who started it decides about that, so its handlers go;
 * the one for `exit`, which kills workerd, stays.
 */
function withoutSignalHandlers<T>(create: () => T): T {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const created = create();
  for (const signal of signals) {
    for (const listener of process.listeners(signal)) {
      if (!before.get(signal)?.includes(listener)) process.off(signal, listener);
    }
  }
  return created;
}

/** The process ids of this program's own workerd processes. Only Linux tells them; elsewhere there are none. */
async function workerdProcesses(): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  const ids = children.trim().split(" ").filter(Boolean).map(Number);
  const lines = await Promise.all(ids.map(commandLineOf));
  return ids.filter((_, index) => lines[index]?.includes("workerd"));
}

/** Starts the workers and waits until the API answers. @throws Error when a bundle does not load or the port is taken. */
export async function runWorkers(options: RunWorkersOptions): Promise<RunningWorkers> {
  const { bundles, compatibility, bindings, port, archiveDir, onLog = printLog } = options;
  const archive = archiveDir === undefined ? {} : { ARCHIVE_FOLDER: createArchiveService(archiveDir) };
  const shared = {
    modules: true as const,
    compatibilityDate: compatibility.date,
    compatibilityFlags: [...compatibility.flags],
    bindings: { ...bindings },
  };
  const knownProcesses = await workerdProcesses();
  const ownProcesses = async () => (await workerdProcesses()).filter((pid) => !knownProcesses.includes(pid));
  let dismissGuards: (() => void)[] = [];
  /** workerd outlives a killed parent and would keep the port. */
  const guardWorkerd = async () => {
    for (const dismiss of dismissGuards) dismiss();
    dismissGuards = (await ownProcesses()).map((pid) => guardProcess(pid, "SIGKILL"));
  };
  let restarts = 0;
  const miniflare = withoutSignalHandlers(
    () =>
      new Miniflare({
        host: "127.0.0.1",
        port,
        // Without this Miniflare asks the network what request.cf should look like.
        cf: false,
        log: new Log(LogLevel.ERROR),
        handleStructuredLogs: ({ level, message }: { level: string; message: string }) =>
          onLog(level, message),
        unsafeHandleRuntimeRestart: async () => {
          await guardWorkerd();
          restarts++;
        },
        workers: [
          {
            ...shared,
            name: "brain-api",
            script: bundles.api,
            serviceBindings: { CONSUMER: "brain-consumer", ...archive },
          },
          { ...shared, name: "brain-consumer", script: bundles.consumer, serviceBindings: archive },
        ],
      }),
  );
  let url: URL;
  try {
    url = await miniflare.ready;
    await guardWorkerd();
  } catch (error) {
    await miniflare.dispose().catch(() => undefined);
    throw error;
  }

  const runCron = async (cron: string) => {
    const consumer = await miniflare.getWorker("brain-consumer");
    const { outcome } = await consumer.scheduled({ cron, scheduledTime: new Date() });
    if (outcome !== "ok") throw new Error(`the consumer's scheduled handler ended with ${outcome}`);
  };
  return {
    url: url.origin,
    tick: () => runCron("* * * * *"),
    janitor: () => runCron(janitorCron),
    async crash() {
      const restartsBefore = restarts;
      const own = await ownProcesses();
      if (own.length === 0) throw new Error("there is no workerd process to kill");
      for (const pid of own) process.kill(pid, "SIGKILL");
      for (let waitedMs = 0; restarts === restartsBefore; waitedMs += 20) {
        if (waitedMs > 10_000) throw new Error("Miniflare did not start a new workerd within 10 s");
        await delay(20);
      }
      await miniflare.ready;
    },
    async dispose() {
      for (const dismiss of dismissGuards) dismiss();
      await miniflare.dispose();
    },
  };
}

export interface TickLoop {
  /** No further tick; waits for the one that runs, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Fires `tick` at once and then every `intervalMs`, one at a time: a tick that is due while one runs is left out.
 * A failing tick goes to `onError` and the next one comes all the same, as with Cloudflare's cron.
 */
export function startTickLoop(
  tick: () => Promise<void>,
  intervalMs: number,
  onError: (error: unknown) => void,
): TickLoop {
  let running: Promise<void> | null = null;
  const fire = () => {
    running ??= tick()
      .catch(onError)
      .finally(() => {
        running = null;
      });
  };
  fire();
  const timer = setInterval(fire, intervalMs);
  return {
    async stop(graceMs) {
      clearInterval(timer);
      if (running) await Promise.race([running, delay(graceMs)]);
    },
  };
}
