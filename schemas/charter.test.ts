import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { readAliases } from "./aliases.ts";
import type { EventTypeOf, PayloadByType } from "./catalog.ts";
import { charter } from "./charter.ts";
import { foreignTypes } from "./decoding/foreign.ts";

describe("the charter", () => {
  test("holds every released name once", () => {
    const types = charter.all.map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
    const count = (prefix: string) => types.filter((type) => type.startsWith(prefix)).length;
    expect({
      course: count("course."),
      distribution: count("distribution."),
      ir: count("ir."),
      mission: count("mission."),
      payment: count("payment."),
      task: count("task."),
      agent: count("agent."),
      system: count("system."),
      ethics: count("ethics."),
    }).toEqual({
      course: 29,
      distribution: 9,
      ir: 10,
      mission: 5,
      payment: 7,
      task: 13,
      agent: 6,
      system: 3,
      ethics: 3,
    });
    expect(types).toHaveLength(87);
  });

  test("can be written down as JSON Schema that allows no unknown field", () => {
    for (const definition of charter.all) {
      const schema = z.toJSONSchema(definition.payload);
      expect(schema).toMatchObject({ type: "object", additionalProperties: false });
    }
  });

  test("says in JSON Schema which fields are personal, and of whom, beside what they mean", () => {
    const marked = charter.all.flatMap(({ type, payload, personal }) => {
      const text = JSON.stringify(z.toJSONSchema(payload));
      expect(text.includes("x-brain-pii"), type).toBe(personal.length > 0);
      return personal.length > 0 ? [type] : [];
    });
    expect(marked).toEqual(["course.access.granted", "course.access.revoked"]);
    const [granted] = charter.all.filter(({ type }) => type === "course.access.granted");
    expect(granted && z.toJSONSchema(granted.payload).properties?.reason).toMatchObject({
      description: expect.stringMatching(/^Why, /),
      "x-brain-pii": { subject: "user_id" },
    });
  });

  test("has a canonical name behind every alias, and no alias is catalogued or foreign", () => {
    for (const [alias, type] of readAliases) {
      expect(charter.find(type)).toBeDefined();
      expect(charter.find(alias)).toBeUndefined();
      expect(charter.isForeign(alias)).toBe(false);
      expect(charter.canonicalType(alias)).toBe(type);
    }
    expect(charter.canonicalType("course.generation.completed")).toBe("course.generation.completed");
  });

  test("knows the foreign names and none of them is its own", () => {
    expect(foreignTypes.size).toBe(113);
    for (const type of foreignTypes) expect(charter.find(type)).toBeUndefined();
    expect(charter.isForeign("audit.user_login")).toBe(true);
    expect(charter.isForeign("audit.")).toBe(false);
    expect(charter.isForeign("course.viewed")).toBe(false);
  });

  test("suggests the nearest name and nothing far away", () => {
    expect(charter.suggest("Course.Generation.Completed")).toBe("course.generation.completed");
    expect(charter.suggest("distribution.publish")).toBe("distribution.published");
    expect(charter.suggest("weather.report.filed")).toBeNull();
    expect(charter.suggest("x".repeat(5000))).toBeNull();
  });

  test("keys all events of one distribution alike", () => {
    const payload = { distribution_id: "dist_1", child_distribution_id: "dist_1", course_id: "c1" };
    const keys = charter.all
      .filter(({ type }) => type.startsWith("distribution."))
      .map((event) => event.keyOf(payload));
    expect(keys).toEqual(Array.from({ length: 9 }, () => "dist_1"));
  });

  test("types its names and what handlers receive", () => {
    type Charter = typeof charter;
    type Payloads = PayloadByType<Charter>;
    expectTypeOf<Payloads["course.distribution.requested"]>().toEqualTypeOf<{ course_id: string }>();
    expectTypeOf<"course.generation.completed">().toExtend<EventTypeOf<Charter>>();
    expectTypeOf<"course.generation.complete">().not.toExtend<EventTypeOf<Charter>>();
  });
});
