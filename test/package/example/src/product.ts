import { createEngine, defineProduct, type Engine, parseEngineSettings } from "@brain/engine";
import { createCatalog } from "@brain/schemas";
import { Hono } from "hono";
import type { Background, Mount } from "./mount.ts";
import { orders } from "./orders/index.ts";
import { stock } from "./stock/index.ts";

/* The shop: a list of modules. A further one is written here, and nowhere else. */

const product = defineProduct<Mount>([orders, stock]);

export const catalog = createCatalog(product.events);

export const { consumers, jobs, modules } = product.open({});

/** @param env of the host: a Worker's, `Deno.env.toObject()`, `process.env` */
export function createShop(env: Readonly<Record<string, unknown>>): Engine {
  return createEngine({ catalog, consumers, jobs, settings: parseEngineSettings(env) });
}

/** @param background of the host */
export function createApp(engine: Engine, background: Background): Hono {
  const app = new Hono();
  for (const { path, open } of modules.flatMap(({ routes }) => routes))
    app.route(path, open(engine, background));
  return app;
}
