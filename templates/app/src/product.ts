import { checkHealth, createEngine, defineProduct, type Engine, parseEngineSettings } from "@brain/engine";
import { createCatalog } from "@brain/schemas";
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { migrationList } from "./migration-list.ts";
import { sampleRoom } from "./modules/sample_room/index.ts";
import type { Background, Mount } from "./mount.ts";

/* The product: a list of modules. A further one is written here, and nowhere else; `charter new module` does so. */

export const product = defineProduct<Mount>([sampleRoom]);

export const catalog = createCatalog(product.events);

export const { consumers, jobs, modules } = product.open({});

type Environment = Readonly<Record<string, unknown>>;

/** @param env of the host: a Worker's, `Deno.env.toObject()`, `process.env` */
export function createProduct(env: Environment, hostStartedMs: number | null = null): Engine {
  const settings = parseEngineSettings(env, { others: ["APP_API_KEY"] });
  return createEngine({ catalog, consumers, jobs, settings, hostStartedMs, migrations: [migrationList] });
}

/** What callers send as a bearer. @throws {TypeError} there is none, or one that is guessed */
export function apiKeyOf({ APP_API_KEY: key }: Environment): string {
  if (typeof key === "string" && key.length >= 16) return key;
  throw new TypeError(
    `APP_API_KEY is ${typeof key === "string" ? `a text of ${key.length} characters` : "not set"}, expected at least 16 characters. Set it, e.g. to what openssl rand -hex 16 prints.`,
  );
}

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
