/**
 * `npm start`: everything the project needs on this machine, then the workers, then a tick a minute.
 * With `--services` only the services and their gateways, for other programs to use; with `--watch` a change of the
 * source reaches the workers at once.
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeUnknownSetting } from "@brain/engine";
import {
  announceServer,
  lockDataDir,
  prepareDataDir,
  readOrCreateKey,
  readOrCreateSecret,
  readOrCreateSigningKey,
} from "./data-dir.ts";
import { migrate } from "./migrate.ts";
import { findFreePort, isPortFree } from "./ports.ts";
import { StopSteps } from "./processes/stop-steps.ts";
import { createReload, watchSource } from "./reload/reload.ts";
import { type Services, startServices } from "./services.ts";
import { readStartOptions, type StartOptions } from "./start-options.ts";
import { type StripeStandIn, startStripeStandIn } from "./stripe/stand-in.ts";
import { type ReadyLine, showReadyLine } from "./terminal/ready-line.ts";
import { startTickLoop } from "./tick-loop.ts";
import { bundleWorkers, readCompatibility, type WorkerBundles } from "./workerd/bundle.ts";
import { printLog, type RunningWorkers, runWorkers } from "./workerd/run-workers.ts";
import { createTaskFiles } from "./workerd/task-files.ts";
import { serviceVariables, workerBindings } from "./workerd/worker-bindings.ts";

/** What hangs ends by it; a slow machine under load takes ten seconds. Who has no patience sends a second signal. */
const STOP_LIMIT_MS = 60_000;
/** npm and the terminal both deliver one Ctrl-C; only a later signal means "at once". */
const SAME_SIGNAL_MS = 500;
/** As long as Workers let a request use the processor when nothing else is set. */
const BUSY_LIMIT_MS = 30_000;
/** The first tick and the first visit of the janitor print; a long backlog does not keep anybody waiting for the address, ms. */
const FIRST_WORK_MS = 5_000;
const flags = ["--services", "--watch"];

/** The start was interrupted by a signal. */
class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

let readyLine: ReadyLine | null = null;

function say(line: string): void {
  console.log(line);
  readyLine?.pushed(false);
}

function complain(line: string): void {
  console.error(line);
  readyLine?.pushed(true);
}

const stopSteps = new StopSteps();
let localServices: Services | null = null;

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

let firstSignalAt: number | null = null;
let started = false;

function checkInterrupted(): void {
  if (firstSignalAt !== null) throw new InterruptedError("interrupted");
}

async function stopAndExit(exitCode: number): Promise<never> {
  readyLine?.stop();
  setTimeout(() => {
    const what = localServices?.stopping() ?? stopSteps.current;
    console.error(
      `not everything stopped within ${STOP_LIMIT_MS} ms (still waiting for ${what}), ending anyway`,
    );
    process.exit(1);
  }, STOP_LIMIT_MS).unref();
  for (const failure of await stopSteps.run()) console.error(`while stopping: ${describe(failure)}`);
  process.exit(exitCode);
}

function onStopSignal(): void {
  if (firstSignalAt !== null) {
    // What is still running is ended by the guards of child-process.ts.
    if (performance.now() - firstSignalAt > SAME_SIGNAL_MS) process.exit(130);
    return;
  }
  firstSignalAt = performance.now();
  readyLine?.stop();
  say("stopping (once more to stop at once)");
  // Before the start is through, the step that runs now ends first and then finds the signal.
  if (started) void stopAndExit(0).then(() => undefined);
}

function printVariables(services: Services): void {
  const direct = { REDIS_URL: services.redisUrl, DATABASE_URL: services.databaseUrl };
  for (const [name, value] of Object.entries({ ...serviceVariables(services), ...direct })) {
    if (value !== null) say(`  ${name}=${value}`);
  }
}

/** Checks what can be checked without starting anything, so that a second start by mistake changes nothing. */
async function prepare(options: StartOptions, needsPort: boolean): Promise<string> {
  if (needsPort && options.port !== 0 && !(await isPortFree(options.port))) {
    throw new Error(
      `port ${options.port} is in use, perhaps by another npm start. Stop that one, or set PORT to another port.`,
    );
  }
  const dataDir = await prepareDataDir(options.dataDir);
  stopSteps.push("the lock of the data directory", await lockDataDir(dataDir));
  return dataDir;
}

