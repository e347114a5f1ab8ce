import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { guardProcess } from "../../workers/local/processes/child-process.ts";
import { type Compatibility, root } from "../../workers/local/workerd/bundle.ts";

/*
 * Workerd alone with both workers. Miniflare, which starts it everywhere else, spends several times as long on a start as
 * the workers do, mostly with writing down their code for workerd.
 */

/** A worker's modules by name; `index.js` is the main one. */
export type Modules = Readonly<Record<string, string>>;

export interface WorkerdFiles {
  /** Starts the workers. Resolves when they listen. */
  start(): Promise<RunningWorkerd>;
  remove(): Promise<void>;
}

export interface RunningWorkerd {
  /** Of the API. */
  readonly url: string;
  /** From the beginning of the process until it listened. */
  readonly ms: number;
  /** Processor time until then, ms; Linux only, NaN elsewhere. */
  readonly cpuMs: number;
  stop(): Promise<void>;
}

/** Writes down what workerd is to run. */
export async function writeWorkerd(
  workers: { readonly api: Modules; readonly consumer: Modules },
  { date, flags }: Compatibility,
  bindings: Readonly<Record<string, string>>,
): Promise<WorkerdFiles> {
  const folder = await mkdtemp(join(tmpdir(), "brain-workerd-"));
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  for (const [worker, modules] of Object.entries(workers))
    for (const [name, text] of Object.entries(modules)) await write(`${worker}-${name}`, text);
  const text = JSON.stringify;
  const list = (items: readonly string[]) => `[${items.join(", ")}]`;
  const moduleOf = (worker: string) => (name: string) =>
    `(name = ${text(name)}, esModule = embed ${text(`${worker}-${name}`)})`;
  const workerOf = (worker: "api" | "consumer", more: readonly string[]) => {
    // The first one is the main one.
    const names = ["index.js", ...Object.keys(workers[worker]).filter((name) => name !== "index.js")];
    const texts = Object.entries(bindings).map(
      ([name, value]) => `(name = ${text(name)}, text = ${text(value)})`,
    );
    return `(modules = ${list(names.map(moduleOf(worker)))}, bindings = ${list([...texts, ...more])},
  compatibilityDate = ${text(date)}, compatibilityFlags = ${list(flags.map((flag) => text(flag)))})`;
  };
  await write(
    "config.capnp",
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "api", worker = ${workerOf("api", [`(name = "CONSUMER", service = "consumer")`])}),
    (name = "consumer", worker = ${workerOf("consumer", [])}),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "api")],
);
`,
  );
  return {
    start: () => startWorkerd(join(folder, "config.capnp")),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function startWorkerd(config: string): Promise<RunningWorkerd> {
  const startedMs = performance.now();
  const child = spawn(join(root, "node_modules/.bin/workerd"), ["serve", config, "--control-fd=3"], {
    // The course of the payment is nobody's, which the factory says out loud.
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const said: string[] = [];
  child.stderr?.on("data", (chunk) => said.push(String(chunk)));
  const control = child.stdio[3] as Readable;
  const [line] = await Promise.race([once(control, "data"), exited.then(() => [null])]);
  const ms = performance.now() - startedMs;
  if (line === null || child.pid === undefined) throw new Error(`workerd did not start: ${said.join("")}`);
  const dismiss = guardProcess(child.pid, "SIGKILL");
  const { port } = JSON.parse(String(line)) as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    ms,
    cpuMs: await exactCpuMs(child.pid),
    async stop() {
      dismiss();
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Of all threads, from what the scheduler counts in nanoseconds: a start is short. */
async function exactCpuMs(pid: number): Promise<number> {
  if (process.platform !== "linux") return Number.NaN;
  const threads = await readdir(`/proc/${pid}/task`);
  const times = threads.map(async (thread) => {
    const [nanoseconds = ""] = (await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")).split(" ");
    return Number(nanoseconds) / 1e6;
  });
  return (await Promise.all(times)).reduce((sum, ms) => sum + ms, 0);
}
