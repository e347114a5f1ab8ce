import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import type { Command } from "commander";
import type { Services } from "../../../../workers/local/services.ts";
import { wholeNumber } from "../../command.ts";
import { CliError, ProgramEndedError, UsageError } from "../../errors.ts";

interface ServicesCommandOptions {
  readonly run?: boolean;
  readonly redisPort?: number;
  readonly postgresPort?: number;
}

const port = wholeNumber(1, 65_535);

/** `charter services`: a Redis and a Postgres of this machine, behind the protocols that are deployed. */
export function addServices(program: Command): void {
  program
    .command("services")
    .argument("[words...]", "with --run: the program and what it is given")
    .description(
      "start Redis and Postgres on this machine, behind the protocols of Upstash and Neon, at the addresses of the last start",
    )
    .option("--redis-port <port>", "where Redis is reached; default: as at the last start", port)
    .option("--postgres-port <port>", "where Postgres is reached; default: as at the last start", port)
    .option("--run", "run a program beside them, on data that is thrown away, and end with its exit code")
    // They are the program's.
    .allowUnknownOption()
    .action((words: string[], options: ServicesCommandOptions) =>
      options.run === true ? runBeside(words, options) : keepOpen(words, options),
    );
}

const variablesOf = ({ neonUrl, upstash }: Services) => ({
  NEON_DATABASE_URL: neonUrl,
  UPSTASH_REDIS_REST_URL: upstash?.url ?? "",
  UPSTASH_REDIS_REST_TOKEN: upstash?.token ?? "",
});

/** @throws {CliError} one of them cannot be started; says what to do */
async function start(
  dataDir: string,
  isKept: boolean,
  { redisPort, postgresPort }: ServicesCommandOptions,
): Promise<Services> {
  const { startServices } = await import("../../../../workers/local/services.ts");
  try {
    return await startServices({
      env: process.env,
      dataDir,
      onProgress: (line) => process.stderr.write(`${line}\n`),
      fsync: isKept,
      keepsRunning: isKept,
      ports: { upstash: redisPort, neon: postgresPort },
    });
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** @throws {ProgramEndedError} the program did not end with 0 */
async function runBeside(
  [program, ...args]: readonly string[],
  options: ServicesCommandOptions,
): Promise<void> {
  if (program === undefined)
    throw new UsageError("--run is for a program: charter services --run vitest run");
  const dataDir = await mkdtemp(join(tmpdir(), "charter-services-"));
  // The program has the terminal, so Ctrl-C reaches it; it ends, and what was started is stopped behind it.
  const stay = () => undefined;
  process.on("SIGINT", stay);
  process.on("SIGTERM", stay);
  try {
    const services = await start(dataDir, false, options);
    try {
      const code = await exitCodeOf(program, args, variablesOf(services));
      if (code !== 0) throw new ProgramEndedError(code);
    } finally {
      await services.stop();
    }
  } finally {
    process.off("SIGINT", stay);
    process.off("SIGTERM", stay);
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** @throws {UsageError} there is no such program */
async function exitCodeOf(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<number> {
  const path = `${resolve("node_modules/.bin")}${delimiter}${process.env.PATH ?? ""}`;
  const child = spawn(program, args, {
    stdio: "inherit",
    env: { ...process.env, ...variables, PATH: path },
    shell: process.platform === "win32",
  });
  return new Promise((ended, failed) => {
    child.on("error", (error) =>
      failed(new UsageError(`${program} cannot be run: ${error.message}`, { cause: error })),
    );
    child.on("exit", (code, signal) => ended(code ?? 128 + (constants.signals[signal ?? "SIGKILL"] ?? 9)));
  });
}

async function keepOpen(words: readonly string[], options: ServicesCommandOptions): Promise<void> {
  if (words.length > 0) throw new UsageError(`"${words.join(" ")}" is nothing here. To run it: --run.`);
  const { lockDataDir, prepareDataDir } = await import("../../../../workers/local/data-dir.ts");
  const dataDir = await prepareDataDir(process.env.BRAIN_DATA_DIR ?? ".brain").catch((error: Error) => {
    throw new UsageError(error.message, { cause: error });
  });
  const unlock = await lockDataDir(dataDir).catch((error: Error) => {
    throw new CliError(error.message, { cause: error });
  });
  const stopped = new Promise<void>((stop) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop());
  });
  try {
    const services = await start(dataDir, true, options);
    for (const [name, value] of Object.entries(variablesOf(services)))
      process.stdout.write(`${name}=${value}\n`);
    process.stderr.write("ready; Ctrl-C stops it\n");
    await stopped;
    await services.stop();
  } finally {
    await unlock();
  }
}
