/** One workerd with one worker in it, as on Cloudflare, where workers share no thread. */

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { getPriority, setPriority } from "node:os";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Log, LogLevel, Miniflare, MiniflareCoreError } from "miniflare";
import { environmentOf, guardProcess } from "../processes/child-process.ts";
import type { Compatibility } from "./bundle.ts";
import { createLifetime } from "./lifetime.ts";
import { GIVE_UP_MS, watchEnds } from "./watch-ends.ts";

/** Answers what a worker asks of a binding: this program, or a server with the headers that it is sent. */
export type Service =
  | ((request: Request) => Promise<Response>)
  | { readonly host: string; readonly headers: Readonly<Record<string, string>> };

/** By name; the first is the one that is started. */
export type Modules = Readonly<Record<string, string>>;

export interface InstanceOptions {
  /** Of the worker. */
  readonly name: string;
  readonly modules: Modules;
  /** Which export of the first module the port leads to. */
  readonly entrypoint: string;
  readonly compatibility: Compatibility;
  readonly bindings: Readonly<Record<string, string>>;
  /** What answers its service bindings. */
  readonly services: Readonly<Record<string, Service>>;
  /** 0 takes a free one. */
  readonly port: number;
  /** Of the inspector; 0 takes a free one; null: there is none. */
  readonly inspectorPort: number | null;
  /** How far workerd stands back behind other programs when the processor is short, 0 to 19. Linux only. */
  readonly niceness: number;
  readonly onLog: (level: string, message: string) => void;
  /** Miniflare has brought back a workerd that ended. */
  readonly onRestart: () => void;
  /** Workerd ended, and Miniflare could not bring it back: this instance is of no use any more. */
  readonly onLost: (reason: string) => void;
}

export interface Instance {
  readonly url: string;
  /** Where debuggers find the worker, `ws://host:port/{name}`; null: nowhere. */
  readonly inspectorUrl: string | null;
  /**
   * Runs other code, at the same address. What was under way is cut off.
   *
   * @throws Error when it does not load; then nothing runs, until other code is given or this is disposed
   */
  reload(modules: Modules): Promise<void>;
  /** Kills workerd with SIGKILL and waits until Miniflare has a new one. Linux only. */
  crash(): Promise<void>;
  /** Fulfilled when workerd lets the worker answer. */
  pulse(): Promise<unknown>;
  /** Processor time that workerd has used, ms; 0 where nobody tells (elsewhere than on Linux). */
  usedMs(): Promise<number>;
  /**
   * Runs the worker's handler of a cron.
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

/** Tells in the environment of a workerd whose it is. */
const markVariable = "BRAIN_LOCAL_INSTANCE";

/** The process ids of the children of this program with this mark. Only Linux tells them; elsewhere there are none. */
async function processesOf(mark: string): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  const ids = children.trim().split(" ").filter(Boolean).map(Number);
  const environments = await Promise.all(ids.map(environmentOf));
  return ids.filter((_, index) => environments[index]?.includes(`${markVariable}=${mark}`));
}

/** Of user and system, ms; 0 for a process that has ended. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function processorTimeOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name before may hold blanks. A tick is 10 ms.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
}

/**
 * As modules of one folder that is nowhere. Those behind the first are in the order of their size, because Miniflare
 * copies all that it has written down so far for each one that follows.
 */
function modulesOf(modules: Modules) {
  const modulesRoot = "/worker";
  const [first, ...others] = Object.entries(modules);
  others.sort(([, one], [, other]) => one.length - other.length);
  return {
    modulesRoot,
    modules: [...(first === undefined ? [] : [first]), ...others].map(([name, contents]) => ({
      type: "ESModule" as const,
      path: `${modulesRoot}/${name}`,
      contents,
    })),
  };
}

function bindingOf(service: Service) {
  if (typeof service === "function") return service;
  const injectRequestHeaders = Object.entries(service.headers).map(([name, value]) => ({ name, value }));
  return { external: { address: service.host, http: { injectRequestHeaders } } };
}

/** The worker, and beside it what shares its thread and nothing else. */
function workersOf(options: InstanceOptions) {
  const runtime = {
    compatibilityDate: options.compatibility.date,
    compatibilityFlags: [...options.compatibility.flags],
  };
  const services = Object.entries(options.services).map(([name, service]) => [name, bindingOf(service)]);
  return [
    {
      ...runtime,
      ...modulesOf(options.modules),
      name: options.name,
      unsafeInspectorProxy: options.inspectorPort !== null,
      bindings: { ...options.bindings },
      // Past Miniflare's own entry, which lets a request say by headers which worker it goes to.
      unsafeDirectSockets: [{ host: "127.0.0.1", port: options.port, entrypoint: options.entrypoint }],
      serviceBindings: Object.fromEntries(services),
    },
    {
      ...runtime,
      ...modulesOf({ "index.js": "export default { fetch: () => new Response() };" }),
      name: "brain-pulse",
    },
  ];
}

