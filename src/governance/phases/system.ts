/** A running system, as its API tells of it: ours, or one of the original, which answers /api/health alone. */

import * as z from "zod";

/** What came of a question: an answer, or why there is none. */
export type Asked<T> = { readonly answer: T } | { readonly why: string };

/** An answer as it came; null: none came, and `why` says so. */
export interface Probe {
  readonly status: number;
  readonly body: unknown;
}

export type Ask = (path: string) => Promise<Probe | { readonly why: string }>;

const health = z.object({
  status: z.string(),
  event_stream: z.boolean(),
  mode: z.string().optional(),
  reasons: z.array(z.string()).optional(),
  consumers: z.array(z.string()).optional(),
});

const settings = z.object({
  mode: z.string(),
  migrations: z.object({ state: z.string().nullable(), missing: z.array(z.string()) }),
  claims: z
    .object({
      table: z.boolean(),
      unique_index: z.string().nullable(),
      migrations: z.array(z.string()),
      original_migration: z.string(),
    })
    .nullable(),
});

const catalog = z.object({
  events: z.array(
    z.object({
      type: z.string(),
      module: z.string(),
      observed: z.object({ count: z.number(), last_seen_at: z.string().nullable() }).nullable(),
    }),
  ),
});

export interface System {
  readonly url: string;
  readonly health: Asked<z.infer<typeof health>>;
  readonly settings: Asked<z.infer<typeof settings>>;
  readonly catalog: Asked<z.infer<typeof catalog>>;
}

/** Asks side by side. Never throws for what a system answers. */
export async function askSystem(url: string, ask: Ask): Promise<System> {
  const read = async <T>(path: string, schema: z.ZodType<T>): Promise<Asked<T>> => {
    const probe = await ask(path);
    if ("why" in probe) return probe;
    const parsed = schema.safeParse(probe.body);
    // 503 is the answer of an unhealthy system; its body says why.
    if (parsed.success) return { answer: parsed.data };
    return { why: `GET ${path} answered ${probe.status}${reasonIn(probe.body)}` };
  };
  const [first, second, third] = await Promise.all([
    read("/api/health", health),
    read("/api/settings", settings),
    read("/api/catalog", catalog),
  ]);
  return { url, health: first, settings: second, catalog: third };
}

function reasonIn(body: unknown): string {
  const parsed = z.object({ error: z.object({ message: z.string() }) }).safeParse(body);
  return parsed.success ? `: ${parsed.data.error.message}` : "";
}

/** It says no more than whether it is well, as systems of the original do. */
export function isOriginal({ health: asked, settings: other }: System): boolean {
  return "answer" in asked && asked.answer.mode === undefined && "why" in other;
}

/** Events of these types in the record, and when the last of them was seen; null: nobody could say. */
export function observedOf({ catalog: asked }: System, types: readonly string[]) {
  if ("why" in asked) return null;
  const seen = asked.answer.events.filter(({ type, observed }) => types.includes(type) && observed !== null);
  const times = seen.flatMap(({ observed }) => observed?.last_seen_at ?? []).sort();
  return {
    count: seen.reduce((sum, { observed }) => sum + (observed?.count ?? 0), 0),
    types: seen.filter(({ observed }) => (observed?.count ?? 0) > 0).map(({ type }) => type),
    last: times.at(-1) ?? null,
  };
}
