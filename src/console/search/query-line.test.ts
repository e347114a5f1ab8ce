import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readLineTime } from "./line-times.ts";
import { type Asked, idOf, lineFields, readLine, toApiQuery, writeLine } from "./query-line.ts";

const now = new Date("2026-03-01T12:00:00.000Z");

describe("a line", () => {
  test("asks by fields, by text, and by the names of the API too", () => {
    const line = 'type:course.* tenant:acme since:1h severity:error story:c-1 "two words" more';
    expect(readLine(line)).toEqual({
      asked: {
        type: "course.*",
        tenant_id: "acme",
        from: "1h",
        severity: "ERROR",
        correlation_id: "c-1",
        text: "two words more",
      },
      issues: [],
    });
    expect(readLine("tenant_id:acme from:2d").asked).toEqual({ tenant_id: "acme", from: "2d" });
  });

  test("takes values with spaces, quotation marks and colons, members of payloads, and several types", () => {
    expect(
      readLine(String.raw`source:"a \"b\" c" key:a:b payload.course.id:"c 1" type:a.b type:c.*`),
    ).toEqual({
      asked: { source: 'a "b" c', key: "a:b", payload: "course.id=c 1", type: "a.b,c.*" },
      issues: [],
    });
  });

  test.each([
    ["typ:x", "unknown_field", 0, 5, ["type"]],
    ["a http://x", "unknown_field", 2, 8, []],
    ["type.x:y", "unknown_field", 0, 8, ["type"]],
    ["type: x", "no_value", 0, 5, []],
    ['key:1 "open', "open_quote", 6, 5, []],
    ["key:a key:b", "twice", 6, 5, []],
    ["severity:bad", "not_a_choice", 0, 12, ["INFO", "WARNING", "ERROR", "CRITICAL"]],
    ["payload:x", "no_path", 0, 9, []],
    ["key:a since:soon", "not_a_time", 6, 10, []],
  ] as const)("%s is refused in its place", (line, kind, at, length, expected) => {
    const { issues } = toApiQuery(readLine(line), line, now, "UTC");
    expect(issues).toMatchObject([{ kind, at, length, expected }]);
  });

  test("means the same as the form, whatever is in it", () => {
    const value = fc
      .string({ minLength: 1, maxLength: 20 })
      .filter((text) => text.trim() === text && text !== "");
    const free = lineFields
      .map(([, api]) => api)
      .filter((api) => !["severity", "entries", "order", "archive", "payload"].includes(api));
    const asked: fc.Arbitrary<Asked> = fc
      .record(
        {
          ...Object.fromEntries(free.map((api) => [api, value])),
          text: value,
          payload: value.map((v) => `a.b=${v}`),
        },
        { requiredKeys: [] },
      )
      .map((record) => record as Asked);
    fc.assert(
      fc.property(asked, (one) => {
        expect(readLine(writeLine(one))).toEqual({ asked: one, issues: [] });
      }),
    );
  });
});

test("times are how long ago, or days and moments in the viewer's zone", () => {
  const read = (text: string, zone = "Europe/Berlin") => readLineTime(text, now, zone);
  expect(read("90s")).toBe("2026-03-01T11:58:30.000Z");
  expect(read("2d")).toBe("2026-02-27T12:00:00.000Z");
  expect(read("2026-02-01")).toBe("2026-01-31T23:00:00.000Z");
  expect(read("2026-07-01T10:30")).toBe("2026-07-01T08:30:00.000Z");
  expect(read("2026-03-29T01:30")).toBe("2026-03-29T00:30:00.000Z");
  expect(read("2026-03-29T03:30")).toBe("2026-03-29T01:30:00.000Z");
  expect(read("2026-07-01T10:30:05Z")).toBe("2026-07-01T10:30:05.000Z");
  for (const wrong of ["soon", "1y", "2026-13-01", "2026-04-31", "1h ago", "999999w", "0000-01-01"])
    expect(read(wrong), wrong).toBeNull();
});

test("one word with a digit may be an id, and nothing else", () => {
  expect(idOf(" 01890a5d-ac96-774b-bcce-b302099a8057 ")).toBe("01890a5d-ac96-774b-bcce-b302099a8057");
  expect(idOf("order-1234")).toBe("order-1234");
  for (const line of ["course", '"order-1234"', "key:order-1234", "a b1", ""]) expect(idOf(line)).toBeNull();
});