async function startBackend(options: StartOptions, dataDir: string): Promise<Services> {
  const services = await startServices({
    env: options.services,
    dataDir,
    onProgress: say,
    keepsRunning: true,
    limitsRole: true,
  });
  localServices = services;
  stopSteps.push("the services", () => services.stop());
  checkInterrupted();
  await migrate(services.migrationUrl);
  say("✓ migrations applied");
  checkInterrupted();
  return services;
}

/** Where payments can be tried out; null when Stripe itself is used. */
async function startStripe(options: StartOptions, dataDir: string): Promise<LocalStripe | null> {
  if (options.passedOn.STRIPE_SECRET_KEY !== undefined) return null;
  const secretKey = await readOrCreateSecret(dataDir, "stripe-key", "sk_test_");
  const webhookSecret = await readOrCreateSecret(dataDir, "stripe-webhook-secret", "whsec_");
  const standIn = await startStripeStandIn({ secretKey, webhookSecret });
  stopSteps.push("the Stripe stand-in", () => standIn.close());
  say(`✓ Stripe stand-in on ${new URL(standIn.url).host}, no money moves`);
  return {
    standIn,
    variables: {
      STRIPE_API_URL: standIn.url,
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_WEBHOOK_SECRET: webhookSecret,
      PAYCORE_SUCCESS_URL: `${standIn.url}/thanks`,
      PAYCORE_CANCEL_URL: `${standIn.url}/given-up`,
    },
  };
}

interface LocalStripe {
  readonly standIn: StripeStandIn;
  readonly variables: Readonly<Record<string, string>>;
}

/** Writes them once more when the workers have ended and the services have not. */
function startTaskFiles(
  { taskFilesDir, tickMs, janitorMs }: StartOptions,
  services: Services,
  dataDir: string,
) {
  const files = createTaskFiles(services.neonUrl, taskFilesDir ?? join(dataDir, "task-events"), showLog);
  // A database of somebody else may sleep while nothing happens.
  const isOurs = new URL(services.neonUrl).hostname === "127.0.0.1";
  let allSince = Number.NEGATIVE_INFINITY;
  const write = async () => {
    const now = performance.now();
    const isAllDue = now - allSince >= janitorMs;
    await files.round(isAllDue ? "all" : "recent");
    if (isAllDue) allSince = now;
  };
  const failed = (error: unknown) => complain(`the files of the tasks were not written: ${describe(error)}`);
  const loop = startTickLoop(write, isOurs ? tickMs : janitorMs, failed);
  stopSteps.push("the files of the tasks", async () => {
    await loop.stop(2000);
    await Promise.race([files.round("recent").catch(failed), delay(2000)]);
  });
}

function showLog(level: string, message: string): void {
  printLog(level, message);
  readyLine?.pushed(level === "warn" || level === "error");
}

async function startWorkers(
  options: StartOptions,
  services: Services,
  dataDir: string,
  apiKey: string,
  watches: boolean,
): Promise<RunningWorkers> {
  const [bundles, compatibility] = await Promise.all([bundleWorkers(), readCompatibility()]);
  say("✓ workers bundled");
  const stripe = await startStripe(options, dataDir);
  startTaskFiles(options, services, dataDir);
  // Chosen here and not by workerd, because the workers are told their own address.
  const port = options.port === 0 ? await findFreePort() : options.port;
  const workers = await runWorkers({
    bundles,
    compatibility,
    bindings: workerBindings({
      options,
      services,
      port,
      apiKey,
      certificateKey: await readOrCreateSigningKey(dataDir, "certificate-key"),
      secretsKey: await readOrCreateKey(dataDir, "secrets-key"),
      stripe: stripe?.variables ?? {},
    }),
    port,
    archiveDir: join(dataDir, "archive"),
    inspected: true,
    busyLimitMs: BUSY_LIMIT_MS,
    onLog: showLog,
  });
  stopSteps.push("workerd", () => workers.dispose());
  stripe?.standIn.setEndpoint(`${workers.url}/api/paycore/webhooks/stripe`);
  say(`✓ workers brain-api and brain-consumer in workerd, a tick every ${options.tickMs / 1000} s`);
  if (watches) watchForChanges(bundles, workers, services);
  await startTicks(options, workers);
  return workers;
}

