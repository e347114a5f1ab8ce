import { CloudEvent as SdkEvent } from "cloudevents";
import { describe, expect, test } from "vitest";
import { charter } from "../charter.ts";
import { parseEnvelope } from "../decoding/parse-envelope.ts";
import type { Envelope } from "../envelope.ts";
import { CharterError } from "../errors.ts";
import { readBinaryHeaders } from "./binary-headers.ts";
import { fromCloudEvent, toCloudEvent } from "./cloud-events.ts";

/*
 * Samples after the sections of CloudEvents 1.0.2: what the specification allows is taken, what it forbids is refused, and
 * the official SDK, which validates by its own means, says the same of each sample. Limits of ours: a payload is a JSON
 * object, only JSON is read, and no e-mail address.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md, formats/json-format.md, bindings/http-protocol-binding.md
 */

const id = "00000000-0000-4000-8000-000000000001";
const data = { task_id: "t-1", mission_type: "echo", priority: "NORMAL" };
const minimal = { specversion: "1.0", id, source: "/mycontext", type: "task.created", data };
const now = new Date("2026-01-01T00:00:00.000Z");

/** As it comes over the wire, read, and admitted as an event of ours. */
function taken(sample: object): Envelope | null {
  const given: unknown = JSON.parse(JSON.stringify(sample));
  const read = fromCloudEvent(charter, given, { now, deriveId: () => id });
  if (!read.ok) return null;
  try {
    return parseEnvelope(charter, read.envelope);
  } catch (error) {
    if (error instanceof CharterError) return null;
    throw error;
  }
}

function isFineForSdk(sample: object): boolean {
  try {
    return new SdkEvent(JSON.parse(JSON.stringify(sample)), true).validate();
  } catch {
    return false;
  }
}

describe("a sample that the specification allows is taken, and leaves as a CloudEvent again", () => {
  test.each<[section: string, fields: object]>([
    ["spec: required attributes alone", {}],
    ["spec, id: any text that is not empty", { id: "A234-1234-1234" }],
    ["spec, source: an internet-wide URI", { source: "https://github.com/cloudevents" }],
    ["spec, source: a URN with a UUID", { source: "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66" }],
    ["spec, source: an application's own path", { source: "cloudevents/spec/pull/123" }],
    ["spec, source: a rooted path", { source: "/sensors/tn-1234567/alerts" }],
    ["spec, source: a number", { source: "1-555-123-4567" }],
    ["spec, subject", { subject: "mynewfile.jpg" }],
    ["spec, dataschema", { dataschema: "https://example.com/schemas/task#1" }],
    ["spec, datacontenttype: JSON", { datacontenttype: "application/json" }],
    ["spec, datacontenttype: a suffix", { datacontenttype: "application/vnd.example.task+json" }],
    ["spec, time: to the second", { time: "2018-04-05T17:31:00Z" }],
    ["spec, time: with a fraction", { time: "2018-04-05T17:31:00.123Z" }],
    [
      "spec, extensions: text, whole number, truth",
      { comexampleone: "value", comexampletwo: 5, sampled: true },
    ],
    ["spec, Integer: the least", { comexampleleast: -2_147_483_648 }],
    ["spec, Integer: the greatest", { comexamplegreatest: 2_147_483_647 }],
    ["spec, size: names of 20 characters", { abcdefghij0123456789: "x" }],
    [
      "extension: distributed tracing",
      { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    ],
    ["extension: sequence", { sequence: "0000000005" }],
  ])("%s", (_section, fields) => {
    const sample = { ...minimal, ...fields };
    expect(isFineForSdk(sample), "the SDK").toBe(true);
    const envelope = taken(sample);
    expect(envelope).not.toBeNull();
    if (envelope === null) return;
    const back = toCloudEvent(envelope);
    expect(back).toMatchObject({ source: sample.source, type: sample.type, data });
    const { id: _id, source: _source, time: _time, ...kept } = fields as Record<string, unknown>;
    expect(back).toMatchObject(kept);
    expect(isFineForSdk(back), "ours for the SDK").toBe(true);
  });

  test("json-format: data in base64, and an attribute that is null and so not there", () => {
    const { data: _data, ...rest } = minimal;
    const sample = { ...rest, data_base64: btoa(JSON.stringify(data)), subject: null };
    expect(taken(sample)?.payload).toEqual(data);
  });
});

describe("a sample that the specification forbids is refused", () => {
  test.each<[section: string, fields: object]>([
    ["spec, id: required", { id: undefined }],
    ["spec, id: not empty", { id: "" }],
    ["spec, source: required", { source: undefined }],
    ["spec, source: not empty", { source: "" }],
    ["spec, type: required", { type: undefined }],
    ["spec, type: not empty", { type: "" }],
    ["spec, specversion: required", { specversion: undefined }],
    ["spec, specversion: not empty", { specversion: "" }],
    ["spec, time: RFC 3339", { time: "yesterday" }],
    ["spec, subject: not empty", { subject: "" }],
    ["spec, dataschema: not empty", { dataschema: "" }],
    ["spec, names: lower-case letters and digits", { comExample: "x" }],
    ["spec, names: no hyphen", { "com-example": "x" }],
    ["spec, names: no underscore", { com_example: "x" }],
    ["spec, types: no object", { comexample: { a: 1 } }],
    ["spec, types: no list", { comexample: [1] }],
    ["spec, types: no fraction", { comexample: 1.5 }],
    ["spec, Integer: below the least", { comexample: -2_147_483_649 }],
    ["spec, Integer: above the greatest", { comexample: 2_147_483_648 }],
    ["json-format, data_base64: base64", { data: undefined, data_base64: "%%%" }],
    ["json-format: data in one form", { data_base64: "e30=" }],
  ])("%s", (_section, fields) => {
    expect(taken({ ...minimal, ...fields })).toBeNull();
  });
});

describe("a sample that the specification allows and we do not read is refused by its field", () => {
  test.each<[section: string, fields: object, path: string]>([
    ["json-format: data that is a text", { data: "I'm just a string" }, "data"],
    ["json-format: data that is a number", { data: 1.5 }, "data"],
    ["json-format: data that is a list", { data: [1] }, "data"],
    ["json-format: no data", { data: undefined }, "data"],
    ["json-format: XML", { datacontenttype: "application/xml", data: "<a/>" }, "datacontenttype"],
  ])("%s", (_section, fields, path) => {
    const sample: object = JSON.parse(JSON.stringify({ ...minimal, ...fields }));
    expect(isFineForSdk(sample), "the SDK").toBe(true);
    const read = fromCloudEvent(charter, sample, { now, deriveId: () => id });
    expect(read).toMatchObject({ ok: false, issues: [{ path }] });
  });
});

test("spec, source: a mailto names a person, whom no event of ours does", () => {
  const sample = { ...minimal, source: "mailto:cncf-wg-serverless@lists.cncf.io" };
  expect(isFineForSdk(sample), "the SDK").toBe(true);
  expect(taken(sample)).toBeNull();
});

describe("http-protocol-binding, binary mode: the values of headers", () => {
  test.each<[encoded: string, value: string]>([
    ["Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"],
    ["plain", "plain"],
    // What need not be encoded may be.
    ["%41%42", "AB"],
    ["%e2%82%ac", "€"],
    ["100%25", "100%"],
  ])("%s", (encoded, value) => {
    const headers = [
      ["ce-specversion", "1.0"],
      ["ce-subject", encoded],
      ["content-type", "application/json; charset=utf-8"],
    ] as const;
    expect(readBinaryHeaders(headers)).toMatchObject({ subject: value });
  });
});
