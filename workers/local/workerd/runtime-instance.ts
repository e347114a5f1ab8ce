/** One workerd with the workers in it. */

import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Log, LogLevel, Miniflare, MiniflareCoreError } from "miniflare";
import { commandLineOf, guardProcess } from "../processes/child-process.ts";
import { type Compatibility, edgeModule, type WorkerBundles } from "./bundle.ts";

type ServiceBinding = (request: Request) => Promise<Response>;

export interface InstanceOptions {
  readonly bundles: WorkerBundles;
  /** The module that stands before the API, see `edge.ts`. */
  readonly edge: string;
  readonly compatibility: Compatibility;
  /** Environment of both workers. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Of the API; 0 takes a free one. */
  readonly port: number;
  /** What answers ARCHIVE_FOLDER; null: the workers have no archive. */
  readonly archive: ServiceBinding | null;
  /** What answers HOST_NAMES. */
  readonly hostNames: ServiceBinding;
  /** What answers DEMO_WORLD; null: the workers offer no demo. */
  readonly demo: ServiceBinding | null;
  /** When this program began, Unix ms. */
  readonly startedMs: number;
  /** Of the inspector; 0 takes a free one; null: there is none. */
  readonly inspectorPort: number | null;
  readonly onLog: (level: string, message: string) => void;
  /** Workerd ended, and Miniflare could not bring it back: this instance is of no use any more. */
  readonly onLost: (reason: string) => void;
}

export interface Instance {
  readonly url: string;
  /** Where debuggers find the workers; null: nowhere. */
  readonly inspectorUrl: string | null;
  /**
   * Runs other code, at the same address. What was under way is cut off.
   *
   * @throws Error when it does not load; then nothing runs, until other code is given or this is disposed
   */
  reload(bundles: WorkerBundles): Promise<void>;
  /** Kills workerd with SIGKILL and waits until Miniflare has a new one. Linux only. */
  crash(): Promise<void>;
  /** Fulfilled when workerd lets a worker answer. */
  pulse(): Promise<unknown>;
  /** Processor time that workerd has used, ms; 0 where nobody tells (elsewhere than on Linux). */
  usedMs(): Promise<number>;
  /**
   * Runs the consumer's handler of a cron.
   *
   * @returns how it ended: `ok`, `exception` …
   */
  runCron(cron: string): Promise<string>;
  dispose(): Promise<void>;
}

/** Miniflare restarts workerd once; that it failed it tells nobody but its log. */
class LossLog extends Log {
  readonly #onLost: (reason: string) => void;

  constructor(onLost: (reason: string) => void) {
    super(LogLevel.ERROR);
    this.#onLost = onLost;
  }

