import { parseConfig } from "../src/config.ts";
import { createProgram, type Program, type RequestHost } from "./host.ts";

interface Env {
  /** The consumer worker. */
  readonly CONSUMER: Fetcher;
  readonly [name: string]: unknown;
}

/** Built from the environment at the first request; the environment of an isolate does not change. */
let isolateProgram: Program | null = null;

export default {
  fetch(request, env, context) {
    isolateProgram ??= createProgram(parseConfig(env));
    const waitUntil = (work: Promise<unknown>) => context.waitUntil(work);
    const host: RequestHost = {
      waitUntil,
      wake: (types) => waitUntil(wakeConsumer(env.CONSUMER, types)),
    };
    return isolateProgram.app.fetch(request, host, context);
  },
} satisfies ExportedHandler<Env>;

/** A lost wake costs time until the next cron tick, never an event; so a failure is only noted. */
async function wakeConsumer(consumer: Fetcher, types: ReadonlySet<string>): Promise<void> {
  try {
    const answer = await consumer.fetch("https://consumer/wake", {
      method: "POST",
      body: JSON.stringify([...types]),
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
  } catch (error) {
    console.warn(
      JSON.stringify({ level: "warn", message: "The consumer could not be woken.", error: String(error) }),
    );
  }
}
