import {
  type Archive,
  type ArchiveBucket,
  ArchiveLostError,
  createBucketArchive,
  createEngine,
  createFolderArchive,
  type Engine,
  type SettingState,
} from "@brain/engine";
import type { RunningModules } from "../src/composition.ts";
import { type Config, tellSettings } from "../src/config.ts";
import type { DemoMaker, DemoState } from "../src/http/routes/demo.ts";
import { productMigrations } from "../src/migration-list.ts";
import type { ResolveHost } from "../src/modules/ports/host-names.ts";

/*
 * The product's engine, as Cloudflare and Deno run it, and what they give to it.
 */

/** When the janitor comes; the other cron is every minute. */
export const janitorCron = "17 * * * *";

/** A service that a Worker is bound to; its host name means nothing. */
interface BoundService {
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** What a program gets from where it runs, beside its configuration. */
export interface HostGifts {
  /** Where old events go; null: they stay in the record. */
  readonly archive: Archive | null;
  /** Addresses of a host; left out where the network resolves for us. */
  readonly resolve?: ResolveHost | undefined;
  /** Left out where no demo world is offered. */
  readonly demo?: DemoMaker | undefined;
  /** What `tellSettings` says of its environment; left out: nobody is told. */
  readonly settings?: readonly SettingState[] | undefined;
  /** When the program that fires cron began, Unix ms; null where none has to run for it, as on Cloudflare. */
  readonly startedMs: number | null;
}

/** @throws {Error} the consumers are not valid */
export function createProductEngine(
  { catalog, consumers, jobs, watches, logStart }: RunningModules,
  config: Config,
  { archive, startedMs }: Pick<HostGifts, "archive" | "startedMs">,
): Engine {
  const engine = createEngine({
    catalog,
    settings: config,
    consumers,
    jobs,
    watches,
    migrations: [productMigrations],
    archive,
    hostStartedMs: startedMs,
  });
  logStart(engine.log);
  return engine;
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
    demo: bindDemo(env),
    settings: tellSettings(env),
    startedMs: Number.isFinite(startedMs) ? startedMs : null,
  };
}

/**
 * The archive that a Worker is bound to: the R2 bucket ARCHIVE, or, where there is none, the service ARCHIVE_FOLDER,
 * which writes files (`PUT /{name}?at={offset}`) and gives them (`GET /{name}`). Null: none, old events stay in the record.
 */
function bindArchive(env: Readonly<Record<string, unknown>>): Archive | null {
  const { ARCHIVE: bucket, ARCHIVE_FOLDER: service } = env as {
    readonly ARCHIVE?: ArchiveBucket;
    readonly ARCHIVE_FOLDER?: BoundService;
  };
  if (bucket !== undefined) return createBucketArchive(bucket);
  if (service === undefined) return null;
  const read = async (name: string) => {
    const answer = await service.fetch(`https://archive/${name}`);
    if (answer.status === 404) return null;
    if (answer.ok) return answer.body;
    throw new Error(`The archive answered ${answer.status} to ${name}: ${await answer.text()}`);
  };
  return createFolderArchive(async (name, at, bytes) => {
    const answer = await service.fetch(`https://archive/${name}?at=${at}`, { method: "PUT", body: bytes });
    if (answer.ok) return;
    if (answer.status === 410) {
      throw new ArchiveLostError(`The unfinished file ${name} is gone; it is begun anew.`);
    }
    throw new Error(`The archive answered ${answer.status} to ${name}: ${await answer.text()}`);
  }, read);
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

/** What makes the demo world: the service DEMO_WORLD (`GET /`, `POST /?seed={n}&force={0|1}`), which `npm start` gives. */
function bindDemo(env: Readonly<Record<string, unknown>>): DemoMaker | undefined {
  const { DEMO_WORLD: service } = env as { readonly DEMO_WORLD?: BoundService };
  if (service === undefined) return undefined;
  return {
    look: async () => (await service.fetch("https://demo/")).json() as Promise<DemoState>,
    async begin(seed, force) {
      const query = `seed=${seed}&force=${force ? 1 : 0}`;
      const answer = await service.fetch(`https://demo/?${query}`, { method: "POST" });
      return answer.ok ? ((await answer.json()) as DemoState) : { refused: await answer.text() };
    },
  };
}