  override error(message: Error): void {
    if (message instanceof MiniflareCoreError && message.code === "ERR_RUNTIME_FAILURE") {
      this.#onLost(message.message);
    } else super.error(message);
  }
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

/** Of user and system, ms; 0 for a process that has ended. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function processorTimeOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name before may hold blanks. A tick is 10 ms.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
}

/** A worker and the parts beside it, as modules of one folder that is nowhere. The first is the one that is started. */
function modulesOf(main: string, parts: WorkerBundles["apiParts"] = {}, before: Record<string, string> = {}) {
  const modulesRoot = "/worker";
  const modules = { ...before, "index.js": main, ...parts };
  return {
    modulesRoot,
    modules: Object.entries(modules).map(([name, contents]) => ({
      type: "ESModule" as const,
      path: `${modulesRoot}/${name}`,
      contents,
    })),
  };
}

const startBehindEdge = `import worker from "./index.js";
import { behindEdge } from "./${edgeModule}";
export default behindEdge(worker);`;

/** The API is reached behind its edge only, and the consumer through the API and by cron, as on Cloudflare. */
function workersOf(options: InstanceOptions) {
  const { bundles, edge, compatibility, bindings, port, archive, hostNames, demo, startedMs } = options;
  const inspected = { unsafeInspectorProxy: options.inspectorPort !== null };
  const runtime = {
    compatibilityDate: compatibility.date,
    compatibilityFlags: [...compatibility.flags],
  };
  const services = {
    HOST_NAMES: hostNames,
    ...(archive === null ? {} : { ARCHIVE_FOLDER: archive }),
  };
  const shared = { ...runtime, bindings: { ...bindings, HOST_STARTED_AT: String(startedMs) } };
  return [
    {
      ...shared,
      ...inspected,
      ...modulesOf(bundles.api, bundles.apiParts, {
        "brain-main.js": startBehindEdge,
        [edgeModule]: edge,
      }),
      name: "brain-api",
      // Past Miniflare's own entry, which lets a request say by headers which worker it goes to.
      unsafeDirectSockets: [{ host: "127.0.0.1", port }],
      serviceBindings: {
        CONSUMER: "brain-consumer",
        ...services,
        ...(demo === null ? {} : { DEMO_WORLD: demo }),
      },
    },
    {
      ...shared,
      ...inspected,
      ...modulesOf(bundles.consumer, bundles.consumerParts),
      name: "brain-consumer",
      serviceBindings: services,
    },
    { ...runtime, ...modulesOf("export default { fetch: () => new Response() };"), name: "brain-pulse" },
  ];
}

/** @throws Error when a bundle does not load or the port is taken */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const knownProcesses = await workerdProcesses();
  const ownProcesses = async () => (await workerdProcesses()).filter((pid) => !knownProcesses.includes(pid));
  let dismissGuards: (() => void)[] = [];
  /** workerd outlives a killed parent and would keep the port. */
  const guardWorkerd = async () => {
    for (const dismiss of dismissGuards) dismiss();
    dismissGuards = (await ownProcesses()).map((pid) => guardProcess(pid, "SIGKILL"));
  };
  let restarts = 0;
  const log = new LossLog(options.onLost);
  const configure = (bundles: WorkerBundles, port: number) => ({
    host: "127.0.0.1",
    port: 0,
    ...(options.inspectorPort === null ? {} : { inspectorPort: options.inspectorPort }),
    // Without this Miniflare asks the network what request.cf should look like.
    cf: false,
    // At Miniflare's own entry, which no request from outside comes through.
    unsafeTriggerHandlers: true,
    log,
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) =>
      options.onLog(level, message),
    unsafeHandleRuntimeRestart: async () => {
      await guardWorkerd();
      restarts++;
    },
    workers: workersOf({ ...options, bundles, port }),
  });
  const miniflare = withoutSignalHandlers(() => new Miniflare(configure(options.bundles, options.port)));
  let url: URL;
  let inspectorUrl: string | null = null;
  try {
    await miniflare.ready;
    if (options.inspectorPort !== null) inspectorUrl = (await miniflare.getInspectorURL()).origin;
    url = await miniflare.unsafeGetDirectURL("brain-api");
    await guardWorkerd();
  } catch (error) {
    await miniflare.dispose().catch(() => undefined);
    throw error;
  }
  /**
   * Past the edge. A worker as Miniflare hands it out is asked synchronously, and one that never answers would stop this
   * program, too.
   */
  const askWorker = (name: string, path: string) =>
    miniflare.dispatchFetch(`http://localhost${path}`, { headers: { "MF-Route-Override": name } });
  return {
    url: url.origin,
    inspectorUrl,
    pulse: async () => (await askWorker("brain-pulse", "/")).arrayBuffer(),
    async usedMs() {
      const used = await Promise.all((await ownProcesses()).map(processorTimeOf));
      return used.reduce((sum, ms) => sum + ms, 0);
    },
    async runCron(cron) {
      const path = `/cdn-cgi/handler/scheduled?format=json&cron=${encodeURIComponent(cron)}`;
      const answer = await askWorker("brain-consumer", path);
      return ((await answer.json()) as { readonly outcome: string }).outcome;
    },
    async reload(bundles) {
      await miniflare.setOptions(configure(bundles, Number(url.port)));
      await guardWorkerd();
    },
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
