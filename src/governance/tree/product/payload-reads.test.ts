import { expect, test } from "vitest";
import { projectOf } from "../../project.ts";
import { readPayloads } from "./payload-reads.ts";

const events = `import { defineEvent } from "@brain/schemas";
export const bookLent = defineEvent("library.book.lent", { version: 1, module: "library" });
`;

/** What a consumer with this handler reads, and whether the whole payload goes out of sight. */
function readBy(handler: string, others = ""): readonly [readonly string[], boolean] {
  const consumer = `import { defineConsumer, on, onBatch, onSql, onSqlBatch } from "@brain/engine";
import { bookLent } from "../events.ts";
import { noted } from "./note.ts";
export const reminders = defineConsumer({ subscriber: "reminders", handlers: [${handler}] });
${others}`;
  const note = "export function noted({ payload }) { return payload.place.row; }\n";
  const texts = { "src/events.ts": events, "src/library/consumer.ts": consumer, "src/library/note.ts": note };
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, { path, text }]));
  const project = projectOf({ root: "/", workspaces: [], paths: new Set(files.keys()), files });
  const [found, ...more] = readPayloads(project.typescript);
  expect([found?.consumer, found?.type, more]).toEqual(["reminders", "library.book.lent", []]);
  return [[...(found?.fields.keys() ?? [])].toSorted(), found?.everything !== null];
}

test.each<[string, string, readonly string[], boolean]>([
  ["a field of the event", "on(bookLent, (event) => use(event.payload.days))", ["days"], false],
  [
    "patterns",
    "on(bookLent, ({ payload: { days, place: { row } } }) => use(days, row))",
    ["days", "place", "place.row"],
    false,
  ],
  ["a variable", "on(bookLent, ({ payload }) => { const { days } = payload; use(days); })", ["days"], false],
  ["another file's function", "on(bookLent, noted)", ["place", "place.row"], false],
  [
    "a function that is handed the event",
    "on(bookLent, (event, context) => noted(event, context))",
    ["place", "place.row"],
    false,
  ],
  [
    "a batch",
    "onBatch(bookLent, (all) => { for (const { event } of all) use(event.payload.days); })",
    ["days"],
    false,
  ],
  [
    "a batch of statements",
    "onSqlBatch(bookLent, ({ deliveries }) => deliveries.map(({ event }) => event.payload).map((p) => p.days))",
    ["days"],
    false,
  ],
  ["statements", "onSql(bookLent, ({ event }) => [save(event.payload.days)])", ["days"], false],
  [
    "the elements of a list",
    "on(bookLent, ({ payload }) => payload.places.map(({ row }) => row))",
    ["places", "places[].row"],
    false,
  ],
  [
    "a method of a text, which is no field",
    "on(bookLent, ({ payload }) => use(payload.title.trim()))",
    ["title"],
    false,
  ],
  ["all that is handed out of sight", "on(bookLent, ({ payload }) => store(payload))", [], true],
  ["all that is spread", "on(bookLent, ({ payload }) => use({ ...payload, seen: true }))", [], true],
  ["nothing", "on(bookLent, (event) => use(event.id))", [], false],
])("of %s is seen what it reads", (_, handler, fields, all) => {
  expect(readBy(handler)).toEqual([fields, all]);
});
