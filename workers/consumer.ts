import { parseConfig } from "../src/config.ts";
import { createProgram, type Program, runConsumers, runCron } from "./host.ts";

/** Built from the environment at the first event; the environment of an isolate does not change. */
let isolateProgram: Program | null = null;

function program(env: Readonly<Record<string, unknown>>): Program {
  isolateProgram ??= createProgram(parseConfig(env));
  return isolateProgram;
}

/** Reached by service binding only: it has no route, and `workers_dev` is off. */
export default {
  async fetch(request, env, context) {
    const types: unknown = await request.json();
    const wanted = new Set(Array.isArray(types) ? types.map(String) : []);
    context.waitUntil(runConsumers(program(env).system, wanted));
    return new Response(null, { status: 202 });
  },

  scheduled(_controller, env, context) {
    context.waitUntil(runCron(program(env).system));
  },
} satisfies ExportedHandler<Record<string, unknown>>;
