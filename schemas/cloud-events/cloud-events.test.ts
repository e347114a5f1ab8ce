import { HTTP, CloudEvent as SdkEvent, ValidationError } from "cloudevents";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { charter } from "../charter.ts";
import { parseEnvelope } from "../decoding/parse-envelope.ts";
import { severities } from "../define-event.ts";
import type { Envelope } from "../envelope.ts";
import type { JsonObject } from "../json/json.ts";
import { readJson } from "../json/read-json.ts";
import { binaryHeaders, readBinaryHeaders } from "./binary-headers.ts";
import { fromCloudEvent, toCloudEvent } from "./cloud-events.ts";

const now = new Date("2026-01-02T03:04:05.678Z");
const derived = "11111111-1111-4111-8111-111111111111";
const options = { now, deriveId: () => derived };
const read = (event: unknown) => fromCloudEvent(charter, event, options);

/** Text of an envelope: any characters but control characters and halves of surrogate pairs. */
const text = (maxLength = 40) =>
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength })
    .map((value) => value.replace(/\p{C}/gu, "x").toWellFormed());
/** Numbers that a double changes are refused wherever JSON is read. */
const extra = fc
  .jsonValue({ maxDepth: 3 })
  .filter((value) => readJson(JSON.stringify(value)).ok)
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject[string]);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
/** What gives a URI its form, in any order. */
const delimiters = fc.string({ unit: fc.constantFrom(..."/:?#[]@%a1."), minLength: 1, maxLength: 12 });
const scalar = fc.oneof(text(20), fc.integer(), fc.boolean());

