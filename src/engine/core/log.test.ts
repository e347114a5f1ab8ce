import { describe, expect, test } from "vitest";
import { createLogger, type LogLevel } from "./log.ts";

const now = () => Date.parse("2026-01-02T03:04:05.678Z");

function capture(level: LogLevel) {
  const lines: { level: LogLevel; line: Record<string, unknown> }[] = [];
  const log = createLogger(
    (lineLevel, text) => lines.push({ level: lineLevel, line: JSON.parse(text) }),
    level,
    now,
  );
  return { log, lines };
}

describe("the logger", () => {
  test("writes one line whatever the text is, and nothing that steers a terminal", () => {
    const lines: string[] = [];
    const log = createLogger((_level, line) => lines.push(line), "debug", now);
    const text = "a\nb\r\u0085c\u2028d\u2029e\u001b[31m\u009b2J\u007f";
    log.info({ reason: text }, text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: text, reason: text });
  });

  test("writes one JSON line with time, level, message and fields", () => {
    const { log, lines } = capture("debug");
    log.info({ event_id: "e1", attempt: 2, tenant_id: null }, "Applied.");
    expect(lines).toEqual([
      {
        level: "info",
        line: {
          time: "2026-01-02T03:04:05.678Z",
          level: "info",
          message: "Applied.",
          event_id: "e1",
          attempt: 2,
          tenant_id: null,
        },
      },
    ]);
  });

  test.each<[LogLevel, LogLevel[]]>([
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ])("at level %s lets through %o", (level, expected) => {
    const { log, lines } = capture(level);
    log.debug({}, "d");
    log.info({}, "i");
    log.warn({}, "w");
    log.error({}, "e");
    expect(lines.map((entry) => entry.level)).toEqual(expected);
  });

  test("adds the fields of every parent to a child's lines, the nearest winning", () => {
    const { log, lines } = capture("info");
    log.child({ request_id: "r", shard: 0 }).child({ shard: 3 }).warn({ attempt: 1 }, "x");
    expect(lines[0]?.line).toMatchObject({ request_id: "r", shard: 3, attempt: 1 });
  });

  test("leaves the parent as it was", () => {
    const { log, lines } = capture("info");
    log.child({ request_id: "r" });
    log.info({}, "x");
    expect(lines[0]?.line).not.toHaveProperty("request_id");
  });

  test("lets no field stand in for the time, the level or the message of a line", () => {
    const { log, lines } = capture("info");
    log.child({ level: "debug" }).info({ message: "forged", time: "never" }, "real");
    expect(lines[0]?.line).toMatchObject({
      level: "info",
      message: "real",
      time: "2026-01-02T03:04:05.678Z",
    });
  });
});

test("a line whose fields and message were swapped says the same, and what is no text is one", () => {
  const lines: string[] = [];
  const log = createLogger(
    (_level, line) => lines.push(line),
    "info",
    () => 0,
  );
  const swapped = log.info as unknown as (message: string, fields: object) => void;
  swapped("lending", { quantity: 905 });
  (log.info as unknown as (message: string) => void)("alone");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { message: "lending", quantity: 905 },
    { message: expect.any(String) },
  ]);
});
