import type { AlertWatch, Consumer, Logger, OpenedModule, ScheduledJob, SettingState } from "@brain/engine";
import {
  type Catalog,
  charterEvents,
  charterOptions,
  createCatalog,
  type EventDefinition,
} from "@brain/schemas";
import type { Context, Hono } from "hono";
import type { Config } from "./config.ts";
import { createApp } from "./http/app.ts";
import type { DemoMaker } from "./http/demo-routes.ts";
import type { AppEnv, Host } from "./http/host.ts";
import { authenticatorPort } from "./http/kit/access.ts";
import type { Mount } from "./http/kit/mount.ts";
import type { AboutProduct } from "./http/settings-routes.ts";
import { hostNamesPort, type ResolveHost } from "./modules/ports/host-names.ts";
import { product } from "./product.ts";

/*
 * The modules of the product as they run: what they bring, joined with the charter and with the HTTP surface. It knows no
 * module by name.
 */

/** The events of the modules, and the charter's of programs outside. */
export const catalog: Catalog = createCatalog([...product.events, ...foreignEvents()], charterOptions);

/** @throws {Error} the charter says that an event belongs to a module, and the module does not list it */
function foreignEvents(): readonly EventDefinition[] {
  const own = new Set(product.events);
  const modules = new Set(product.modules.map(({ name }) => name));
  const others = charterEvents.filter((definition) => !own.has(definition));
  const forgotten = others.find(({ module }) => modules.has(module));
  if (forgotten === undefined) return others;
  throw new Error(
    `The event "${forgotten.type}" belongs to the module "${forgotten.module}", whose events do not list it. Add it there.`,
  );
}

/** What a host gives to the modules, beside the settings. */
export interface HostAnswers {
  /** Left out where names cannot be resolved. */
  readonly resolve?: ResolveHost | undefined;
  /** Left out where there is no demo world to be made: everywhere but where people try it out. */
  readonly demo?: DemoMaker | undefined;
  /** What `tellSettings` says of its environment; left out: nothing. */
  readonly settings?: readonly SettingState[] | undefined;
}

export interface RunningProduct {
  readonly modules: readonly OpenedModule<Mount>[];
  readonly catalog: Catalog;
  readonly consumers: readonly Consumer[];
  readonly jobs: readonly ScheduledJob[];
  readonly watches: readonly AlertWatch[];
  /** Writes what every start says about the modules. */
  logStart(log: Logger): void;
  /** The HTTP app with all modules. `open` gives each request its host. */
  createApp(open: (c: Context) => Host): Hono<AppEnv>;
}

/** A payload of each version of each event, by `type@version`: those that every later release has to read. */
async function loadExamples() {
  const { default: released } = await import("../schemas/fixtures/released.json", { with: { type: "json" } });
  return released;
}

/** Where a store is, without the account; null: nowhere. */
const hostOf = (address: string | undefined) => (address === undefined ? null : new URL(address).host);

function aboutOf(
  config: Config,
  settings: readonly SettingState[],
  modules: readonly OpenedModule<Mount>[],
): AboutProduct {
  return {
    settings,
    setInVain: config.unknown,
    mode: config.mode,
    hosts: { postgres: hostOf(config.databaseUrl), redis: hostOf(config.redis?.url) },
    modules: modules.map(({ name, consumers, jobs, routes }) => ({
      name,
      events: catalog.all.filter(({ module }) => module === name).length,
      consumers: consumers.map(({ subscriber }) => subscriber),
      jobs: jobs.map((job) => job.name),
      paths: routes.map(({ path }) => path),
      settings: product.settings[name]?.names ?? [],
    })),
  };
}

/** @throws {Error} the modules do not fit together; names them */
export function openProduct(
  config: Config,
  { resolve, demo, settings = [] }: HostAnswers = {},
): RunningProduct {
  const gifts = resolve === undefined ? [] : [hostNamesPort.from(() => resolve)];
  const { modules, consumers, jobs, watches, logStart, answersTo } = product.open(config.modules, gifts);
  return {
    modules,
    catalog,
    consumers,
    jobs,
    watches,
    logStart,
    createApp: (open) =>
      createApp({
        open,
        modules,
        authenticators: answersTo(authenticatorPort),
        requestPlaces: config.requestPlaces,
        requestLimits: config.requestLimits,
        examples: loadExamples,
        documents: config.documents,
        about: aboutOf(config, settings, modules),
        demo,
        pages: async (api) => (await import("./console/index.ts")).createConsole({ api }),
      }),
  };
}
