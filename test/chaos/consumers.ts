import {
  type Consumer,
  defineConsumer,
  on,
  onBatch,
  onSql,
  PermanentError,
  TransientError,
  type Tx,
} from "@brain/engine";
import {
  agentHeartbeat,
  agentOffline,
  agentOnline,
  agentTaskRequest,
  charterEvents,
  charterOptions,
  createCatalog,
  defineEvent,
  systemHealth,
} from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import { codes, subscribers } from "./content.ts";

/*
 * The consumers of the chaos product. Each handler leaves one row for each event, with the highest number of the same
 * key that it could see: whoever runs beside or ahead of its predecessor is found out by that.
 */

/** Asks somebody outside to kill this worker. Comes back only when the answer was no. */
export type AskToDie = (eventId: string, how: "once" | "always") => Promise<void>;

/** The table of effects has no unique key: what happens twice must be seen twice. */
export const effectsTable = `
  CREATE TABLE chaos_effects (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber text NOT NULL, of text NOT NULL, event_id text NOT NULL,
    key text, number integer NOT NULL, previous integer, replayed boolean NOT NULL DEFAULT false, at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX chaos_effects_key_idx ON chaos_effects (subscriber, key, number)`;

interface EffectInput {
  readonly of: string;
  readonly eventId: string;
  readonly key: string | null;
  readonly number: number;
  readonly replayed?: boolean;
}

function effectSql(subscriber: string, { of, eventId, key, number, replayed = false }: EffectInput): SQL {
  return sql`
    INSERT INTO chaos_effects (subscriber, of, event_id, key, number, previous, replayed)
    SELECT ${subscriber}, ${of}, ${eventId}, ${key}::text, ${number}::integer,
      (SELECT max(number) FROM chaos_effects WHERE subscriber = ${subscriber} AND key = ${key}::text), ${replayed}::boolean`;
}

async function recordEffect(tx: Tx, subscriber: string, effect: EffectInput): Promise<void> {
  await tx.execute(effectSql(subscriber, effect));
}

async function recordSet(tx: Tx, subscriber: string, effects: readonly EffectInput[]): Promise<void> {
  const rows = JSON.stringify(effects.map((effect, place) => ({ ...effect, place })));
  await tx.execute(sql`
    INSERT INTO chaos_effects (subscriber, of, event_id, key, number, previous)
    SELECT ${subscriber}, r.of, r."eventId", r.key, r.number,
      coalesce(lag(r.number) OVER (PARTITION BY r.key ORDER BY r.place),
        (SELECT max(number) FROM chaos_effects e WHERE e.subscriber = ${subscriber} AND e.key = r.key))
    FROM json_to_recordset(${rows}::json) AS r(of text, "eventId" text, key text, number integer, place integer)
    ORDER BY r.place`);
}

/** Fails as the code says; a code of 1 to 3 is the number of tries that fail. */
function failAsPlanned(code: number, attempt: number): void {
  if (code === codes.permanent) throw new PermanentError("This event fails for good, as planned.");
  if (code >= 1 && code <= 3 && attempt <= code) throw new TransientError("This try fails, as planned.");
}

interface Details {
  readonly number?: unknown;
  readonly code?: unknown;
}

export interface ChaosConsumerOptions {
  readonly askToDie: AskToDie;
  /** Time that the slow consumer spends on each event. */
  readonly slowMs: number;
  /** Shortest and longest wait before a retry, and before a trial of the circuit breaker. */
  readonly baseMs: number;
  readonly capMs: number;
  /** Of those that are fast: a backlog is many rounds, each read while the one before it runs. */
  readonly batchSize: number;
  /** The second release has another name for the event of `follow`, and one consumer for another. */
  readonly second: boolean;
}

/** The event of `follow`, as the second release calls it. */
const agentTaskRequested = defineEvent("agent.task.requested", {
  version: 1,
  module: agentTaskRequest.module,
  criticality: "INFO",
  when: "An agent asks for work",
  payload: agentTaskRequest.payload,
  key: ({ agent_id }) => agent_id,
});

/** The charter of the second release. */
export const secondCharter = createCatalog(
  [...charterEvents.filter(({ type }) => type !== agentTaskRequest.type), agentTaskRequested],
  {
    ...charterOptions,
    readAliases: new Map([...charterOptions.readAliases, [agentTaskRequest.type, agentTaskRequested.type]]),
  },
);

