import type { Fate } from "./checker.ts";
import { createRandom, type Random } from "./random.ts";

/*
 * What is published, all of it from the seed. An event carries a code that tells its handlers how to behave, so that
 * its fate is known before it is sent.
 */

/** How the handler of an event behaves. 1 to 3: fails that often before it succeeds. */
export const codes = {
  sound: 0,
  permanent: 90,
  permanentInSet: 91,
  transientInSet: 92,
  dieOnce: 80,
} as const;

export const subscribers = {
  each: "chaos_each",
  set: "chaos_set",
  cause: "chaos_cause",
  follow: "chaos_follow",
  statements: "chaos_statements",
  poison: "chaos_poison",
  /** Of the first release alone. */
  removed: "chaos_removed",
  /** Of the second release alone. */
  added: "chaos_added",
} as const;

/** Those that a release has. @param second it renames the event of `follow`, too */
export function subscribersOf(second: boolean): string[] {
  const other = second ? subscribers.removed : subscribers.added;
  return Object.values(subscribers).filter((name) => name !== other);
}

/**
 * What becomes of an event when the second release came while they were published, or never came: what is added gets all of the
 * record, what is removed gets what came until then.
 */
export function fatesWith(second: boolean, fates: readonly Fate[]): Fate[] {
  return fates.flatMap((fate) => {
    if (fate.subscriber === subscribers.added) return second ? [fate] : [];
    return fate.subscriber === subscribers.removed && second ? [{ ...fate, mayLack: true }] : [fate];
  });
}

/** Events of `follow` are caused by the effects of `cause`. */
export const followUps = [{ subscriber: subscribers.follow, causedBy: subscribers.cause }] as const;

/** Body of one event as the HTTP API takes it. */
export interface EventInput {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface PlannedEvent {
  readonly input: EventInput;
  readonly fates: readonly Fate[];
}

/**
 * One call of the publisher. `ignore-reply`: the first answer is lost on the way, and the call is repeated. `twice`: it
 * is sent to both workers at once. `abandon`: the connection is given up, and nothing is repeated.
 */
export interface PlannedRequest {
  readonly events: readonly PlannedEvent[];
  readonly behaviour: "plain" | "ignore-reply" | "twice" | "abandon";
  /** Part of the load that is published before it, 0 … 1. */
  readonly at: number;
}

export interface ContentOptions {
  readonly seed: number;
  readonly events: number;
  readonly agents: number;
  /** Events of a lane are published one after the other; those of one agent share a lane. */
  readonly lanes: number;
  /** Events that end every worker that tries them. */
  readonly poison: number;
}

/** The requests of each lane, in order. The same seed gives the same content. */
export function planContent(options: ContentOptions): PlannedRequest[][] {
  const random = createRandom(options.seed);
  const numbers = new Map<number, number>();
  const lanes: { readonly event: PlannedEvent; readonly place: number }[][] = Array.from(
    { length: options.lanes },
    () => [],
  );
  const poisonEvery =
    options.poison === 0 ? Number.POSITIVE_INFINITY : Math.ceil(options.events / options.poison);
  for (let place = 0; place < options.events; place += 1) {
    const agent = random.whole(0, options.agents - 1);
    const number = (numbers.get(agent) ?? 0) + 1;
    numbers.set(agent, number);
    const isPoison = place % poisonEvery === Math.floor(poisonEvery / 2);
    const event = isPoison ? poisonEvent(random, place) : plannedEvent(random, agent, number);
    lanes[agent % options.lanes]?.push({ event, place });
  }
  return lanes.map((lane) => toRequests(random, lane, options.events));
}

function toRequests(
  random: Random,
  lane: readonly { readonly event: PlannedEvent; readonly place: number }[],
  total: number,
): PlannedRequest[] {
  const requests: PlannedRequest[] = [];
  for (let at = 0; at < lane.length; ) {
    const size = random.chance(0.6) ? 1 : random.whole(2, 40);
    const part = lane.slice(at, at + size);
    at += size;
    const events = part.map(({ event }) => event);
    const isUnordered = events.every(({ input }) => input.type === "system.health");
    // What has an order is never given up: the next event of the key could overtake a call still under way.
    const luck = random.next();
    const behaviour =
      luck < 0.04 ? "ignore-reply" : luck < 0.08 ? "twice" : luck < 0.3 && isUnordered ? "abandon" : "plain";
    requests.push({ events, behaviour, at: (part[0]?.place ?? 0) / total });
  }
  return requests;
}

function plannedEvent(random: Random, agent: number, number: number): PlannedEvent {
  const luck = random.next();
  if (luck < 0.55) return heartbeat(random, agentName(agent), number);
  if (luck < 0.85) return online(random, agentName(agent), number);
  return health(random, number);
}

const agentName = (agent: number) => `agent-${agent}`;
const source = "chaos";

function failingCode(random: Random): number {
  const luck = random.next();
  if (luck < 0.006) return random.whole(1, 3);
  return luck < 0.01 ? codes.permanent : codes.sound;
}

const outcomeOf = (failsForGood: boolean) => (failsForGood ? "permanent_error" : "effect");

function heartbeat(random: Random, agent_id: string, number: number): PlannedEvent {
  const luck = random.next();
  const code =
    luck < 0.0006
      ? codes.dieOnce
      : luck < 0.003
        ? codes.permanentInSet
        : luck < 0.006
          ? codes.transientInSet
          : failingCode(random);
  return heartbeatOf(random.uuid(), agent_id, number, code);
}

/** A heartbeat whose `tasks_failed` is the code. */
export function heartbeatOf(id: string, agent_id: string, number: number, code: number): PlannedEvent {
  return {
    input: {
      id,
      type: "agent.heartbeat",
      source,
      payload: { agent_id, tasks_completed: number, tasks_failed: code },
    },
    fates: [
      { subscriber: subscribers.each, outcome: outcomeOf(code === codes.permanent) },
      { subscriber: subscribers.set, outcome: outcomeOf(code === codes.permanentInSet) },
      { subscriber: subscribers.statements, outcome: outcomeOf(code === codes.permanent) },
    ],
  };
}

function online(random: Random, agent_id: string, number: number): PlannedEvent {
  const code = failingCode(random);
  const outcome = outcomeOf(code === codes.permanent);
  return {
    input: {
      id: random.uuid(),
      type: "agent.online",
      source,
      payload: { agent_id, details: { number, code } },
    },
    fates: [
      { subscriber: subscribers.cause, outcome },
      { subscriber: subscribers.removed, outcome: "effect" },
      ...(outcome === "effect" ? [{ subscriber: subscribers.follow, outcome } as const] : []),
    ],
  };
}

function health(random: Random, number: number): PlannedEvent {
  const code = failingCode(random);
  return {
    input: {
      id: random.uuid(),
      type: "system.health",
      source,
      payload: { component: "chaos", status: "ok", details: { number, code } },
    },
    fates: [
      { subscriber: subscribers.each, outcome: outcomeOf(code === codes.permanent) },
      { subscriber: subscribers.added, outcome: "effect" },
    ],
  };
}

function poisonEvent(random: Random, place: number): PlannedEvent {
  return {
    input: {
      id: random.uuid(),
      type: "agent.offline",
      source,
      payload: { agent_id: `poison-${place}`, missed_heartbeats: 3, last_heartbeat: null },
    },
    fates: [{ subscriber: subscribers.poison, outcome: "worker_died" }],
  };
}
