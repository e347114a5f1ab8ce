import {
  type AsyncAPIDocumentInterface,
  type Diagnostic,
  DiagnosticSeverity,
  Parser,
  type SchemaParser,
} from "@asyncapi/parser";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { CloudEvent } from "cloudevents";
import { beforeAll, describe, expect, test } from "vitest";
import { charter } from "../charter.ts";
import released from "../fixtures/released.json" with { type: "json" };
import type { JsonObject } from "../json/json.ts";
import { type AsyncApiOptions, asyncApiDocument } from "./async-api.ts";
import { schemaFormat } from "./schema-documents.ts";

const options: AsyncApiOptions = {
  base: "https://brain.example",
  title: "A product",
  version: "1.2.3",
  examples: released,
  subscribers: [
    { subscriber: "course_distribution", types: ["course.generation.completed"] },
    { subscriber: "audit_log", types: null },
  ],
  streams: ["brain:events:stream", "brain:events:stream:1"],
  ingest: "/api/events",
};

/** One for all: most of compiling a small schema is the schema of schemas, once for each validator. */
const ajv = new Ajv2020({ strict: true });
addFormats.default(ajv);
// The second is the parser's own note.
ajv.addVocabulary(["x-brain-pii", "x-parser-schema-id"]);

/** The parser knows draft 7 alone, and passes over schemas of other dialects unless somebody judges them. */
const draft2020: SchemaParser = {
  getMimeTypes: () => [schemaFormat],
  parse: async ({ data }) => data as never,
  async validate({ data, path }) {
    try {
      ajv.compile(data as object);
      return [];
    } catch (error) {
      return [{ message: String(error), path }];
    }
  },
};

const parser = new Parser();
parser.registerSchemaParser(draft2020);

const parse = async (document: JsonObject) => parser.parse(JSON.stringify(document));
const errorsOf = (diagnostics: readonly Diagnostic[]) =>
  diagnostics
    .filter(({ severity }) => severity === DiagnosticSeverity.Error)
    .map(({ code, message, path }) => `${code} ${path.join(".")}: ${message}`);

/** Two events, so that many documents can be parsed: each takes a third of a second. */
const few = {
  ...charter,
  all: charter.all.filter(({ type }) => ["task.started", "system.health"].includes(type)),
};

describe("the document of the whole charter", () => {
  let diagnostics: readonly Diagnostic[];
  let document: AsyncAPIDocumentInterface;
  beforeAll(async () => {
    const parsed = await parse(asyncApiDocument(charter, options));
    ({ diagnostics } = parsed);
    expect(errorsOf(diagnostics)).toEqual([]);
    if (parsed.document === undefined) throw new Error("nothing was parsed");
    document = parsed.document;
  });

  test("is AsyncAPI 3.0 without an error and without a warning", () => {
    expect(document.version()).toBe("3.0.0");
    const warnings = diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Warning);
    expect(warnings.map(({ code, message, path }) => `${code} ${path.join(".")}: ${message}`)).toEqual([]);
  });

  test("has a message for each event in both forms, with schema, example, tags and story", () => {
    const messages = document.components().messages().all();
    expect(messages).toHaveLength(2 * charter.all.length);
    for (const message of messages) {
      expect(charter.find(message.name() ?? "")).toBeDefined();
      expect(message.schemaFormat()).toBe(schemaFormat);
      expect(message.correlationId()).toBeDefined();
      expect(message.examples().all()).toHaveLength(1);
      expect(message.tags().all().length).toBeGreaterThan(1);
    }
  });

  test("every example is what its schema says, also around the payload", () => {
    for (const message of document.components().messages().all()) {
      const { schema } = message.json().payload as unknown as { readonly schema: object };
      const validate = ajv.compile(schema);
      const example = message.examples().all()[0]?.payload();
      expect([message.id(), validate(example), validate.errors]).toEqual([message.id(), true, null]);
      if (message.contentType() !== "application/cloudevents+json") continue;
      expect(new CloudEvent(example as object, true).validate()).toBe(true);
      // The name of one event is no name of another.
      expect(validate({ ...example, type: "another.event.happened" })).toBe(false);
      expect(validate({ ...example, data: { nobody_knows: 1 } })).toBe(false);
    }
  });

  test("says who sends and who receives what, and where", () => {
    const sends = document.operations().filterBySend();
    const names = (operation: (typeof sends)[number] | undefined) =>
      operation
        ?.messages()
        .all()
        .map((message) => message.name());
    const factory = sends.find((operation) => operation.id() === "send.course_factory");
    expect(names(factory)).toContain("course.generation.completed");
    expect(names(factory)).not.toContain("task.started");
    const publishing = charter.all.filter(({ producers }) => producers.length > 0);
    expect(sends).toHaveLength(new Set(publishing.map(({ module }) => module)).size);

    const receives = document.operations().filterByReceive();
    const idOf = (id: string) => receives.find((operation) => operation.id() === id);
    expect(names(idOf("receive.course_distribution"))).toEqual(["course.generation.completed"]);
    expect(names(idOf("receive.audit_log"))).toHaveLength(charter.all.length);
    expect(idOf("receive-cloudevents")?.channels().all()[0]?.address()).toBe("/api/events");

    const stream = document.channels().get("stream");
    expect(stream?.address()).toBe("brain:events:stream{shard}");
    expect(stream?.parameters().get("shard")?.json()).toMatchObject({ enum: ["", ":1"], default: "" });
    expect(document.servers().get("stream")?.protocol()).toBe("redis");
    expect(document.servers().get("api")?.host()).toBe("brain.example");
  });

  test("tells the order of an event, and which of its fields are about a person", () => {
    const granted = document.components().messages().get("course.access.granted.v1");
    expect(granted?.extensions().get("x-brain-key")?.value()).toBe("course_id");
    expect(granted?.tags().has("personal data")).toBe(true);
    expect(granted?.payload()?.property("reason")?.extensions().get("x-brain-pii")?.value()).toEqual({
      subject: "user_id",
    });
  });
});

