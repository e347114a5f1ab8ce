import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { charter } from "./charter.ts";
import { decodeEntry, decodeLogRecord } from "./decoding/decode.ts";
import { parseEnvelope } from "./decoding/parse-envelope.ts";
import { parseEventPayload } from "./decoding/read-payload.ts";
import type { Envelope } from "./envelope.ts";
import { arbitraryEvent } from "./fixtures/arbitrary.ts";
import { encodeEntry, encodeLogRecord } from "./wire.ts";

const event: Envelope = parseEnvelope(charter, {
  id: "3f2b8c1e-9d4a-4e77-8b21-5a6c7d8e9f01",
  type: "course.distribution.completed",
  source: "course_distribution",
  payload: { course_id: "c1", distribution_id: "d1", slug: "ueber-geld" },
  timestamp: "2026-01-05T10:30:00.5+01:00",
  meta: { schema_version: 1, producer: "course_distribution", source_module: "course_distribution" },
  correlation_id: "req-1",
  tenant_id: "tenant-1",
  severity: "INFO",
});

describe("the encoder", () => {
  test("writes the fields in the order of the wire and leaves nulls out", () => {
    expect(encodeEntry(event)).toEqual([
      "id",
      "3f2b8c1e-9d4a-4e77-8b21-5a6c7d8e9f01",
      "type",
      "course.distribution.completed",
      "source",
      "course_distribution",
      "payload",
      '{"course_id":"c1","distribution_id":"d1","slug":"ueber-geld"}',
      "timestamp",
      "2026-01-05T09:30:00.500Z",
      "correlation_id",
      "req-1",
      "tenant_id",
      "tenant-1",
      "severity",
      "INFO",
      "meta",
      '{"schema_version":1,"producer":"course_distribution","source_module":"course_distribution"}',
    ]);
  });

  test("writes every optional field that is set, target before the payload", () => {
    const full: Envelope = { ...event, target: "agent-1", mission_id: "m1", task_id: "t1", actor_id: "u1" };
    const names = encodeEntry(full).filter((_, index) => index % 2 === 0);
    expect(names).toEqual([
      "id",
      "type",
      "source",
      "target",
      "payload",
      "timestamp",
      "mission_id",
      "task_id",
      "correlation_id",
      "tenant_id",
      "actor_id",
      "severity",
      "meta",
    ]);
  });

  test("writes an empty target for the first Python reader only when asked to", () => {
    expect(encodeEntry(event, { compat: true }).slice(4, 8)).toEqual([
      "source",
      "course_distribution",
      "target",
      "",
    ]);
    expect(encodeEntry(event)).not.toContain("target");
    expect(encodeEntry({ ...event, target: "agent-1" }, { compat: true })).toContain("agent-1");
  });

  test.each([
    ["2026-01-05T09:30:00.500Z", "2026-01-05T09:30:00.500000"],
    ["2026-01-05T09:30:00.007Z", "2026-01-05T09:30:00.007000"],
    ["2026-01-05T09:30:00.000Z", "2026-01-05T09:30:00"],
  ])("writes %s as %s for the first Python reader, on the stream and in the log", (timestamp, naive) => {
    const at = { ...event, timestamp };
    const entry = encodeEntry(at, { compat: true });
    expect(entry[entry.indexOf("timestamp") + 1]).toBe(naive);
    expect(JSON.parse(encodeLogRecord(at, { compat: true }))).toMatchObject({
      timestamp: naive,
      target: null,
    });
    expect(JSON.parse(encodeLogRecord(at))).toMatchObject({ timestamp });
  });

  test("writes all thirteen keys, nulls included, to the log", () => {
    const record = JSON.parse(encodeLogRecord(event)) as Record<string, unknown>;
    expect(Object.keys(record)).toHaveLength(13);
    expect(record.target).toBeNull();
    expect(record.payload).toEqual(event.payload);
    expect(record.meta).toEqual(event.meta);
  });
});

/** What the decoder notes of an entry that was written for the first Python reader. */
const ofCompat: ReadonlySet<string> = new Set(["empty_target", "legacy_timestamp"]);

describe.each(charter.all.map((definition) => [definition.type, definition] as const))(
  "any %s",
  (_type, definition) => {
    test("is the same event after the stream and after the log", () => {
      fc.assert(
        fc.property(arbitraryEvent(definition), fc.boolean(), (original, compat) => {
          const fromStream = decodeEntry(charter, encodeEntry(original, { compat }));
          const fromLog = decodeLogRecord(charter, encodeLogRecord(original, { compat }));
          for (const decoded of [fromStream, fromLog]) {
            expect(decoded).toMatchObject({ ok: true, kind: "known" });
            if (!decoded.ok) return;
            expect(decoded.event).toEqual(original);
            expect(decoded.definition).toBe(definition);
            const read = parseEventPayload(decoded.event, definition);
            expect(read).toMatchObject({ ok: true });
            expect(parseEnvelope(charter, decoded.event)).toEqual(original);
          }
          expect(fromStream.ok && fromStream.notes.filter((note) => !ofCompat.has(note))).toEqual([]);
        }),
        { numRuns: 12 },
      );
    });
  },
);