/** One that has ended meanwhile has no priority to set. */
function beNice(pid: number, niceness: number): void {
  try {
    if (niceness !== 0) setPriority(pid, Math.min(19, getPriority() + niceness));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== "uv_os_setpriority") throw error;
  }
}

/** @throws Error when a bundle does not load or the port is taken */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const mark = randomUUID();
  let dismissGuards: (() => void)[] = [];
  /** workerd outlives a killed parent and would keep the port. */
  const guardWorkerd = async () => {
    for (const dismiss of dismissGuards) dismiss();
    const own = await processesOf(mark);
    dismissGuards = own.map((pid) => guardProcess(pid, "SIGKILL"));
    for (const pid of own) beNice(pid, options.niceness);
  };
  let restarts = 0;
  let isReady = false;
  const lifetime = createLifetime();
  const ends = watchEnds((error) => {
    lifetime.end(error);
    if (isReady) options.onLost(error.message);
  });
  const log = new LossLog(options.onLost);
  const configure = (modules: Modules, port: number) => ({
    host: "127.0.0.1",
    port: 0,
    ...(options.inspectorPort === null ? {} : { inspectorPort: options.inspectorPort }),
    // Without this Miniflare asks the network what request.cf should look like.
    cf: false,
    // At Miniflare's own entry, which no request from outside comes through.
    unsafeTriggerHandlers: true,
    unsafeRuntimeEnv: { [markVariable]: mark },
    log,
    handleRuntimeStdio: (output: Readable) => ends.started(output),
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) =>
      options.onLog(level, message),
    unsafeHandleRuntimeRestart: async () => {
      await guardWorkerd();
      restarts++;
      options.onRestart();
    },
    workers: workersOf({ ...options, modules, port }),
  });
  const miniflare = withoutSignalHandlers(() => new Miniflare(configure(options.modules, options.port)));
  const dispose = async () => {
    for (const dismiss of dismissGuards) dismiss();
    ends.stop();
    try {
      await Promise.race([miniflare.dispose(), delay(GIVE_UP_MS, undefined, { ref: false })]);
    } finally {
      ends.stop();
      lifetime.end(new Error("workerd was stopped"));
    }
  };
  let url: URL;
  let inspectorUrl: string | null = null;
  try {
    await lifetime.during(miniflare.ready);
    if (options.inspectorPort !== null)
      inspectorUrl = new URL(options.name, await miniflare.getInspectorURL()).href;
    url = await miniflare.unsafeGetDirectURL(options.name, options.entrypoint);
    await guardWorkerd();
    isReady = true;
  } catch (error) {
    await dispose().catch(() => undefined);
    throw error;
  }
  /**
   * Past its port. A worker as Miniflare hands it out is asked synchronously, and one that never answers would stop this
   * program, too.
   */
  const askWorker = (name: string, path: string) =>
    lifetime.during(
      miniflare.dispatchFetch(`http://localhost${path}`, { headers: { "MF-Route-Override": name } }),
    );
  return {
    url: url.origin,
    inspectorUrl,
    pulse: async () => (await askWorker("brain-pulse", "/")).arrayBuffer(),
    async usedMs() {
      const used = await Promise.all((await processesOf(mark)).map(processorTimeOf));
      return used.reduce((sum, ms) => sum + ms, 0);
    },
    async runCron(cron) {
      const path = `/cdn-cgi/handler/scheduled?format=json&cron=${encodeURIComponent(cron)}`;
      const answer = await askWorker(options.name, path);
      return ((await answer.json()) as { readonly outcome: string }).outcome;
    },
    async reload(modules) {
      await lifetime.during(miniflare.setOptions(configure(modules, Number(url.port))));
      await guardWorkerd();
    },
    async crash() {
      const restartsBefore = restarts;
      const own = await processesOf(mark);
      if (own.length === 0) throw new Error("there is no workerd process to kill");
      for (const pid of own) process.kill(pid, "SIGKILL");
      for (let waitedMs = 0; restarts === restartsBefore; waitedMs += 20) {
        if (waitedMs > 10_000) throw new Error("Miniflare did not start a new workerd within 10 s");
        await delay(20);
      }
      await lifetime.during(miniflare.ready);
    },
    dispose,
  };
}
