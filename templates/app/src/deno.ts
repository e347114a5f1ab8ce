import { ConfigError } from "@brain/engine";
import { createApp } from "./app.ts";
import { createProduct, keysOf } from "./product.ts";

/* The product on Deno: npm start. */

declare const Deno: {
  readonly env: { toObject(): Record<string, string> };
  readonly errors: { readonly AddrInUse: new () => Error };
  exit(code: number): never;
  serve(
    options: { port: number; hostname: string },
    handler: (request: Request) => Response | Promise<Response>,
  ): unknown;
  cron(name: string, schedule: string, run: () => Promise<void>): unknown;
};

const { PORT = "", HOST = "", ...env } = Deno.env.toObject();

try {
  const engine = createProduct(env, Date.now());
  const app = createApp(engine, keysOf(env), (_c, work) => void work);
  Deno.serve({ port: readPort(), hostname: HOST || "127.0.0.1" }, (request) => app.fetch(request));
  Deno.cron("tick", "* * * * *", () => engine.cron());
  Deno.cron("janitor", "17 * * * *", () => engine.janitor());
} catch (error) {
  console.error(adviceFor(error));
  Deno.exit(1);
}

function readPort(): number {
  const port = Number(PORT || "8787");
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ConfigError(`PORT is "${PORT}", expected a whole number from 0 to 65535.`);
}

/** What whoever starts it can mend is told without a stack. */
function adviceFor(error: unknown): unknown {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Deno.errors.AddrInUse)) return error;
  return `Port ${PORT || "8787"} is taken by another program. End that, or set PORT in .dev.vars to another one, and CHARTER_URL to http://127.0.0.1 with that port.`;
}
