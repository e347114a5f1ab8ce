import { createApp, createShop } from "./product.ts";

/* The shop on Deno: deno run --allow-net --allow-env --unstable-cron src/deno.ts */

declare const Deno: {
  readonly env: { toObject(): Record<string, string> };
  serve(
    options: { port: number; hostname: string },
    handler: (request: Request) => Response | Promise<Response>,
  ): unknown;
  cron(name: string, schedule: string, run: () => Promise<void>): unknown;
};

const { PORT = "8000", ...env } = Deno.env.toObject();
const engine = createShop(env);
const app = createApp(engine, (_c, work) => void work);

Deno.cron("shop", "* * * * *", () => engine.cron());
Deno.serve({ port: Number(PORT), hostname: "127.0.0.1" }, (request) => app.fetch(request));
