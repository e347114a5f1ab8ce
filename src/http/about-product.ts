import type { EngineSettings, OpenedModule, SettingState, UnknownSetting } from "@brain/engine";
import type { Catalog } from "@brain/schemas";
import type { Mount } from "./kit/mount.ts";

/** What this product is and how it is set, as its composition knows. */
export interface AboutProduct {
  readonly settings: readonly SettingState[];
  readonly setInVain: readonly UnknownSetting[];
  readonly mode: "required" | "degraded";
  /** Names of hosts, without accounts; null: there is none. */
  readonly hosts: {
    readonly postgres: string | null;
    readonly redis: string | null;
    /** Of the Redis databases from number 2 on. */
    readonly furtherRedis: readonly string[];
  };
  readonly modules: readonly {
    readonly name: string;
    /** How many of the catalogue are its own. */
    readonly events: number;
    readonly consumers: readonly string[];
    readonly jobs: readonly string[];
    readonly paths: readonly string[];
    /** Names of the variables that it reads. */
    readonly settings: readonly string[];
  }[];
}

export const nothingTold: AboutProduct = {
  settings: [],
  setInVain: [],
  mode: "required",
  hosts: { postgres: null, redis: null, furtherRedis: [] },
  modules: [],
};

/** What a product is made of. */
export interface ProductParts {
  readonly catalog: Catalog;
  readonly modules: readonly OpenedModule<Pick<Mount, "path">>[];
  /** What is told of each variable of the environment. */
  readonly told: readonly SettingState[];
  /** Names of the variables that a module reads. */
  readonly settingsOf: (module: string) => readonly string[];
}

export function describeProduct(
  settings: EngineSettings,
  { catalog, modules, told, settingsOf }: ProductParts,
): AboutProduct {
  return {
    settings: told,
    setInVain: settings.unknown ?? [],
    mode: settings.mode,
    hosts: {
      postgres: hostOf(settings.databaseUrl),
      redis: hostOf(settings.redis?.url),
      furtherRedis: (settings.furtherRedis ?? []).flatMap(({ url }) => hostOf(url) ?? []),
    },
    modules: modules.map(({ name, consumers, jobs, routes }) => ({
      name,
      events: catalog.all.filter(({ module }) => module === name).length,
      consumers: consumers.map(({ subscriber }) => subscriber),
      jobs: jobs.map((job) => job.name),
      paths: routes.map(({ path }) => path),
      settings: settingsOf(name),
    })),
  };
}

/** Where a store is, without the account; null: nowhere. */
function hostOf(address: string | undefined): string | null {
  return address === undefined ? null : new URL(address).host;
}

/** The module of each consumer. */
export function subscribersOf({ modules }: AboutProduct): ReadonlyMap<string, string> {
  return new Map(modules.flatMap(({ name, consumers }) => consumers.map((subscriber) => [subscriber, name])));
}
