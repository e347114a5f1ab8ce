import type { EffectOfConsumer, EventEffects, StoryEvent } from "../../../http/kit/answers/events.ts";
import type { Client } from "../../client.ts";
import { printable } from "../../output.ts";

/** Events that are asked about, the newest of a story: what is over long ago waits for nothing. */
const maxAsked = 20;

/** States in which a consumer may still do something with an event. */
const states: Readonly<Record<string, string>> = {
  not_sent: "waits for the relay",
  waiting: "not read yet",
  in_work: "read, and no try has failed",
  retrying: "is tried again",
  deferred: "waits in the record",
  redriving: "a redrive has taken its dead letter",
  unknown: "nobody knows: Redis is away",
};

/** One consumer that has not come to an end with one event. */
export interface PendingDelivery
  extends Pick<
    EffectOfConsumer,
    "subscriber" | "state" | "failed_attempts" | "next_try_at" | "error" | "paused" | "deferred"
  > {
  readonly event_id: string;
  readonly type: string;
}

/** What consumers have not come to an end with. */
export interface Pending {
  /** Of the newest event first. */
  readonly deliveries: readonly PendingDelivery[];
  /** Why there may be more of them; null: these are all. */
  readonly missing: string | null;
}

/** Never throws for what the API refuses: the story itself is told by then. */
export async function readPending(client: Client, events: readonly StoryEvent[]): Promise<Pending> {
  const asked = events.toSorted((a, b) => b.timestamp.localeCompare(a.timestamp)).slice(0, maxAsked);
  try {
    const effects = await Promise.all(
      asked.map(({ id }) => client.get<EventEffects>(`/api/events/${encodeURIComponent(id)}/effects`)),
    );
    const deliveries = asked.flatMap(({ id, type }, place) =>
      (effects[place]?.consumers ?? [])
        .filter(({ handles, state }) => handles && Object.hasOwn(states, state))
        .map((effect): PendingDelivery => {
          const { subscriber, state, failed_attempts, next_try_at, error, paused, deferred } = effect;
          const tries = { failed_attempts, next_try_at, error, paused, deferred };
          return { event_id: id, type, subscriber, state, ...tries };
        }),
    );
    const isPart = asked.length < events.length;
    return {
      deliveries,
      missing: isPart ? `Whether older events wait was not asked: only the newest ${maxAsked}.` : null,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { deliveries: [], missing: `What waits or is tried again could not be read: ${why}` };
  }
}

export const countOfTries = (count: number): string => `${count} ${count === 1 ? "try" : "tries"}`;

/** States that lead on by themselves, in which nothing is wrong. */
const calmStates: readonly string[] = ["in_work", "not_sent", "waiting"];

const isCalm = ({ state, failed_attempts, error, paused, deferred }: PendingDelivery): boolean =>
  calmStates.includes(state) &&
  (failed_attempts ?? 0) === 0 &&
  error === null &&
  paused !== true &&
  deferred === null;

/** What stands above the lines. */
export function pendingHeading(deliveries: readonly PendingDelivery[]): string {
  return deliveries.every(isCalm)
    ? "Not over yet, and nothing is wrong; what is not read yet is read within a minute, with the tick of cron:"
    : "Not over yet:";
}

/**
 * Lines about what is not over. What failed, or waits for a reason, comes first, each for itself. What is merely on its
 * way is one line for each state: a consumer that reads with the tick has not read any event of a fresh story.
 */
export function pendingLines(deliveries: readonly PendingDelivery[]): string[] {
  const [troubled, calm] = [true, false].map((isWanted) =>
    deliveries.filter((delivery) => isCalm(delivery) !== isWanted),
  );
  const first = (troubled ?? []).toSorted(
    (a, b) => Number(b.state === "retrying") - Number(a.state === "retrying"),
  );
  const together = calmStates.flatMap((state) => {
    const same = (calm ?? []).filter((delivery) => delivery.state === state);
    const [only, ...more] = same;
    if (only === undefined) return [];
    return more.length === 0 ? [pendingLine(only)] : [`${states[state]}: ${countsOf(same)}`];
  });
  return [...first.map(pendingLine), ...together];
}

/** `audit_log (13 events), analytics (1 event)` */
function countsOf(deliveries: readonly PendingDelivery[]): string {
  const counts = new Map<string, number>();
  for (const { subscriber } of deliveries) counts.set(subscriber, (counts.get(subscriber) ?? 0) + 1);
  return Array.from(
    counts,
    ([subscriber, count]) => `${printable(subscriber)} (${count} ${count === 1 ? "event" : "events"})`,
  ).join(", ");
}

const pendingLine = (delivery: PendingDelivery): string =>
  [`${delivery.subscriber}: ${describe(delivery)}`, delivery.type, delivery.event_id]
    .map(printable)
    .join("  ");

function describe({ state, failed_attempts, next_try_at, error, paused, deferred }: PendingDelivery): string {
  const attempts = failed_attempts ?? 0;
  return [
    states[state] ?? state,
    ...(attempts === 0 ? [] : [`${countOfTries(attempts)} failed`]),
    ...(next_try_at === null ? [] : [`the next is due at ${next_try_at}`]),
    ...(deferred === null ? [] : [`because of ${deferred.cause}, due at ${deferred.due_at}`]),
    ...(paused === true ? ["the consumer is paused"] : []),
    ...(error === null ? [] : [error]),
  ].join(", ");
}
