import type { Engine } from "@brain/engine";
import type { ExecutionContext, Hono } from "hono";
import { createApp } from "./app.ts";
import { createProduct, keysOf } from "./product.ts";

/* The product on Cloudflare Workers, see wrangler.toml. */

/** Of the cron triggers, the one of every hour. */
const janitorCron = "17 * * * *";

/** The environment of an isolate does not change. */
let isolateProduct: { readonly engine: Engine; readonly app: Hono } | undefined;

function productOf(env: Readonly<Record<string, unknown>>) {
  if (isolateProduct === undefined) {
    const engine = createProduct(env);
    const app = createApp(engine, keysOf(env), (c, work) => c.executionCtx.waitUntil(work));
    isolateProduct = { engine, app };
  }
  return isolateProduct;
}

export default {
  fetch: (request: Request, env: Readonly<Record<string, unknown>>, context: ExecutionContext) =>
    productOf(env).app.fetch(request, env, context),
  scheduled(
    event: { readonly cron: string },
    env: Readonly<Record<string, unknown>>,
    context: ExecutionContext,
  ) {
    const { engine } = productOf(env);
    context.waitUntil(event.cron === janitorCron ? engine.janitor() : engine.cron());
  },
};
