import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { type Catalog, createCatalog, type EventTypeOf, type PayloadByType } from "./catalog.ts";
import { charter, charterEvents, charterOptions } from "./charter.ts";
import { decodeEntry } from "./decoding/decode.ts";
import { parseEnvelope } from "./decoding/parse-envelope.ts";
import { defineEvent } from "./define-event.ts";
import { CharterError } from "./errors.ts";

const base = { version: 1, module: "demo", criticality: "INFO", when: "never" } as const;
const lent = defineEvent("library.book.lent", {
  ...base,
  payload: z.strictObject({ book_id: z.string().max(100) }),
});
const returned = defineEvent("library.book.returned", {
  ...base,
  payload: z.strictObject({ late: z.boolean() }),
});
const library = createCatalog([lent, returned]);

describe("a catalog", () => {
  test("infers names and payloads from its list", () => {
    type Library = typeof library;
    expectTypeOf<EventTypeOf<Library>>().toEqualTypeOf<"library.book.lent" | "library.book.returned">();
    expectTypeOf<PayloadByType<Library>["library.book.returned"]>().toEqualTypeOf<{ late: boolean }>();
    expectTypeOf(library).toExtend<Catalog>();
  });

  test("keeps the order of its list, and the list is nobody's to change", () => {
    const list = [lent];
    const catalog = createCatalog(list);
    list.pop();
    expect(catalog.all).toEqual([lent]);
    expect(() => (catalog.all as unknown[]).push(returned)).toThrow(TypeError);
    expect(library.all).toEqual([lent, returned]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["no list", () => createCatalog(undefined as never), /events of a catalog are a list.*type undefined/],
    ["null in the list", () => createCatalog([lent, null as never]), /is null, behind "library.book.lent"/],
    [
      "a list in the list",
      () => createCatalog([[lent] as never]),
      /not made by defineEvent, at the beginning/,
    ],
    [
      "no map of names",
      () => createCatalog([lent], { readAliases: {} as never }),
      /readAliases of a catalog is a Map/,
    ],
  ])("is refused with %s", (_what, make, message) => {
    expect(make).toThrow(CharterError);
    expect(make).toThrow(message);
  });

  test("is found by name only, never by what objects inherit", () => {
    expect(library.find("library.book.lent")).toBe(lent);
    expect(library.find("toString")).toBeUndefined();
  });

  test("without options knows no older name and nothing foreign", () => {
    for (const type of [...charterOptions.readAliases.keys(), "audit.user_login"]) {
      expect(library.canonicalType(type)).toBe(type);
      expect(library.isReadAlias(type)).toBe(false);
      expect(library.isForeign(type)).toBe(false);
    }
    expect(library.dualNames.size).toBe(0);
  });

  test("knows the names that it is told, and nobody else does", () => {
    const told = createCatalog([lent], {
      readAliases: new Map([["BookLent", "library.book.lent"]]),
      isForeign: (type) => type.startsWith("museum."),
    });
    expect(told.canonicalType("BookLent")).toBe("library.book.lent");
    expect(told.suggest("BookLent")).toBe("library.book.lent");
    expect(told.isForeign("museum.picture.sold")).toBe(true);
    expect(library.canonicalType("BookLent")).toBe("BookLent");
  });

  test("of the charter and more keeps the types of both", () => {
    const more = createCatalog([...charterEvents, lent, returned], charterOptions);
    expectTypeOf<"library.book.lent" | "task.created">().toExtend<EventTypeOf<typeof more>>();
    expectTypeOf<"library.book.burnt">().not.toExtend<EventTypeOf<typeof more>>();
    expectTypeOf<PayloadByType<typeof more>["course.distribution.requested"]>().toEqualTypeOf<{
      course_id: string;
    }>();
    expect(more.all).toHaveLength(charterEvents.length + 2);
    expect(more.find("library.book.lent")).toBe(lent);
    expect(more.canonicalType("TaskCreated")).toBe("task.item.created");
  });
});

describe("what is read and written", () => {
  const relabelled = { event_type: "library.book.lent", type: "library.book.returned", data: { late: true } };
  const alert = defineEvent("system.alert", { ...base, payload: z.strictObject({}) });
  const entry = (type: string, payload: object = {}) => ({
    id: "3f2b8c1e-9d4a-4e77-8b21-5a6c7d8e9f01",
    type,
    source: "somebody",
    payload: JSON.stringify(payload),
    timestamp: "2026-01-05T09:30:00.000Z",
    meta: '{"schema_version":1,"producer":"somebody","source_module":"demo"}',
  });

  test("is what the catalog has, and what another one has is unknown to it", () => {
    expect(decodeEntry(library, entry("library.book.lent"))).toMatchObject({
      kind: "known",
      definition: lent,
    });
    expect(decodeEntry(charter, entry("library.book.lent"))).toMatchObject({
      kind: "unknown",
      definition: null,
    });
    expect(decodeEntry(library, entry("task.created"))).toMatchObject({ kind: "unknown", definition: null });
    expect(decodeEntry(charter, entry("audit.user_login"))).toMatchObject({ kind: "foreign" });
    expect(decodeEntry(library, entry("audit.user_login"))).toMatchObject({ kind: "unknown" });
  });

  test("has the name that stands there, when the catalog has no history", () => {
    const own = createCatalog([lent, alert]);
    expect(decodeEntry(own, entry("TaskCreated"))).toMatchObject({ event: { type: "TaskCreated" } });
    expect(decodeEntry(charter, entry("TaskCreated"))).toMatchObject({
      event: { type: "task.item.created" },
    });
    const decoded = decodeEntry(own, entry("system.alert", relabelled));
    expect(decoded).toMatchObject({ definition: alert, notes: [], event: { payload: relabelled } });
    expect(decodeEntry(charter, entry("system.alert", relabelled))).toMatchObject({
      notes: ["type_rederived", "unknown_type"],
    });
  });

  test("keeps a payload that looks like one that older programs of the charter wrapped", () => {
    const payload = { type: "library.book.returned", data: { late: true } };
    expect(decodeEntry(library, entry(payload.type, payload))).toMatchObject({
      notes: [],
      event: { payload },
    });
  });

  test("is refused by a catalog that does not have it, which proposes only what it has", () => {
    const refusal = (type: string) => {
      try {
        return parseEnvelope(library, { type });
      } catch (error) {
        return error;
      }
    };
    expect(refusal("task.created")).toMatchObject({ code: "unknown_event_type" });
    expect(refusal("audit.user_login")).toMatchObject({ code: "unknown_event_type" });
    expect(String(refusal("library.book.lend"))).toContain('did you mean "library.book.lent"?');
  });
});

describe("a catalog is refused", () => {
  const refusal = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      expect(error).toBeInstanceOf(CharterError);
      expect((error as CharterError).code).toBe("invalid_catalog");
      return (error as CharterError).message;
    }
    throw new Error("The catalog was made.");
  };

  test("for an event that is undefined, with its place", () => {
    const missing = undefined as never;
    expect(refusal(() => createCatalog([lent, missing, returned]))).toMatch(
      /undefined, behind "library\.book\.lent".*exports it.*imports the catalog/,
    );
    expect(refusal(() => createCatalog([missing]))).toMatch(/undefined, at the beginning/);
  });

  test("for a name that stands for two", () => {
    expect(refusal(() => createCatalog([lent, returned, lent]))).toMatch(
      /two events named "library\.book\.lent"/,
    );
  });

  test.each([
    [
      "is catalogued itself",
      [["library.book.lent", "library.book.returned"]],
      /event of the catalog and another/,
    ],
    [
      "stands for an event that is not in it",
      [["BookBurnt", "library.book.burnt"]],
      /which the catalog does not have/,
    ],
  ] as const)("for an older name that %s", (_why, names, message) => {
    expect(refusal(() => createCatalog([lent, returned], { readAliases: new Map(names) }))).toMatch(message);
  });
});
