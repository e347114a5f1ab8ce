import { DiagnosticSeverity, Parser } from "@asyncapi/parser";
import type { Database } from "@brain/engine";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import released from "../../schemas/fixtures/released.json" with { type: "json" };
import { catalog } from "../../src/composition.ts";
import { testApiKey } from "../backbone.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";
import { expectErrorShape } from "./refusal.ts";

let engine: TestEngine;
let open: TestEngine;
beforeAll(async () => {
  [engine, open] = await Promise.all([
    createTestEngine(),
    createTestEngine({
      BRAIN_PUBLIC_SCHEMAS: "true",
      BRAIN_PUBLIC_URL: "https://brain.example/",
      BRAIN_SHARDS: "3",
    }),
  ]);
});
afterAll(() => Promise.all([engine?.cleanup(), open?.cleanup()]));

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  engine.request("GET", path, undefined, headers);
const completed = "/schemas/course.generation.completed/1.json";
const documents = ["/asyncapi.json", "/schemas/index.json", completed] as const;

interface Listed {
  readonly type: string;
  readonly version: number;
  readonly schema: string;
  readonly publish_schema: string | null;
}

test("the AsyncAPI document is valid, and tells who takes part here", async () => {
  const { status, text, headers } = await get("/asyncapi.json");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("application/vnd.aai.asyncapi+json;version=3.0.0");
  const { document, diagnostics } = await new Parser().parse(text);
  expect(diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Error)).toEqual([]);
  const ids = document
    ?.operations()
    .all()
    .map((operation) => operation.id());
  expect(ids).toEqual(
    expect.arrayContaining(["send.course_factory", "receive.course_distribution", "receive.audit_log"]),
  );
  expect(document?.channels().get("stream")?.address()).toBe(engine.stream);
});

test("each schema of the list is served under its own address, and takes the golden payload", async () => {
  const { body } = await get("/schemas/index.json");
  const listed = body.schemas as readonly Listed[];
  expect(listed.map(({ type }) => type)).toEqual(catalog.all.map(({ type }) => type));
  const ajv = new Ajv2020({ strict: true });
  addFormats.default(ajv);
  ajv.addVocabulary(["x-brain-pii"]);
  const examples: Readonly<Record<string, object>> = released;
  for (const { type, version, schema, publish_schema } of listed) {
    for (const address of [schema, publish_schema ?? schema]) {
      const { status, text, headers } = await get(new URL(address).pathname);
      expect(status, address).toBe(200);
      expect(headers.get("content-type")).toBe("application/schema+json");
      const document = JSON.parse(text);
      expect(document.$id).toBe(address);
      const validate = ajv.getSchema(address) ?? ajv.compile(document);
      expect(validate(examples[`${type}@${version}`]), address).toBe(true);
      expect(validate([]), address).toBe(false);
    }
  }
});

test("an older name leads to the schema of its event", async () => {
  const [older] = ["course.payment.succeeded", "payment.completed", "paycore.payment_succeeded"].filter(
    (name) => catalog.isReadAlias(name),
  );
  const { status, text } = await get(`/schemas/${older}/1.json`);
  expect(status).toBe(200);
  expect(JSON.parse(text).$id).toContain("/schemas/payment.transaction.completed/1.json");
});

test.each([
  ["/schemas/course.generation.complete/1.json", /Perhaps course\.generation\.completed is meant\./],
  ["/schemas/nothing.like.it/1.json", /GET \/schemas\/index\.json/],
  ["/schemas/course.generation.completed/2.json", /versions 1 to 1/],
  ["/schemas/course.generation.completed/0.json", /versions 1 to 1/],
  ["/schemas/course.generation.completed/1", /versions 1 to 1/],
  ["/schemas/course.generation.completed/1.json.json", /versions 1 to 1/],
  ["/schemas/course.generation.completed/99999999999999999999.json", /versions 1 to 1/],
  ["/schemas/__proto__/1.json", /no event/],
])("%s is 404 and says what there is", async (path, message) => {
  const reply = await get(path);
  expectErrorShape(reply, 404, "not_found");
  expect(reply.body.error.message).toMatch(message);
});

describe.each(documents)("%s", (path) => {
  test("is sent once: who has it is told that it is so still", async () => {
    const first = await get(path);
    expect(first.headers.get("cache-control")).toBe("private, max-age=300");
    const again = await get(path, { "if-none-match": first.headers.get("etag") ?? "none" });
    expect([again.status, again.text]).toEqual([304, ""]);
    expect(again.headers.get("cache-control")).toBe("private, max-age=300");
  });

  test("is shown to who may read events, also of one tenant, and to nobody else", async () => {
    expectErrorShape(await get(path, { authorization: "" }), 401, "unauthorized");
    const keyOf = async (fields: object) => {
      const reply = await engine.request("POST", "/api/keys", { name: "a test", ...fields });
      expect(reply.status, reply.text).toBe(201);
      return { authorization: `Bearer ${reply.body.key}` };
    };
    expectErrorShape(await get(path, await keyOf({ scopes: ["tasks:read"] })), 403, "forbidden");
    const ofTenant = await get(path, await keyOf({ scopes: ["events:read"], tenant_id: "acme" }));
    expect(ofTenant.status).toBe(200);
    expect(ofTenant.text).toBe((await get(path)).text);
  });

  test("wins over the pages of the console, also for a browser", async () => {
    const { text, status } = await get(path, { accept: "text/html" });
    expect(status).toBe(200);
    expect(() => JSON.parse(text)).not.toThrow();
    const away = await get("/schemas/nothing", { accept: "text/html", authorization: "" });
    expect(away.status).toBe(404);
    expect(away.headers.get("content-type")).toContain("application/json");
  });

  test("is shown to everybody where the setting says so, with the public address", async () => {
    const { status, text, headers } = await open.request("GET", path, undefined, { authorization: "" });
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("public, max-age=300");
    expect(text).toContain(
      `https://brain.example${path === "/schemas/index.json" ? "/schemas/" : completed}`,
    );
    expect(text).not.toContain("localhost/");
  });

  test("costs no round trip", async () => {
    let trips = 0;
    const counting = (db: Database): Database =>
      new Proxy(db, {
        get(target, name, receiver) {
          if (name === "batch" || name === "rows" || name === "transaction") trips += 1;
          return Reflect.get(target, name, receiver);
        },
      });
    const headers = { authorization: `Bearer ${testApiKey}` };
    expect((await engine.appOn(counting).request(path, { headers })).status).toBe(200);
    expect(trips).toBe(0);
  });
});

test("several shards are one address with a parameter", async () => {
  const { text } = await open.request("GET", "/asyncapi.json");
  const { stream } = JSON.parse(text).channels;
  expect(stream.address).toBe(`${open.stream}{shard}`);
  expect(stream.parameters.shard.enum).toEqual(["", ":1", ":2"]);
});
