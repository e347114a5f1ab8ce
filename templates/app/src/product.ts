import {
  checkHealth,
  createEngine,
  defineProduct,
  defineSettings,
  type Engine,
  engineSettings,
  readEnvironment,
} from "@brain/engine";
import { createCatalog } from "@brain/schemas";
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import * as z from "zod";
import { migrationList } from "./migration-list.ts";
import { sampleRoom } from "./modules/sample_room/index.ts";
import type { Background, Mount } from "./mount.ts";

/* The product: a list of modules. A further one is written here, and nowhere else; `charter new module` does so. */

export const product = defineProduct<Mount>([sampleRoom]);

export const catalog = createCatalog(product.events);

export const { consumers, jobs, modules } = product.open({});

type Environment = Readonly<Record<string, unknown>>;

const expectedKey = "expected at least 16 characters, e.g. what openssl rand -hex 16 prints";

/** What the product itself reads, beside the engine's settings; a further one is written here. */
const appSettings = defineSettings(
  {
    /** What callers send as a bearer. */
    APP_API_KEY: z.string(`is missing; ${expectedKey}`).min(16, expectedKey),
  },
  ({ APP_API_KEY: apiKey }) => ({ apiKey }),
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

/** What callers send as a bearer. @throws {ConfigError} as `createProduct` */
export const apiKeyOf = (env: Environment): string => readSettings(env).settings.app.apiKey;

/**
 * @param apiKey what callers have to send; health asks for none
 * @param background of the host
 */
export function createApp(engine: Engine, apiKey: string, background: Background): Hono {
  const app = new Hono();
  app.get("/api/health", async (c) => {
    const health = await checkHealth(engine.open());
    return c.json(health, health.status === "unhealthy" ? 503 : 200);
  });
  app.use("/api/*", bearerAuth({ token: apiKey }));
  for (const { path, open } of modules.flatMap(({ routes }) => routes))
    app.route(path, open(engine, background));
  return app;
}
