import { describe, expect, test } from "vitest";
import { type FailureKind, fingerprintOf, normaliseMessage } from "./fingerprint.ts";

const kind: FailureKind = {
  subscriber: "course_distribution",
  eventType: "course.generation.completed",
  errorClass: "TransientError",
  message: "The course 4711 is not there.",
};

describe("a message without what belongs to one occurrence", () => {
  test.each([
    ["a UUID", "No course 0b8e6c1a-7f1e-4d52-9a38-3f1d2b6f5a01.", "No course <uuid>."],
    ["a UUID in capitals", "id 0B8E6C1A-7F1E-4D52-9A38-3F1D2B6F5A01", "id <uuid>"],
    ["a time in UTC", "since 2026-11-21T08:40:00.123Z.", "since <time>."],
    ["a time with an offset", "since 2026-11-21T08:40:00+01:00.", "since <time>."],
    ["a time as Postgres writes it", "at 2026-11-21 08:40:00.5+00:00", "at <time>"],
    ["a date", "on 2026-11-21", "on <time>"],
    ["hex of 8 digits and more", "hash 9f86d081884c7d65, tail", "hash <hex>, tail"],
    ["hex behind a prefix", "at 0xff and 0xdeadbeef", "at <hex> and <hex>"],
    ["hex behind an underscore", "customer cus_9f86d081", "customer cus_<hex>"],
    ["a stream id", "entry 1735380000000-17", "entry <hex>-<n>"],
    ["an id of letters and digits", "key 01ARZ3NDEKTSV4RRFFQ69G5FAV", "key <id>"],
    ["whole numbers", "429 after 3 tries", "<n> after <n> tries"],
    ["numbers with separators", "1,024.5 bytes, at most 1.5", "<n> bytes, at most <n>"],
    ["numbers within words", "lesson12 of v2", "lesson<n> of v<n>"],
    ["text in double quotes", 'There is no "a b c" here.', "There is no <text> here."],
    ["text in single quotes", "There is no 'a b c' here.", "There is no <text> here."],
    ["text in backticks", "There is no `a b c` here.", "There is no <text> here."],
    ["ids within quotes at once", 'Key "4711:9f86d081" is taken.', "Key <text> is taken."],
    ["white space", "  one\n\ttwo   three ", "one two three"],
  ])("%s becomes a placeholder", (_what, message, expected) => {
    expect(normaliseMessage(message)).toBe(expected);
  });

  test.each([
    ["apostrophes", "It can't be that it won't work."],
    ["words that hex digits could spell", "The facade effaced defaced decades."],
    ["a quotation mark without its partner", 'An inch is one" long'],
    ["long words", "Uncharacteristically counterrevolutionary."],
    ["the empty message", ""],
  ])("%s stay as they are", (_what, message) => {
    expect(normaliseMessage(message)).toBe(message);
  });

  test("it is bounded, and applied to itself it changes nothing", () => {
    for (const message of [
      "word ".repeat(1_000),
      "1".repeat(10_000),
      `"${"x".repeat(5_000)}`,
      "9f86d081 0b8e6c1a-7f1e-4d52-9a38-3f1d2b6f5a01 'a' 7",
    ]) {
      const once = normaliseMessage(message);
      expect(once.length).toBeLessThanOrEqual(500);
      expect(normaliseMessage(once)).toBe(once);
    }
  });

  test.each(['"', "'", "`", "a", "1", "1-", "0x", "f", " "])("takes linear time for %s repeated", (unit) => {
    const started = performance.now();
    normaliseMessage(unit.repeat(1_000_000));
    // Quadratic time would be hours.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe("a fingerprint", () => {
  test("has 16 hex digits and never changes between releases", () => {
    expect(fingerprintOf(kind)).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprintOf(kind)).toBe("26cc41125731c46f");
    expect(fingerprintOf({ ...kind, eventType: null })).toBe("49c546438ddea36b");
  });

  test("is the same for two occurrences of one kind of failure", () => {
    expect(fingerprintOf({ ...kind, message: "The course 4712 is not there." })).toBe(fingerprintOf(kind));
  });

  test.each<[string, Partial<FailureKind>]>([
    ["subscriber", { subscriber: "course_access" }],
    ["event type", { eventType: "course.generation.failed" }],
    ["event type, when there is none", { eventType: null }],
    ["error class", { errorClass: "ValidationError" }],
    ["message", { message: "The course 4711 is not ready." }],
  ])("differs by %s", (_field, change) => {
    expect(fingerprintOf({ ...kind, ...change })).not.toBe(fingerprintOf(kind));
  });

  test("fields do not run into each other", () => {
    expect(fingerprintOf({ ...kind, subscriber: "a", eventType: "bc" })).not.toBe(
      fingerprintOf({ ...kind, subscriber: "ab", eventType: "c" }),
    );
  });

  test("100,000 kinds have 100,000 fingerprints", () => {
    const seen = new Set<string>();
    for (let a = 0; a < 100_000; a += 1) {
      const name = a.toString(26).replaceAll(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "");
      seen.add(fingerprintOf({ ...kind, message: `failed: ${name}` }));
    }
    expect(seen.size).toBe(100_000);
  });
});
