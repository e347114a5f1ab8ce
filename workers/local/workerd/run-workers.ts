/** Both workers, each in a workerd of its own: the API is reachable, the consumer only through it and by cron. */

import { randomBytes } from "node:crypto";
import { formatLogLine } from "../terminal/console-lines.ts";
import { createArchiveService } from "./archive-folder.ts";
import { bundleEdge, type Compatibility, edgeModule, type WorkerBundles } from "./bundle.ts";
import { createDemoService } from "./demo-service.ts";
import { createHostNamesService, type Lookup } from "./host-names.ts";
import { type KeptInstance, keepInstance } from "./kept-instance.ts";
import type { Modules, Service } from "./runtime-instance.ts";

const minuteCron = "* * * * *";
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
  /** Whether debuggers can look into the workers. Left out: they cannot. */
  readonly inspected?: boolean;
  /** Workers that let nobody answer for so long, ms, are ended and started again. Left out: nobody looks. */
  readonly busyLimitMs?: number;
  /** A line that a worker logged. Default: standard output, warnings and errors to standard error. */
  readonly onLog?: (level: string, message: string) => void;
}

export interface RunningWorkers {
  /** Of the API. */
  readonly url: string;
  /** Of the consumer, which answers nobody but the API. */
  readonly consumerUrl: string;
  /** Where debuggers find each worker, `ws://host:port/{worker}`; none when they were not asked to be inspected. */
  readonly inspectorUrls: readonly string[];
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
  /** Kills both workerd with SIGKILL, as a machine that dies would, and waits until Miniflare has new ones. Linux only. */
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
  const { bundles, compatibility, archiveDir, onLog = printLog } = options;
  const demo = demoOf(options.bindings);
  const modules = createModules(await bundleEdge());
  const shared = {
    compatibility,
    // A workerd that comes back later has missed the ticks since then.
    bindings: { ...options.bindings, HOST_STARTED_AT: String(Date.now()) },
    inspectorPort: options.inspected === true ? 0 : null,
    busyLimitMs: options.busyLimitMs ?? null,
    onLog,
  };
  const services: Record<string, Service> = {
    HOST_NAMES: createHostNamesService(options.lookup),
    ...(archiveDir === undefined ? {} : { ARCHIVE_FOLDER: createArchiveService(archiveDir) }),
  };
  let catchUp = () => {};
  const consumer = await keepInstance({
    ...shared,
    name: "brain-consumer",
    modules: modules.ofConsumer(bundles),
    entrypoint: "linked",
    // Where the processor is short, callers are answered first: what was accepted can wait, and somebody who asks cannot.
    niceness: 5,
    services,
    port: 0,
    onBack: () => catchUp(),
  });
  const api = await keepInstance({
    ...shared,
    name: "brain-api",
    modules: modules.ofApi(bundles),
    entrypoint: "default",
    niceness: 0,
    services: {
      ...services,
      CONSUMER: { host: new URL(consumer.url).host, headers: modules.link },
      ...(demo === null ? {} : { DEMO_WORLD: demo.service }),
    },
    port: options.port,
    onBack: () => undefined,
  }).catch(async (error: unknown) => {
    await consumer.dispose();
    throw error;
  });
  demo?.setUrl(api.url);
  const code = createCode(api, consumer, modules, bundles);
  // What the API handed over meanwhile has reached nobody. A failure shows at the next tick, too.
  catchUp = () => void code.runCron(minuteCron).catch(() => undefined);
  return {
    url: api.url,
    consumerUrl: consumer.url,
    inspectorUrls: [api.inspectorUrl, consumer.inspectorUrl].filter((url) => url !== null),
    reload: (next) => code.reload(next).finally(() => catchUp()),
    tick: () => code.runCron(minuteCron),
    janitor: () => code.runCron(janitorCron),
    crash: async () => void (await Promise.all([api.crash(), consumer.crash()])),
    dispose: async () => void (await Promise.all([api.dispose(), consumer.dispose()])),
  };
}

/** What is started of each worker: the module that stands before it, the worker itself, and its parts. */
function createModules(edge: string) {
  const link = { "brain-link": randomBytes(32).toString("base64url") };
  const before = "brain-main.js";
  const startBehindEdge = `import worker from "./index.js";
import { behindEdge } from "./${edgeModule}";
export default behindEdge(worker);`;
  // Its port is open to all programs of this machine, where on Cloudflare nobody but the API reaches it.
  const startBehindLink = `import worker from "./index.js";
export default worker;
const link = Object.entries(${JSON.stringify(link)});
const isLinked = ({ headers }) => link.every(([name, value]) => headers.get(name) === value);
const refusal = "This worker is reached by the API worker alone.\\n";
export const linked = {
  fetch: (request, env, context) =>
    isLinked(request) ? worker.fetch(request, env, context) : new Response(refusal, { status: 403 }),
};`;
  return {
    /** The headers by which the consumer knows the API. */
    link,
    ofApi: ({ api, apiParts }: WorkerBundles): Modules => ({
      [before]: startBehindEdge,
      [edgeModule]: edge,
      "index.js": api,
      ...apiParts,
    }),
    ofConsumer: ({ consumer, consumerParts }: WorkerBundles): Modules => ({
      [before]: startBehindLink,
      "index.js": consumer,
      ...consumerParts,
    }),
  };
}

/** The code that runs: who replaces it, and whose work is cut off by that. */
function createCode(
  api: KeptInstance,
  consumer: KeptInstance,
  modules: ReturnType<typeof createModules>,
  first: WorkerBundles,
) {
  let bundles = first;
  /** The newest, and how many there were. */
  let reloading = Promise.resolve();
  let reloads = 0;
  const reloadBoth = async (next: WorkerBundles) => {
    const both = [api.reload(modules.ofApi(next)), consumer.reload(modules.ofConsumer(next))];
    const failed = (await Promise.allSettled(both)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  };
  const replace = async (next: WorkerBundles) => {
    try {
      await reloadBoth(next);
    } catch (error) {
      await reloadBoth(bundles);
      throw error;
    }
    bundles = next;
  };
  const runCron = async (cron: string): Promise<void> => {
    await reloading.catch(() => undefined);
    const before = reloads;
    try {
      const outcome = await consumer.runCron(cron);
      if (outcome !== "ok") throw new Error(`the consumer's scheduled handler ended with ${outcome}`);
    } catch (error) {
      if (reloads === before) throw error;
      // A reload cut it off, which is no fault of it: what runs then does it.
      await runCron(cron);
    }
  };
  return {
    reload(next: WorkerBundles): Promise<void> {
      reloads++;
      reloading = replace(next);
      return reloading;
    },
    runCron,
  };
}

/** It is made with the bootstrap key, so without one it is not offered: null. */
function demoOf({ BRAIN_API_KEY: key, BRAIN_BOOTSTRAP_KEY: mode }: Readonly<Record<string, string>>) {
  return key === undefined || mode === "off" ? null : createDemoService(key);
}
