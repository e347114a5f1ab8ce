import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { charter } from "../charter.ts";
import legacy from "../fixtures/legacy.json" with { type: "json" };
import history from "../fixtures/payload-history.json" with { type: "json" };
import released from "../fixtures/released.json" with { type: "json" };
import type { JsonObject } from "../json/json.ts";
import { parsePayload } from "../payloads/payload.ts";
import { type Decoded, decodeEntry, decodeLogRecord } from "./decode.ts";
import { logicalKey } from "./decode-legacy.ts";
import { parseEventPayload } from "./read-payload.ts";

interface Source {
  fields?: Record<string, string>;
  record?: string;
}

interface ReadableCase extends Source {
  quirk: string;
  name: string;
  kind: string;
  event: JsonObject;
  notes: string[];
  payload?: JsonObject;
}

interface RefusedCase extends Source {
  quirk: string;
  name: string;
  reason: string;
}

const readable = legacy.readable as unknown as ReadableCase[];
const refused = legacy.refused as unknown as RefusedCase[];

function decode(source: Source): Decoded {
  return source.record === undefined
    ? decodeEntry(charter, source.fields ?? {})
    : decodeLogRecord(charter, source.record);
}

describe("entries of older producers", () => {
  test.each(readable.map((entry) => [`${entry.quirk}: ${entry.name}`, entry] as const))(
    "%s",
    (_name, entry) => {
      const decoded = decode(entry);
      expect(decoded).toMatchObject({ ok: true, kind: entry.kind });
      if (!decoded.ok) return;
      for (const [field, value] of Object.entries(entry.event))
        expect(decoded.event).toHaveProperty([field], value);
      expect([...decoded.notes].sort()).toEqual(entry.notes);
      if (entry.payload !== undefined && decoded.definition !== null) {
        expect(parseEventPayload(decoded.event, decoded.definition)).toEqual({
          ok: true,
          payload: entry.payload,
        });
      }
    },
  );

  test.each(refused.map((entry) => [`${entry.quirk}: ${entry.name}`, entry] as const))(
    "cannot be read: %s",
    (_name, entry) => {
      const decoded = decode(entry);
      expect(decoded).toMatchObject({ ok: false, reason: entry.reason });
      if (decoded.ok) return;
      expect(decoded.fields).toEqual(entry.fields ?? { record: entry.record });
      expect(decoded.message).not.toBe("");
    },
  );

  test.each([
    "absent_target",
    "text_or_object",
    "absent_or_null",
    "naive_time",
    "unix_or_offset_time",
    "other_id_shape",
    "relabelled_plain_object",
    "relabelled_runtime_envelope",
    "lower_case_severity",
    "text_schema_version",
    "meta_version",
    "context_in_meta",
    "tenant_in_payload",
    "missing_or_generic_meta",
    "unknown_type",
    "nested_task_data",
    "prefixed_hash",
    "unix_payload_time",
    "local_time_with_z",
    "dual_name",
    "non_finite_number",
  ])("%s has its golden entry", (quirk) => {
    expect([...readable, ...refused].map((entry) => entry.quirk)).toContain(quirk);
  });

  test("the flat form and the object form are the same entry", () => {
    for (const { fields } of readable) {
      if (fields === undefined) continue;
      expect(decodeEntry(charter, Object.entries(fields).flat())).toEqual(decodeEntry(charter, fields));
    }
  });

  test("numbers that a client made of numeric text become text again", () => {
    const fields = {
      id: 42,
      type: "broadcast",
      source: "s",
      payload: "{}",
      timestamp: "2026-01-01T00:00:00Z",
      tenant_id: 7,
    };
    const decoded = decodeEntry(charter, fields as unknown as Record<string, string>);
    expect(decoded).toMatchObject({ ok: true, event: { id: "42", tenant_id: "7" } });
    expect(decoded.ok && decoded.notes).toContain("coerced_to_text");
  });

  test("both copies of one fact share a logical key, other events have none", () => {
    const keys = readable
      .filter(({ quirk }) => quirk === "dual_name")
      .map((entry) => {
        const decoded = decode(entry);
        return decoded.ok ? logicalKey(charter, decoded.event) : "unreadable";
      });
    expect(keys).toEqual([
      "supervisor.domain_escalation.received:esc-1",
      "supervisor.domain_escalation.received:esc-1",
    ]);
    const other = decode(readable[0] ?? {});
    expect(other.ok && logicalKey(charter, other.event)).toBeNull();
  });

  describe("what JSON.parse changes without a word is read, noted, and kept as text", () => {
    const entry = (payload: string, meta = "{}") => ({
      id: "e1",
      type: "broadcast",
      source: "s",
      payload,
      timestamp: "2026-01-01T00:00:00Z",
      meta,
    });

    test.each([
      ["number_rounded", '{"message": {"n": 9007199254740993}, "from": "a"}'],
      ["number_rounded", '{"message": {"n": 12345678901234567890}, "from": "a"}'],
      ["duplicate_key", '{"message": {}, "from": "a", "from": "b"}'],
      ["forbidden_key", '{"message": {}, "from": "a", "__proto__": {}}'],
    ])("%s in a payload: %s", (note, payload) => {
      const decoded = decodeEntry(charter, entry(payload));
      expect(decoded).toMatchObject({ ok: true, event: { meta: { raw_payload: payload } } });
      expect(decoded.ok && decoded.notes).toContain(note);
    });

    test("a number in meta, and in a line of the log", () => {
      const meta = '{"trace": 9007199254740993}';
      expect(decodeEntry(charter, entry("{}", meta))).toMatchObject({ event: { meta: { raw_meta: meta } } });
      const line = JSON.stringify({ ...entry("{}"), payload: { n: 5 }, meta: {} }).replace(
        "5",
        "9007199254740993",
      );
      const decoded = decodeLogRecord(charter, line);
      expect(decoded).toMatchObject({ ok: true, event: { meta: { raw_record: line } } });
      expect(decoded.ok && decoded.notes).toContain("number_rounded");
    });

    test("numbers that a double keeps, also large ones, leave no trace", () => {
      const decoded = decodeEntry(
        charter,
        entry('{"message": {"n": 6.02e23, "m": 602000000000000000000000}, "from": "a"}'),
      );
      expect(decoded.ok && decoded.event.meta).not.toHaveProperty("raw_payload");
      expect(decoded.ok && decoded.notes).not.toContain("number_rounded");
    });

    test("a time of the future is taken as it is, and noted where the clock is told", () => {
      const nowMs = Date.parse("2025-12-31T23:55:00.000Z");
      const notesAt = (at: number) => {
        const decoded = decodeEntry(charter, entry('{"message": {}, "from": "a"}'), { nowMs: at });
        return decoded.ok && decoded.event.timestamp === "2026-01-01T00:00:00.000Z" ? decoded.notes : [];
      };
      expect(notesAt(nowMs)).not.toContain("future_timestamp");
      expect(notesAt(nowMs - 1)).toContain("future_timestamp");
    });
  });

  test("a key named __proto__ stays data", () => {
    const decoded = decodeEntry(charter, {
      id: "e1",
      type: "broadcast",
      source: "s",
      payload: '{"message": {}, "from": "a", "__proto__": {"admin": true}}',
      timestamp: "2026-01-01T00:00:00Z",
    });
    expect(decoded.ok && "admin" in decoded.event.payload).toBe(false);
  });
});

