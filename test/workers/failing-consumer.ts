import { defineConsumer, on } from "@brain/engine";
import { systemHealth } from "@brain/schemas";
import { parseConfig } from "../../src/config.ts";
import { createSystem, type System } from "../../src/runtime.ts";
import { runWake } from "../../workers/host.ts";

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

let isolateSystem: System | null = null;

/** The consumer worker with that consumer and no other. */
export default {
  fetch(_request, env, context) {
    isolateSystem ??= createSystem(parseConfig(env), [failing]);
    context.waitUntil(runWake(isolateSystem, null, () => undefined));
    return new Response(null, { status: 202 });
  },
} satisfies ExportedHandler<Record<string, unknown>>;