/** Gives the first ones time to come to their end, as what they print would hide the address. */
async function startTicks(options: StartOptions, workers: RunningWorkers): Promise<void> {
  const loops = [
    startTickLoop(workers.tick, options.tickMs, (error) => complain(`tick failed: ${describe(error)}`)),
    startTickLoop(workers.janitor, options.janitorMs, (error) =>
      complain(`janitor failed: ${describe(error)}`),
    ),
  ];
  for (const loop of loops) stopSteps.push("a tick", () => loop.stop(2000));
  await Promise.race([Promise.all(loops.map((loop) => loop.first)), delay(FIRST_WORK_MS)]);
}

function watchForChanges(bundles: WorkerBundles, { reload }: RunningWorkers, services: Services): void {
  const watch = watchSource(
    createReload({ bundles, reload, migrate: () => migrate(services.migrationUrl), say, complain }),
  );
  stopSteps.push("the watch of the source", () => watch.stop());
  say("✓ watching src, schemas, workers and migrations");
}

async function main(): Promise<void> {
  const unknown = process.argv.slice(2).find((flag) => !flags.includes(flag));
  if (unknown !== undefined) throw new Error(`${unknown} is not known, expected ${flags.join(" or ")}.`);
  const onlyServices = process.argv.includes("--services");
  const options = readStartOptions(process.env);
  for (const setting of options.unknown) console.error(`! ${describeUnknownSetting(setting)}`);
  const dataDir = await prepare(options, !onlyServices);
  checkInterrupted();
  const services = await startBackend(options, dataDir);
  if (onlyServices) {
    printVariables(services);
    say("ready");
  } else {
    const apiKey = options.apiKey ?? (await readOrCreateSecret(dataDir, "api-key", "brain_key_"));
    const watches = process.argv.includes("--watch");
    const { url, inspectorUrls } = await startWorkers(options, services, dataDir, apiKey, watches);
    checkInterrupted();
    printVariables(services);
    say(`  inspector ${inspectorUrls.join(" and ")} (chrome://inspect)`);
    // A key that was given is whoever gave it's to hand on.
    const isOff = options.passedOn.BRAIN_BOOTSTRAP_KEY === "off";
    if (options.apiKey === null) {
      stopSteps.push("the note of the address", await announceServer(dataDir, url, isOff ? null : apiKey));
    }
    // Behind the "#" it is sent to nobody; the page fills it in.
    say(`  console   ${url}/${isOff ? "" : `sign-in#key=${apiKey}`}`);
    const opens = isOff ? "API keys only (BRAIN_BOOTSTRAP_KEY=off)" : `key ${apiKey}`;
    readyLine = showReadyLine(`ready  ${url}  ${opens}`, (line) => console.log(line));
  }
  started = true;
  if (firstSignalAt !== null) await stopAndExit(0);
}

/** The last resort: what nobody handled is told, and the rest goes on; its data and other clients are not to blame. */
function onUnhandled(error: unknown): void {
  // Nobody reads our output any more; telling it would fail the same way.
  if ((error as NodeJS.ErrnoException | null)?.code === "EPIPE") return;
  console.error(`! an error that nobody handled: ${error instanceof Error ? error.stack : String(error)}`);
}
process.on("uncaughtException", onUnhandled);
process.on("unhandledRejection", onUnhandled);
process.on("SIGINT", onStopSignal);
process.on("SIGTERM", onStopSignal);
// Whoever started us through tools/run.mjs is gone without a signal: nobody is left to stop us.
if (process.connected) process.on("disconnect", onStopSignal);

try {
  await main();
} catch (error) {
  if (error instanceof InterruptedError) await stopAndExit(0);
  console.error(`✗ ${describe(error)}`);
  await stopAndExit(1);
}
