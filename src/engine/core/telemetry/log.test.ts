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

describe("a secret that is logged all the same", () => {
  const key = `brk_b5hr4dr5ktpsb7mv_${"J1hRRk9dYzbF2gTY2GQH".repeat(3).slice(0, 43)}`;
  const token = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${"a1B2".repeat(10)}`;

  test.each([
    ["a key of ours", key],
    ["a bearer token", `Bearer ${key}`],
    ["a JSON Web Token", token],
    ["a connection string", "postgres://brain:pa55word@db.example/brain"],
    ["a key of a provider", "sk_live_abcdefgh12345678"],
    ["an e-mail address", "anna@example.com"],
  ])(
    "is not readable: %s, in the message, in a field, in the fields of a child or deep in one",
    (_what, text) => {
      const { log, lines } = capture("debug");
      log.child({ from: text }).info({ reason: `was ${text}` }, `It was ${text}.`);
      log.info({ details: { list: [{ reason: text }] } } as never, "Deep.");
      const written = JSON.stringify(lines);
      expect(written).not.toContain(text.replace("Bearer ", ""));
      expect(written.match(/\[redacted\]/g)).toHaveLength(4);
    },
  );

  test.each([
    "authorization",
    "password",
    "apiKey",
    "api_key",
    "client_secret",
    "access_token",
    "cookie",
    "sessionToken",
  ])("is not readable in a field that is called %s, whatever it looks like", (name) => {
    const { log, lines } = capture("debug");
    log.info({ [name]: "plain", nested: { [name]: { inner: "plain" } } } as never, "Named.");
    expect(JSON.stringify(lines)).not.toContain("plain");
  });

  test("control: what lines are made of stays as it is", () => {
    const { log, lines } = capture("debug");
    const fields = {
      event_id: "0d4a7c52-3a43-4f0c-9b53-0a8d3f0b7c11",
      correlation_id: "demo-1-long-story",
      trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
      stream_message_id: "1764000000000-12",
      fencing_token: 7,
      event_type: "payment.transaction.completed",
      error_class: "TransientError",
      path: "/api/events?limit=50",
      due_at: "2026-01-02T03:04:05.678Z",
      sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      tenant_id: null,
      ms: 12.5,
    };
    const message =
      'The relay of shard 0 failed: connect ECONNREFUSED 127.0.0.1:8079 (SQLSTATE 08006), at "src/a.ts:12:5".';
    log.info(fields, message);
    expect(lines[0]?.line).toMatchObject({ ...fields, message });
  });

  test("control: a trace id that looks like the number of a card", () => {
    const { log, lines } = capture("debug");
    log.info({ span_id: "4111111111111111", card: "4111 1111 1111 1111" }, "Both.");
    expect(lines[0]?.line).toMatchObject({ span_id: "4111111111111111", card: "[redacted]" });
  });

  test("is not readable where a long text is cut", () => {
    const { log, lines } = capture("debug");
    const before = " ".repeat(16_384 - 12);
    log.info({ reason: `${before}${key}` }, `${before}postgres://brain:pa55word@db.example/brain`);
    expect(JSON.stringify(lines)).not.toMatch(/brk_|pa55/);
  });

  test("is not readable where a long text is cut whose secrets before that became shorter", () => {
    const { log, lines } = capture("debug");
    const mail = `${"x".repeat(60)}@mail.example.org `;
    for (let length = 20_000; length < 25_000; length += 11) {
      const before = mail.repeat(length / mail.length).padEnd(length);
      log.info({ reason: `${before}maria.musterfrau@example.org ${mail.repeat(100)}` }, "Long.");
    }
    expect(JSON.stringify(lines)).not.toContain("maria");
  });

  test("is not readable as the name of a field", () => {
    const { log, lines } = capture("debug");
    log.info(
      { counts: { "maria@example.org": 3, [key]: 1, [`${"a".repeat(300)}@example.org`]: 1 } } as never,
      "Counted.",
    );
    expect(JSON.stringify(lines)).not.toMatch(/maria|brk_/);
    expect(lines[0]?.line).toMatchObject({ counts: { "[redacted]": expect.any(Number) } });
  });

  test("what cannot be written as JSON loses no line", () => {
    const { log, lines } = capture("debug");
    const failing = {
      toJSON() {
        throw new Error("no");
      },
    };
    log.info({ failing, big: 12n } as never, "Odd.");
    expect(lines[0]?.line).toMatchObject({ failing: "[…]", big: "12", message: "Odd." });
  });

  test("a field without an end is cut", () => {
    const { log, lines } = capture("debug");
    const deep: { inner?: object } = {};
    deep.inner = deep;
    const wide: unknown[] = [];
    for (let n = 0; n < 100; n += 1) wide.push(wide);
    log.info(
      { deep, long: "a".repeat(100_000), many: Array.from({ length: 1_000 }, () => 1) } as never,
      "Long.",
    );
    expect(JSON.stringify(lines).length).toBeLessThan(20_000);
    log.info({ wide } as never, "Wide.");
    expect(JSON.stringify(lines.at(-1)).length).toBeLessThan(1_000_000);
  });
});
