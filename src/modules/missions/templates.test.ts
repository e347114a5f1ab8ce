import { describe, expect, test } from "vitest";
import type { TemplateVariable } from "./tables.ts";
import { bindVariables, checkTemplate, fillConfig, placeholdersOf } from "./templates.ts";

const variable = (rest: Partial<TemplateVariable> = {}): TemplateVariable => ({
  type: "string",
  required: false,
  default: null,
  description: "",
  ...rest,
});

describe("a template", () => {
  const step = { order: 1, action: "echo", config: { to: "{{who}}", list: [{ deep: "{{ n }} times" }] } };

  test("fits together when every placeholder is a variable", () => {
    expect(placeholdersOf(step.config)).toEqual(new Set(["who", "n"]));
    expect(checkTemplate([step], { who: variable(), n: variable({ type: "number" }) })).toEqual([]);
  });

  test("does not when a variable is missing, an order is used twice, or a default has another type", () => {
    const issues = checkTemplate([step, { ...step, config: {} }], {
      who: variable({ type: "number", default: "x" }),
    });
    expect(issues.map(({ path }) => path)).toEqual([
      "steps.0.config",
      "steps.1.order",
      "variables.who.default",
    ]);
  });
});

describe("variables", () => {
  const variables = {
    name: variable({ required: true }),
    count: variable({ type: "number", default: 3 }),
    note: variable(),
    tags: variable({ type: "array" }),
  };

  test("given what is required, then defaults and null stand in for the rest", () => {
    expect(bindVariables(variables, { name: "A", tags: ["x"] })).toEqual({
      ok: true,
      values: { name: "A", count: 3, note: null, tags: ["x"] },
    });
  });

  test.each([
    [{}, "variables.name", "is missing"],
    [{ name: null }, "variables.name", "is missing"],
    [{ name: 1 }, "variables.name", "expected string, received number"],
    [{ name: "A", count: "3" }, "variables.count", "expected number, received string"],
    [{ name: "A", tags: {} }, "variables.tags", "expected array, received object"],
    [{ name: "A", other: 1 }, "variables.other", "no such variable"],
    [{ name: "A", toString: "x" }, "variables.toString", "no such variable"],
  ])("given %j, then %s %s", (given, path, message) => {
    const bound = bindVariables(variables, given);
    expect(bound.ok).toBe(false);
    if (!bound.ok) expect(bound.issues).toContainEqual({ path, message: expect.stringContaining(message) });
  });
});

describe("a step's payload", () => {
  const values = { name: "Ada", count: 3, on: true, list: [1, 2], none: null, trick: "{{name}}" };

  test("takes a value with its type where a text is nothing but its placeholder", () => {
    const config = { a: "{{count}}", b: "{{ on }}", c: "{{list}}", d: "{{none}}", e: ["{{name}}"] };
    expect(fillConfig(config, values, 1_000)).toEqual({ a: 3, b: true, c: [1, 2], d: null, e: ["Ada"] });
  });

  test("takes it as text inside a longer text", () => {
    const config = { a: "{{name}} has {{count}}", b: "[{{none}}] {{list}}", c: "no {braces}", d: 7 };
    expect(fillConfig(config, values, 1_000)).toEqual({
      a: "Ada has 3",
      b: "[] [1,2]",
      c: "no {braces}",
      d: 7,
    });
  });

  test("does not look into values for placeholders again", () => {
    expect(fillConfig({ a: "{{trick}}", b: "x {{trick}} $& $1" }, values, 1_000)).toEqual({
      a: "{{name}}",
      b: "x {{name}} $& $1",
    });
  });

  test("is not filled when the values in it are more than it may be", () => {
    const inText = { a: "{{name}} ".repeat(10) };
    expect(fillConfig(inText, { name: "ä".repeat(5) }, 50)).toEqual({ a: "äääää ".repeat(10) });
    expect(fillConfig(inText, { name: "ä".repeat(5) }, 49)).toBeNull();
    expect(fillConfig({ a: [{ b: Array(10).fill("{{list}}") }] }, { list: [1, 2, 3] }, 69)).toBeNull();
    // What would be hundreds of gigabytes.
    const many = { a: "{{name}}".repeat(100_000) };
    expect(fillConfig(many, { name: "x".repeat(1_000_000) }, 65_536)).toBeNull();
  });
});
