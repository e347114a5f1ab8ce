import { type SQL, sql } from "drizzle-orm";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Consumer,
  on,
  onBatch,
  onSql,
  onSqlBatch,
  type Subscription,
} from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { forgetShardState } from "../../../../src/engine/consume/lease/deferred-signal.ts";
import { PermanentError, TransientError } from "../../../../src/engine/core/errors.ts";
import { prepareEvent, publishMany } from "../../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../../backbone.ts";
import { meterRead } from "../../events.ts";
import {
  type Beat,
  createClock,
  deadLetters,
  drainWith,
  effects,
  endLease,
  foreignBeat,
  openBackbone,
  pendingOf,
} from "../../fixture.ts";

/*
 * Random histories of tenants that share keys, of outages that concern one of them or all, of pauses, of events that fail
 * once or for ever, and of drains that end at some call, at their time or at their number of events. With the circuit
 * breaker, with what goes ahead of others, and with what is read ahead, each key keeps its order, and each event takes
 * effect once or is the dead letter that it was meant to become: an outage costs nobody's tries.
 */

const keys = ["1", "2", "3", "4", "5"];
const key = fc.constantFrom(...keys);
const reading = fc.record({
  tenant: fc.constantFrom("a", "a", "a", "b", "c", null),
  key,
  fate: fc.constantFrom("sound", "sound", "sound", "sound", "sound", "late", "dead"),
});
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      readings: fc.array(reading, { minLength: 3, maxLength: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("foreign" as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("outage" as const),
      of: fc.constantFrom("a", "b", "all", "nobody", "nobody"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pause" as const), isOn: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("drain" as const),
      /** Its calls that get through; null: all. */
      calls: fc.option(fc.nat(30), { freq: 3 }),
      /** Time that each handled event takes, ms. */
      takesMs: fc.constantFrom(0, 0, 0, 60, 400),
      maxEvents: fc.constantFrom(100_000, 100_000, 3, 7),
      /** Handled events after which an operator pauses the type; null: never. */
      pausedAfter: fc.option(fc.nat(20), { freq: 1 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(100, 2_000, 20_000) }),
  },
);
const histories = fc.record({
  batchSize: fc.integer({ min: 2, max: 20 }),
  concurrency: fc.constantFrom(1, 1, 2, 3),
  afterDeadLetter: fc.constantFrom("go_on" as const, "hold_key" as const),
  kind: fc.constantFrom("each" as const, "set" as const, "statements" as const, "statement set" as const),
  after: fc.integer({ min: 2, max: 4 }),
  steps: fc.array(step, { minLength: 6, maxLength: 22, size: "max" }),
});
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

const effectOf = ({ id, payload: { meter_id, reading: number } }: Beat): SQL => sql`
  INSERT INTO effects (subscriber, event_id, agent, number) VALUES ('modelled', ${id}, ${meter_id}, ${number})`;

/** @param meet what the handler meets; may throw */
function subscriptionOf(
  kind: History["kind"],
  meet: (beats: readonly Beat[]) => Promise<void>,
): Subscription {
  switch (kind) {
    case "each":
      return on(meterRead, async (event, { tx }) => {
        await meet([event]);
        await tx.execute(effectOf(event));
      });
    case "set":
      return onBatch(meterRead, async (deliveries, { tx }) => {
        await meet(deliveries.map(({ event }) => event));
        for (const { event } of deliveries) await tx.execute(effectOf(event));
      });
    case "statements":
      return onSql(meterRead, async ({ event }) => {
        await meet([event]);
        return [effectOf(event)];
      });
    case "statement set":
      return onSqlBatch(meterRead, async ({ deliveries }) => {
        await meet(deliveries.map(({ event }) => event));
        return deliveries.map(({ event }) => effectOf(event));
      });
  }
}

/** The system under test, and what the model knows. */
class Played {
  readonly backbone: Backbone;
  readonly clock = createClock();
  readonly consumer: Consumer;
  /** By the number of the reading. */
  readonly events: { readonly key: string; readonly fate: string }[] = [];
  outage = "nobody";
  #takesMs = 0;
  #handled = 0;
  #pausedAfter: number | null = null;
  readonly #failedOnce = new Set<number>();

  constructor(backbone: Backbone, { batchSize, concurrency, afterDeadLetter, kind, after }: History) {
    this.backbone = backbone;
    this.consumer = defineConsumer({
      subscriber: "modelled",
      handlers: [subscriptionOf(kind, (beats) => this.#meet(beats))],
      batchSize,
      concurrency: kind === "each" || kind === "set" ? concurrency : 1,
      afterDeadLetter,
      brake: { after, baseMs: 1_000, capMs: 4_000 },
      retry: { maxAttempts: 60, maxDeaths: 60, baseMs: 1, capMs: 1 },
    });
  }

  async #meet(beats: readonly Beat[]): Promise<void> {
    for (const { payload, tenant_id } of beats) {
      this.#handled += 1;
      if (this.#handled === this.#pausedAfter) await this.pause(true);
      this.clock.advance(this.#takesMs);
      if (this.outage === "all" || tenant_id === this.outage) throw new TransientError("away");
      const { reading: number } = payload;
      const fate = this.events[number]?.fate;
      if (fate === "dead") throw new PermanentError("never");
      if (fate !== "late" || this.#failedOnce.has(number)) continue;
      if (beats.length === 1) this.#failedOnce.add(number);
      throw new TransientError("not yet");
    }
  }

  async publish(readings: Extract<History["steps"][number], { do: "publish" }>["readings"]): Promise<void> {
    const { db, publish: settings } = this.backbone.system.open();
    const first = this.events.length;
    const prepared = readings.map(({ tenant: tenant_id, key: meter_id }, at) =>
      prepareEvent(
        settings,
        meterRead,
        { meter_id, reading: first + at, faults: 0 },
        { source: "model", tenant_id },
      ),
    );
    this.events.push(...readings);
    await db.transaction((tx) => publishMany(tx, prepared));
    for (let more = true; more; ) ({ more } = await this.backbone.relay());
  }

  async pause(isOn: boolean): Promise<void> {
    await this.backbone.sql(
      isOn
        ? `INSERT INTO consumer_pauses (subscriber_name, event_type, reason)
          VALUES ('modelled', '${meterRead.type}', 'maintenance') ON CONFLICT DO NOTHING`
        : "DELETE FROM consumer_pauses",
    );
    const { databases, keys: names } = this.backbone.open();
    await forgetShardState({ databases, keys: names }, [this.consumer.group], 1);
  }

  /** @returns false when nothing is left to do */
  async drain({
    calls = null,
    takesMs = 0,
    maxEvents = 100_000,
    pausedAfter = null,
  }: Partial<Extract<History["steps"][number], { do: "drain" }>> = {}): Promise<boolean> {
    [this.#takesMs, this.#pausedAfter, this.#handled] = [takesMs, pausedAfter, 0];
    let made = 0;
    const counted =
      <A extends unknown[], R>(call: (...args: A) => R) =>
      (...args: A): R => {
        made += 1;
        if (calls !== null && made > calls) throw new TransientError("the worker is gone");
        return call(...args);
      };
    const change = ({ db, redis }: ReturnType<Backbone["open"]>) => {
      if (redis === null) throw new Error("the backbone runs without a stream");
      return {
        now: this.clock.now,
        db: { ...db, rows: counted(db.rows) as typeof db.rows, batch: counted(db.batch) },
        redis: {
          ...redis,
          eval: counted(redis.eval),
          pipeline: counted(redis.pipeline),
          command: counted(redis.command),
        },
      };
    };
    const options = { deadlineMs: this.clock.now() + 3_000, maxEvents };
    const result = await drainWith(this.backbone, this.consumer, change, options).catch((error: unknown) => {
      if (!(error instanceof TransientError)) throw error;
      return null;
    });
    [this.#takesMs, this.#pausedAfter] = [0, null];
    await endLease(this.backbone, this.consumer);
    if (result === null) return true;
    const waiting = (await this.backbone.sql("SELECT FROM deliveries")).length;
    const pending = (await pendingOf(this.backbone, this.consumer)).length;
    const isStill = result.read + result.applied + result.retried === 0 && !result.more;
    return !isStill || (this.consumer.afterDeadLetter === "go_on" && waiting + pending > 0);
  }

  /** Numbers that take effect of a key, in their order: where a dead letter holds it, those before. */
  expected(of: string): number[] {
    const own = [...this.events.entries()].filter(([, event]) => event.key === of);
    const held = own.findIndex(([, { fate }]) => fate === "dead");
    const goesOn = this.consumer.afterDeadLetter === "go_on" || held === -1;
    return (goesOn ? own : own.slice(0, held)).flatMap(([number, { fate }]) =>
      fate === "dead" ? [] : [number],
    );
  }
}

async function play(history: History): Promise<void> {
  const backbone = await openBackbone();
  const played = new Played(backbone, history);
  for (const one of history.steps) {
    if (one.do === "publish") await played.publish(one.readings);
    else if (one.do === "outage") played.outage = one.of;
    else if (one.do === "pause") await played.pause(one.isOn);
    else if (one.do === "wait") played.clock.advance(one.ms);
    else if (one.do === "drain") await played.drain(one);
    else {
      await backbone.append(foreignBeat(one.key, played.events.length));
      played.events.push({ key: one.key, fate: "sound" });
    }
  }
  played.outage = "nobody";
  await played.pause(false);
  for (let round = 0, goesOn = true; goesOn && round < 60; round += 1) {
    played.clock.advance(30_000);
    goesOn = await played.drain();
  }
  const applied = await effects(backbone);
  const numbersOf = (of: string) =>
    applied.filter(({ agent }) => agent === of).map(({ number }) => Number(number));
  expect(keys.map(numbersOf)).toEqual(keys.map((of) => played.expected(of)));
  const reasons = new Set((await deadLetters(backbone)).map(({ reason }) => reason));
  expect([...reasons].filter((reason) => reason !== "permanent_error")).toEqual([]);
}

test("whatever is away for whomever, each key keeps its order, and each event takes effect once", async () => {
  await fc.assert(fc.asyncProperty(histories, play), { numRuns: 25 });
});
