import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CharterError } from "./errors.ts";
import { compareMessageIds, isMessageId, messageIdMs, nextMessageId, parseMessageId } from "./message-id.ts";

const max = 18_446_744_073_709_551_615n;
const part = fc.oneof(fc.bigInt({ min: 0n, max }), fc.bigInt({ min: 0n, max: 20n }));
const parts = fc.tuple(part, part);
const toId = ([ms, sequence]: [bigint, bigint]) => parseMessageId(`${ms}-${sequence}`);

function numericOrder(a: [bigint, bigint], b: [bigint, bigint]): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  return 0;
}

describe("stream message ids", () => {
  test("are ordered by number, not by text", () => {
    expect(compareMessageIds(parseMessageId("1-9"), parseMessageId("1-10"))).toBeLessThan(0);
    expect("1-9" < "1-10").toBe(false);
    fc.assert(
      fc.property(
        parts,
        parts,
        (a, b) => Math.sign(compareMessageIds(toId(a), toId(b))) === numericOrder(a, b),
      ),
    );
  });

  test("have a total order: sorted by it they stand as the numbers that they are, equal ones and only those beside each other", () => {
    const asNumber = (id: string) => {
      const [ms = "", sequence = ""] = id.split("-");
      return BigInt(ms) * (max + 1n) + BigInt(sequence);
    };
    const few = fc.array(
      fc.oneof(parts, fc.tuple(fc.bigInt({ min: 0n, max: 2n }), fc.bigInt({ min: 0n, max: 2n }))),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(few, (list) => {
        const sorted = list.map(toId).sort(compareMessageIds);
        const numbers = list
          .map((one) => one[0] * (max + 1n) + one[1])
          .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        expect(sorted.map(asNumber)).toEqual(numbers);
        for (const a of sorted) {
          for (const b of sorted) {
            // `0 -` keeps the zero positive.
            expect(compareMessageIds(a, b)).toBe(0 - compareMessageIds(b, a));
            expect(compareMessageIds(a, b) === 0).toBe(a === b);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test("have a successor with nothing in between", () => {
    fc.assert(
      fc.property(parts, (a) => {
        fc.pre(a[0] < max || a[1] < max);
        const next = nextMessageId(toId(a));
        expect(compareMessageIds(toId(a), next)).toBe(-1);
        const [ms, sequence] = next.split("-").map(BigInt);
        expect((ms ?? 0n) * (max + 1n) + (sequence ?? 0n)).toBe(a[0] * (max + 1n) + a[1] + 1n);
      }),
    );
    expect(nextMessageId(parseMessageId(`5-${max}`))).toBe("6-0");
    expect(() => nextMessageId(parseMessageId(`${max}-${max}`))).toThrow(CharterError);
  });

  test("tell their milliseconds", () => {
    expect(messageIdMs(parseMessageId("1767605400000-12"))).toBe(1_767_605_400_000);
  });

  test.each([
    "",
    "1",
    "-",
    "1-",
    "-1",
    "$",
    ">",
    "*",
    "0-01",
    "01-0",
    "1-1-1",
    "1-1\n",
    " 1-1",
    "a-1",
    "18446744073709551616-0",
    `1-${max + 1n}`,
  ])("%j is none", (text) => {
    expect(isMessageId(text)).toBe(false);
    expect(() => parseMessageId(text)).toThrow(/expected "\{milliseconds\}-\{sequence\}"/);
  });

  test("values that are no text are none", () => {
    expect(isMessageId(1)).toBe(false);
    expect(() => parseMessageId(null)).toThrow(CharterError);
  });
});
