import { createApp } from "./app.ts";
import { createProduct, keysOf } from "./product.ts";

/* The product on Deno: npm start. */

declare const Deno: {
  readonly env: { toObject(): Record<string, string> };
  serve(
    options: { port: number; hostname: string },
    handler: (request: Request) => Response | Promise<Response>,
  ): unknown;
  cron(name: string, schedule: string, run: () => Promise<void>): unknown;
};

const { PORT = "8787", HOST = "127.0.0.1", ...env } = Deno.env.toObject();
const engine = createProduct(env, Date.now());
const app = createApp(engine, keysOf(env), (_c, work) => void work);

Deno.cron("tick", "* * * * *", () => engine.cron());
Deno.cron("janitor", "17 * * * *", () => engine.janitor());
Deno.serve({ port: Number(PORT), hostname: HOST }, (request) => app.fetch(request));
