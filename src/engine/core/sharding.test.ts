import fc from "fast-check";
import { expect, test } from "vitest";
import { hashText } from "./sharding.ts";

test("hashes as published for FNV-1a, so that every runtime and release computes the same backoff", () => {
  expect(hashText("")).toBe(0x811c9dc5);
  expect(hashText("a")).toBe(0xe40c292c);
  expect(hashText("foobar")).toBe(0xbf9cf968);
});

test("gives the same unsigned 32-bit number for the same text", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const hash = hashText(text);
      expect(hash).toBe(hashText(`${text}`));
      expect(hash).toBe(hash >>> 0);
    }),
  );
});

test("spreads keys over lanes", () => {
  const counts = [0, 0, 0, 0];
  for (let index = 0; index < 4_000; index += 1) {
    const lane = hashText(`course-${index}`) % 4;
    counts[lane] = (counts[lane] ?? 0) + 1;
  }
  for (const count of counts) expect(count).toBeGreaterThan(800);
});
