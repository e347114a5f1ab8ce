import { expect, test } from "vitest";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { runAllBulkOperations } from "../../../src/engine/dispatch/bulk-turns.ts";
import { drainOnce } from "../../../src/engine/dispatch/drain-once.ts";
import { trimShard } from "../../../src/engine/retention/trim.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase } from "../../faults.ts";
import { invoke, soon } from "../dispatch/fixture.ts";
import { effects, numbersOf, openBackbone, publishBeats, recorder } from "../fixture.ts";

const first = recorder({ subscriber: "first" });
const late = recorder({ subscriber: "late" });
const beats = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ["a", from + index] as const);

async function trim(backbone: Backbone): Promise<number> {
  const invocation = invoke(backbone, [first]);
  const { trimmed } = await trimShard(invocation, 0, () => true);
  return trimmed;
}

/** Twenty events that the first consumer has handled, most of them trimmed from the stream. */
async function openTrimmed(): Promise<Backbone> {
  const backbone = await openBackbone({ env: { BRAIN_STREAM_KEEP: "5" } });
  await publishBeats(backbone, beats(1, 20));
  await backbone.relay();
  await backbone.drain(first);
  expect(await trim(backbone)).toBe(15);
  return backbone;
}

test("a new consumer gets what was trimmed from the record, then the stream, in order and once", async () => {
  const backbone = await openTrimmed();
  const invocation = invoke(backbone, [first, late]);
  await drainOnce(invocation, late, { shard: 0, deadlineMs: soon() });
  await publishBeats(backbone, beats(21, 25));
  await backbone.relay();
  // What is on the stream waits until the backfill is done.
  expect(await drainOnce(invocation, late, { shard: 0, deadlineMs: soon() })).toMatchObject({ applied: 0 });
  await runAllBulkOperations(invocation, soon());
  await drainOnce(invocation, late, { shard: 0, deadlineMs: soon() });
  const numbers = (await effects(backbone)).filter(({ subscriber }) => subscriber === "late");
  expect(numbers.map(({ number }) => number)).toEqual(beats(1, 25).map(([, number]) => number));
  const jobs = await backbone.sql("SELECT kind, status, succeeded FROM jobs");
  expect(jobs).toEqual([{ kind: "backfill", status: "completed", succeeded: 15 }]);
});

test("control: reading the stream alone leaves a gap", async () => {
  const backbone = await openTrimmed();
  await backbone.drain(late);
  const numbers = (await effects(backbone)).filter(({ subscriber }) => subscriber === "late");
  expect(numbers.map(({ number }) => number)).toEqual([16, 17, 18, 19, 20]);
});

test("a start that was interrupted is done again, and starts no second backfill", async () => {
  const backbone = await openTrimmed();
  const invocation = invoke(backbone, [first, late]);
  await drainOnce(invocation, late, { shard: 0, deadlineMs: soon() });
  // As if the worker had died before it noted where the consumer began.
  await backbone.sql("UPDATE consumer_shards SET start_id = NULL WHERE subscriber_name = 'late'");
  await backbone.redis("DEL", invocation.keys.state(late.group, 0));
  await backbone.redis("XGROUP", "DESTROY", backbone.stream, late.group);
  await drainOnce(invocation, late, { shard: 0, deadlineMs: soon() });
  expect(await backbone.sql("SELECT kind FROM jobs")).toHaveLength(1);
  await runAllBulkOperations(invocation, soon());
  await drainOnce(invocation, late, { shard: 0, deadlineMs: soon() });
  const numbers = (await effects(backbone)).filter(({ subscriber }) => subscriber === "late");
  expect(numbers.map(({ number }) => number)).toEqual(beats(1, 20).map(([, number]) => number));
});

test("a start that was interrupted behind the creation of its group still gets what was trimmed", async () => {
  const backbone = await openTrimmed();
  const invocation = invoke(backbone, [first, late]);
  // Postgres is away when the backfill is to begin: the group is there, and nothing else.
  const db = hookDatabase(invocation.db, {
    statements: (text, run) => {
      if (text.includes("trimmed_ms > 0")) throw new TransientError("It is away.");
      return run();
    },
  });
  await expect(drainOnce({ ...invocation, db }, late, { shard: 0, deadlineMs: soon() })).rejects.toThrow();
  await drainOnce(invocation, late, { shard: 0, deadlineMs: soon() });
  await runAllBulkOperations(invocation, soon());
  await drainOnce(invocation, late, { shard: 0, deadlineMs: soon() });
  const numbers = (await effects(backbone)).filter(({ subscriber }) => subscriber === "late");
  expect(numbers.map(({ number }) => number)).toEqual(beats(1, 20).map(([, number]) => number));
});

test("a consumer that begins with what comes gets nothing of the record", async () => {
  const backbone = await openTrimmed();
  const tail = recorder({ subscriber: "tail", startAt: "$" });
  const invocation = invoke(backbone, [first, tail]);
  await drainOnce(invocation, tail, { shard: 0, deadlineMs: soon() });
  await publishBeats(backbone, beats(21, 22));
  await backbone.relay();
  await drainOnce(invocation, tail, { shard: 0, deadlineMs: soon() });
  const numbers = (await effects(backbone)).filter(({ subscriber }) => subscriber === "tail");
  expect(numbers.map(({ number }) => number)).toEqual([21, 22]);
  expect(await backbone.sql("SELECT FROM jobs")).toEqual([]);
});

test("a group that begins with what comes and vanishes before it handled anything begins where it began", async () => {
  const backbone = await openBackbone();
  await publishBeats(backbone, beats(1, 2));
  await backbone.relay();
  const tail = recorder({ subscriber: "tail", startAt: "$" });
  await backbone.drain(tail);
  await publishBeats(backbone, beats(3, 4));
  await backbone.relay();
  await backbone.redis("XGROUP", "DESTROY", backbone.stream, tail.group);
  await backbone.drain(tail);
  expect(await numbersOf(backbone, "a")).toEqual([3, 4]);
});
