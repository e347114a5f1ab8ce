import type { SettingState } from "@brain/engine";
import type { Context, Hono } from "hono";
import { catalog, openModules, type RunningModules } from "./composition.ts";
import type { Config } from "./config.ts";
import { describeProduct } from "./http/about-product.ts";
import { createApp } from "./http/app.ts";
import type { AppEnv, Host } from "./http/host.ts";
import { authenticatorPort } from "./http/kit/access.ts";
import type { DemoMaker } from "./http/routes/demo.ts";
import type { ResolveHost } from "./modules/ports/host-names.ts";
import { product } from "./product.ts";

/*
 * The modules of the product joined with the HTTP surface. What consumes events and nothing else does without this file,
 * and without all that answers requests.
 */

/** What a host gives to the modules, beside the settings. */
export interface HostAnswers {
  /** Left out where names cannot be resolved. */
  readonly resolve?: ResolveHost | undefined;
  /** Left out where there is no demo world to be made: everywhere but where people try it out. */
  readonly demo?: DemoMaker | undefined;
  /** What `tellSettings` says of its environment; left out: nothing. */
  readonly settings?: readonly SettingState[] | undefined;
}

export interface RunningProduct extends RunningModules {
  /** The HTTP app with all modules. `open` gives each request its host. */
  createApp(open: (c: Context) => Host): Hono<AppEnv>;
}

/** A payload of each version of each event, by `type@version`: those that every later release has to read. */
async function loadExamples() {
  const { default: released } = await import("../schemas/fixtures/released.json", { with: { type: "json" } });
  return released;
}

/** @throws {Error} the modules do not fit together; names them */
export function openProduct(
  config: Config,
  { resolve, demo, settings = [] }: HostAnswers = {},
): RunningProduct {
  const running = openModules(config, resolve);
  const { modules, answersTo } = running;
  return {
    ...running,
    createApp: (open) =>
      createApp({
        open,
        modules,
        authenticators: answersTo(authenticatorPort),
        requestPlaces: config.requestPlaces,
        requestLimits: config.requestLimits,
        examples: loadExamples,
        documents: config.documents,
        about: describeProduct(config, {
          catalog,
          modules,
          told: settings,
          settingsOf: (name) => product.settings[name]?.names ?? [],
        }),
        demo,
        pages: async (api) => (await import("./console/index.ts")).createConsole({ api }),
      }),
  };
}
