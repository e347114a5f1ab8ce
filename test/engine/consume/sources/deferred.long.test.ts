import { expect, test } from "vitest";
import type { Consumer } from "../../../../src/engine/consume/consumer.ts";
import { signalDeferred } from "../../../../src/engine/consume/lease/deferred-signal.ts";
import { PermanentError, TransientError } from "../../../../src/engine/core/errors.ts";
import type { Database } from "../../../../src/engine/db/database.ts";
import { redriveLetter } from "../../../../src/engine/operations/bulk/redrive.ts";
import type { Backbone } from "../../../backbone.ts";
import { losingFirstAnswer } from "../../../faults.ts";
import { recorded } from "../../../recorded.ts";
import { invoke } from "../../dispatch/fixture.ts";
import {
  createClock,
  deadLetters,
  drainUntilQuiet,
  effects,
  numbersOf,
  openBackbone,
  pendingOf,
  publishBeats,
  publishReports,
  recorder,
} from "../../fixture.ts";

const beats = (agent: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => [agent, from + index] as const);

function queued(backbone: Backbone) {
  return backbone.sql<{ key: string; cause: string; attempts: number; begun: number }>(
    "SELECT key, cause, attempts, begun FROM deliveries ORDER BY stream_ms, stream_seq",
  );
}

/** Queues what stands in the dead letters for the consumer, as a redrive does. */
async function requeue(backbone: Backbone, consumer: Consumer): Promise<void> {
  await backbone.sql(
    `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, key,
       raw_fields, cause, dead_letter_id)
     SELECT subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, key, raw_fields, 'redrive', id
     FROM dead_letters WHERE status = 'open'`,
  );
  await backbone.sql(
    "UPDATE dead_letters SET status = 'requeued', redrives = redrives + 1 WHERE status = 'open'",
  );
  const { databases, keys } = backbone.open();
  await signalDeferred({ databases, keys }, [consumer.group], 1);
}

/** Fails the first beat of agent "stuck" until told otherwise. */
function stuckConsumer() {
  const state = { stuck: true };
  const consumer = recorder({
    retry: { maxAttempts: 1_000, baseMs: 60_000, capMs: 60_000 },
    beforeBeat: ({ payload }) => {
      if (state.stuck && payload.meter_id === "stuck" && payload.reading === 1)
        throw new TransientError("not yet");
    },
  });
  return { consumer, state };
}

test("thousands of events behind a failing key do not keep other keys from being handled", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const { consumer, state } = stuckConsumer();
  await publishBeats(backbone, beats("stuck", 1, 2_500));
  await publishBeats(backbone, beats("free", 1, 50));
  await backbone.relay();
  const { deferred } = await backbone.drain(consumer);
  expect(deferred).toBeGreaterThan(2_000);
  expect(await numbersOf(backbone, "free")).toHaveLength(50);
  expect(await numbersOf(backbone, "stuck")).toEqual([]);
  expect((await pendingOf(backbone, consumer)).length).toBeLessThanOrEqual(200);

  state.stuck = false;
  await publishBeats(backbone, beats("stuck", 2_501, 2_510));
  await backbone.relay();
  clock.advance(60_000);
  for (let drain = 0; drain < 20 && (await queued(backbone)).length > 0; drain += 1)
    await backbone.drain(consumer);
  expect(await numbersOf(backbone, "stuck")).toEqual(beats("stuck", 1, 2_510).map(([, number]) => number));
  expect(await queued(backbone)).toEqual([]);
});

test("tries and time of the next one survive being deferred", async () => {
  const clock = createClock();
  const backbone = await openBackbone({ now: clock.now });
  const calls = new Set<number>();
  const consumer = recorder({
    retry: { maxAttempts: 4, baseMs: 1_000, capMs: 1_000 },
    brake: { after: 1_000 },
    beforeReport: ({ payload }, { attempt }) => {
      if (Number(payload.status) === 0) calls.add(attempt);
      throw new TransientError("never");
    },
  });
  await publishReports(backbone, 250);
  await backbone.relay();
  for (let drain = 0; drain < 12; drain += 1) {
    await backbone.drain(consumer);
    clock.advance(1_000);
  }
  expect([...calls]).toEqual([1, 2, 3, 4]);
  const letters = await deadLetters(backbone);
  expect(letters).toHaveLength(250);
  expect(new Set(letters.map(({ attempts, reason }) => `${attempts} ${reason}`))).toEqual(
    new Set(["4 attempts_exhausted"]),
  );
  expect(await queued(backbone)).toEqual([]);
});

test("what is queued goes first: later events of its key on the stream wait behind it, others do not", async () => {
  const backbone = await openBackbone();
  const failing = recorder({ beforeBeat: () => Promise.reject(new PermanentError("broken")) });
  await publishBeats(backbone, beats("a", 1, 3));
  await backbone.relay();
  await drainUntilQuiet(backbone, failing);
  expect(await deadLetters(backbone)).toHaveLength(3);

  await requeue(backbone, failing);
  await publishBeats(backbone, [...beats("a", 4, 6), ...beats("b", 1, 2)]);
  await backbone.relay();
  const fixed = recorder();
  await drainUntilQuiet(backbone, fixed);
  expect(await numbersOf(backbone, "a")).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await numbersOf(backbone, "b")).toEqual([1, 2]);
  expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual([
    "resolved",
    "resolved",
    "resolved",
  ]);
});

