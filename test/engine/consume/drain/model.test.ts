import { agentHeartbeat, agentOnline, compareMessageIds, parseMessageId } from "@brain/schemas";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Consumer } from "../../../../src/engine/consume/consumer.ts";
import { prepareEvent, publishMany } from "../../../../src/engine/publish/publish.ts";
import { type Backbone, createBackbone } from "../../../backbone.ts";
import { check, type Effect, type Fate, type Letter, type PublishedEvent } from "../../../chaos/checker.ts";
import { chaosConsumers, effectsTable } from "../../../chaos/consumers.ts";
import { codes, followUps, subscribers } from "../../../chaos/content.ts";
import { recorded } from "../../../recorded.ts";
import { drainWith, endLease, pendingOf, relayWith } from "../../fixture.ts";
import { type Disturbance, disturb } from "../lease/interference.ts";
import { keyCount, type Step, setAsideBeforeDelivered, step, tokenNotCopied, twice } from "./histories.ts";

/*
 * Random histories of publishers, relays, workers and faults against a model that is one sentence long: each event has
 * its effect once at each consumer, in order per key, or the dead letter that it was meant to become.
 */

const consumers = chaosConsumers({
  askToDie: async () => undefined,
  slowMs: 0,
  baseMs: 1,
  capMs: 1,
  batchSize: 3,
  second: false,
}).filter(({ subscriber }) => subscriber !== subscribers.poison && subscriber !== subscribers.removed);
// The consumers are those of the storm (test/chaos), which runs on the charter's events, and so do these histories.
const keys = Array.from({ length: keyCount }, (_, key) => `agent-${key}`);

/** Moves with the time of the machine, and ahead when the test says so. */
interface Clock {
  now(): number;
  advance(ms: number): void;
}

function createClock(): Clock {
  let aheadMs = 0;
  return {
    now: () => Date.now() + aheadMs,
    advance(ms) {
      aheadMs += ms;
    },
  };
}

/** Longest time of one drain, ms: a drain that would never end by itself comes back all the same. */
const tickLimitMs = 1_000;
/** After so many rounds, each a second of the clock later, everything is at rest. */
const maxRounds = 400;
/** Histories of a run. */
const numRuns = 20;
/** Only what hangs ends by it, ms: some seeds make histories that take a machine with other work minutes. */
const timeLimitMs = 1_200_000;

/** What the model knows, and the system under test. */
interface History {
  readonly backbone: Backbone;
  readonly clock: Clock;
  readonly published: PublishedEvent[];
  readonly numbers: Map<number, number>;
  /** Redis lost its data, or an entry was written again, at some time. */
  sentAgain: boolean;
  /** Redis lost its data, and the relay has not looked since. */
  unseen: boolean;
}

async function publishSome(
  { backbone, published, numbers }: History,
  events: Extract<Step, { do: "publish" }>["events"],
): Promise<void> {
  const { db, publish: settings } = backbone.open();
  const context = { source: "model" };
  const prepared = events.map(({ key, code, causes }) => {
    const number = (numbers.get(key) ?? 0) + 1;
    numbers.set(key, number);
    const agent_id = keys[key] ?? "";
    const recorded = causes
      ? prepareEvent(settings, agentOnline, { agent_id, details: { number, code } }, context)
      : prepareEvent(
          settings,
          agentHeartbeat,
          { agent_id, tasks_completed: number, tasks_failed: code },
          context,
        );
    published.push({
      id: recorded.event.id,
      certainty: "accepted",
      fates: causes ? fatesOfCause(code) : fatesOfBeat(code),
    });
    return recorded;
  });
  await db.transaction((tx) => publishMany(tx, prepared));
}

const fate = (subscriber: string, fails: boolean): Fate => ({
  subscriber,
  outcome: fails ? "permanent_error" : "effect",
});

function fatesOfCause(code: number): Fate[] {
  const fails = code === codes.permanent;
  return [fate(subscribers.cause, fails), ...(fails ? [] : [fate(subscribers.follow, false)])];
}

