import { describe, expect, test } from "vitest";
import * as z from "zod";
import { charter } from "./charter.ts";
import { defineEvent } from "./define-event.ts";
import { CharterError } from "./errors.ts";
import { checkEventName, frozenNames, isPastTense } from "./naming.ts";

describe("event names", () => {
  test.each([
    "course.generation.completed",
    "invoice.document.sent",
    "user_profile.address_book.merged",
    "course.access.granted",
  ])("%s is a good name", (name) => expect(checkEventName(name)).toEqual([]));

  test.each([
    ["course.completed", "three_segments"],
    ["course.module.lesson.completed", "three_segments"],
    ["course_created", "three_segments"],
    ["CourseCreated", "pascal_case"],
    ["course.Outline.created", "pascal_case"],
    ["course.out-line.created", "snake_case"],
    ["course..created", "snake_case"],
    ["1course.outline.created", "snake_case"],
    ["course.outline.create", "past_tense"],
    ["course.outline.creating", "past_tense"],
    ["course.feed.need", "past_tense"],
    ["course.lessons.created", "singular_resource"],
  ])("%s breaks the rule %s", (name, rule) => {
    expect(checkEventName(name).map((violation) => violation.rule)).toContain(rule);
  });

  test("words that only look like past tense are refused, irregular ones are not", () => {
    expect(isPastTense("embed")).toBe(false);
    expect(isPastTense("red")).toBe(false);
    expect(isPastTense("payment_sent")).toBe(true);
  });

  test("what has happened is known by irregular verbs, their compounds, and with a particle behind them", () => {
    const past =
      "torn heard fed rewritten withheld overtaken undergone prepaid checked_in timed_out ran_out order_paid_out";
    expect(past.split(" ").filter((action) => !isPastTense(action))).toEqual([]);
    const other = "check_in log_out in remind rebuild overdue online output retrying";
    expect(other.split(" ").filter(isPastTense)).toEqual([]);
  });

  test("every catalogued name is good, or frozen with a reason", () => {
    for (const { type } of charter.all) expect(checkEventName(type)).toEqual([]);
    for (const [name, reason] of frozenNames) {
      expect(reason.length).toBeGreaterThan(20);
      expect(charter.all.map(({ type }) => type)).toContain(name);
    }
  });

  test("a new event with a bad name cannot be defined", () => {
    const options = {
      version: 1,
      module: "demo",
      criticality: "INFO",
      when: "never",
      payload: z.strictObject({ demo_id: z.string().max(100) }),
    } as const;
    expect(() => defineEvent("demo.thing.create", options)).toThrow(/"create" is not in the past tense/);
    expect(() => defineEvent("DemoCreated", options)).toThrow(CharterError);
    expect(() => defineEvent("demo.thing.created", { ...options, module: "Demo" })).toThrow(
      /snake_case module name/,
    );
    expect(defineEvent("demo.thing.created", options).type).toBe("demo.thing.created");
  });
});
