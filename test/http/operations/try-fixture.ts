import type { Consumer, HandlerContext } from "@brain/engine";
import { agentHeartbeat, courseAccessGranted, type PayloadOf } from "@brain/schemas";
import { sql } from "drizzle-orm";
import {
  notTried,
  on,
  onAny,
  onBatch,
  onEntries,
  onSql,
  onSqlBatch,
} from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import type { Surface } from "../surface.ts";

/* Consumers of each kind over one table, and what of the world could change. */

export const tableSql = "CREATE TABLE tried (place serial, agent text, number int, note text UNIQUE)";

type Beat = PayloadOf<typeof agentHeartbeat>;

const insert = ({ agent_id, tasks_completed }: Beat) =>
  sql`INSERT INTO tried (agent, number) VALUES (${agent_id}, ${tasks_completed})`;

/** What the handler of `teller` does; a test may set it. */
export interface Script {
  run: (payload: Beat, context: HandlerContext) => Promise<void>;
}

/** One of each kind. `script`: what the handler of `scripted` does. */
export function tryConsumers(script: Script): Consumer[] {
  const beat = agentHeartbeat;
  const consumer = (subscriber: string, handler: Parameters<typeof defineConsumer>[0]["handlers"][number]) =>
    defineConsumer({ subscriber, handlers: [handler], retry: { maxAttempts: 3 } });
  return [
    consumer(
      "scripted",
      on(beat, (event, context) => script.run(event.payload, context)),
    ),
    consumer(
      "batched",
      onBatch(beat, async (deliveries, { tx, publishFrom }) => {
        for (const delivered of deliveries) {
          await tx.execute(insert(delivered.event.payload));
          await publishFrom(delivered)(beat, { ...delivered.event.payload, agent_id: "echo" });
        }
      }),
    ),
    consumer(
      "stated",
      onSql(beat, ({ event }) => [insert(event.payload)]),
    ),
    consumer(
      "stated_batch",
      onSqlBatch(beat, ({ deliveries }) => deliveries.map(({ event }) => insert(event.payload))),
    ),
    consumer(
      "catch_all",
      onAny(async (deliveries, { tx }) => {
        for (const { event } of deliveries)
          await tx.execute(sql`INSERT INTO tried (agent, note) VALUES (${event.type}, ${event.id})`);
      }),
    ),
    consumer(
      "watcher",
      onEntries(async () => undefined),
    ),
    consumer(
      "elsewhere",
      notTried(
        "It writes to a queue of another program.",
        on(beat, async () => undefined),
      ),
    ),
    defineConsumer({
      subscriber: "grants",
      handlers: [
        on(courseAccessGranted, async ({ payload }, { tx, log }) => {
          log.info({ reason: payload.reason ?? "" }, `granted because of ${payload.reason}`);
          await tx.execute(
            sql`INSERT INTO tried (agent, note) VALUES (${payload.course_id}, ${`why: ${payload.reason}`})`,
          );
          await tx.execute(sql.raw(`SELECT '${payload.reason?.replaceAll("'", "''")}' AS because`));
          throw new Error(`it failed for ${payload.reason}`);
        }),
      ],
    }),
  ];
}

/** All rows of all tables, and all of Redis: what a try must leave as it was. */
export async function world(surface: Surface): Promise<Record<string, string>> {
  const tables = await surface.sql<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1",
  );
  const parts: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await surface.sql<{ all: string | null }>(
      `SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS all FROM "${name}" t`,
    );
    parts[name] = row?.all ?? "empty";
  }
  const keys = (await surface.redis("KEYS", `${surface.sandbox.prefix}*`)) as string[];
  for (const key of keys.sort()) {
    const type = String(await surface.redis("TYPE", key));
    const command = {
      string: ["GET", key],
      hash: ["HGETALL", key],
      zset: ["ZRANGE", key, 0, -1, "WITHSCORES"],
    }[type];
    const held =
      type === "stream"
        ? [await surface.redis("XRANGE", key, "-", "+"), await surface.redis("XINFO", "GROUPS", key)]
        : await surface.redis(...((command ?? ["SMEMBERS", key]) as [string, ...string[]]));
    parts[`redis ${key}`] = JSON.stringify(held);
  }
  return parts;
}
