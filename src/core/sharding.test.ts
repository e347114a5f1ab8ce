import fc from "fast-check";
import { expect, it } from "vitest";
import { hashText, shardOf } from "./sharding.ts";

it("hashes as published for FNV-1a, so that every runtime and release places a key alike", () => {
  expect(hashText("")).toBe(0x811c9dc5);
  expect(hashText("a")).toBe(0xe40c292c);
  expect(hashText("foobar")).toBe(0xbf9cf968);
});

it("places a key always on the same shard, within range", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 64 }), (key, shards) => {
      const shard = shardOf(key, shards);
      expect(shard).toBe(shardOf(key, shards));
      expect(shard).toBeGreaterThanOrEqual(0);
      expect(shard).toBeLessThan(shards);
      expect(Number.isInteger(shard)).toBe(true);
    }),
  );
});

it("uses shard 0 when there is only one", () => {
  expect(shardOf("anything", 1)).toBe(0);
});

it("spreads keys over the shards", () => {
  const counts = [0, 0, 0, 0];
  for (let index = 0; index < 4_000; index += 1) {
    const shard = shardOf(`course-${index}`, 4);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  for (const count of counts) expect(count).toBeGreaterThan(800);
});