function fatesOfBeat(code: number): Fate[] {
  return [
    fate(subscribers.each, code === codes.permanent),
    fate(subscribers.set, code === codes.permanentInSet),
    fate(subscribers.statements, code === codes.permanent),
  ];
}

/** A worker that ends badly leaves everything to the next one; that is no failure of the test. */
const whatever = () => undefined;

/** Leases end by themselves after a while; here the while is now. */
async function endLeases({ backbone }: History, consumer: Consumer | null): Promise<void> {
  if (consumer !== null) return endLease(backbone, consumer);
  await backbone.sql("UPDATE relay_shards SET lease_token = NULL, lease_until = NULL");
}

async function take(history: History, next: Step): Promise<void> {
  const { backbone, clock } = history;
  switch (next.do) {
    case "publish":
      return publishSome(history, next.events);
    case "wait":
      return clock.advance(next.ms);
    case "relay": {
      const { disturbance } = next;
      if (disturbance === null) {
        await backbone.relay({ verify: true });
        history.unseen = false;
        return;
      }
      const change = (invocation: ReturnType<Backbone["open"]>) => disturbed(invocation, disturbance);
      await relayWith(backbone, change, { verify: true }).catch(whatever);
      return endLeases(history, null);
    }
    case "drain": {
      const consumer = consumerAt(next.consumer);
      const { disturbance } = next;
      const limits = limitsOf(history);
      if (disturbance === null) await backbone.drain(consumer, limits);
      else await drainWith(backbone, consumer, (own) => disturbed(own, disturbance), limits).catch(whatever);
      return endLeases(history, consumer);
    }
    case "late drain":
      return drainLate(history, next);
    case "trim":
      return trim(history, next.share);
    case "lose redis":
      await loseRedis(backbone);
      history.sentAgain = true;
      history.unseen = true;
      return;
    case "write again":
      // On a stream that lost its data and has not been looked at, an entry of another program hides the loss.
      if (history.unseen) return;
      history.sentAgain = true;
      return writeAgain(backbone, next.place);
  }
}

function limitsOf({ clock }: History): { readonly deadlineMs: number } {
  return { deadlineMs: clock.now() + tickLimitMs };
}

function consumerAt(place: number): Consumer {
  const consumer = consumers[place];
  if (consumer === undefined) throw new Error(`there is no consumer ${place}`);
  return consumer;
}

function disturbed(invocation: ReturnType<Backbone["open"]>, disturbance: Disturbance) {
  if (invocation.redis === null) throw new Error("the backbone runs without a stream");
  return disturb({ redis: invocation.redis, db: invocation.db }, disturbance);
}

async function drainLate(
  history: History,
  { consumer: place, at, phase }: Extract<Step, { do: "late drain" }>,
): Promise<void> {
  const { backbone } = history;
  const consumer = consumerAt(place);
  const late = Promise.withResolvers<ReturnType<typeof disturb>>();
  const stopAt = (own: ReturnType<Backbone["open"]>) => {
    const worker = disturbed(own, { at, phase, effect: "pause" });
    late.resolve(worker);
    return worker;
  };
  const running = drainWith(backbone, consumer, stopAt, limitsOf(history)).catch(whatever);
  const { paused, goOn } = await late.promise;
  await Promise.race([paused, running]);
  await endLeases(history, consumer);
  // Standing at its connection to Postgres the late one may hold the row that the other one needs for its fence.
  const successor = backbone.drain(consumer, limitsOf(history)).catch(whatever);
  await Promise.race([successor, new Promise((resolve) => setTimeout(resolve, 100))]);
  goOn();
  await Promise.all([running, successor]);
  await endLeases(history, consumer);
}

async function trim({ backbone }: History, share: number): Promise<void> {
  for (const consumer of consumers) {
    const ids = await pendingOf(backbone, consumer).catch(() => []);
    for (const { id } of ids.slice(0, Math.ceil(ids.length * share))) {
      // Only what every group has read; the janitor never goes further.
      if (await isReadByAll(backbone, id)) await backbone.redis("XDEL", backbone.stream, id);
    }
  }
}

