import type { Catalog, Envelope } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { inject, onTestFinished } from "vitest";
import { type Consumer, type ConsumerOptions, on } from "../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../src/engine/consume/define/define-consumer.ts";
import type { DrainDeps, DrainOptions, DrainResult } from "../../src/engine/consume/drain/base.ts";
import { drainConsumer } from "../../src/engine/consume/drain/drain.ts";
import type { MigrationSet } from "../../src/engine/core/schema-state.ts";
import type { Tx } from "../../src/engine/db/database.ts";
import type { StreamInvocation } from "../../src/engine/invocation.ts";
import { type PublishSettings, prepareEvent, publishMany } from "../../src/engine/publish/publish.ts";
import type { RecordedEvent } from "../../src/engine/publish/record.ts";
import { type RelayOptions, type RelayResult, relay } from "../../src/engine/relay/relay.ts";
import type { RelayDeps } from "../../src/engine/relay/relay-deps.ts";
import { type Backbone, createBackbone, envOf, type TestEnv } from "../backbone.ts";
import { type FaultyRedis, startFaultyRedis } from "../faults.ts";
import { recorded } from "../recorded.ts";
import { waitFor } from "../wait-for.ts";
import { labCatalog, meterRead, partChecked } from "./events.ts";

/*
 * What the tests of the engine share: a backbone with a table of effects. Readings of a meter (beats) are ordered among
 * each other and carry a number; reports on a part have no order.
 */

export interface EffectRow {
  readonly subscriber: string;
  readonly event_id: string;
  readonly agent: string | null;
  readonly number: number | null;
}

export interface OpenOptions {
  /** Default: the laboratory's. */
  readonly catalog?: Catalog;
  readonly env?: TestEnv;
  readonly now?: () => number;
  readonly migrations?: readonly MigrationSet[];
  /** Those that the system itself knows; a test drains whom it likes. */
  readonly consumers?: readonly Consumer[];
}

/** Far longer than a slow machine keeps a drain from renewing its lease; `endLease` ends one. */
export const leaseMs = 10_000;

/** A backbone for one test, gone when the test ends. */
export async function openBackbone({
  env,
  now,
  catalog = labCatalog,
  migrations = [],
  consumers = [],
}: OpenOptions = {}): Promise<Backbone> {
  const backbone = await createBackbone({
    catalog,
    env: (sandbox) => ({ BRAIN_LEASE_MS: String(leaseMs), ...envOf(sandbox, env) }),
    migrations,
    consumers,
    ...(now === undefined ? {} : { now }),
  });
  onTestFinished(() => backbone.cleanup());
  await backbone.sql(
    "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, subscriber text, event_id text, agent text, number int)",
  );
  return backbone;
}

/** The same, with Redis behind a proxy that breaks what the test wants broken. */
export async function openFaultyBackbone({
  env,
  ...options
}: OpenOptions = {}): Promise<{ backbone: Backbone; redis: FaultyRedis }> {
  const redis = await startFaultyRedis(inject("services").upstash.url);
  onTestFinished(() => redis.close());
  const backbone = await openBackbone({
    ...options,
    env: (sandbox) => ({ UPSTASH_REDIS_REST_URL: redis.url, ...envOf(sandbox, env) }),
  });
  return { backbone, redis };
}

/** A clock that only the test moves; starts now, because Redis and Postgres have clocks of their own. */
export function createClock(): { now(): number; set(ms: number): void; advance(ms: number): void } {
  let current = Date.now();
  return {
    now: () => current,
    set(ms) {
      current = ms;
    },
    advance(ms) {
      current += ms;
    },
  };
}

/** One drain whose dependencies the test has changed. */
export function drainWith(
  backbone: Backbone,
  consumer: Consumer,
  change: (invocation: StreamInvocation) => Partial<DrainDeps>,
  options: Partial<DrainOptions> = {},
): Promise<DrainResult> {
  const invocation = backbone.open();
  const deps = { ...invocation, onPublished: () => undefined };
  const deadlineMs = backbone.system.now() + 20_000;
  return drainConsumer({ ...deps, ...change(invocation) }, consumer, {
    shard: 0,
    deadlineMs,
    maxEvents: 100_000,
    ...options,
  });
}