test("control: a drain that is not told of deferred deliveries handles the later events first", async () => {
  const backbone = await openBackbone();
  const failing = recorder({ beforeBeat: () => Promise.reject(new PermanentError("broken")) });
  await publishBeats(backbone, beats("a", 1, 2));
  await backbone.relay();
  await drainUntilQuiet(backbone, failing);
  await requeue(backbone, failing);
  const { keys } = backbone.open();
  await backbone.redis("HDEL", keys.state(failing.group, 0), "queued");
  await backbone.redis("DEL", keys.deferred());
  await publishBeats(backbone, beats("a", 3, 3));
  await backbone.relay();
  await backbone.drain(recorder());
  expect(await numbersOf(backbone, "a")).toEqual([3]);
});

test("a queued event that fails again comes back to the dead letters with all its attempts", async () => {
  const backbone = await openBackbone();
  const failing = recorder({
    retry: { maxAttempts: 2 },
    beforeBeat: () => Promise.reject(new Error("away")),
  });
  await publishBeats(backbone, beats("a", 1, 1));
  await backbone.relay();
  await drainUntilQuiet(backbone, failing);
  const [first] = await deadLetters(backbone);
  expect(first).toMatchObject({ status: "open", attempts: 2 });
  for (const attempts of [4, 6]) {
    await requeue(backbone, failing);
    for (let drain = 0; drain < 20 && (await queued(backbone)).length > 0; drain += 1)
      await backbone.drain(failing);
    expect(await deadLetters(backbone)).toMatchObject([{ status: "open", attempts }]);
  }
  expect(await queued(backbone)).toEqual([]);
});

test("a worker that dies with queued events harms only the one that it dies of", async () => {
  const backbone = await openBackbone();
  const failing = recorder({ beforeReport: () => Promise.reject(new PermanentError("broken")) });
  await publishReports(backbone, 5);
  await backbone.relay();
  await drainUntilQuiet(backbone, failing);
  await requeue(backbone, failing);
  // Five were taken together and their worker died; then one of them was tried alone twice, and it died again.
  await backbone.sql("UPDATE deliveries SET begun = 1");
  await backbone.sql("UPDATE deliveries SET begun = 3 WHERE place = (SELECT min(place) FROM deliveries)");
  const result = await backbone.drain(recorder());
  expect(result).toMatchObject({ applied: 4, deadLettered: 1 });
  expect((await deadLetters(backbone)).map(({ status, reason }) => `${status} ${reason}`).sort()).toEqual([
    "open worker_died",
    ...Array.from({ length: 4 }, () => "resolved permanent_error"),
  ]);
});

test("a queued event whose body is nowhere is a dead letter that says so", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await backbone.drain(consumer);
  await backbone.sql(
    `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, cause)
     VALUES ('recorder', 0, $1, '1700000000000-1', $2, 'lab.part.checked', 'replay')`,
    [backbone.stream, crypto.randomUUID()],
  );
  const { databases, keys } = backbone.open();
  await signalDeferred({ databases, keys }, [consumer.group], 1);
  expect(await backbone.drain(consumer)).toMatchObject({ deadLettered: 1 });
  expect(await deadLetters(backbone)).toMatchObject([
    { reason: "body_lost", event_type: "lab.part.checked" },
  ]);
  expect(await queued(backbone)).toEqual([]);
});

test("a forced replay applies an event once more, and only once", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  const [id] = await publishReports(backbone, 1);
  await backbone.relay();
  await backbone.drain(consumer);
  for (const generation of [0, 1, 1, 2]) {
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, cause,
         replay_epoch)
       SELECT 'recorder', 0, $1, stream_message_id, id::text, type, 'replay', $2 FROM ${recorded}`,
      [backbone.stream, generation],
    );
    const { databases, keys } = backbone.open();
    await signalDeferred({ databases, keys }, [consumer.group], 1);
    await backbone.drain(consumer);
  }
  expect((await effects(backbone)).map(({ event_id }) => event_id)).toEqual([id, id, id]);
  expect(await queued(backbone)).toEqual([]);
});

test("what was deferred by one who was not heard of again is seen at once, also behind a drain that looked too early", async () => {
  const backbone = await openBackbone();
  const service = { broken: true };
  const consumer = recorder({
    beforeBeat: () => {
      if (service.broken) throw new PermanentError("broken");
    },
  });
  await publishBeats(backbone, beats("a", 1, 1));
  await backbone.relay();
  await backbone.drain(consumer);
  service.broken = false;
  const [letter] = await backbone.sql<{ id: string }>("SELECT id::text AS id FROM dead_letters");
  const invocation = invoke(backbone, [consumer]);
  const losing = losingFirstAnswer(invocation.db);
  const db: Database = {
    ...losing,
    async transaction(run, frame) {
      await backbone.drain(consumer);
      return losing.transaction(run, frame);
    },
  };
  const by = { actorId: "operator-1", requestId: null };
  await expect(redriveLetter({ ...invocation, db }, letter?.id ?? "", null, null, by)).rejects.toThrow(
    /lost/,
  );
  expect(await queued(backbone)).toMatchObject([{ cause: "redrive" }]);
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 1 });
});