describe("the decoder never throws", () => {
  const names = [
    "id",
    "type",
    "source",
    "target",
    "payload",
    "timestamp",
    "meta",
    "severity",
    "tenant_id",
    "__proto__",
  ];
  test("on any flat fields", () => {
    const flat = fc.array(fc.oneof(fc.constantFrom(...names), fc.string(), fc.json()));
    fc.assert(fc.property(flat, (fields) => typeof decodeEntry(charter, fields).ok === "boolean"));
  });

  test("on any payload and meta of a well-formed entry", () => {
    const types = fc.constantFrom("system.alert", "task.completed", "ir.dag_diff_failed", "x.y");
    fc.assert(
      fc.property(types, fc.json(), fc.json(), (type, payload, meta) => {
        const decoded = decodeEntry(charter, {
          id: "e1",
          type,
          source: "s",
          payload,
          meta,
          timestamp: "2026-01-01T00:00:00",
        });
        if (decoded.ok && decoded.definition !== null) {
          expect(typeof parseEventPayload(decoded.event, decoded.definition).ok).toBe("boolean");
        }
      }),
    );
  });

  test("on any text of a log", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        (text) => typeof decodeLogRecord(charter, text).ok === "boolean",
      ),
    );
  });
});

function asEvent(type: string, payload: unknown) {
  const decoded = decodeEntry(charter, {
    id: "3f2b8c1e-9d4a-4e77-8b21-5a6c7d8e9f01",
    type,
    source: "s",
    payload: JSON.stringify(payload),
    timestamp: "2025-12-28T10:00:00",
    tenant_id: "tenant-1",
    meta: '{"schema_version": 1, "producer": "p", "source_module": "m"}',
  });
  const definition = charter.find(type);
  if (!decoded.ok || definition === undefined) throw new Error(`The fixture "${type}" cannot be decoded.`);
  return { event: decoded.event, definition };
}

