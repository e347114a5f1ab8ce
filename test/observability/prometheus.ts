/** A real Prometheus, with its tool `promtool`: found, or installed where that is possible. */

import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../../workers/local/ports.ts";
import { startChild, waitUntilReady } from "../../workers/local/processes/child-process.ts";
import { findOrInstall } from "../debian-program.ts";

const howToInstall =
  "The tests of metrics need Prometheus and promtool, and they are not on this machine. Install them (Debian, Ubuntu: " +
  "sudo apt-get install prometheus; macOS: brew install prometheus; elsewhere: https://prometheus.io/download/).";

const findProgram = (name: string) =>
  findOrInstall({ names: [name], debianPackage: "prometheus", howToInstall });

export interface ToolRun {
  /** Exit code. */
  readonly code: number | null;
  /** What it said on both outputs. */
  readonly output: string;
}

/** Runs promtool. @param input for its standard input */
export async function promtool(args: readonly string[], input = ""): Promise<ToolRun> {
  const { status, stdout, stderr } = spawnSync(await findProgram("promtool"), args, {
    input,
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: status, output: `${stdout}${stderr}` };
}

/** A result of an instant query: labels, and the value as Prometheus writes it. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface Target {
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
}

export interface Prometheus {
  readonly url: string;
  /** @throws Error with what Prometheus says of a query that is none */
  query(expression: string): Promise<readonly Series[]>;
  target(): Promise<Target | null>;
  /** How each rule does. */
  rules(): Promise<
    readonly { readonly name: string; readonly health: string; readonly lastError?: string }[]
  >;
  /** Metrics that Prometheus was told of: type, help and unit by name. */
  metadata(): Promise<Readonly<Record<string, readonly { type: string; help: string; unit: string }[]>>>;
  stop(): Promise<void>;
}

/** Scrapes `url` every second with a bearer token. @param rulesFile rules that it evaluates */
export async function startPrometheus(
  url: string,
  token: string,
  rulesFile: string | null = null,
): Promise<Prometheus> {
  const program = await findProgram("prometheus");
  const folder = await mkdtemp(join(tmpdir(), "brain-prometheus-"));
  const { host } = new URL(url);
  const configFile = join(folder, "prometheus.yml");
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: rulesFile === null ? [] : [rulesFile],
    scrape_configs: [
      {
        job_name: "brain",
        authorization: { credentials: token },
        static_configs: [{ targets: [host] }],
      },
    ],
  };
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(config));
  const port = await findFreePort();
  const own = `http://127.0.0.1:${port}`;
  const logFile = join(folder, "prometheus.log");
  const child = await startChild({
    command: program,
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    logFile,
    stopSignal: "SIGTERM",
    cwd: folder,
  });
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${own}${path}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== "success") throw new Error(`Prometheus: ${answer.error}`);
    return answer.data;
  };
  const stop = async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const isReady = () =>
    fetch(`${own}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntilReady("prometheus", child, logFile, isReady).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url: own,
    query: async (expression) => {
      const { result } = await ask<{ result: readonly Series[] }>(
        `/api/v1/query?query=${encodeURIComponent(expression)}`,
      );
      return result;
    },
    target: async () =>
      (await ask<{ activeTargets: readonly Target[] }>("/api/v1/targets")).activeTargets[0] ?? null,
    rules: async () => {
      const { groups } = await ask<{
        groups: readonly { rules: readonly { name: string; health: string; lastError?: string }[] }[];
      }>("/api/v1/rules");
      return groups.flatMap((group) => group.rules);
    },
    metadata: () => ask("/api/v1/metadata"),
    stop,
  };
}
