import { type Catalog, createCatalog, defineEvent } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { labCatalog, noticeGiven, partChecked, sampleTaken } from "../../../../test/engine/events.ts";
import { type ConsumerOptions, on, onAny, onBatch } from "../consumer.ts";
import { defineConsumer, registerConsumers, wants, wantsAny } from "./define-consumer.ts";

const ignore = async () => undefined;
const handlers = [on(sampleTaken, ignore)];
const define = (options: Partial<ConsumerOptions>) =>
  defineConsumer({ subscriber: "lab_records", handlers, ...options });

describe("a consumer", () => {
  test("is completed with defaults that miss nothing", () => {
    expect(define({})).toMatchObject({
      subscriber: "lab_records",
      group: "edge_lab_records",
      source: "lab_records",
      startAt: "0",
      retry: { maxAttempts: 5, maxProgrammingAttempts: 2, maxDeaths: 3, baseMs: 1_000, capMs: 300_000 },
      brake: { after: 10, baseMs: 1_000, capMs: 60_000 },
      afterDeadLetter: "go_on",
      handlerTimeoutMs: 10_000,
      batchSize: 500,
      concurrency: 1,
      any: null,
    });
  });

  test("keeps what it was given, and the other defaults", () => {
    const consumer = define({ retry: { baseMs: 10 }, startAt: "$", source: "payments", concurrency: 3 });
    expect(consumer.retry).toEqual({
      maxAttempts: 5,
      maxProgrammingAttempts: 2,
      maxDeaths: 3,
      baseMs: 10,
      capMs: 300_000,
    });
    expect(consumer).toMatchObject({ startAt: "$", source: "payments", concurrency: 3 });
  });

  test.each([
    "",
    "Course",
    "1course",
    "course-access",
    "course access",
    "_x",
    "ä",
    "x".repeat(101),
    "group:x",
  ])("is refused under the name %o", (subscriber) => {
    expect(() => define({ subscriber })).toThrow(/not a valid name: expected lower-case/);
  });

  test.each(["a", "lab_records", "x9", "x".repeat(100)])("is accepted under the name %o", (subscriber) => {
    expect(define({ subscriber }).group).toBe(`edge_${subscriber}`);
  });

  test("has one handler for a type", () => {
    const twice = [on(sampleTaken, ignore), onBatch(sampleTaken, ignore)];
    expect(() => define({ handlers: twice })).toThrow(/two handlers for "lab.sample.taken"/);
  });

  test("has one catch-all handler, and some handler at all", () => {
    expect(() => define({ handlers: [onAny(ignore), onAny(ignore)] })).toThrow(/two catch-all handlers/);
    expect(() => define({ handlers: [] })).toThrow(/has no handlers/);
  });

  test.each([
    [
      "an event that a circle of imports left undefined",
      on(undefined as never, ignore),
      /is for an event that is undefined/,
    ],
    ["an event that is null", onBatch(null as never, ignore), /is for an event that is null/],
    ["another object", on({} as never, ignore), /is for an event that is another object/],
    ["the name of an event", on("a.b.c" as never, ignore), /is for an event that is a string/],
    ["no subscription at all", undefined as never, /is undefined, expected on\(…\), onBatch/],
    ["a definition where a subscription belongs", partChecked as never, /is another object, expected on/],
    ["a handler that is undefined", on(partChecked, undefined as never), /no function to call but undefined/],
    ["a catch-all that is undefined", onAny(undefined as never), /no function to call but undefined/],
  ])("is refused with %s, naming consumer and place", (_what, bad, message) => {
    const made = () => define({ handlers: [on(sampleTaken, ignore), bad] });
    expect(made).toThrow(message);
    expect(made).toThrow(/^Consumer "lab_records", handler 2 of 2 .*exports it.*circle/);
  });

  test.each<[string, Partial<ConsumerOptions>]>([
    ["retry.maxAttempts", { retry: { maxAttempts: 0 } }],
    ["retry.maxAttempts", { retry: { maxAttempts: 1.5 } }],
    ["retry.maxAttempts", { retry: { maxAttempts: Number.NaN } }],
    ["retry.maxAttempts", { retry: { maxAttempts: 1_001 } }],
    ["retry.maxProgrammingAttempts", { retry: { maxProgrammingAttempts: -1 } }],
    ["retry.baseMs", { retry: { baseMs: 0 } }],
    ["retry.baseMs", { retry: { baseMs: Number.POSITIVE_INFINITY } }],
    ["retry.capMs", { retry: { baseMs: 5_000, capMs: 4_999 } }],
    ["retry.capMs", { retry: { capMs: 86_400_001 } }],
    ["handlerTimeoutMs", { handlerTimeoutMs: 0 }],
    ["handlerTimeoutMs", { handlerTimeoutMs: 900_001 }],
    ["batchSize", { batchSize: 0 }],
    ["batchSize", { batchSize: 1_001 }],
    ["concurrency", { concurrency: 0 }],
    ["concurrency", { concurrency: 7 }],
  ])("is refused with %s out of range: %o", (name, options) => {
    expect(() => define(options)).toThrow(
      new RegExp(`${name.replace(".", "\\.")} is .*, expected a whole number`),
    );
  });
});

