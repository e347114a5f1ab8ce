import { createEngine, defineConsumer, type Engine, on, parseEngineSettings } from "@brain/engine";
import { charter, systemHealth } from "@brain/schemas";

/** Never lets go of the thread for one event, and is done with the others at once. */
const looping = defineConsumer({
  subscriber: "looping",
  retry: { maxDeaths: 2 },
  handlers: [
    on(systemHealth, async ({ payload }) => {
      while (payload.component === "loops");
    }),
  ],
});

let isolateEngine: Engine | null = null;

/** The consumer worker with that consumer and no other. */
export default {
  fetch(_request, env, context) {
    isolateEngine ??= createEngine({
      catalog: charter,
      settings: parseEngineSettings(env),
      consumers: [looping],
    });
    context.waitUntil(isolateEngine.wake(null));
    return new Response(null, { status: 202 });
  },
} satisfies ExportedHandler<Record<string, unknown>>;
