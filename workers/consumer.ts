import { type Engine, parseNews } from "@brain/engine";
import { openModules } from "../src/composition.ts";
import { parseConfig } from "../src/config.ts";
import { bindHost, createProductEngine, janitorCron } from "./host.ts";

/** Built from the environment at the first event; the environment of an isolate does not change. */
let isolateEngine: Engine | null = null;

function engineOf(env: Readonly<Record<string, unknown>>): Engine {
  isolateEngine ??= createEngineOf(env);
  return isolateEngine;
}

/** Without anything that answers requests: a worker that starts reads all its code before its first event. */
function createEngineOf(env: Readonly<Record<string, unknown>>): Engine {
  const config = parseConfig(env);
  const gifts = bindHost(env);
  return createProductEngine(openModules(config, gifts.resolve), config, gifts);
}

const notForYou =
  "This worker answers no requests: the API worker wakes it, and cron. For a cron run in `wrangler dev` ask for /cdn-cgi/handler/scheduled?cron=*+*+*+*+*\n";

/** Reached by service binding only: it has no route, and `workers_dev` is off. */
export default {
  async fetch(request, env, context) {
    if (request.method !== "POST") return new Response(notForYou, { status: 404 });
    const body: unknown = await request.json();
    const engine = engineOf(env);
    const goOn = () => handOn(context);
    context.waitUntil(
      new URL(request.url).pathname === "/jobs"
        ? engine.runJobs(Array.isArray(body) ? body.map(String) : [], goOn)
        : engine.wake(parseNews(body), goOn),
    );
    return new Response(null, { status: 202 });
  },

  scheduled(controller, env, context) {
    const engine = engineOf(env);
    const goOn = () => handOn(context);
    context.waitUntil(controller.cron === janitorCron ? engine.janitor(goOn) : engine.cron(goOn));
  },
} satisfies ExportedHandler<Record<string, unknown>>;

/** Calls this very worker: a new invocation, with a new budget of calls and time. If it fails, cron goes on. */
function handOn(context: ExecutionContext): void {
  const { default: self } = context.exports as { readonly default: Fetcher };
  const call = self.fetch("https://consumer/wake", { method: "POST", body: "null" });
  context.waitUntil(
    call.catch((error: unknown) => {
      console.warn(
        JSON.stringify({ level: "warn", message: "Work could not be handed on.", error: String(error) }),
      );
    }),
  );
}