/** One run of the relay whose dependencies the test has changed. */
export function relayWith(
  backbone: Backbone,
  change: (invocation: StreamInvocation) => Partial<RelayDeps>,
  options: Partial<RelayOptions> = {},
): Promise<RelayResult> {
  const invocation = backbone.open();
  const deps = { ...invocation, settings: invocation.relay };
  return relay({ ...deps, ...change(invocation) }, { shard: 0, mayGoOn: () => true, ...options });
}

/** Drains until nothing is pending and a drain reads nothing; for consumers with fast retries. */
export async function drainUntilQuiet(backbone: Backbone, consumer: Consumer): Promise<DrainResult[]> {
  const results: DrainResult[] = [];
  for (let count = 0; count < 300; count += 1) {
    const result = await backbone.drain(consumer);
    results.push(result);
    const busy = result.busy !== null || result.more || result.read > 0;
    if (!busy && (await pendingOf(backbone, consumer)).length === 0) return results;
  }
  throw new Error(`still not quiet; last drain: ${JSON.stringify(results.at(-1))}`);
}

const context = { source: "engine_test" };

async function publishAll(
  backbone: Backbone,
  prepare: (settings: PublishSettings) => readonly RecordedEvent[],
): Promise<string[]> {
  const { db, publish: settings } = backbone.system.open();
  const prepared = prepare(settings);
  await db.transaction((tx) => publishMany(tx, prepared));
  return prepared.map(({ event }) => event.id);
}

/** Publishes readings, one transaction for all; their ids. */
export function publishBeats(
  backbone: Backbone,
  beats: readonly (readonly [agent: string, number: number])[],
): Promise<string[]> {
  return publishAll(backbone, (settings) =>
    beats.map(([meter_id, number]) => {
      const payload = { meter_id, reading: number, faults: 0 };
      return prepareEvent(settings, meterRead, payload, context);
    }),
  );
}

/** The fields of a reading as another program appends them itself: no target, and a time without an offset. */
export function foreignBeat(agent: string, number: number): string[] {
  return [
    ...["id", crypto.randomUUID(), "type", meterRead.type, "source", "another_program"],
    ...["payload", JSON.stringify({ meter_id: agent, reading: number, faults: 0 })],
    ...["timestamp", "2025-12-28T10:00:00.123456"],
    ...["meta", JSON.stringify({ schema_version: 1, producer: "another_program", source_module: "lab" })],
  ];
}

/** Publishes reports without an order; `status` of each is its number. */
export function publishReports(backbone: Backbone, count: number): Promise<string[]> {
  return publishAll(backbone, (settings) =>
    Array.from({ length: count }, (_, number) => {
      const payload = { part: "db", status: String(number) };
      return prepareEvent(settings, partChecked, payload, context);
    }),
  );
}

/** Publishes reports, and has them sent. @returns their ids */
export async function sendReports(backbone: Backbone, count: number): Promise<string[]> {
  const ids = await publishReports(backbone, count);
  await backbone.relay();
  return ids;
}

export type Beat = Envelope<{ meter_id: string; reading: number; faults: number }>;
export type Report = Envelope<{ part: string; status: string }>;

export async function recordBeat(tx: Tx, subscriber: string, event: Beat): Promise<void> {
  const { meter_id: agent, reading: number } = event.payload;
  await tx.execute(sql`
    INSERT INTO effects (subscriber, event_id, agent, number) VALUES (${subscriber}, ${event.id}, ${agent}, ${number})`);
}

export async function recordReport(tx: Tx, subscriber: string, event: Report): Promise<void> {
  await tx.execute(sql`
    INSERT INTO effects (subscriber, event_id, number) VALUES (${subscriber}, ${event.id}, ${Number(event.payload.status)})`);
}

type Before<Event> = (
  event: Event,
  call: { readonly attempt: number; readonly tx: Tx },
) => Promise<void> | void;