test("without shards and without a route for events there is one channel, and no schema for publishers", async () => {
  const document = asyncApiDocument(few, { ...options, streams: ["brain:events:stream"], ingest: null });
  expect(errorsOf((await parse(document)).diagnostics)).toEqual([]);
  expect(document.channels).toEqual({ stream: expect.objectContaining({ address: "brain:events:stream" }) });
  expect(JSON.stringify(document)).not.toContain("cloudevent+");
  expect(Object.keys((document.components as JsonObject).schemas as object)).not.toContain(
    "task.started.v1.publish",
  );
});

interface Parts {
  readonly info: { title?: string };
  readonly operations: Record<string, { action: string; messages: object[] }>;
  readonly channels: Record<string, { readonly messages: Record<string, object> }>;
  readonly components: { readonly messages: Record<string, { payload: object }> };
}

/** A part that the document must have, for whoever is to spoil it. */
function partOf<T>(parts: Readonly<Record<string, T>>, name: string): T {
  const part = parts[name];
  if (part === undefined) throw new Error(`The document has no "${name}".`);
  return part;
}

describe("a planted fault is found:", () => {
  test.each<[fault: string, spoil: (document: Parts) => void]>([
    ["no title", ({ info }) => delete info.title],
    [
      "an action that is none",
      ({ operations }) => (partOf(operations, "receive.audit_log").action = "listen"),
    ],
    [
      "a message of another channel",
      ({ operations }) =>
        partOf(operations, "receive.audit_log").messages.push({
          $ref: "#/channels/ingest/messages/task.started.v1.cloudevent",
        }),
    ],
    [
      "a message that is not there",
      ({ channels }) => (partOf(channels, "stream").messages.other = { $ref: "#/components/messages/other" }),
    ],
    [
      "a payload that is not there",
      ({ components }) =>
        (partOf(components.messages, "task.started.v1").payload = { $ref: "#/components/schemas/other" }),
    ],
    ["a part that is none", (document) => Object.assign(document, { topics: {} })],
  ])("%s", async (_fault, spoil) => {
    const document = structuredClone(asyncApiDocument(few, options));
    spoil(document as unknown as Parts);
    expect(errorsOf((await parse(document)).diagnostics)).not.toEqual([]);
  });

  test("while as it is there is none", async () => {
    expect(errorsOf((await parse(asyncApiDocument(few, options))).diagnostics)).toEqual([]);
  });
});
