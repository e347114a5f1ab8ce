import { ConfigError, type News } from "@brain/engine";
import { parseConfig } from "../src/config.ts";
import { errorBody } from "../src/http/errors.ts";
import { bindHost } from "./host.ts";
import { createProgram, type Program, type RequestHost } from "./program.ts";

interface Env {
  /** The consumer worker. */
  readonly CONSUMER: Fetcher;
  readonly [name: string]: unknown;
}

/** Built from the environment at the first request; the environment of an isolate does not change. */
let isolateProgram: Program | null = null;

export default {
  fetch(request, env, context) {
    try {
      isolateProgram ??= createProgram(parseConfig(env), bindHost(env));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return notConfigured(error);
    }
    const waitUntil = (work: Promise<unknown>) => context.waitUntil(work);
    const host: RequestHost = {
      waitUntil,
      wake: (news) => waitUntil(wakeConsumer(env.CONSUMER, "wake", news)),
      startJobs: (names) => waitUntil(wakeConsumer(env.CONSUMER, "jobs", names)),
      // Cloudflare sets it, whatever a client sends: https://developers.cloudflare.com/fundamentals/reference/http-headers/
      clientAddress: request.headers.get("cf-connecting-ip"),
    };
    return isolateProgram.app.fetch(request, host, context);
  },
} satisfies ExportedHandler<Env>;

/** A Worker has no start that could fail; so each request says that it cannot be served, and the log says why. */
function notConfigured(error: ConfigError): Response {
  const requestId = crypto.randomUUID();
  console.error(JSON.stringify({ level: "error", message: error.message, request_id: requestId }));
  const message = "The service is not configured. Its log has the details under this request id.";
  return Response.json(errorBody("unavailable", message, requestId), { status: 503 });
}

/** A lost wake costs time until the next cron tick, never an event; so a failure is only noted. */
async function wakeConsumer(
  consumer: Fetcher,
  what: "wake" | "jobs",
  carried: News | readonly string[] | null,
): Promise<void> {
  try {
    const answer = await consumer.fetch(`https://consumer/${what}`, {
      method: "POST",
      body: JSON.stringify(carried),
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
  } catch (error) {
    console.warn(
      JSON.stringify({ level: "warn", message: "The consumer could not be woken.", error: String(error) }),
    );
  }
}
