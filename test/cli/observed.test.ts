import { defineConsumer, on, onAny } from "@brain/engine";
import { createCatalog, defineEvent } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { charter, openStation, type Station } from "./server.ts";

const text = z.string().max(2_000).describe("Something.");
const options = { version: 1, module: "library", criticality: "INFO", when: "Something happened" } as const;
const lent = defineEvent("library.book.lent", {
  ...options,
  consumers: ["loans"],
  payload: z.strictObject({ book_id: text, note: text.nullable() }),
});
const returned = defineEvent("library.book.returned", {
  ...options,
  outside: ["the reader"],
  payload: z.strictObject({ book_id: text }),
});
const handler = async () => undefined;
const consumers = [
  defineConsumer({ subscriber: "loans", handlers: [on(lent, handler)] }),
  defineConsumer({ subscriber: "everything", handlers: [onAny(handler)] }),
];

let station: Station;
beforeAll(async () => {
  station = await openStation({ catalog: createCatalog([lent, returned]), consumers });
});
afterAll(() => station?.cleanup());

const record = (type: string, payload: object, count: number, producer = "library") =>
  station.sql(
    `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at)
     SELECT gen_random_uuid(), $1, 'desk', 1, $4::text, 'library', jsonb_build_object('producer', $4::text), $2::jsonb, now()
     FROM generate_series(1, $3::int)`,
    [type, JSON.stringify(payload), count, producer],
  );

describe("charter observed", () => {
  test("a system in which all is as declared has no findings, and notes are counted", async () => {
    await record(lent.type, { book_id: "b", note: "new" }, 2);
    const { code, stdout, stderr } = await charter(station.url, ["observed"]);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /1 note in the newest 10,000 events since .*Not listed: 1 never_published; --notes lists them/,
    );
    const notes = await charter(station.url, ["observed", "--notes", "--fail-on", "note"]);
    expect(notes.code).toBe(100);
    expect(notes.stdout).toMatch(
      /^note +library\.book\.returned +never_published\n {2}The record has none\.\n {2}do: /,
    );
  });

  test("what differs is told with what to do, as text, JSON and for GitHub, and ends with 100", async () => {
    const hostile = "evil\u001b[31m,%0A::error::\u202e";
    await record(lent.type, { book_id: "b" }, 40);
    await record("library.book.burned", {}, 3, hostile);
    const args = ["observed", "--newest", "40"];
    const { code, stdout } = await charter(station.url, args);
    expect(code).toBe(100);
    expect(stdout).toMatch(
      /^error +library\.book\.burned +unlisted_type\n {2}evil.* published it 3 times, last /m,
    );
    expect(stdout).toMatch(
      /^warning +library\.book\.lent +never_filled\n {2}note never had a value; events looked at: 40\.\n {2}do: Fill it/m,
    );
    expect(stdout.includes("\u001b") || stdout.includes("\u202e")).toBe(false);
    const { stdout: json } = await charter(station.url, [...args, "--json"]);
    expect(JSON.parse(json)).toMatchObject({ failed: expect.any(Number), observed_newest: 40 });
    const github = await charter(station.url, [...args, "--format", "github"]);
    expect(github.code).toBe(100);
    expect(github.stdout).toMatch(
      /^::error title=unlisted_type::library\.book\.burned: evil.*%250A::error::/m,
    );
    expect((await charter(station.url, [...args, "--fail-on", "none"])).code).toBe(0);
    expect((await charter(station.url, [...args, "--fail-on", "unhandled"])).code).toBe(0);
    expect((await charter(station.url, [...args, "--fail-on", "never_filled,unhandled"])).code).toBe(100);
  });

  test("one event is told in numbers; what is older than the window is left out", async () => {
    const { stdout } = await charter(station.url, ["observed", lent.type]);
    expect(stdout).toMatch(/^seen +42$/m);
    expect(stdout).toMatch(/^version 1 +42 looked at: p50 15, p95 15, max \d+ bytes$/m);
    await station.sql("UPDATE events SET stored_at = now() - interval '3 hours'");
    const { stdout: none } = await charter(station.url, ["observed", lent.type, "--window", "1h"]);
    expect(none).toMatch(/^seen +0$/m);
  });

  test.each([
    [["--fail-on", "X!"], 2, "Expected error, warning, note, none, or kinds"],
    [["--newest", "0"], 2, "Expected a whole number from 1 to 10000"],
    [["--window", "soon"], 2, "Expected a time like"],
    [["library.book.eaten"], 1, "The catalogue has no event"],
  ])("says what is wrong with %j", async (args, exit, message) => {
    const { code, stderr } = await charter(station.url, ["observed", ...args]);
    expect(code).toBe(exit);
    expect(stderr).toContain(message);
  });
});

describe("charter graph", () => {
  test("draws what is declared, or with what was seen; a module, an event, in each format", async () => {
    const plain = await charter(station.url, ["graph"]);
    expect(plain.code, plain.stderr).toBe(0);
    expect(plain.stdout).toMatch(/^flowchart LR\n/);
    expect(plain.stdout).toContain('("library.book.lent"):::event');
    expect(plain.stdout).not.toContain("burned");
    const seen = await charter(station.url, ["graph", "--observed", "--format", "dot"]);
    expect(seen.stdout).toMatch(/^digraph charter \{\n/);
    expect(seen.stdout).toContain('label="library.book.burned ×3"');
    const svg = await charter(station.url, ["graph", "--event", returned.type, "--format", "svg"]);
    expect(svg.stdout).toContain("1 producer, 1 event, 0 consumers, 0 cycles.");
    const { stdout } = await charter(station.url, ["graph", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ catch_all: ["everything"], cycles: [] });
  });

  test("a way round that was seen is told on standard error", async () => {
    const [first] = await station.sql<{ id: string }>("SELECT id FROM events WHERE type = $1 LIMIT 1", [
      lent.type,
    ]);
    await station.sql("UPDATE events SET causation_id = $1, origin = '{}' WHERE type = $2", [
      first?.id,
      lent.type,
    ]);
    const { stderr } = await charter(station.url, ["graph", "--observed"]);
    expect(stderr).toBe("cycle: library.book.lent → library → library.book.lent\n");
  });

  test("what fits nothing is used wrongly", async () => {
    const { code, stderr } = await charter(station.url, ["graph", "--module", "nobody"]);
    expect(code).toBe(2);
    expect(stderr).toContain("Nothing fits --module nobody");
  });
});
