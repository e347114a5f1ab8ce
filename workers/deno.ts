import {
  type Archive,
  ArchiveLostError,
  ConfigError,
  createDatabase,
  createFolderArchive,
} from "@brain/engine";
import { type Config, parseConfig, tellSettings } from "../src/config.ts";
import { createDailyFiles, type DailyFiles, type FilesScope, rowsOf } from "../src/modules/tasks/files.ts";
import { createDenoFolder } from "./deno-folder.ts";
import { useSocketsWithoutDelay } from "./deno-sockets.ts";
import { janitorCron } from "./host.ts";
import { createProgram, type RequestHost } from "./program.ts";

/*
 * API and consumer in one Deno process or deployment.
 *
 *   deno run --node-modules-dir=manual --unstable-cron --allow-env --allow-net --allow-read=.brain/archive \
 *     --allow-write=.brain/archive workers/deno.ts
 *
 * The daily files of the tasks (`events-YYYY-MM-DD.jsonl`) go to the folder BRAIN_TASK_FILES_DIR, and are not written when
 * it is not set.
 *
 * Old events go to the folder BRAIN_ARCHIVE_DIR, `.brain/archive` when it is not set. Without the right to write there
 * they stay in the record.
 */

/** What is read here beside the configuration of all hosts. */
const ownSettings = ["PORT", "HOST", "BRAIN_ARCHIVE_DIR", "BRAIN_TASK_FILES_DIR"] as const;
const setting = (name: (typeof ownSettings)[number]) => Deno.env.get(name) || null;
const archiveDir = setting("BRAIN_ARCHIVE_DIR") ?? ".brain/archive";
useSocketsWithoutDelay();
const { app, engine } = createProgram(readConfig(), {
  archive: await openArchive(),
  resolve: resolveHost,
  settings: tellSettings(Deno.env.toObject()),
  // On Deno Deploy an isolate begins whenever there is work, and cron comes without one.
  startedMs: Deno.env.has("DENO_DEPLOYMENT_ID") ? null : Date.now(),
});

const taskFiles = await openTaskFiles();

const host: RequestHost = {
  // Deno keeps the process; an error that nobody awaits must not end it.
  waitUntil: (work) => {
    work.catch((error: unknown) => engine.log.error({ error_class: "background" }, String(error)));
  },
  wake: (news) => {
    host.waitUntil(engine.wake(news, handOn));
    const hasTasks = news?.some(({ types }) => types.some((type) => type.startsWith("task.item.")));
    if (hasTasks ?? true) writeTaskFiles("recent");
  },
  startJobs: (names) => host.waitUntil(engine.runJobs(names, handOn)),
  clientAddress: null,
};

/** Nothing limits the calls here but the settings; what is left over goes on with a new budget. */
function handOn(): void {
  host.wake(null);
}

// First of all: who cannot listen must not take leases from who does.
listen(readPort(), setting("HOST") ?? "127.0.0.1");
Deno.cron("tick", "* * * * *", () => engine.cron(handOn));
Deno.cron("janitor", janitorCron, () => {
  writeTaskFiles("all");
  return engine.janitor(handOn);
});
writeTaskFiles("all");
host.waitUntil(engine.cron(handOn));

function readPort(): number {
  const given = setting("PORT") ?? "8787";
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  console.error(`PORT is "${given}", expected a whole number from 0 to 65535.`);
  Deno.exit(1);
}

function listen(port: number, hostname: string): void {
  try {
    Deno.serve({ port, hostname }, (request, { remoteAddr }) =>
      // The address of the connection: a header could say anything.
      app.fetch(request, { ...host, clientAddress: remoteAddr.hostname }),
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    console.error(
      `Port ${port} of ${hostname} is taken by another program. End that, or set PORT to another one.`,
    );
    Deno.exit(1);
  }
}

/** Null: they are not wanted. A folder that may not be used ends the program. */
async function openTaskFiles(): Promise<DailyFiles | null> {
  const folder = setting("BRAIN_TASK_FILES_DIR");
  if (folder === null) return null;
  for (const name of ["read", "write"] as const) {
    if ((await Deno.permissions.query({ name, path: folder })).state === "granted") continue;
    console.error(`BRAIN_TASK_FILES_DIR is set; start with --allow-read=${folder} --allow-write=${folder}.`);
    Deno.exit(1);
  }
  const run = rowsOf(createDatabase(engine.settings.databaseUrl));
  return createDailyFiles(run, createDenoFolder(folder), engine.log, engine.now);
}

/** Rounds wait for each other; what fails is made good by the next one. */
function writeTaskFiles(scope: FilesScope): void {
  const round = taskFiles?.round(scope).catch((error: unknown) => {
    engine.log.error({ scope }, `The files of the tasks were not written: ${String(error)}`);
  });
  if (round !== undefined) host.waitUntil(round);
}

/** A wrong configuration ends the program with a message that names each variable. */
function readConfig(): Config {
  try {
    return parseConfig(Deno.env.toObject(), ownSettings);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

/** All addresses of a name; rejects when it has none. */
async function resolveHost(name: string): Promise<readonly string[]> {
  const found = await Promise.allSettled([Deno.resolveDns(name, "A"), Deno.resolveDns(name, "AAAA")]);
  const addresses = found.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  if (addresses.length === 0) throw new Error(`The name ${name} has no address.`);
  return addresses;
}

/** Null when this program may not write to the folder. */
async function openArchive(): Promise<Archive | null> {
  const { state } = await Deno.permissions.query({ name: "write", path: archiveDir });
  return state === "granted" ? createFolderArchive(writeAt, readFile) : null;
}

async function readFile(name: string): Promise<ReadableStream<Uint8Array> | null> {
  try {
    return (await Deno.open(`${archiveDir}/${name}`, { read: true })).readable;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Cuts the file to `at` bytes, writes there, and returns when it is on the disk. */
async function writeAt(name: string, at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await Deno.mkdir(archiveDir, { recursive: true });
  const file = await Deno.open(`${archiveDir}/${name}`, { create: true, write: true });
  try {
    const { size } = await file.stat();
    if (size < at) throw new ArchiveLostError(`The unfinished file ${name} is gone; it is begun anew.`);
    await file.truncate(at);
    await file.seek(at, Deno.SeekMode.Start);
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(await file.write(rest));
    await file.syncData();
  } finally {
    file.close();
  }
}