/** A consumer that records each beat and report; `before` runs first and may throw. Retries are fast. */
export function recorder(
  options: Partial<ConsumerOptions> & {
    readonly beforeBeat?: Before<Beat>;
    readonly beforeReport?: Before<Report>;
  } = {},
): Consumer {
  const { beforeBeat, beforeReport, ...rest } = options;
  const subscriber = options.subscriber ?? "recorder";
  return defineConsumer({
    handlers: [
      on(meterRead, async (event, { tx, attempt }) => {
        await beforeBeat?.(event, { tx, attempt });
        await recordBeat(tx, subscriber, event);
      }),
      on(partChecked, async (event, { tx, attempt }) => {
        await beforeReport?.(event, { tx, attempt });
        await recordReport(tx, subscriber, event);
      }),
    ],
    ...rest,
    subscriber,
    retry: { baseMs: 1, capMs: 1, ...options.retry },
  });
}

export function effects(backbone: Backbone): Promise<EffectRow[]> {
  return backbone.sql<EffectRow>("SELECT subscriber, event_id, agent, number FROM effects ORDER BY place");
}

/** Numbers of the effects of one agent, in the order in which they happened. */
export async function numbersOf(backbone: Backbone, agent: string): Promise<(number | null)[]> {
  return (await effects(backbone)).filter((row) => row.agent === agent).map((row) => row.number);
}

export interface LetterRow {
  readonly subscriber_name: string;
  readonly stream_message_id: string;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly raw_fields: Record<string, string> | null;
  readonly reason: string;
  readonly error_class: string;
  readonly error_message: string;
  readonly attempts: number;
  readonly status: string;
}

export function deadLetters(backbone: Backbone): Promise<LetterRow[]> {
  return backbone.sql<LetterRow>("SELECT * FROM dead_letters ORDER BY id");
}

/** Entries pending in the consumer's group: id and number of deliveries. */
export async function pendingOf(
  backbone: Backbone,
  consumer: Consumer,
  shard = 0,
): Promise<{ id: string; deliveries: number }[]> {
  const stream = backbone.open().keys.stream(shard);
  const reply = await backbone.redis("XPENDING", stream, consumer.group, "-", "+", "10000");
  return (reply as [string, string, number, number][]).map(([id, , , deliveries]) => ({ id, deliveries }));
}

/** Ends the lease of a drainer as its time limit would. */
export async function endLease(backbone: Backbone, consumer: Consumer): Promise<void> {
  await backbone.redis("DEL", backbone.open().keys.lease(consumer.group, 0));
}

/** Ids and fields of all entries of a shard's stream. */
export async function streamEntries(
  backbone: Backbone,
  shard = 0,
): Promise<{ id: string; fields: Record<string, string> }[]> {
  const reply = await backbone.redis("XRANGE", backbone.open().keys.stream(shard), "-", "+");
  return (reply as [string, string[]][]).map(([id, flat]) => ({
    id,
    fields: Object.fromEntries(
      Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? "", flat[2 * at + 1] ?? ""]),
    ),
  }));
}

/** Ids of the events on the stream, in its order. */
export async function eventIds(backbone: Backbone): Promise<string[]> {
  return (await streamEntries(backbone)).map(({ fields }) => fields.id ?? "");
}

/** How many events the relay has not sent. */
export async function unsent(backbone: Backbone): Promise<number> {
  return (await backbone.sql(`SELECT FROM ${recorded} WHERE sent_at IS NULL`)).length;
}

/** Ends the leases of all relays as their time limit would. */
export async function endRelayLease(backbone: Backbone): Promise<void> {
  await backbone.sql("UPDATE relay_shards SET lease_until = now() - interval '1 second'");
}

/** Waits for a fact; a wait that times out tells the last state seen. */
export function until<T>(look: () => Promise<T> | T, isTrue: (seen: T) => boolean, what: string): Promise<T> {
  return waitFor(what, look, isTrue, { everyMs: 5 });
}
