import { toCloudEvent } from "@brain/schemas";
import { CloudEvent, HTTP } from "cloudevents";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSurface, type Surface } from "../surface.ts";

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface();
});
afterAll(() => surface.cleanup());

const data = () => ({ task_id: crypto.randomUUID(), mission_type: "echo", priority: "NORMAL" });
const structured = (event: object, path = "/api/events") =>
  surface.post(path, event, { "content-type": "application/cloudevents+json; charset=UTF-8" });
const batch = (events: unknown, path = "/api/events/batch") =>
  surface.post(path, events as object, { "content-type": "application/cloudevents-batch+json" });
const eventOf = (rest: object = {}) => ({
  specversion: "1.0",
  id: crypto.randomUUID(),
  source: "/shop",
  type: "task.created",
  data: data(),
  ...rest,
});
const recorded = async (id: string) => (await surface.send(`/api/events/${id}`)).body;

describe("CloudEvents are taken in", () => {
  test("structured, with what they say of themselves", async () => {
    const event = eventOf({
      time: "2018-04-05T17:31:00.123456Z",
      tenantid: "acme",
      correlationid: "story-1",
      subject: "order-1",
      comexamplesampled: true,
    });
    const reply = await structured(event);
    expect(reply.status, reply.text).toBe(202);
    expect(reply.body).toMatchObject({ status: "accepted", id: event.id, type: "task.created" });
    expect(await recorded(event.id)).toMatchObject({
      source: "/shop",
      timestamp: "2018-04-05T17:31:00.123Z",
      tenant_id: "acme",
      correlation_id: "story-1",
      payload: event.data,
      meta: {
        producer: "/shop",
        source_module: "missions",
        cloudevents: { subject: "order-1", comexamplesampled: true },
      },
    });
    expect((await structured(event)).body).toMatchObject({ deduplicated: true });
  });

  test("binary, as the official SDK sends them, and leave for it as they came", async () => {
    const sdk = new CloudEvent({
      id: crypto.randomUUID(),
      source: "https://shop.example/orders?a=b",
      type: "task.created",
      subject: "order 1, 100 %",
      tenantid: "acme",
      data: data(),
    });
    const { headers, body } = HTTP.binary(sdk);
    const reply = await surface.post("/api/events", body as string, headers as Record<string, string>);
    expect(reply.status, reply.text).toBe(202);
    const event = await recorded(sdk.id);
    const back = HTTP.toEvent(HTTP.structured(new CloudEvent(toCloudEvent(event) as object)));
    expect(back).toMatchObject({
      id: sdk.id,
      source: sdk.source,
      subject: sdk.subject,
      tenantid: "acme",
      data: sdk.data,
    });
  });

  test("batched, each with its own result, on both addresses", async () => {
    for (const path of ["/api/events", "/api/events/batch"]) {
      const [good, bad] = [eventOf(), eventOf({ specversion: "0.3" })];
      const reply = await batch([good, bad, 5], path);
      expect(reply.status, reply.text).toBe(207);
      expect(reply.body).toMatchObject({
        accepted: 1,
        rejected: 2,
        results: [
          { id: good.id, status: "accepted" },
          {
            error: { details: [{ path: "specversion", message: expect.stringContaining('expected "1.0"') }] },
          },
          { error: { details: [{ message: expect.stringContaining("expected a CloudEvent") }] } },
        ],
      });
    }
    expect((await batch([])).status).toBe(400);
    expect((await batch({})).status).toBe(400);
    expect((await batch(Array.from({ length: 1_001 }, () => ({})))).status).toBe(400);
    const one = await structured(eventOf(), "/api/events/batch");
    expect(one.body).toMatchObject({ accepted: 1, rejected: 0 });
  });

  test("under an id that is no UUID: the same event is recognised, also in another mode", async () => {
    const event = eventOf({ id: `order-${crypto.randomUUID()}` });
    const first = await structured(event);
    expect(first.status).toBe(202);
    expect(first.body.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    const binary = {
      "ce-specversion": "1.0",
      "ce-id": event.id,
      "ce-source": event.source,
      "ce-type": event.type,
    };
    const again = await surface.post("/api/events", event.data, binary);
    expect(again.body).toMatchObject({ id: first.body.id, deduplicated: true });
    const elsewhere = await structured({ ...event, source: "/other" });
    expect(elsewhere.body).toMatchObject({ deduplicated: false });
    expect((await recorded(first.body.id)).meta.cloudevents).toEqual({ originalid: event.id });
  });

  test("once for an Idempotency-Key, which is not for another event in the headers", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const headersOf = (id: string) => ({
      "ce-specversion": "1.0",
      "ce-id": id,
      "ce-source": "/shop",
      "ce-type": "task.created",
      ...key,
    });
    const [id, body] = [crypto.randomUUID(), data()];
    expect((await surface.post("/api/events", body, headersOf(id))).status).toBe(202);
    const repeat = await surface.post("/api/events", body, headersOf(id));
    expect(repeat.headers.get("idempotency-replayed")).toBe("true");
    expect((await surface.post("/api/events", body, headersOf(crypto.randomUUID()))).status).toBe(409);
  });
});

describe("CloudEvents are refused", () => {
  const before = () => surface.recorded();

  test.each<[string, object, string]>([
    ["an unknown type", { type: "com.example.someevent" }, "type"],
    ["a time of the future", { time: "2099-01-01T00:00:00Z" }, "timestamp"],
    ["a time without offset", { time: "2018-04-05T17:31:00" }, "timestamp"],
    ["a source that is too long", { source: `/${"s".repeat(200)}` }, "source"],
    ["a secret in an extension", { comexample: "sk_live_abcdef123456" }, "meta"],
  ])("for %s, with the field", async (_what, change, path) => {
    const count = await before();
    const reply = await structured(eventOf(change));
    expect(reply.status).toBe(422);
    expect(reply.body.error.details[0].path).toContain(path);
    expect(reply.text).not.toContain("sk_live");
    expect(await surface.recorded()).toBe(count);
  });

  test("in a format that is not read here, and without data", async () => {
    const avro = await surface.post("/api/events", "x", { "content-type": "application/cloudevents+avro" });
    expect(avro.status).toBe(415);
    const binary = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "task.created" };
    const empty = await surface.post("/api/events", "", binary);
    expect(empty.status).toBe(422);
    const xml = await surface.post("/api/events", "<a/>", { ...binary, "content-type": "text/xml" });
    expect(xml.body.error.details[0].path).toBe("datacontenttype");
    const broken = await surface.post("/api/events", "{", binary);
    expect(broken.status).toBe(400);
  });
});
