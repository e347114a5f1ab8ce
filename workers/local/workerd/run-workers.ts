/** Both workers in one workerd, as on Cloudflare: the API is reachable, the consumer only through it and by cron. */

import { createRestarts } from "../processes/supervise.ts";
import { formatLogLine } from "../terminal/console-lines.ts";
import { createArchiveService } from "./archive-folder.ts";
import { bundleEdge, type Compatibility, type WorkerBundles } from "./bundle.ts";
import { createDemoService } from "./demo-service.ts";
import { createHostNamesService, type Lookup } from "./host-names.ts";
import { type Pulse, watchPulse } from "./pulse.ts";
import { type Instance, startInstance } from "./runtime-instance.ts";

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
  /** What the workers are told of names. Default: what the system says. */
  readonly lookup?: Lookup;
  /** Of the inspector; 0 takes a free one. Left out: there is none. */
  readonly inspectorPort?: number;
  /** Workers that let nobody answer for so long, ms, are ended and started again. Left out: nobody looks. */
  readonly busyLimitMs?: number;
  /** A line that a worker logged. Default: standard output, warnings and errors to standard error. */
  readonly onLog?: (level: string, message: string) => void;
}

export interface RunningWorkers {
  readonly url: string;
  /** Where debuggers find the workers, `ws://host:port`; null: nowhere. */
  readonly inspectorUrl: string | null;
  /**
   * Runs other code from now on, at the same address. What was under way is cut off; its events are not, they are
   * taken over as after a crash.
   *
   * @throws Error when it does not load; the code from before goes on then
   */
  reload(bundles: WorkerBundles): Promise<void>;
  /**
   * One run of the consumer's cron handler; one that a reload cuts off is done again behind it.
   * @throws Error when the handler fails or workerd is away.
   */
  tick(): Promise<void>;
  /** The same for the janitor's cron. */
  janitor(): Promise<void>;
  /** Kills workerd with SIGKILL, as a machine that dies would, and waits until Miniflare has a new one. Linux only. */
  crash(): Promise<void>;
  dispose(): Promise<void>;
}

export function printLog(level: string, message: string): void {
  const print = level === "error" || level === "warn" ? console.error : console.log;
  print(formatLogLine(message));
}

/**
 * Starts the workers and waits until the API answers. From then on they are kept running: what Miniflare cannot bring
 * back is started anew, on the same port.
 *
 * @throws Error when a bundle does not load or the port is taken
 */
export async function runWorkers(options: RunWorkersOptions): Promise<RunningWorkers> {
  const { compatibility, bindings, archiveDir, onLog = printLog } = options;
  const edge = await bundleEdge();
  const archive = archiveDir === undefined ? null : createArchiveService(archiveDir);
  const hostNames = createHostNamesService(options.lookup);
  const demo = demoOf(bindings);
  // A workerd that comes back later has missed the ticks since then.
  const startedMs = Date.now();
  const start = (port: number, inspectorPort: number | null) => {
    // Told once: what a lost instance says later is about itself.
    let lost = false;
    const onLost = (reason: string) => {
      if (!lost) void comeBack(reason);
      lost = true;
    };
    return startInstance({
      bundles: code.bundles(),
      edge,
      compatibility,
      bindings,
      port,
      archive,
      hostNames,
      demo: demo?.service ?? null,
      startedMs,
      inspectorPort,
      onLog,
      onLost,
    });
  };
  const code = createCode(() => current, options.bundles);
  const end = (instance: Instance) => instance.dispose().catch(() => undefined);
  let current = await start(options.port, options.inspectorPort ?? null);
  const { url, inspectorUrl } = current;
  demo?.setUrl(url);
  const again = () =>
    start(Number(new URL(url).port), inspectorUrl === null ? null : Number(new URL(inspectorUrl).port));
  const restarts = createRestarts("workerd", again, end, (line) => onLog("warn", line));
  const comeBack = async (reason: string) => {
    await end(current);
    current = (await restarts.start(`is gone (${reason})`)) ?? current;
  };

  const pulse =
    options.busyLimitMs === undefined ? null : watchBusy(() => current, options.busyLimitMs, onLog);
  return {
    url,
    inspectorUrl,
    reload: code.reload,
    tick: () => code.runCron("* * * * *"),
    janitor: () => code.runCron(janitorCron),
    crash: () => current.crash(),
    async dispose() {
      pulse?.stop();
      await restarts.stop();
      await end(current);
    },
  };
}

/** The code that runs: who replaces it, and whose work is cut off by that. */
function createCode(current: () => Instance, first: WorkerBundles) {
  let bundles = first;
  /** The newest, and how many there were. */
  let reloading = Promise.resolve();
  let reloads = 0;
  const replace = async (next: WorkerBundles) => {
    try {
      await current().reload(next);
    } catch (error) {
      await current().reload(bundles);
      throw error;
    }
    bundles = next;
  };
  const runCron = async (cron: string): Promise<void> => {
    await reloading.catch(() => undefined);
    const before = reloads;
    try {
      const outcome = await current().runCron(cron);
      if (outcome !== "ok") throw new Error(`the consumer's scheduled handler ended with ${outcome}`);
    } catch (error) {
      if (reloads === before) throw error;
      // A reload cut it off, which is no fault of it: what runs then does it.
      await runCron(cron);
    }
  };
  return {
    bundles: () => bundles,
    reload(next: WorkerBundles): Promise<void> {
      reloads++;
      reloading = replace(next);
      return reloading;
    },
    runCron,
  };
}

/** Ends a workerd that lets nobody answer, as a limit of processor time would; Miniflare starts another. */
function watchBusy(current: () => Instance, limitMs: number, onLog: typeof printLog): Pulse {
  return watchPulse({
    limitMs,
    ask: () => current().pulse(),
    usedMs: () => current().usedMs(),
    async onStuck() {
      onLog(
        "warn",
        `! workerd has let nobody answer for ${limitMs / 1_000} s: a handler or a request keeps its thread busy, an endless loop perhaps. It is ended, as Workers end who uses up their processor time, and started again; an event that does this each time becomes a dead letter.`,
      );
      await current()
        .crash()
        .catch((error: unknown) => onLog("error", `! workerd could not be ended: ${String(error)}`));
    },
  });
}

/** It is made with the bootstrap key, so without one it is not offered: null. */
function demoOf({ BRAIN_API_KEY: key, BRAIN_BOOTSTRAP_KEY: mode }: Readonly<Record<string, string>>) {
  return key === undefined || mode === "off" ? null : createDemoService(key);
}
