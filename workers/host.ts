import {
  type Archive,
  type ArchiveBucket,
  ArchiveLostError,
  createBucketArchive,
  createFolderArchive,
  cronTick,
  drainAll,
  relayAll,
  runJanitor,
  runJobsNow,
  type Wake,
} from "@brain/engine";
import type { Hono } from "hono";
import type { Config } from "../src/config.ts";
import type { AppEnv, Host } from "../src/http/host.ts";
import { createProductApp, logProductStart, productConsumers, productJobs } from "../src/product.ts";
import { createSystem, openInvocation, type System } from "../src/runtime.ts";

/*
 * What Cloudflare and Deno have in common: each invocation opens its own world, works within its time, and hands what
 * is left to the next one.
 */

/** An invocation may go on for 30 s after its answer; some of it is kept for finishing. */
const backgroundMs = 25_000;
/** A cron run ends before the next one begins. */
const cronMs = 50_000;
/** What the janitor leaves undone is for its next run. */
const janitorMs = 50_000;
/** When the janitor comes; the other cron is every minute. */
export const janitorCron = "17 * * * *";

/** Keeps the invocation alive until the work is done. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** The addresses of a host; rejects when it has none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** A service that a Worker is bound to; its host name means nothing. */
interface BoundService {
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** One isolate's system with its HTTP app. */
export interface Program {
  readonly system: System;
  readonly app: Hono<AppEnv>;
}

/** What the host of a request passes through Hono's bindings. */
export interface RequestHost {
  readonly waitUntil: WaitUntil;
  readonly wake: Wake;
  /** Starts scheduled jobs somewhere, with a budget of their own. Must not throw. */
  readonly startJobs: (names: readonly string[]) => void;
  /** Of the request; null: not known. */
  readonly clientAddress: string | null;
}

/** What a program gets from where it runs, beside its configuration. */
export interface HostGifts {
  /** Where old events go; null: they stay in the record. */
  readonly archive: Archive | null;
  /** Addresses of a host; left out where the network resolves for us. */
  readonly resolve?: ResolveHost | undefined;
  /** When the program that fires cron began, Unix ms; null where none has to run for it, as on Cloudflare. */
  readonly startedMs: number | null;
}

/** @throws {Error} the configuration or the consumers are not valid */
export function createProgram(
  config: Config,
  { archive, resolve, startedMs }: HostGifts = { archive: null, startedMs: null },
): Program {
  const system = createSystem(config, productConsumers(config), {
    archive,
    jobs: productJobs(config, resolve),
    hostStartedMs: startedMs,
  });
  logProductStart(config, system.log);
  const app = createProductApp(config, (c) => openHost(system, c.env as RequestHost));
  return { system, app };
}

function openHost(system: System, { waitUntil, wake, startJobs, clientAddress }: RequestHost): Host {
  const invocation = openInvocation(system);
  return {
    invocation,
    apiKey: system.config.apiKey,
    clientAddress,
    waitUntil,
    startJobs,
    afterCommit: () => waitUntil(relayAll(invocation, system.now() + backgroundMs, wake)),
  };
}

/**
 * What a wake starts: drains the consumers of `types`, and relays what their handlers publish, until nothing moves.
 *
 * @param types null: an earlier invocation could not finish; relay and drain everything
 * @param handOn starts another invocation when this one's budget does not suffice either
 */
export async function runWake(
  system: System,
  types: ReadonlySet<string> | null,
  handOn: () => void,
): Promise<void> {
  const invocation = openInvocation(system);
  const deadlineMs = system.now() + backgroundMs;
  if (types === null) await relayAll(invocation, deadlineMs, (more) => more === null && handOn());
  await drainAll(invocation, deadlineMs, types, handOn);
}

/** What a request starts that has planned something for now. */
export async function runJobsWake(
  system: System,
  names: readonly string[],
  handOn: () => void,
): Promise<void> {
  await runJobsNow(openInvocation(system), system.now() + backgroundMs, names, handOn);
}

/** One cron run: what lost triggers left behind, and everybody's tick. */
export async function runCron(system: System, handOn: () => void): Promise<void> {
  await cronTick(openInvocation(system), system.now() + cronMs, handOn);
}

/** One run of the janitor; what it found lost is sent or handled by the invocation that `handOn` starts. */
export async function runJanitorCron(system: System, handOn: () => void): Promise<void> {
  const report = await runJanitor(openInvocation(system), system.now() + janitorMs);
  if (report.restored + report.redelivered > 0) handOn();
}

/**
 * What a Worker is bound to. HOST_STARTED_AT is the start of the program around workerd, Unix ms, which `npm start`
 * gives; on Cloudflare there is none.
 */
export function bindHost(env: Readonly<Record<string, unknown>>): HostGifts {
  const startedMs = Number(env.HOST_STARTED_AT ?? Number.NaN);
  return {
    archive: bindArchive(env),
    resolve: bindResolver(env),
    startedMs: Number.isFinite(startedMs) ? startedMs : null,
  };
}

/**
 * The archive that a Worker is bound to: the R2 bucket ARCHIVE, or, where there is none, the service ARCHIVE_FOLDER,
 * which writes files (`PUT /{name}?at={offset}`). Null: none, old events stay in the record.
 */
function bindArchive(env: Readonly<Record<string, unknown>>): Archive | null {
  const { ARCHIVE: bucket, ARCHIVE_FOLDER: service } = env as {
    readonly ARCHIVE?: ArchiveBucket;
    readonly ARCHIVE_FOLDER?: BoundService;
  };
  if (bucket !== undefined) return createBucketArchive(bucket);
  if (service === undefined) return null;
  return createFolderArchive(async (name, at, bytes) => {
    const answer = await service.fetch(`https://archive/${name}?at=${at}`, { method: "PUT", body: bytes });
    if (answer.ok) return;
    if (answer.status === 410) {
      throw new ArchiveLostError(`The unfinished file ${name} is gone; it is begun anew.`);
    }
    throw new Error(`The archive answered ${answer.status} to ${name}: ${await answer.text()}`);
  });
}

/**
 * The resolver that a Worker is bound to: the service HOST_NAMES (`GET /?name={host}`), which `npm start` gives.
 * Undefined: nobody resolves for it, as on Cloudflare, from whose network no private address is reached.
 */
function bindResolver(env: Readonly<Record<string, unknown>>): ResolveHost | undefined {
  const { HOST_NAMES: service } = env as { readonly HOST_NAMES?: BoundService };
  if (service === undefined) return undefined;
  return async (host) => {
    const answer = await service.fetch(`https://host-names/?name=${encodeURIComponent(host)}`);
    if (!answer.ok) throw new Error(`${host} could not be resolved: ${await answer.text()}`);
    return (await answer.json()) as readonly string[];
  };
}
