import { compareMessageIds, parseMessageId } from "@brain/schemas";
import fc from "fast-check";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { idsInLua } from "../../../src/engine/stream/ids-in-lua.ts";
import { createRedis } from "../../../src/engine/stream/redis.ts";
import type { Backbone } from "../../backbone.ts";
import { hookDatabase, startFaultyRedis } from "../../faults.ts";
import { recorded } from "../../recorded.ts";
import {
  drainUntilQuiet,
  effects,
  foreignBeat,
  openBackbone,
  openFaultyBackbone,
  publishReports,
  recorder,
  relayWith,
  streamEntries,
} from "../fixture.ts";

/*
 * Ids on a stream to which others write: Redis takes any id that is greater than the last one, and all later ones must
 * follow it.
 */

const maxPart = 18_446_744_073_709_551_615n;
const now = Date.now();

/** As somebody does who reaches Redis itself: over REST there is no XSETID. */
const setLastId = (backbone: Backbone, id: string) =>
  backbone.redis("EVAL", "return redis.call('XSETID', KEYS[1], ARGV[1])", "1", backbone.stream, id);

/** The record notes where each event stands, in its order. */
async function expectInOrder(backbone: Backbone, ids: readonly string[]): Promise<void> {
  const entries = await streamEntries(backbone);
  const ours = entries.filter(({ fields }) => ids.includes(fields.id ?? ""));
  expect(ours.map(({ fields }) => fields.id)).toEqual(ids);
  const rows = await backbone.sql<{ place: string }>(
    `SELECT stream_message_id AS place FROM ${recorded} ORDER BY position`,
  );
  expect(rows.map(({ place }) => place)).toEqual(ours.map(({ id }) => id));
  const places = entries.map(({ id }) => parseMessageId(id));
  expect(places).toEqual(places.toSorted(compareMessageIds));
}

describe("behind an entry of another writer, ours follow in their order:", () => {
  test.each([
    ["two days ahead", `${now + 2 * 86_400_000}-0`],
    ["thirty days ahead", `${now + 30 * 86_400_000}-7`],
    ["microseconds", `${now}000-0`],
    ["nanoseconds", `${now}000000-3`],
    ["above 2^53", "9007199254740993-9007199254740993"],
    ["above 2^63", "9223372036854775809-9223372036854775809"],
    ["a sequence at its end", `${now + 60_000}-${maxPart}`],
    ["a sequence shortly before the end of 19 digits", `${now + 60_000}-9999999999999999998`],
    ["the last millisecond there is", `${maxPart}-0`],
    ["nearly the last id there is", `${maxPart}-${maxPart - 20_000_000n}`],
  ])("%s", async (_what, id) => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 2);
    await backbone.relay();
    await backbone.redis("XADD", backbone.stream, id, "id", crypto.randomUUID(), "type", "foreign");
    for (const count of [25, 3]) {
      ids.push(...(await publishReports(backbone, count)));
      const result = await relayWith(backbone, ({ relay }) => ({ settings: { ...relay, maxCount: 20 } }));
      expect(result).toMatchObject({ sent: count, batches: Math.ceil(count / 20), restored: 0 });
    }
    expect(await backbone.relay({ verify: true })).toMatchObject({ sent: 0, restored: 0 });
    await backbone.append(foreignBeat("robot", 1));
    ids.push(...(await publishReports(backbone, 1)));
    expect(await backbone.relay()).toMatchObject({ sent: 1, batches: 1 });
    await expectInOrder(backbone, ids);
  });

  test("on a further shard too, and never an id that another shard gives", async () => {
    const backbone = await openBackbone({ env: { BRAIN_SHARDS: "2" } });
    const id = `${now + 86_400_000}-${maxPart}`;
    const streams = [0, 1].map((shard) => backbone.open().keys.stream(shard));
    for (const stream of streams) await backbone.redis("XADD", stream, id, "type", "foreign");
    await publishReports(backbone, 40);
    await Promise.all([0, 1].map((shard) => backbone.relay({ shard })));
    const rows = await backbone.sql<{ id: string; shard: number }>(
      `SELECT stream_message_id AS id, shard FROM ${recorded}`,
    );
    expect(new Set(rows.map((row) => row.id)).size).toBe(40);
    const next = now + 86_400_000 + 1;
    for (const row of rows) {
      expect(row.id).toMatch(
        row.shard === 0 ? new RegExp(`^${next}-\\d+$`) : new RegExp(`^${next}-1\\d{9}$`),
      );
    }
  });
});

