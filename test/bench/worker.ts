import {
  type Consumer,
  createEngine,
  defineConsumer,
  drainAll,
  drainOnce,
  type Engine,
  on,
  onBatch,
  onSql,
  onSqlBatch,
  parseNews,
  requireStream,
  transactAndPublish,
  type Wake,
} from "@brain/engine";
import {
  charter,
  distributionEnrollmentClicked,
  distributionMicroNicheCreated,
  distributionUnpublished,
  distributionVersionBumped,
  distributionViewed,
} from "@brain/schemas";
import { sql } from "drizzle-orm";
import { parseConfig } from "../../src/config.ts";
import { sqlEndpoint } from "../../src/engine/db/neon-http.ts";
import { createApp } from "../../src/http/app.ts";
import type { Host } from "../../src/http/host.ts";

/*
 * The backbone in workerd with a few small consumers, deployed twice: as the API and, behind the service binding, as
 * the consumer. What is measured is the product's own code; only the handlers and the triggers are the benchmark's.
 */

const setBased = defineConsumer({
  subscriber: "bench_set",
  batchSize: 1_000,
  handlers: [
    onBatch(distributionViewed, async (deliveries, { tx }) => {
      const rows = JSON.stringify(
        deliveries.map(({ event }) => ({ id: event.id, n: event.payload.view_count })),
      );
      await tx.execute(sql`
        INSERT INTO bench_effects (event_id, n) SELECT r.id, r.n FROM json_to_recordset(${rows}::json) AS r(id uuid, n integer)`);
    }),
  ],
});

const perEvent = defineConsumer({
  subscriber: "bench_each",
  concurrency: 4,
  handlers: [
    on(distributionEnrollmentClicked, async (event, { tx }) => {
      await tx.execute(sql`
        INSERT INTO bench_effects (event_id, n) VALUES (${event.id}, ${event.payload.enrollment_count})`);
    }),
  ],
});

/** The same as `perEvent`, and nothing but statements. */
const statements = defineConsumer({
  subscriber: "bench_sql",
  concurrency: 4,
  handlers: [
    onSql(distributionUnpublished, ({ event }) => [
      sql`INSERT INTO bench_effects (event_id, n, at) VALUES (${event.id}, 0, clock_timestamp())`,
    ]),
  ],
});

/** The same as `setBased`, and nothing but statements. */
const statementBatches = defineConsumer({
  subscriber: "bench_sql_batch",
  batchSize: 1_000,
  handlers: [
    onSqlBatch(distributionMicroNicheCreated, ({ deliveries }) => [
      sql`INSERT INTO bench_effects (event_id, n)
        SELECT id::uuid, 0 FROM json_array_elements_text(${JSON.stringify(deliveries.map(({ event }) => event.id))}::json) AS r(id)`,
    ]),
  ],
});

const latency = defineConsumer({
  subscriber: "bench_latency",
  handlers: [
    on(distributionVersionBumped, async (event, { tx }) => {
      await tx.execute(
        sql`INSERT INTO bench_effects (event_id, n, at) VALUES (${event.id}, 0, clock_timestamp())`,
      );
    }),
  ],
});

/** As many as one likes: each gets every view, and has its claims as its only effect. */
function smallConsumers(count: number): Consumer[] {
  return Array.from({ length: count }, (_, index) =>
    defineConsumer({
      subscriber: `bench_small_${index}`,
      batchSize: 1_000,
      handlers: [onBatch(distributionViewed, async () => undefined)],
    }),
  );
}

/**
 * The least that a request costs which takes a body and asks one thing: the runtime's own share. It goes to the gateway of
 * Postgres by the same road as the driver of the product.
 */
async function bareRequest(request: Request, neonUrl: string): Promise<Response> {
  const { hostname, port, href } = new URL(neonUrl);
  await request.json();
  const answer = await fetch(sqlEndpoint(hostname, port), {
    method: "POST",
    headers: { "Neon-Connection-String": href },
    body: JSON.stringify({ query: "SELECT 1", params: [] }),
  });
  await answer.json();
  return Response.json({}, { status: 202 });
}

interface Env {
  readonly CONSUMER: Fetcher;
  readonly [name: string]: unknown;
}

const budgetMs = 120_000;
let isolateEngine: Engine | null = null;

const app = createApp({
  open: (c) => (c.env as { host: Host }).host,
});

export default {
  async fetch(request, env, context): Promise<Response> {
    const small = Number(env.BENCH_CONSUMERS ?? 0);
    isolateEngine ??= createEngine({
      catalog: charter,
      settings: parseConfig(env),
      consumers:
        small > 0 ? smallConsumers(small) : [setBased, perEvent, statements, statementBatches, latency],
      budgets: { backgroundMs: budgetMs, cronMs: budgetMs },
    });
    const engine = isolateEngine;
    const invocation = requireStream(engine.open(), ": the benchmark needs one.");
    const url = new URL(request.url);
    const wake: Wake = (news) => {
      context.waitUntil(
        env.CONSUMER.fetch("https://consumer/wake", {
          method: "POST",
          body: JSON.stringify(news),
        }),
      );
    };
    const afterCommit = () => context.waitUntil(engine.afterCommit({ invocation, wake }));
    switch (url.pathname) {
      case "/wake": {
        const news = parseNews(await request.json());
        context.waitUntil(drainAll(invocation, Date.now() + budgetMs, news));
        return new Response(null, { status: 202 });
      }
      case "/bench/relay":
        await engine.afterCommit({ invocation, wake: () => undefined });
        return new Response("ok");
      case "/bench/tick":
        await engine.cron();
        return new Response("ok");
      case "/bench/drain-all":
        await drainAll(invocation, Date.now() + budgetMs, null);
        return new Response("ok");
      case "/bench/bare":
        return await bareRequest(request, String(env.NEON_DATABASE_URL));
      case "/bench/drain": {
        const consumer = engine.consumers.get(url.searchParams.get("subscriber") ?? "");
        if (consumer === undefined) return new Response("no such consumer", { status: 404 });
        return Response.json(
          await drainOnce(invocation, consumer, { shard: 0, deadlineMs: Date.now() + budgetMs }),
        );
      }
      case "/bench/transaction": {
        const events = Number(url.searchParams.get("publish"));
        await transactAndPublish(
          invocation.db,
          invocation.publish,
          { source: "bench" },
          async (tx, publish) => {
            await tx.execute(sql`INSERT INTO bench_effects (event_id, n) VALUES (gen_random_uuid(), 0)`);
            for (let event = 0; event < events; event += 1) {
              const at = new Date().toISOString();
              await publish(distributionVersionBumped, {
                distribution_id: "dist_0123456789abcdef",
                slug: "bench-course",
                old_version: "v1",
                new_version: "v2",
                bumped_at: at,
                changelog: null,
              });
            }
          },
        );
        return new Response("ok");
      }
      default: {
        const host: Host = {
          invocation,
          apiKey: String(env.BRAIN_API_KEY),
          waitUntil: (work) => context.waitUntil(work),
          afterCommit,
          startJobs: () => undefined,
        };
        return app.fetch(request, { host }, context);
      }
    }
  },
} satisfies ExportedHandler<Env>;
