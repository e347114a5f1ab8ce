import { defineConsumer, type ObservedTypes, on, onAny } from "@brain/engine";
import { createCatalog, defineEvent } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { catalogView, eventView } from "./views.ts";

const text = z.string().max(100).describe("Something.");
const event = <const Type extends string>(type: Type, options: object = {}) =>
  defineEvent(type, {
    version: 1,
    module: "library",
    criticality: "INFO",
    when: "Something happened",
    payload: z.strictObject({ book_id: text, reader: z.strictObject({ reader_id: text }) }),
    ...options,
  });

const lent = event("library.book.lent", {
  key: (payload: { book_id: string }) => payload.book_id,
  consumers: ["loans", "ghost", "idle"],
});
const returned = event("library.book.returned", {
  key: ({ book_id, reader }: { book_id: string; reader: { reader_id: string } }) =>
    `${book_id}:${reader.reader_id}`,
});
const lost = event("library.book.lost", { outside: ["insurance"] });

const catalog = createCatalog([lent, returned, lost]);
const handler = async () => undefined;
const list = [
  defineConsumer({ subscriber: "loans", handlers: [on(lent, handler)] }),
  defineConsumer({ subscriber: "idle", handlers: [on(lost, handler)] }),
  defineConsumer({ subscriber: "everything", handlers: [onAny(handler)] }),
];
const declared = {
  catalog,
  consumers: new Map(list.map((consumer) => [consumer.subscriber, consumer])),
  subscribers: new Map(),
};
const nothing = {
  seen: [],
  ever: new Map(),
  letters: [],
  newest: 10_000,
  since: null,
  from: null,
  inside: null,
};
const nowMs = Date.parse("2026-03-01T12:00:00.000Z");
const lookOf = (types: Partial<ObservedTypes>) => ({ types: { ...nothing, ...types }, flows: null, nowMs });

describe("the catalogue", () => {
  test("tells of each consumer that is named whether it exists, and whether it handles the event", () => {
    const [first] = catalogView(declared, null).events;
    expect(first?.consumers).toEqual([
      { subscriber: "loans", declared: true, exists: true, handles: true },
      { subscriber: "ghost", declared: true, exists: false, handles: false },
      { subscriber: "idle", declared: true, exists: true, handles: false },
    ]);
    expect(catalogView(declared, null).missing_consumers).toEqual([
      { subscriber: "ghost", type: "library.book.lent", where: "catalogue" },
    ]);
  });

  test("tells of one that handles what nobody says, and of those that catch every event", () => {
    const { events, catch_all } = catalogView(declared, null);
    expect(events[2]?.consumers).toEqual([
      { subscriber: "idle", declared: false, exists: true, handles: true },
    ]);
    expect(catch_all).toEqual(["everything"]);
  });

  test("names what nobody handles; that somebody catches everything does not count", () => {
    expect(catalogView(declared, null).unhandled).toEqual(["library.book.returned"]);
  });

  test("says which fields order events, also when several make the key", () => {
    expect(catalogView(declared, null).events.map(({ key }) => key)).toEqual([
      "book_id",
      "book_id:reader.reader_id",
      null,
    ]);
  });

  test("holds what is seen against what is declared", () => {
    const at = "2026-03-01T10:00:00.000Z";
    const row = { source: "desk", is_entry: false, first_at: at, last_at: at };
    const observed = lookOf({
      from: at,
      seen: [
        { ...row, type: "library.book.lent", producer: "library", count: 2 },
        { ...row, type: "library.book.lent", producer: "shop", count: 5 },
        { ...row, type: "library.book.burnt", producer: "arson", count: 1, is_entry: true },
      ],
      letters: [{ subscriber: "gone", type: "library.book.lent", count: 3 }],
    });
    const view = catalogView(declared, observed);
    expect(view.events[0]?.observed).toEqual({
      count: 7,
      first_seen_at: at,
      last_seen_at: at,
      per_hour: 3.5,
      payloads: null,
      producers: [
        expect.objectContaining({ producer: "shop", count: 5, declared: false }),
        expect.objectContaining({ producer: "library", count: 2, declared: true }),
      ],
      dead_letters: [{ subscriber: "gone", count: 3 }],
    });
    expect(view.unlisted).toEqual([
      expect.objectContaining({ type: "library.book.burnt", is_foreign: false, count: 1 }),
    ]);
    expect(view.missing_consumers).toContainEqual({
      subscriber: "gone",
      type: "library.book.lent",
      where: "dead_letters",
    });
  });

  test("shows an event with its fields, schema and example", () => {
    const example = { book_id: "b-1", reader: { reader_id: "r-1" } };
    const view = eventView(declared, lent, { "library.book.lent@1": example }, lookOf({}));
    expect(view.example).toEqual(example);
    expect(view.fields.map(({ path }) => path)).toEqual(["book_id", "reader", "reader.reader_id"]);
    expect(view.schema).toMatchObject({ type: "object", additionalProperties: false });
    expect(view.versions).toEqual([{ version: 1, is_current: true, is_upcast: false, example }]);
  });
});
