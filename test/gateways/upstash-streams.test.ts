import { describe, expect, test } from "vitest";
import { key, redis, useUpstash } from "./upstash-client.ts";

useUpstash();

async function streamWithGroup(entries: number): Promise<string[]> {
  await redis.xgroup(key, { type: "CREATE", group: "g", id: "0", options: { MKSTREAM: true } });
  const ids: string[] = [];
  for (let index = 1; index <= entries; index++)
    ids.push(await redis.xadd(key, `${index}-0`, { n: String(index) }));
  return ids;
}

describe("streams through the Upstash client", () => {
  test("an added entry is read back with its id and its fields in order", async () => {
    const id = await redis.xadd(key, "*", { type: "a.b.c", payload: '{"ü":1}' });
    expect(id).toMatch(/^\d+-\d+$/);
    expect(await redis.exec(["XRANGE", key, "-", "+"])).toEqual([
      [id, ["type", "a.b.c", "payload", '{"ü":1}']],
    ]);
  });

  test("a group read gives nested arrays, and null when there is nothing new", async () => {
    const ids = await streamWithGroup(2);
    const read = () => redis.exec(["XREADGROUP", "GROUP", "g", "c1", "COUNT", "10", "STREAMS", key, ">"]);
    expect(await read()).toEqual([
      [
        key,
        [
          [ids[0], ["n", "1"]],
          [ids[1], ["n", "2"]],
        ],
      ],
    ]);
    expect(await read()).toBeNull();
  });

  test("pending entries tell consumer, idle time and delivery count", async () => {
    const ids = await streamWithGroup(2);
    await redis.xreadgroup("g", "c1", [key], [">"], { count: 10 });
    expect(await redis.exec(["XPENDING", key, "g"])).toEqual([2, ids[0], ids[1], [["c1", "2"]]]);
    const [first] = (await redis.xpending(key, "g", "-", "+", 10)) as [string, string, number, number][];
    expect(first?.slice(0, 2)).toEqual([ids[0], "c1"]);
    expect(first?.[2]).toBeTypeOf("number");
    expect(first?.[3]).toBe(1);
  });

  test("XCLAIM hands an entry over, and JUSTID leaves its delivery count alone", async () => {
    const ids = await streamWithGroup(1);
    await redis.xreadgroup("g", "c1", [key], [">"]);
    expect(await redis.exec(["XCLAIM", key, "g", "c2", "0", "1-0"])).toEqual([[ids[0], ["n", "1"]]]);
    expect(await redis.exec(["XCLAIM", key, "g", "c3", "0", "1-0", "JUSTID"])).toEqual(ids);
    expect(await redis.exec(["XPENDING", key, "g", "-", "+", "1"])).toEqual([
      ["1-0", "c3", expect.any(Number), 2],
    ]);
  });

  test("XAUTOCLAIM gives cursor, entries and the ids that no longer exist", async () => {
    await streamWithGroup(2);
    await redis.xreadgroup("g", "c1", [key], [">"]);
    await redis.xdel(key, "1-0");
    expect(await redis.exec(["XAUTOCLAIM", key, "g", "c2", "0", "0-0"])).toEqual([
      "0-0",
      [["2-0", ["n", "2"]]],
      ["1-0"],
    ]);
  });

  test("an acknowledged entry leaves the pending list", async () => {
    const ids = await streamWithGroup(2);
    await redis.xreadgroup("g", "c1", [key], [">"]);
    expect(await redis.xack(key, "g", ids)).toBe(2);
    expect(await redis.exec(["XPENDING", key, "g"])).toEqual([0, null, null, null]);
  });

  test("XINFO answers flat lists of names and values, with numbers as numbers", async () => {
    await streamWithGroup(3);
    await redis.xreadgroup("g", "c1", [key], [">"], { count: 1 });
    const [group] = (await redis.exec(["XINFO", "GROUPS", key])) as unknown[][];
    expect(group).toEqual([
      "name",
      "g",
      "consumers",
      1,
      "pending",
      1,
      "last-delivered-id",
      "1-0",
      "entries-read",
      1,
      "lag",
      2,
    ]);
    const stream = (await redis.exec(["XINFO", "STREAM", key])) as unknown[];
    expect(stream.slice(0, 2)).toEqual(["length", 3]);
    expect(stream).toContain("last-generated-id");
  });

  test("an id that is not above the last one is refused in Redis' words", async () => {
    await redis.xadd(key, "5-0", { n: "1" });
    await expect(redis.xadd(key, "5-0", { n: "2" })).rejects.toThrow(
      /equal or smaller than the target stream top item/,
    );
  });

  test("a blocking read is refused instead of holding the connection", async () => {
    await streamWithGroup(0);
    const read = redis.exec(["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", key, ">"]);
    await expect(read).rejects.toThrow(/BLOCK/);
    await expect(redis.exec(["BLPOP", key, "0"])).rejects.toThrow(/Command is not available: 'BLPOP'/);
  });

  test("a stream or group named BLOCK is not mistaken for the option", async () => {
    const blockKey = `${key}:BLOCK`;
    await redis.xadd(blockKey, "1-0", { BLOCK: "1" });
    expect(await redis.exec(["XREAD", "STREAMS", blockKey, "0"])).toEqual([
      [blockKey, [["1-0", ["BLOCK", "1"]]]],
    ]);
  });
});
