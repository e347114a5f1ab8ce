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

/** What the consumers have in common. */
interface Common {
  readonly retry: { readonly maxAttempts: number; readonly maxDeaths: number } & Waits;
  readonly brake: Waits;
  readonly handlerTimeoutMs: number;
}

/** The event of `follow`, as this release or the next one calls it. */
type Asked = typeof agentTaskRequest | typeof agentTaskRequested;
type Waits = Pick<ChaosConsumerOptions, "baseMs" | "capMs">;
type Batched = Common & Pick<ChaosConsumerOptions, "batchSize">;

/** How often a fault hits an event is not what is looked at, so only what is planned to fail is ever given up. */
export function chaosConsumers(options: ChaosConsumerOptions): Consumer[] {
  const { baseMs, capMs, batchSize, second } = options;
  const common: Common = {
    retry: { maxAttempts: 1_000, maxDeaths: 1_000, baseMs, capMs },
    brake: { baseMs, capMs },
    handlerTimeoutMs: 5_000,
  };
  const batched = { ...common, batchSize };
  const asked = second ? agentTaskRequested : agentTaskRequest;
  return [
    oneByOne(batched, options.askToDie),
    inSets(batched),
    publishing(common, asked, options.slowMs),
    following(common, asked),
    byStatements(batched),
    second ? addedLater(batched) : removedLater(batched),
    poisoned(common, options.askToDie),
  ];
}

function oneByOne(common: Batched, askToDie: AskToDie): Consumer {
  const subscriber = subscribers.each;
  return defineConsumer({
    ...common,
    subscriber,
    concurrency: 2,
    handlers: [
      on(agentHeartbeat, async ({ id, payload }, { tx, attempt }) => {
        const { tasks_failed: code, tasks_completed: number, agent_id: key } = payload;
        failAsPlanned(code, attempt);
        await recordEffect(tx, subscriber, { of: id, eventId: id, key, number });
        if (code === codes.dieOnce) await askToDie(id, "once");
      }),
      on(systemHealth, async ({ id, payload }, { tx, attempt, replay }) => {
        const { number, code }: Details = payload.details ?? {};
        failAsPlanned(Number(code), attempt);
        const effect = { of: id, eventId: id, key: null, number: Number(number), replayed: replay };
        await recordEffect(tx, subscriber, effect);
      }),
    ],
  });
}

function inSets(common: Batched): Consumer {
  const subscriber = subscribers.set;
  return defineConsumer({
    ...common,
    subscriber,
    handlers: [
      onBatch(agentHeartbeat, async (deliveries, { tx }) => {
        for (const { event, attempt } of deliveries) {
          const { tasks_failed: code } = event.payload;
          if (code === codes.permanentInSet)
            throw new PermanentError("This event fails for good in the set, as planned.");
          if (code === codes.transientInSet && attempt === 1)
            throw new TransientError("The first try of this event fails, as planned.");
        }
        const effects = deliveries.map(({ event: { id, payload } }) => ({
          of: id,
          eventId: id,
          key: payload.agent_id,
          number: payload.tasks_completed,
        }));
        await recordSet(tx, subscriber, effects);
      }),
    ],
  });
}

/** Each of its events causes one of `follow`. It is slow, so that it is often killed in the middle. */
function publishing(common: Common, asked: Asked, slowMs: number): Consumer {
  const subscriber = subscribers.cause;
  return defineConsumer({
    ...common,
    subscriber,
    batchSize: 100,
    handlers: [
      on(agentOnline, async ({ id, payload }, { tx, attempt, publish }) => {
        const { number, code }: Details = payload.details ?? {};
        failAsPlanned(Number(code), attempt);
        const { agent_id } = payload;
        await publish(asked, { agent_id, details: { number: Number(number), cause: id } });
        await recordEffect(tx, subscriber, { of: id, eventId: id, key: agent_id, number: Number(number) });
        await new Promise((resolve) => setTimeout(resolve, slowMs));
      }),
    ],
  });
}

function following(common: Common, asked: Asked): Consumer {
  const subscriber = subscribers.follow;
  return defineConsumer({
    ...common,
    subscriber,
    handlers: [
      on(asked, async ({ id, payload }, { tx }) => {
        const { number, cause: of } = (payload.details ?? {}) as { number?: unknown; cause?: unknown };
        const { agent_id: key } = payload;
        await recordEffect(tx, subscriber, { of: String(of), eventId: id, key, number: Number(number) });
      }),
    ],
  });
}

function byStatements(common: Batched): Consumer {
  const subscriber = subscribers.statements;
  return defineConsumer({
    ...common,
    subscriber,
    handlers: [
      onSql(agentHeartbeat, ({ event: { id, payload }, attempt }) => {
        failAsPlanned(payload.tasks_failed, attempt);
        const { agent_id: key, tasks_completed: number } = payload;
        return [effectSql(subscriber, { of: id, eventId: id, key, number })];
      }),
    ],
  });
}

/** Comes with the second release. */
function addedLater(common: Batched): Consumer {
  const subscriber = subscribers.added;
  return defineConsumer({
    ...common,
    subscriber,
    handlers: [
      on(systemHealth, async ({ id, payload: { details } }, { tx }) => {
        const { number }: Details = details ?? {};
        await recordEffect(tx, subscriber, { of: id, eventId: id, key: null, number: Number(number) });
      }),
    ],
  });
}

/** Goes with the second release. */
function removedLater(common: Batched): Consumer {
  const subscriber = subscribers.removed;
  return defineConsumer({
    ...common,
    subscriber,
    handlers: [
      onSql(agentOnline, ({ event: { id, payload } }) => {
        const { number }: Details = payload.details ?? {};
        return [
          effectSql(subscriber, { of: id, eventId: id, key: payload.agent_id, number: Number(number) }),
        ];
      }),
    ],
  });
}

/** Its worker dies at each try, until it has its dead letter. */
function poisoned(common: Common, askToDie: AskToDie): Consumer {
  const subscriber = subscribers.poison;
  return defineConsumer({
    ...common,
    subscriber,
    retry: { ...common.retry, maxDeaths: 3 },
    handlerTimeoutMs: 30_000,
    handlers: [
      on(agentOffline, async ({ id, payload }, { tx }) => {
        await askToDie(id, "always");
        await recordEffect(tx, subscriber, { of: id, eventId: id, key: payload.agent_id, number: 1 });
      }),
    ],
  });
}
