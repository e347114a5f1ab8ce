import { createEngine, defineConsumer, type Engine, on, parseEngineSettings } from "@brain/engine";
import { charter, systemHealth } from "@brain/schemas";

/** A bug as people write it: `component` has no `parts`. */
function partsOf(payload: unknown): number {
  return (payload as { readonly component: { readonly parts: readonly string[] } }).component.parts.length;
}

/** Fails for each report of health, at once and for good. */
const failing = defineConsumer({
  subscriber: "failing",
  retry: { maxProgrammingAttempts: 1 },
  handlers: [
    on(systemHealth, async (event) => {
      partsOf(event.payload);
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
      consumers: [failing],
    });
    context.waitUntil(isolateEngine.wake(null));
    return new Response(null, { status: 202 });
  },
} satisfies ExportedHandler<Record<string, unknown>>;
