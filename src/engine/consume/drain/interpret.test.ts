import { type Envelope, encodeEntry } from "@brain/schemas";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { labCatalog, partChecked, sampleTaken, sampleWeighed } from "../../../../test/engine/events.ts";
import { fieldsToObject } from "../../stream/entry-fields.ts";
import { on, onAny, onBatch } from "../consumer.ts";
import { defineConsumer } from "../define/define-consumer.ts";
import { type Interpreted, interpretEntry, UndecodableError } from "./interpret.ts";

const ignore = async () => undefined;
const consumer = defineConsumer({
  subscriber: "chosen",
  handlers: [on(sampleTaken, ignore), onBatch(partChecked, ignore)],
});
const audit = defineConsumer({ subscriber: "audit", handlers: [onAny(ignore)] });
const sampleId = "0d4a7c52-3a43-4f0c-9b53-0a8d3f0b7c11";

const event: Envelope = {
  id: "7f5f2d3e-9a44-4b1a-8a51-3f3b6d6f0c01",
  type: "lab.sample.taken",
  source: "lab",
  target: null,
  payload: { sample_id: sampleId },
  timestamp: "2026-01-02T03:04:05.678Z",
  meta: { schema_version: 1, producer: "lab", source_module: "lab" },
  mission_id: null,
  task_id: null,
  correlation_id: null,
  tenant_id: null,
  actor_id: null,
  severity: null,
};

const interpret = (fields: readonly string[], to = consumer): Interpreted =>
  interpretEntry(labCatalog, to, fields);
const contentOf = (fields: readonly string[], to = consumer) => interpret(fields, to).content;
const changed = (change: Partial<Envelope>) => encodeEntry({ ...event, ...change });
function without(name: string): string[] {
  const fields = encodeEntry(event);
  fields.splice(fields.indexOf(name), 2);
  return fields;
}
function replaced(name: string, value: string): string[] {
  const fields = encodeEntry(event);
  fields[fields.indexOf(name) + 1] = value;
  return fields;
}

/** An entry of this type without a point in time. */
function brokenOfType(type: string): string[] {
  const fields = replaced("timestamp", "yesterday");
  fields[fields.indexOf("type") + 1] = type;
  return fields;
}

describe("an entry with a handler", () => {
  test("comes with its event, ordering key and subscription", () => {
    expect(interpret(encodeEntry(event))).toEqual({
      content: { kind: "handle", event, subscription: consumer.byType.get(event.type) },
      key: sampleId,
    });
  });

  test("of an older version comes as the present one", () => {
    const weigher = defineConsumer({ subscriber: "weigher", handlers: [on(sampleWeighed, ignore)] });
    const meta = { ...event.meta, schema_version: 1 };
    const payload = { sample_id: sampleId, grams: 2 };
    expect(contentOf(changed({ type: sampleWeighed.type, meta, payload }), weigher)).toMatchObject({
      kind: "handle",
      event: { payload: { sample_id: sampleId, milligrams: 2_000 } },
    });
  });

  test("of the first Python program, without a target, is handled like any other", () => {
    expect(encodeEntry(event)).not.toContain("target");
    expect(contentOf(encodeEntry(event)).kind).toBe("handle");
    expect(contentOf(encodeEntry(event, { compat: true })).kind).toBe("handle");
  });
});

describe("an entry nobody here handles", () => {
  test("is skipped with its key, so that order holds around it", () => {
    const other = changed({ type: "lab.sample.weighed" });
    expect(interpret(other)).toEqual({ content: { kind: "skip" }, key: sampleId });
  });

  test.each(["no.such.event", "x", "task.somewhere.else"])("of the unknown type %s is skipped", (type) => {
    expect(interpret(changed({ type }))).toEqual({ content: { kind: "skip" }, key: null });
  });

  test.each(["no.such.event", "lab.sample.weighed"])("of type %s goes to a catch-all", (type) => {
    const content = contentOf(changed({ type }), audit);
    expect(content).toMatchObject({ kind: "handle", event: { type }, subscription: audit.any });
  });
});

describe("an entry that can never be handled", () => {
  test.each([
    ["no id", without("id")],
    ["no timestamp", without("timestamp")],
    ["a payload that is no JSON", replaced("payload", "{'sample_id': 'x'}")],
    ["a payload with NaN", replaced("payload", '{"a": NaN}')],
    ["a payload that is a list", replaced("payload", "[1]")],
    ["a timestamp that is no time", replaced("timestamp", "yesterday")],
  ])("because of %s is undecodable for who handles its type, and for a catch-all", (_why, fields) => {
    for (const to of [consumer, audit]) {
      const { content, key } = interpret(fields, to);
      expect(content).toMatchObject({ kind: "refuse", reason: "undecodable", event: null, type: event.type });
      expect(content.kind === "refuse" && content.error).toBeInstanceOf(UndecodableError);
      expect(key).toBeNull();
    }
  });

  test("is nothing to those who do not handle its type", () => {
    expect(interpret(brokenOfType("task.completed"))).toEqual({ content: { kind: "skip" }, key: null });
    expect(contentOf(brokenOfType("task.completed"), audit)).toMatchObject({ type: "task.completed" });
  });

  test.each([
    ["no type", without("type")],
    ["a type that is none", brokenOfType("no type at all")],
    ["nothing at all", []],
    ["an odd number of fields", ["id"]],
  ])("because of %s concerns everybody", (_why, fields) => {
    for (const to of [consumer, audit]) {
      expect(contentOf(fields, to)).toMatchObject({ kind: "refuse", reason: "undecodable", type: null });
    }
  });

  test("because of its payload names the fields and keeps the event", () => {
    const routed = contentOf(changed({ payload: { sample_id: 7 } }));
    expect(routed).toMatchObject({
      kind: "refuse",
      reason: "invalid_payload",
      event: { id: event.id },
      error: { issues: [{ path: "payload.sample_id" }] },
    });
  });

  test("because of its payload still reaches a catch-all, which takes everything", () => {
    expect(contentOf(changed({ payload: { sample_id: 7 } }), audit).kind).toBe("handle");
  });
});

test("never throws, whatever stands on the stream", () => {
  const anything = fc.array(fc.oneof(fc.string(), fc.constantFrom(...encodeEntry(event))), { maxLength: 24 });
  fc.assert(
    fc.property(anything, (fields) => {
      for (const to of [consumer, audit])
        expect(["handle", "skip", "refuse"]).toContain(contentOf(fields, to).kind);
    }),
  );
});

test("keeps the raw fields of an entry for its dead letter", () => {
  expect(fieldsToObject(["a", "1", "b", "2", "lonely"])).toEqual({ a: "1", b: "2" });
});