/** How often a fault hits an event is not what is looked at, so only what is planned to fail is ever given up. */
export function chaosConsumers({
  askToDie,
  slowMs,
  baseMs,
  capMs,
  batchSize,
  second,
}: ChaosConsumerOptions): Consumer[] {
  const retry = { maxAttempts: 1_000, maxDeaths: 1_000, baseMs, capMs };
  const brake = { baseMs, capMs };
  const { each, set, cause, follow, statements, poison, added, removed } = subscribers;
  const asked = second ? agentTaskRequested : agentTaskRequest;
  return [
    defineConsumer({
      subscriber: each,
      retry,
      batchSize,
      brake,
      handlerTimeoutMs: 5_000,
      concurrency: 2,
      handlers: [
        on(agentHeartbeat, async ({ id, payload }, { tx, attempt }) => {
          failAsPlanned(payload.tasks_failed, attempt);
          await recordEffect(tx, each, {
            of: id,
            eventId: id,
            key: payload.agent_id,
            number: payload.tasks_completed,
          });
          if (payload.tasks_failed === codes.dieOnce) await askToDie(id, "once");
        }),
        on(systemHealth, async ({ id, payload }, { tx, attempt, replay }) => {
          const { number, code }: Details = payload.details ?? {};
          failAsPlanned(Number(code), attempt);
          const effect = { of: id, eventId: id, key: null, number: Number(number), replayed: replay };
          await recordEffect(tx, each, effect);
        }),
      ],
    }),
    defineConsumer({
      subscriber: set,
      retry,
      batchSize,
      brake,
      handlerTimeoutMs: 5_000,
      handlers: [
        onBatch(agentHeartbeat, async (deliveries, { tx }) => {
          for (const { event, attempt } of deliveries) {
            const { tasks_failed: code } = event.payload;
            if (code === codes.permanentInSet)
              throw new PermanentError("This event fails for good in the set, as planned.");
            if (code === codes.transientInSet && attempt === 1)
              throw new TransientError("The first try of this event fails, as planned.");
          }
          await recordSet(
            tx,
            set,
            deliveries.map(({ event: { id, payload } }) => ({
              of: id,
              eventId: id,
              key: payload.agent_id,
              number: payload.tasks_completed,
            })),
          );
        }),
      ],
    }),
    defineConsumer({
      subscriber: cause,
      retry,
      brake,
      handlerTimeoutMs: 5_000,
      batchSize: 100,
      handlers: [
        on(agentOnline, async ({ id, payload }, { tx, attempt, publish }) => {
          const { number, code }: Details = payload.details ?? {};
          failAsPlanned(Number(code), attempt);
          const { agent_id } = payload;
          await publish(asked, { agent_id, details: { number: Number(number), cause: id } });
          await recordEffect(tx, cause, { of: id, eventId: id, key: agent_id, number: Number(number) });
          await new Promise((resolve) => setTimeout(resolve, slowMs));
        }),
      ],
    }),
    defineConsumer({
      subscriber: follow,
      retry,
      brake,
      handlerTimeoutMs: 5_000,
      handlers: [
        on(asked, async ({ id, payload }, { tx }) => {
          const { number, cause: of } = (payload.details ?? {}) as { number?: unknown; cause?: unknown };
          const { agent_id: key } = payload;
          await recordEffect(tx, follow, { of: String(of), eventId: id, key, number: Number(number) });
        }),
      ],
    }),
    defineConsumer({
      subscriber: statements,
      retry,
      batchSize,
      brake,
      handlerTimeoutMs: 5_000,
      handlers: [
        onSql(agentHeartbeat, ({ event: { id, payload }, attempt }) => {
          failAsPlanned(payload.tasks_failed, attempt);
          const { agent_id: key, tasks_completed: number } = payload;
          return [effectSql(statements, { of: id, eventId: id, key, number })];
        }),
      ],
    }),
    second
      ? defineConsumer({
          ...{ subscriber: added, retry, batchSize, brake, handlerTimeoutMs: 5_000 },
          handlers: [
            on(systemHealth, async ({ id, payload: { details } }, { tx }) => {
              const { number }: Details = details ?? {};
              await recordEffect(tx, added, { of: id, eventId: id, key: null, number: Number(number) });
            }),
          ],
        })
      : defineConsumer({
          ...{ subscriber: removed, retry, batchSize, brake, handlerTimeoutMs: 5_000 },
          handlers: [
            onSql(agentOnline, ({ event: { id, payload } }) => {
              const { number }: Details = payload.details ?? {};
              return [
                effectSql(removed, { of: id, eventId: id, key: payload.agent_id, number: Number(number) }),
              ];
            }),
          ],
        }),
    defineConsumer({
      subscriber: poison,
      retry: { ...retry, maxDeaths: 3 },
      brake,
      handlerTimeoutMs: 30_000,
      handlers: [
        on(agentOffline, async ({ id, payload }, { tx }) => {
          await askToDie(id, "always");
          await recordEffect(tx, poison, { of: id, eventId: id, key: payload.agent_id, number: 1 });
        }),
      ],
    }),
  ];
}
