import { type Config, ConfigError, parseConfig } from "../src/config.ts";
import { createProgram, type RequestHost, runCron, runWake } from "./host.ts";

/*
 * API and consumer in one Deno process or deployment.
 *
 *   deno run --node-modules-dir=manual --unstable-cron --allow-env --allow-net workers/deno.ts
 */

const { app, system } = createProgram(readConfig());

const host: RequestHost = {
  // Deno keeps the process; an error that nobody awaits must not end it.
  waitUntil: (work) => {
    work.catch((error: unknown) => system.log.error({ error_class: "background" }, String(error)));
  },
  wake: (types) => host.waitUntil(runWake(system, types, handOn)),
};

/** Nothing limits the calls here but the settings; what is left over goes on with a new budget. */
function handOn(): void {
  host.wake(null);
}

Deno.cron("tick", "* * * * *", () => runCron(system, handOn));
host.waitUntil(runCron(system, handOn));

Deno.serve(
  { port: Number(Deno.env.get("PORT") ?? "8787"), hostname: Deno.env.get("HOST") ?? "127.0.0.1" },
  (request) => app.fetch(request, host),
);

/** A wrong configuration ends the program with a message that names each variable. */
function readConfig(): Config {
  try {
    return parseConfig(Deno.env.toObject());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