describe("payload shapes of older producers", () => {
  test.each(history.readable.map((entry) => [`${entry.type}: ${entry.name}`, entry] as const))(
    "%s",
    (_name, entry) => {
      const { event, definition } = asEvent(entry.type, entry.payload);
      expect(parseEventPayload(event, definition)).toEqual({ ok: true, payload: entry.expect });
    },
  );

  test.each(history.refused.map((entry) => [`${entry.type}: ${entry.name}`, entry] as const))(
    "refused, %s",
    (_name, entry) => {
      const { event, definition } = asEvent(entry.type, entry.payload);
      const read = parseEventPayload(event, definition);
      expect(read.ok).toBe(false);
      expect(read.ok ? [] : read.issues.map(({ path }) => path).sort()).toEqual(entry.paths);
    },
  );

  test("a payload of a newer version is read as far as it is known, and the refusal names the version", () => {
    const { event, definition } = asEvent("course.distribution.requested", {
      course_id: "c1",
      channel: "web",
    });
    const newer = { ...event, meta: { ...event.meta, schema_version: 2 } };
    expect(parseEventPayload(newer, definition)).toEqual({ ok: true, payload: { course_id: "c1" } });
    const broken = parseEventPayload({ ...newer, payload: { course_ref: "c1" } }, definition);
    expect(broken.ok ? [] : broken.issues.map(({ path }) => path)).toEqual([
      "payload.course_id",
      "meta.schema_version",
    ]);
  });
});

describe("released versions", () => {
  // The file holds the events of the product too, which are no business of the charter; its own test reads those.
  const golden = Object.entries(released as Record<string, JsonObject>).filter(
    ([name]) => charter.find(name.split("@")[0] ?? "") !== undefined,
  );

  test.each(golden)("%s stays readable for ever", (name, payload) => {
    const [type = ""] = name.split("@");
    const { event, definition } = asEvent(type, payload);
    expect(parseEventPayload(event, definition)).toEqual({ ok: true, payload });
  });

  test("every golden payload has an ordering key, but for events that have no order", () => {
    const unordered = charter.all.filter((definition) => {
      const payload = (released as Record<string, JsonObject>)[`${definition.type}@${definition.version}`];
      return definition.keyOf(payload) === null;
    });
    expect(unordered.map(({ type }) => type)).toEqual([
      "broadcast",
      "system.health",
      "system.alert",
      "system.maintenance",
    ]);
  });

  test("every catalogued event has its golden payload", () => {
    const names = charter.all.map(({ type, version }) => `${type}@${version}`);
    expect(golden.map(([name]) => name)).toEqual(expect.arrayContaining(names));
  });

  // A field that came later makes a payload of its own: `type@version with …`.
  test("golden payloads of the current version may also be published", () => {
    for (const [name, payload] of golden) {
      const definition = charter.find(name.split("@")[0] ?? "");
      const isCurrent = name.split("@")[1]?.split(" ")[0] === String(definition?.version);
      if (definition !== undefined && isCurrent) expect(parsePayload(definition, payload)).toEqual(payload);
    }
    expect.assertions(golden.length);
  });
});
