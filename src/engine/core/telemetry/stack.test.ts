import { afterEach, describe, expect, test, vi } from "vitest";
import { maxStackLength, sourceLinesName, stackText, thrownAt } from "./stack.ts";

const withStack = (stack: string, message = "planted", cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { stack });

const said = () => "said";

describe("the stack of an error", () => {
  test("names class, place and function, with paths from the root of the project", () => {
    const error = withStack(
      [
        "TypeError: planted",
        "    at handle (/home/somebody/brain/src/modules/payment/consumer.ts:41:7)",
        "    at async Object.run (file:///opt/brain/src/engine/consume/apply/apply.ts:12:3)",
        "    at https://x.example/src/engine/core/telemetry/log.ts?v=1:3:4",
        "    at inner (/home/somebody/brain/node_modules/zod/v4/core/parse.js:5:6)",
        "    at elsewhere (/home/somebody/secret-folder/thing.ts:1:2)",
        "    at node:internal/process/task_queues:95:5",
        "    at <anonymous>",
      ].join("\n"),
    );
    expect(stackText(error, said)).toBe(
      [
        "Error: said",
        "    at handle (src/modules/payment/consumer.ts:41:7)",
        "    at async Object.run (src/engine/consume/apply/apply.ts:12:3)",
        "    at src/engine/core/telemetry/log.ts:3:4",
        "    at inner (node_modules/zod/v4/core/parse.js:5:6)",
        "    at elsewhere (thing.ts:1:2)",
      ].join("\n"),
    );
    expect(thrownAt(error)).toBe("src/modules/payment/consumer.ts:41");
  });

  test("of a real one is that of this file", () => {
    const error = new TypeError("planted");
    expect(thrownAt(error)).toMatch(/^src\/engine\/core\/telemetry\/stack\.test\.ts:\d+$/);
    expect(stackText(error, said)).toContain(
      "TypeError: said\n    at src/engine/core/telemetry/stack.test.ts:",
    );
  });

  test("holds nothing of the messages, not even lines that look like places", () => {
    const message = 'planted\n    at planted (src/planted.ts:1:1)\n"planted"';
    const cause = withStack(`Error: ${message}\n    at real (src/a.ts:1:1)`, message);
    const text = stackText(withStack(`Error: ${message}\n    at outer (src/b.ts:2:2)`, message, cause), said);
    expect(text).toBe(
      "Error: said\n    at outer (src/b.ts:2:2)\ncaused by Error\n    at real (src/a.ts:1:1)",
    );
  });

  test("says of a cause what it says of no error above it, and the same words once", () => {
    const thrown = withStack("Error: c\n    at c (src/c.ts:3:3)", "refused");
    const passed = withStack("Error: b\n    at b (src/b.ts:2:2)", "refused", thrown);
    const other = withStack("Error: a\n    at a (src/a.ts:1:1)", "no order", passed);
    expect(stackText(other, ({ message }) => message)).toBe(
      [
        "Error: no order\n    at a (src/a.ts:1:1)",
        "caused by Error: refused\n    at b (src/b.ts:2:2)",
        "caused by Error\n    at c (src/c.ts:3:3)",
      ].join("\n"),
    );
  });

  test.each([
    [
      "endless",
      Array.from({ length: 900 }, (_, line) => `    at f${"x".repeat(190)} (src/a.ts:${line}:1)`).join("\n"),
    ],
    ["one endless line", `    at ${"x".repeat(1_000_000)} (src/a.ts:1:1)`],
  ])("is bounded: %s", (_what, frames) => {
    const error = withStack(`Error: planted\n${frames}\n    at f (src/a.ts:1:1)`);
    error.cause = error;
    expect((stackText(error, said) ?? "").length).toBeLessThanOrEqual(maxStackLength);
  });

  test.each([withStack("Error: planted"), withStack(""), "text", null, { stack: "x" }])(
    "is null for %o",
    (thrown) => {
      expect(stackText(thrown, said)).toBeNull();
      expect(thrownAt(thrown)).toBeNull();
    },
  );
});

describe("in a bundle whose lines are known", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test("places are those of the source, and what is not the project's own stays", async () => {
    // Lines 10 to 19 are src/a.ts from line 5, 20 to 29 are a package, from 30 on src/b.ts from line 1.
    const runs = [
      [10, 0, 5],
      [10, -1, -5],
      [10, 2, 1],
    ];
    const text = runs.map((run) => run.map((number) => number.toString(36)).join(",")).join(";");
    vi.stubGlobal(sourceLinesName, {
      "": { files: ["src/a.ts", "src/b.ts"], runs: text },
      "chunk-1.js": { files: ["src/c.ts"], runs: "1,0,1" },
    });
    vi.resetModules();
    const stack = await import("./stack.ts");
    const frames = [
      ...[5, 10, 14, 25, 31].map((line) => `    at f (consumer.js:${line}:9)`),
      "    at f (file:///chunk-1.js:7:9)",
    ];
    expect(stack.stackText(withStack(`Error: planted\n${frames.join("\n")}`), said)).toBe(
      [
        "Error: said",
        "    at f (consumer.js:5:9)",
        "    at f (src/a.ts:5)",
        "    at f (src/a.ts:9)",
        "    at f (consumer.js:25:9)",
        "    at f (src/b.ts:2)",
        "    at f (src/c.ts:7)",
      ].join("\n"),
    );
  });
});