const envelope: fc.Arbitrary<Envelope> = fc.record({
  id: fc.uuid({ version: 4 }),
  type: fc.constantFrom("task.created", "course.generation.completed", "not.in.the.catalog"),
  source: fc.oneof(text(), delimiters),
  target: maybe(text()),
  payload: fc.dictionary(text(10), extra, { maxKeys: 4 }).map((value) => ({ ...value })),
  timestamp: fc
    .date({ min: new Date("1990-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
    .map((date) => date.toISOString()),
  meta: fc
    .record(
      {
        schema_version: fc.integer({ min: 1, max: 99 }),
        producer: text(),
        source_module: fc.constantFrom("missions", "tasks"),
        causation_id: fc.uuid({ version: 4 }),
        traceparent: fc.constant("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        replay: fc.constant({ by: "ops", reason: "a \u0085 b €" }),
        cloudevents: fc.oneof(
          extra,
          fc
            .dictionary(fc.stringMatching(/^[a-z][a-z0-9]{2,8}$/), scalar, { maxKeys: 3 })
            .map((value) => ({ ...value })),
        ),
        odd: extra,
      },
      { requiredKeys: ["schema_version", "producer", "source_module"] },
    )
    .map((meta) => ({ ...meta }) as Envelope["meta"]),
  mission_id: maybe(text()),
  task_id: maybe(text()),
  correlation_id: maybe(text()),
  tenant_id: maybe(text()),
  actor_id: maybe(text()),
  severity: maybe(fc.constantFrom(...severities)),
});

/** Through JSON, as it travels. */
const travelled = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("an envelope as a CloudEvent", () => {
  test("comes back as it was, structured and binary, with the official SDK in between", () => {
    fc.assert(
      fc.property(envelope, maybe(fc.constant("https://brain.example")), (event, schemas) => {
        const cloud = toCloudEvent({ ...event, position: 7, stream_message_id: "1-0", key: "k" }, schemas);
        expect(read(travelled(cloud))).toEqual({ ok: true, envelope: event });

        const headers = binaryHeaders(cloud);
        const attributes = readBinaryHeaders(new Headers(headers));
        // Headers have no types: what came from elsewhere with a number comes back as a text.
        const asText = textsOnly(event);
        expect(read({ ...attributes, data: event.payload })).toEqual({ ok: true, envelope: asText });

        const sdkStructured = HTTP.toEvent({
          headers: { "content-type": "application/cloudevents+json" },
          body: JSON.stringify(cloud),
        }) as SdkEvent;
        expect(sdkStructured.validate()).toBe(true);
        const back = HTTP.structured(sdkStructured);
        expect(read(JSON.parse(back.body as string))).toEqual({ ok: true, envelope: event });
      }),
      { numRuns: Number(process.env.BRAIN_FUZZ_RUNS ?? 300) },
    );
  });

  test("loses nothing by that comparison, which sees a field that is left out (control)", () => {
    const event = fc.sample(envelope, { numRuns: 1, seed: 1 })[0] as Envelope;
    const { data, ...cloud } = toCloudEvent({ ...event, tenant_id: "t-1" });
    const { tenantid, ...without } = cloud;
    expect(tenantid).toBe("t-1");
    expect(read({ ...without, data })).not.toEqual({ ok: true, envelope: { ...event, tenant_id: "t-1" } });
  });
});

describe("the schema of the data", () => {
  const event = fc.sample(envelope, { numRuns: 1, seed: 1 })[0] as Envelope;
  const meta = { schema_version: 2, producer: "p", source_module: "tasks" };
  const created = { ...event, type: "task.created", meta };

  test("is named where it is served, and is no news when the event comes back", () => {
    const cloud = toCloudEvent(created, "https://brain.example");
    expect(cloud.dataschema).toBe("https://brain.example/schemas/task.created/2.json");
    expect(read(travelled(cloud))).toEqual({ ok: true, envelope: created });
    expect(toCloudEvent(created)).not.toHaveProperty("dataschema");
  });

  test("of another producer is kept, and stands before ours", () => {
    const dataschema = "https://example.com/schemas/task.created/1.json";
    const taken = read(travelled({ ...toCloudEvent(created), dataschema }));
    expect(taken).toMatchObject({ envelope: { meta: { cloudevents: { dataschema } } } });
    const foreign = { ...created, meta: { ...meta, cloudevents: { dataschema } } };
    expect(toCloudEvent(foreign, "https://brain.example").dataschema).toBe(dataschema);
  });
});

/** An envelope whose foreign attributes went through headers. */
function textsOnly(event: Envelope): Envelope {
  const { cloudevents: foreign, ...meta } = event.meta;
  const back = toCloudEvent(event);
  const returned = foreign !== undefined && back.brainmeta?.toString().includes('"cloudevents"') !== true;
  if (!returned || typeof foreign !== "object" || foreign === null) return event;
  const texts = Object.fromEntries(Object.entries(foreign).map(([name, value]) => [name, String(value)]));
  return { ...event, meta: { ...meta, cloudevents: texts } };
}

describe("a CloudEvent of another producer", () => {
  const minimal = {
    specversion: "1.0",
    id: "A234-1234-1234",
    source: "/mycontext/4",
    type: "task.created",
    data: { task_id: "t-1", mission_type: "echo", priority: "NORMAL" },
  };

  test("becomes an envelope that is accepted, by what the catalog knows; its own id is kept beside", () => {
    const result = read(minimal);
    expect(result).toMatchObject({
      ok: true,
      envelope: {
        id: derived,
        source: "/mycontext/4",
        timestamp: now.toISOString(),
        meta: {
          schema_version: 1,
          producer: "/mycontext/4",
          source_module: "missions",
          cloudevents: { originalid: "A234-1234-1234" },
        },
      },
    });
    if (!result.ok) throw new Error("refused");
    expect(parseEnvelope(charter, result.envelope).payload).toEqual(minimal.data);
  });

  test("leaves with the attributes with which it came", () => {
    const given = {
      ...minimal,
      id: derived,
      time: "2018-04-05T17:31:00.000Z",
      subject: "123",
      dataschema: "https://example.com/schema",
      comexampleextension1: "value",
      comexampleothervalue: 5,
      sampled: true,
      datacontenttype: "application/vnd.example+json",
    };
    const result = read(given);
    if (!result.ok) throw new Error("refused");
    expect(toCloudEvent(result.envelope as unknown as Envelope)).toMatchObject(given);
  });

  test.each<[string, object, string]>([
    ["another version", { specversion: "0.3" }, "specversion"],
    ["no id", { id: "" }, "id"],
    ["no source", { source: undefined }, "source"],
    ["a type that is no text", { type: 5 }, "type"],
    ["an attribute with capital letters", { tenantId: "t" }, "tenantId"],
    ["an attribute that is an object", { extension: { a: 1 } }, "extension"],
    ["a number that is not whole", { extension: 1.5 }, "extension"],
    ["XML", { datacontenttype: "text/xml", data: '<much wow="xml"/>' }, "datacontenttype"],
    ["data that is a text", { data: "hello" }, "data"],
    ["data that is null", { data: null }, "data"],
    ["data in two forms", { data_base64: "e30=" }, "data_base64"],
    ["base64 of what is no JSON", { data: undefined, data_base64: "3v4" }, "data_base64"],
    ["a brainmeta that is none", { brainmeta: "[]" }, "brainmeta"],
  ])("is refused for %s, which the issue names", (_what, change, path) => {
    const result = read(travelled({ ...minimal, ...change }));
    expect(result.ok).toBe(false);
    expect(!result.ok && result.issues.map((issue) => issue.path)).toContain(path);
  });

  test("may have its JSON in base64, and attributes that are null", () => {
    const data_base64 = btoa(JSON.stringify(minimal.data));
    const { data: _data, ...rest } = minimal;
    expect(read({ ...rest, data_base64, subject: null })).toMatchObject({
      ok: true,
      envelope: { payload: minimal.data },
    });
  });
});

describe("headers of binary mode", () => {
  test("are escaped as the HTTP binding says in its example", () => {
    const cloud = toCloudEvent(fc.sample(envelope, { numRuns: 1, seed: 2 })[0] as Envelope);
    expect(binaryHeaders({ ...cloud, subject: "Euro € 😀" })["ce-subject"]).toBe(
      "Euro%20%E2%82%AC%20%F0%9F%98%80",
    );
    expect(binaryHeaders({ ...cloud, subject: 'a "b" 100%' })["ce-subject"]).toBe("a%20%22b%22%20100%25");
    expect(
      readBinaryHeaders([
        ["CE-SpecVersion", "1.0"],
        ["ce-subject", "Euro%20%E2%82%AC"],
        ["x", "y"],
      ]),
    ).toEqual({
      specversion: "1.0",
      subject: "Euro €",
    });
    expect(readBinaryHeaders([["content-type", "application/json"]])).toBeNull();
  });

  test("of the official SDK are read, and ours by it", () => {
    const sdk = new SdkEvent({
      id: derived,
      source: "/a%20b",
      type: "task.created",
      subject: "ü €",
      data: { task_id: "1" },
    });
    const { headers, body } = HTTP.binary(sdk);
    const flat = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
    const result = read({ ...readBinaryHeaders(flat), data: JSON.parse(body as string) });
    expect(result).toMatchObject({
      ok: true,
      envelope: { id: derived, source: "/a b", payload: { task_id: "1" } },
    });
    if (!result.ok) throw new Error("refused");
    const ours = toCloudEvent({ ...(result.envelope as unknown as Envelope), tenant_id: "t-1" });
    const again = HTTP.toEvent({ headers: binaryHeaders(ours), body: JSON.stringify(ours.data) }) as SdkEvent;
    expect(again).toMatchObject({ id: derived, tenantid: "t-1", data: { task_id: "1" } });
    expect(() => again.validate()).not.toThrow(ValidationError);
  });
});