describe("what a consumer wants", () => {
  test("are the types it handles", () => {
    const consumer = define({});
    expect(wants(consumer, sampleTaken.type)).toBe(true);
    expect(wants(consumer, partChecked.type)).toBe(false);
    // Of fewer types than it handles, of as many, and of more.
    for (const others of [[], ["a.b.c"], ["a.b.c", "a.b.d", "a.b.e"]]) {
      expect(wantsAny(consumer, new Set([...others, sampleTaken.type]))).toBe(true);
      expect(wantsAny(consumer, new Set([...others, partChecked.type]))).toBe(false);
    }
    expect(wantsAny(consumer, new Set())).toBe(false);
  });

  test("is everything for a catch-all", () => {
    const consumer = define({ handlers: [onAny(ignore), on(noticeGiven, ignore)] });
    expect(wants(consumer, "no.such.type")).toBe(true);
    expect(wantsAny(consumer, new Set(["no.such.type"]))).toBe(true);
    expect(wantsAny(consumer, new Set())).toBe(false);
    expect(consumer.any).not.toBeNull();
    expect(consumer.byType.size).toBe(1);
  });
});

describe("the register of consumers", () => {
  test("finds each by its subscriber name", () => {
    const consumer = define({});
    expect(registerConsumers(labCatalog, [consumer]).get("lab_records")).toBe(consumer);
    expect(registerConsumers(labCatalog, []).size).toBe(0);
    expect(() => registerConsumers(labCatalog, [consumer, undefined as never])).toThrow(
      /^Consumer 2 of 2 is undefined\. .*circle/,
    );
  });

  test("refuses two with the same name, who would take each other's events", () => {
    expect(() => registerConsumers(labCatalog, [define({}), define({})])).toThrow(
      /Two consumers are named "lab_records"/,
    );
  });

  test("refuses one that handles an event which the catalog does not have, or has by another definition", () => {
    const options = {
      version: 1,
      module: "library",
      criticality: "INFO",
      when: "never",
      payload: z.strictObject({ book_id: z.string().max(100) }),
    } as const;
    const lent = defineEvent("library.book.lent", options);
    const consumer = define({ handlers: [on(lent, ignore)] });
    const register = (catalog: Catalog) => registerConsumers(catalog, [consumer]);
    expect(register(createCatalog([lent])).size).toBe(1);
    expect(() => register(createCatalog([]))).toThrow(
      /^Consumer "lab_records" handles "library.book.lent", which is not in the catalog. Add its definition to the catalog that is given to createEngine/,
    );
    expect(() => register(createCatalog([defineEvent("library.book.lent", options)]))).toThrow(
      /handles "library.book.lent" by another definition/,
    );
  });
});