describe("a stream that has come to the last id there is", () => {
  const last = `${maxPart}-${maxPart}`;

  test("control: takes no entry of anybody any more, and set back it gives nothing to a group that has read it", async () => {
    const backbone = await openBackbone();
    await backbone.redis("XADD", backbone.stream, last, "type", "foreign");
    await backbone.redis("XGROUP", "CREATE", backbone.stream, "theirs", "0");
    const read = () =>
      backbone.redis("XREADGROUP", "GROUP", "theirs", "one", "STREAMS", backbone.stream, ">");
    expect(await read()).toHaveLength(1);
    await expect(backbone.append(["type", "foreign"])).rejects.toThrow(/exhausted the last possible ID/);
    await backbone.redis("XDEL", backbone.stream, last);
    await setLastId(backbone, `${now}-0`);
    await backbone.append(["type", "foreign"]);
    expect(await read()).toBeNull();
  });

  test.each(["entry", "XSETID"])(
    "by an %s is set aside, and everything goes on with what it held",
    async (by) => {
      const backbone = await openBackbone();
      const consumer = recorder();
      const ids = await publishReports(backbone, 700);
      await backbone.relay();
      await drainUntilQuiet(backbone, consumer);
      const foreign = await backbone.append(foreignBeat("robot", 7));
      if (by === "entry")
        await backbone.redis("XADD", backbone.stream, last, "id", "blocks", "type", "foreign");
      else await setLastId(backbone, last);
      ids.push(...(await publishReports(backbone, 3)));
      expect(await backbone.relay()).toMatchObject({ sent: 3, batches: 1, restored: 0 });
      await expectInOrder(backbone, ids);
      const entries = await streamEntries(backbone);
      expect(entries).toHaveLength(704);
      expect(entries[700]?.id).toBe(foreign);
      const told = backbone.logs.filter((line) => line.includes("is called"));
      expect(told).toHaveLength(1);
      const { set_aside: name } = JSON.parse(told[0] ?? "{}") as { set_aside: string };
      expect(await backbone.redis("XLEN", name)).toBe(by === "entry" ? 702 : 701);
      // The consumer begins again, and has each effect once.
      await drainUntilQuiet(backbone, consumer);
      const done = (await effects(backbone)).map((row) => row.event_id);
      expect(done.filter((id) => ids.includes(id)).toSorted()).toEqual(ids.toSorted());
      expect(done).toHaveLength(704);
      expect(await backbone.relay({ verify: true })).toMatchObject({ sent: 0, restored: 0 });
    },
  );
});

describe("the arithmetic of ids in scripts", () => {
  const redis = () => createRedis(inject("services").upstash);
  const part = fc.oneof(
    fc.bigInt({ min: 0n, max: maxPart }),
    fc.integer({ min: 0, max: 19 }).chain((zeros) => fc.constantFrom(...around(10n ** BigInt(zeros)))),
    fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, maxPart - 1n),
  );
  const around = (value: bigint) => [value - 1n, value, value + 1n];

  test("counts and compares as 64 unsigned bits do", async () => {
    const parts = fc.sample(part, 400);
    const script = `${idsInLua}
local answer = {}
for i = 1, #ARGV - 1 do
  answer[#answer + 1] = plusOne(ARGV[i])
  answer[#answer + 1] = compare(ARGV[i] .. '-7', ARGV[i + 1] .. '-7')
  answer[#answer + 1] = compare('7-' .. ARGV[i], '7-' .. ARGV[i + 1])
end
return answer`;
    const reply = await redis().eval(script, [], parts.map(String));
    const expected = parts.slice(0, -1).flatMap((value, at) => {
      const other = parts[at + 1] ?? 0n;
      const order = value === other ? 0 : value < other ? -1 : 1;
      return [String(value + 1n), order, order];
    });
    expect(reply).toEqual(expected);
  });
});

describe("beside a program that writes all the time, with a long way to Redis", () => {
  const batches = 5;

  /** Calls of one run that sends some batches: to Redis, and to Postgres. */
  async function countCalls(isBeside: boolean) {
    const { backbone, redis } = await openFaultyBackbone();
    redis.inject({ kind: "latency", ms: 120 });
    const ids = await publishReports(backbone, 10 * batches);
    const direct = createRedis(inject("services").upstash);
    const counts = { toRedis: 0, toPostgres: 0, theirs: 0 };
    let isWriting = isBeside;
    const writing = (async () => {
      while (isWriting) {
        // Ten at once, 20 ms apart: about 500 a second.
        const some = Array.from({ length: 10 }, (_, at) => foreignBeat("robot", at));
        await direct.pipeline(some.map((fields) => ["XADD", backbone.stream, "*", ...fields]));
        counts.theirs += some.length;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    onTestFinished(() => {
      isWriting = false;
    });
    const result = await relayWith(backbone, ({ db, relay }) => ({
      settings: { ...relay, maxCount: 10 },
      db: hookDatabase(db, {
        statements: (_text, run) => {
          counts.toPostgres += 1;
          return run();
        },
      }),
    }));
    isWriting = false;
    await writing;
    expect(result).toMatchObject({ sent: 10 * batches, batches, repeated: 0 });
    counts.toRedis = redis.requests.length;
    redis.heal();
    await expectInOrder(backbone, ids);
    return counts;
  }

  test("a batch takes the round trips that it takes alone: one to Redis, one to Postgres", async () => {
    const alone = await countCalls(false);
    const beside = await countCalls(true);
    expect(beside.theirs).toBeGreaterThan(50);
    expect(alone).toMatchObject({ toRedis: batches, toPostgres: batches + 1 });
    expect({ ...beside, theirs: 0 }).toEqual(alone);
  });

  test("control: an id that is chosen before the way is taken by the time it arrives", async () => {
    const { backbone } = await openFaultyBackbone();
    const slow = await startFaultyRedis(inject("services").upstash.url);
    onTestFinished(() => slow.close());
    const arriving = slow.inject({ kind: "hold" });
    const { token } = inject("services").upstash;
    const chosen = `${Date.now()}-0`;
    const guess = createRedis({ url: slow.url, token }).command(["XADD", backbone.stream, chosen, "a", "b"]);
    const refused = expect(guess).rejects.toThrow(/equal or smaller/);
    await arriving.hit;
    for (let id = "0-0"; Number(id.split("-", 1)[0]) <= Number(chosen.split("-", 1)[0]); ) {
      id = await backbone.append(["type", "foreign"]);
    }
    arriving.release();
    await refused;
  });
});
