import { bundleWorkers, type WorkerBundles } from "../../workers/local/workerd/bundle.ts";
import { createOverlay } from "../readme/overlay.ts";

/*
 * Two releases of one module, `library`, each built from the whole source with its own catalog, as two deployments are.
 * The second one renames a field of an event (version 2), adds an optional field to another, and brings a new type.
 */

const returned = (note: string) => `
export const libraryBookReturned = defineEvent("library.book.returned", {
  version: 1, module: "library", criticality: "INFO", when: "A book came back",
  key: (payload) => payload.book_id,
  payload: z.strictObject({ book_id: id${note} }),
  consumers: ["library"],
});`;

const head = `import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { id } from "./fields.ts";`;

const events = {
  one: `${head}
export const libraryBookLent = defineEvent("library.book.lent", {
  version: 1, module: "library", criticality: "INFO", when: "A book was lent",
  key: (payload) => payload.book_id,
  payload: z.strictObject({ book_id: id, reader_id: id }),
  consumers: ["library"],
});${returned("")}`,
  two: `${head}
export const libraryBookLent = defineEvent("library.book.lent", {
  version: 2, module: "library", criticality: "INFO", when: "A book was lent",
  key: (payload) => payload.book_id,
  payload: z.strictObject({ book_id: id, borrower_id: id }),
  upcasts: { 1: ({ reader_id, ...rest }) => ({ ...rest, borrower_id: reader_id }) },
  consumers: ["library"],
});${returned(", note: z.string().max(100).optional()")}
export const libraryBookReserved = defineEvent("library.book.reserved", {
  version: 1, module: "library", criticality: "INFO", when: "A book was reserved",
  key: (payload) => payload.book_id,
  payload: z.strictObject({ book_id: id, borrower_id: id }),
  consumers: ["library"],
});`,
} as const;

export type Release = keyof typeof events;

const handler = (name: string, by: string) => `
    on(${name}, async (event, { tx }) => {
      await tx.execute(sql\`INSERT INTO library_effects (event_id, type, book_id, by)
        VALUES (\${event.id}, \${event.type}, \${event.payload.book_id}, \${${by}})\`);
    }),`;

const handlers = {
  one: handler("libraryBookLent", "event.payload.reader_id") + handler("libraryBookReturned", "null"),
  two:
    handler("libraryBookLent", "event.payload.borrower_id") +
    handler("libraryBookReturned", "event.payload.note ?? null") +
    handler("libraryBookReserved", "event.payload.borrower_id"),
} as const;

const names = {
  one: ["libraryBookLent", "libraryBookReturned"],
  two: ["libraryBookLent", "libraryBookReturned", "libraryBookReserved"],
} as const;

const worker = (release: Release) => `
import { ${names[release].join(", ")} } from "../schemas/events/library.ts";
import { createCatalog } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { parseConfig } from "../src/config.ts";
import { defineConsumer } from "../src/engine/consume/define/define-consumer.ts";
import { on } from "../src/engine/consume/consumer.ts";
import { createApp } from "../src/http/app.ts";
import { createEngine } from "../src/engine/engine.ts";
import { janitorCron } from "./host.ts";

const library = defineConsumer({ subscriber: "library", handlers: [${handlers[release]}
] });
let isolate = null;
const catalog = createCatalog([${names[release].join(", ")}]);
const engineOf = (env) =>
  (isolate ??= createEngine({ catalog, settings: parseConfig(env), consumers: [library] }));
const app = createApp({ open: (c) => c.env.host });

export default {
  fetch(request, env, context) {
    const engine = engineOf(env);
    const waitUntil = (work) => context.waitUntil(work);
    if (new URL(request.url).pathname === "/wake") {
      waitUntil(engine.wake(null));
      return new Response(null, { status: 202 });
    }
    const invocation = engine.open();
    const wake = () => waitUntil(env.CONSUMER.fetch("https://consumer/wake", { method: "POST" }));
    const host = {
      invocation, waitUntil, apiKey: env.BRAIN_API_KEY, clientAddress: null, startJobs: () => undefined,
      afterCommit: () => waitUntil(engine.afterCommit({ invocation, wake })),
    };
    return app.fetch(request, { host }, context);
  },
  scheduled(controller, env, context) {
    const engine = engineOf(env);
    context.waitUntil(controller.cron === janitorCron ? engine.janitor(() => undefined) : engine.cron());
  },
};`;

/** Builds a release; its two workers are the same code, as in the benchmark. */
export async function buildRelease(release: Release): Promise<WorkerBundles> {
  const overlay = await createOverlay();
  try {
    await overlay.write("schemas/events/library.ts", events[release]);
    await overlay.write("workers/release.ts", worker(release));
    const entry = `${overlay.folder}/workers/release.ts`;
    return await bundleWorkers({ api: entry, consumer: entry });
  } finally {
    await overlay.remove();
  }
}
