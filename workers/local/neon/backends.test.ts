import { expect, test } from "vitest";
import { MessageScanner } from "./backends.ts";

function message(type: string, payload: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeInt32BE(payload.length + 4, 1);
  return Buffer.concat([head, Buffer.from(payload, "latin1")]);
}

const messages = [message("P", "text"), message("S", ""), message("D", "x".repeat(300)), message("Z", "I")];

/** The messages found in pieces of this size, with where they begin in all of it. */
function found(size: number): unknown[] {
  const all = Buffer.concat(messages);
  const scanner = new MessageScanner();
  const seen: unknown[] = [];
  for (let at = 0; at < all.length; at += size) {
    scanner.scan(all.subarray(at, at + size), (type, begins) => {
      seen.push([type, at + begins]);
      return undefined;
    });
  }
  expect(scanner.aligned).toBe(true);
  return seen;
}

test("messages are found in whole chunks as in pieces of any size", () => {
  const whole = found(1_000);
  expect(whole).toEqual([
    ["P", 0],
    ["S", 9],
    ["D", 14],
    ["Z", 319],
  ]);
  for (let size = 1; size < 60; size += 1) expect(found(size)).toEqual(whole);
});
