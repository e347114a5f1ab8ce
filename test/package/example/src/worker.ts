import type { Engine } from "@brain/engine";
import type { ExecutionContext, Hono } from "hono";
import { createApp, createShop } from "./product.ts";

/* The shop on Cloudflare Workers. Cron trigger: "* * * * *". */

/** The environment of an isolate does not change. */
let isolateShop: { readonly engine: Engine; readonly app: Hono } | undefined;

function shopOf(env: Readonly<Record<string, unknown>>) {
  if (isolateShop === undefined) {
    const engine = createShop(env);
    isolateShop = { engine, app: createApp(engine, (c, work) => c.executionCtx.waitUntil(work)) };
  }
  return isolateShop;
}

export default {
  fetch: (request: Request, env: Readonly<Record<string, unknown>>, context: ExecutionContext) =>
    shopOf(env).app.fetch(request, env, context),
  scheduled(_event: unknown, env: Readonly<Record<string, unknown>>, context: ExecutionContext) {
    context.waitUntil(shopOf(env).engine.cron());
  },
};
