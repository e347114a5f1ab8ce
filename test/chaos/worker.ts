import { createEngine, type Engine, parseNews, TransientError, type Wake } from "@brain/engine";
import { charter } from "@brain/schemas";
import { parseConfig } from "../../src/config.ts";
import { createApp } from "../../src/http/app.ts";
import type { Host } from "../../src/http/host.ts";
import { type AskToDie, chaosConsumers, secondCharter } from "./consumers.ts";

/*
 * The backbone in workerd with the consumers of the chaos run, deployed twice: as the API and, behind the service
 * binding, as the consumer. Everything but the handlers is the product's own code.
 */

interface Env {
  readonly CONSUMER: Fetcher;
  /** Where to ask for a kill, with this worker's number. */
  readonly CHAOS_CONTROL: string;
  readonly CHAOS_SLOW_MS: string;
  /** `2`: the second release. */
  readonly CHAOS_RELEASE?: string;
  readonly [name: string]: unknown;
}

let isolateEngine: Engine | null = null;

function engineOf(env: Env): Engine {
  const second = env.CHAOS_RELEASE === "2";
  isolateEngine ??= createEngine({
    catalog: second ? secondCharter : charter,
    settings: parseConfig(env),
    consumers: chaosConsumers({
      askToDie: askAt(env.CHAOS_CONTROL),
      slowMs: Number(env.CHAOS_SLOW_MS),
      baseMs: 50,
      capMs: 500,
      batchSize: 100,
      second,
    }),
  });
  return isolateEngine;
}

function askAt(control: string): AskToDie {
  return async (eventId, how) => {
    const answer = await fetch(`${control}&event=${eventId}&how=${how}`, { method: "POST" });
    if (answer.status === 204) return;
    // The kill is on its way; whoever waits here does not see the end of it.
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    throw new TransientError("The kill did not come.");
  };
}

const app = createApp({
  open: (c) => (c.env as { host: Host }).host,
});

export default {
  async fetch(request, env, context): Promise<Response> {
    const engine = engineOf(env);
    if (new URL(request.url).pathname === "/wake") {
      const news = parseNews(await request.json());
      context.waitUntil(engine.wake(news, () => handOn(context)));
      return new Response(null, { status: 202 });
    }
    const invocation = engine.open();
    const wake: Wake = (news) => {
      const body = JSON.stringify(news);
      const call = env.CONSUMER.fetch("https://consumer/wake", { method: "POST", body });
      context.waitUntil(call.catch(() => undefined));
    };
    const host: Host = {
      invocation,
      apiKey: String(env.BRAIN_API_KEY),
      waitUntil: (work) => context.waitUntil(work),
      startJobs: () => undefined,
      afterCommit: () => context.waitUntil(engine.afterCommit({ invocation, wake })),
    };
    return app.fetch(request, { host }, context);
  },

  scheduled(_controller, env, context) {
    context.waitUntil(engineOf(env).cron(() => handOn(context)));
  },
} satisfies ExportedHandler<Env>;

function handOn(context: ExecutionContext): void {
  const { default: self } = context.exports as { readonly default: Fetcher };
  const call = self.fetch("https://consumer/wake", { method: "POST", body: "null" });
  context.waitUntil(call.catch(() => undefined));
}
