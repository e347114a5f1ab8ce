import type { SettingState, UnknownSetting } from "@brain/engine";

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

/** The module of each consumer. */
export function subscribersOf({ modules }: AboutProduct): ReadonlyMap<string, string> {
  return new Map(modules.flatMap(({ name, consumers }) => consumers.map((subscriber) => [subscriber, name])));
}
