import type { ObservedTypes } from "@brain/engine";
import { createCatalog, defineEvent } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { declaredFindings, observedFindings, otherFindings } from "./findings.ts";

const text = z.string().max(100).describe("Something.");
const lent = defineEvent("library.book.lent", {
  version: 2,
  upcasts: { 1: (payload) => payload },
  module: "library",
  criticality: "INFO",
  when: "A book was lent",
  producers: ["desk", "machine"],
  payload: z.strictObject({ book_id: text, note: text.nullable() }),
});
const { type } = lent;
const at = "2026-03-01T10:00:00.000Z";
const row = { type, producer: "desk", source: "desk", is_entry: false, count: 40, first_at: at, last_at: at };
const none: ObservedTypes = {
  ...{ seen: [], ever: new Map(), letters: [], newest: 10_000, since: null, from: null, inside: null },
};
const look = (observed: Partial<ObservedTypes>, definition = lent) =>
  observedFindings(definition, { ...none, ...observed }).map(
    ({ kind, level, subject, count, of }) => `${level} ${kind} ${subject} ${count}/${of}`,
  );

describe("whether an event is published", () => {
  test("never, not lately, and unknown for one tenant are told apart", () => {
    expect(look({})).toEqual(["note never_published null null/null"]);
    expect(look({}, { ...lent, producers: [] })).toEqual(["note never_received null null/null"]);
    const ever = new Map([[type, { first_at: at, last_at: at }]]);
    expect(look({ ever })).toEqual(["note not_lately null null/null"]);
    expect(look({ ever: null })).toEqual(["note not_lately null null/null"]);
  });

  test("by others than declared, and not by all that are declared", () => {
    const seen = [
      row,
      { ...row, producer: "shop", count: 2 },
      { ...row, producer: "shop", count: 3, is_entry: true },
    ];
    expect(look({ seen })).toEqual([
      "note undeclared_producer shop 5/null",
      "note silent_producer machine null/null",
    ]);
    // Only programs outside publish it: the catalogue names none of them.
    expect(look({ seen }, { ...lent, producers: [] })).toEqual([]);
  });
});

describe("what payloads hold", () => {
  const sizes = {
    type,
    version: 2,
    count: 40,
    p50_bytes: 100,
    p95_bytes: 200,
    max_bytes: 300,
    first_at: at,
    last_at: at,
  };
  const whole = { seen: [row, { ...row, producer: "machine" }] };
  const inside = (payloads: readonly object[], fields: readonly object[] = []) =>
    look({ ...whole, inside: { payloads, fields } as ObservedTypes["inside"] });

  test("a field that is never filled is told with how many were looked at; of few it is only noted", () => {
    const field = { type, path: "note", of: 40, filled: 0, declared: true };
    expect(inside([sizes], [field])).toEqual(["warning never_filled note 0/40"]);
    expect(inside([sizes], [{ ...field, of: 29 }])).toEqual(["note never_filled note 0/29"]);
    expect(inside([sizes], [{ ...field, filled: 1 }])).toEqual([]);
    expect(inside([sizes], [{ ...field, filled: 3, declared: false }])).toEqual([
      "error unknown_field note 3/40",
    ]);
  });

  test("an older version that still comes is no older one that came before the release", () => {
    const [before, after] = ["2026-02-01T10:00:00.000Z", "2026-03-02T10:00:00.000Z"];
    expect(inside([{ ...sizes, version: 1, last_at: before }, sizes])).toEqual([
      "note older_version 1 40/80",
    ]);
    expect(inside([{ ...sizes, version: 1, last_at: after }, sizes])).toEqual([
      "warning older_version 1 40/80",
    ]);
    expect(inside([{ ...sizes, version: 3 }])).toEqual(["error newer_version 3 40/40"]);
  });

  test("the guideline and the limit of a warning are told apart", () => {
    expect(inside([{ ...sizes, p95_bytes: 1_024, max_bytes: 8_192 }])).toEqual([]);
    expect(inside([{ ...sizes, p95_bytes: 1_025, max_bytes: 8_192 }])).toEqual([
      "note above_guideline null 1025/40",
    ]);
    expect(inside([{ ...sizes, max_bytes: 8_193 }])).toEqual(["warning large_payload null 8193/40"]);
  });
});

test("consumers: one that does not exist, one that does not handle it, one that nobody named, and none", () => {
  const consumer = (subscriber: string, declared: boolean, exists: boolean, handles: boolean) => ({
    ...{ subscriber, declared, exists, handles },
  });
  const consumers = [
    consumer("ghost", true, false, false),
    consumer("idle", true, true, false),
    consumer("secret", false, true, true),
    consumer("good", true, true, true),
  ];
  const told = (event: Parameters<typeof declaredFindings>[0], isPublished: boolean) =>
    declaredFindings(event, isPublished).map(({ kind, level, subject }) => `${level} ${kind} ${subject}`);
  expect(told({ type, consumers, is_unhandled: false }, true)).toEqual([
    "error missing_consumer ghost",
    "error idle_consumer idle",
    "warning undeclared_consumer secret",
  ]);
  expect(told({ type, consumers: [], is_unhandled: true }, true)).toEqual(["warning unhandled null"]);
  expect(told({ type, consumers: [], is_unhandled: true }, false)).toEqual(["note unhandled null"]);
});

test("what is in no catalogue, and dead letters of a consumer that is gone", () => {
  const seen = [
    { ...row, type: "library.book.burnt", count: 1 },
    { ...row, type: "library.book.burnt", count: 2, producer: null },
    row,
  ];
  const letters = [{ subscriber: "gone", type, count: 3 }];
  const found = otherFindings(createCatalog([lent]), (name) => name === "loans", { ...none, seen, letters });
  expect(found.map(({ kind, level, subject, count }) => `${level} ${kind} ${subject} ${count}`)).toEqual([
    "error unlisted_type desk 3",
    "error letters_of_missing_consumer gone 3",
  ]);
});
