import {
  createEngine,
  defineProduct,
  defineSettings,
  type Engine,
  engineSettings,
  readEnvironment,
} from "@brain/engine";
import { createCatalog } from "@brain/schemas";
import * as z from "zod";
import { migrationList } from "./migration-list.ts";
import { sampleRoom } from "./modules/sample_room/index.ts";
import type { Mount } from "./mount.ts";

/* The product: a list of modules. A further one is written here, and nowhere else; `charter new module` does so. */

export const product = defineProduct<Mount>([sampleRoom]);

export const catalog = createCatalog(product.events);

export const { consumers, jobs, modules } = product.open({});

type Environment = Readonly<Record<string, unknown>>;

const expectedKey = "expected at least 16 characters, e.g. what openssl rand -hex 16 prints";

const key = z.string(`is missing; ${expectedKey}`).min(16, expectedKey);

/** What the product itself reads, beside the engine's settings; a further one is written here. */
const appSettings = defineSettings(
  {
    /** What callers send as a bearer. */
    APP_API_KEY: key,
    /** What operators send, and `charter` for them. */
    BRAIN_API_KEY: key,
  },
  ({ APP_API_KEY: apiKey, BRAIN_API_KEY: operatorKey }) => ({ apiKey, operatorKey }),
);

/** All of them at once. @throws {ConfigError} with a line for each that is missing or wrong */
const readSettings = (env: Environment) => readEnvironment(env, { engine: engineSettings, app: appSettings });

/**
 * @param env of the host: a Worker's, `Deno.env.toObject()`, `process.env`
 * @throws {ConfigError} with a line for each setting that is missing or wrong
 */
export function createProduct(env: Environment, hostStartedMs: number | null = null): Engine {
  const { settings: read, unknown } = readSettings(env);
  const settings = { ...read.engine, unknown };
  return createEngine({ catalog, consumers, jobs, settings, hostStartedMs, migrations: [migrationList] });
}

/** What has to be sent as a bearer: by callers, and by operators. */
export interface Keys {
  readonly apiKey: string;
  readonly operatorKey: string;
}

/** @throws {ConfigError} as `createProduct` */
export const keysOf = (env: Environment): Keys => readSettings(env).settings.app;