async function isReadByAll(backbone: Backbone, id: string): Promise<boolean> {
  const groups = (await backbone.redis("XINFO", "GROUPS", backbone.stream)) as unknown[][];
  const read = groups.map((group) => String(group[group.indexOf("last-delivered-id") + 1]));
  return (
    read.length === consumers.length &&
    read.every((last) => compareMessageIds(parseMessageId(last), parseMessageId(id)) >= 0)
  );
}

async function loseRedis(backbone: Backbone): Promise<void> {
  const found = (await backbone.redis("KEYS", `${backbone.sandbox.prefix}*`)) as string[];
  if (found.length > 0) await backbone.redis("DEL", ...found);
}

async function writeAgain(backbone: Backbone, place: number): Promise<void> {
  const entries = (await backbone.redis("XRANGE", backbone.stream, "-", "+")) as [string, string[]][];
  const entry = entries[place % Math.max(1, entries.length)];
  if (entry !== undefined) await backbone.append(entry[1]);
}

/** No more faults: everything comes to rest. */
async function settle(history: History): Promise<void> {
  const { backbone, clock } = history;
  for (const consumer of consumers) await endLeases(history, consumer);
  await endLeases(history, null);
  for (let round = 0; round < maxRounds; round += 1) {
    clock.advance(1_000);
    await backbone.relay({ verify: true });
    let moved = 0;
    for (const consumer of consumers) {
      const { read, more } = await backbone.drain(consumer, limitsOf(history));
      moved += read + (more ? 1 : 0) + (await pendingOf(backbone, consumer)).length;
    }
    const [open] = await backbone.sql<{ n: string }>(
      `SELECT (SELECT count(*) FROM ${recorded} WHERE sent_at IS NULL) + (SELECT count(*) FROM deliveries) AS n`,
    );
    if (moved + Number(open?.n) === 0) return;
  }
  throw new Error(`It did not come to rest within ${maxRounds} rounds.`);
}

/** An empty record and an empty Redis; cheaper than a database for each history. */
async function beginAnew(backbone: Backbone): Promise<void> {
  const tables = await backbone.sql<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'relay_layout'",
  );
  await backbone.sql(`TRUNCATE ${tables.map(({ name }) => name).join(", ")} RESTART IDENTITY`);
  await loseRedis(backbone);
}

async function play(backbone: Backbone, clock: Clock, steps: readonly Step[]): Promise<void> {
  await beginAnew(backbone);
  const history: History = {
    backbone,
    clock,
    published: [],
    numbers: new Map(),
    sentAgain: false,
    unseen: false,
  };
  for (const next of steps) await take(history, next);
  await settle(history);
  const effects = await backbone.sql<Effect>(
    "SELECT subscriber, of, key, number, previous, replayed FROM chaos_effects ORDER BY place",
  );
  const letters = await backbone.sql<Letter>(
    'SELECT subscriber_name AS subscriber, event_id AS "eventId", reason FROM dead_letters ORDER BY id',
  );
  const { published, sentAgain } = history;
  expect(check({ published, effects, letters, followUps, sentAgain }).violations).toEqual([]);
}

test(
  "whatever happens in whatever order, each event has its effects once and in order per key",
  async () => {
    const clock = createClock();
    const backbone = await createBackbone({ now: clock.now, env: { BRAIN_LEASE_MS: "10000" } });
    onTestFinished(() => backbone.cleanup());
    await backbone.sql(effectsTable);
    // A failure tells seed and path; they repeat it: { seed, path }.
    const history = fc.oneof(
      { weight: 2, arbitrary: fc.array(step, { minLength: 10, maxLength: 30, size: "max" }) },
      { weight: 3, arbitrary: twice },
    );
    const property = fc.asyncProperty(history, (steps) => play(backbone, clock, steps));
    await fc.assert(property, {
      numRuns,
      endOnFailure: true,
      examples: [[setAsideBeforeDelivered], [tokenNotCopied]],
    });
  },
  timeLimitMs,
);
