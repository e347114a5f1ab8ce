import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectRefused, issuePaths } from "../refusal.ts";
import { healthEnvelope, healthReport } from "../sample-events.ts";
import { createSurface, type Surface } from "../surface.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface();
});
afterAll(() => surface?.cleanup());

const read = (id: string) => surface.send(`/api/events/${id}`);

describe("an event in the short form", () => {
  test("is recorded as a complete envelope and sent by the relay", async () => {
    const posted = await surface.post("/api/events", healthReport(undefined, { tenant_id: "t-1" }));
    expect(posted.status).toBe(202);
    expect(posted.body).toEqual({
      status: "accepted",
      id: expect.stringMatching(uuid),
      type: "system.health",
      deduplicated: false,
    });
    const { id } = posted.body;

    const waiting = await read(id);
    expect(waiting.status).toBe(200);
    expect(waiting.body).toEqual({
      id,
      type: "system.health",
      source: "http_ingest",
      target: null,
      payload: { component: "relay", status: "ok", details: { load: 0.5 } },
      timestamp: expect.stringMatching(instant),
      meta: { schema_version: 1, producer: "http_ingest", source_module: "core" },
      mission_id: null,
      task_id: null,
      correlation_id: id,
      tenant_id: "t-1",
      actor_id: null,
      severity: waiting.body.severity,
      position: 1,
      stored_at: expect.stringMatching(instant),
      sent_at: null,
      stream_message_id: null,
      shard: null,
      key: null,
    });

    await surface.relay();
    const sent = (await read(id)).body;
    expect(sent).toEqual({
      ...waiting.body,
      sent_at: expect.stringMatching(instant),
      stream_message_id: expect.stringMatching(/^\d+-\d+$/),
      shard: 0,
    });
    expect(sent.sent_at >= sent.stored_at).toBe(true);
    const entries = (await surface.redis("XRANGE", surface.stream, "-", "+")) as [string, string[]][];
    const own = entries.filter(([, fields]) => fields.includes(id));
    expect(own.map(([entryId]) => entryId)).toEqual([sent.stream_message_id]);
  });

  test("takes the cause, the trace and the source it is given", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const given = { source: "probe", causation_id: "cause-1", traceparent, correlation_id: "flow-1" };
    const posted = await surface.post("/api/events", healthReport(undefined, given));
    expect((await read(posted.body.id)).body).toMatchObject({
      source: "probe",
      correlation_id: "flow-1",
      meta: { producer: "probe", causation_id: "cause-1", traceparent },
    });
  });

  test("starts a group of its own under its id, however the id is written", async () => {
    const id = randomUUID();
    await surface.post("/api/events", healthReport(undefined, { id: id.toUpperCase() }));
    expect((await read(id)).body).toMatchObject({ id, correlation_id: id });
  });

  test("with a bad id is refused for the id alone", async () => {
    const reply = await expectRefused(
      surface,
      () => surface.post("/api/events", healthReport(undefined, { id: 7 })),
      422,
      "validation_failed",
    );
    expect(issuePaths(reply)).toEqual(["id"]);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/vnd.example+json"])(
    "is read whatever the content type says: %s",
    async (type) => {
      const posted = await surface.post("/api/events", healthReport(), { "content-type": type });
      expect(posted.status).toBe(202);
    },
  );

  test("keeps text of every language and numbers of every size as they are", async () => {
    const details = {
      text: "Ünïcödé 漢字 🙂 \\ \" ' ; --",
      big: 1e308,
      tiny: 5e-324,
      negative: -1.5,
      list: [[], {}],
    };
    const posted = await surface.post("/api/events", healthReport(details));
    expect(posted.status).toBe(202);
    expect((await read(posted.body.id)).body.payload.details).toEqual(details);
    await surface.relay();
    const [entry] = (await surface.redis("XREVRANGE", surface.stream, "+", "-", "COUNT", "1")) as [
      string,
      string[],
    ][];
    const payload = entry?.[1][(entry[1].indexOf("payload") ?? 0) + 1] ?? "";
    expect(JSON.parse(payload).details).toEqual(details);
  });
});

describe("an envelope", () => {
  test("is recorded as it is", async () => {
    const event = healthEnvelope({ actor_id: "user-1", severity: "WARNING", target: "monitor" });
    const posted = await surface.post("/api/events", event);
    expect(posted.status).toBe(202);
    expect(posted.body.id).toBe(event.id);
    expect((await read(event.id)).body).toMatchObject(event);
  });

  test.each([
    [{ meta: {} }, ["meta.schema_version", "meta.producer", "meta.source_module"]],
    [{ meta: { schema_version: 1, producer: "probe" } }, ["meta.source_module"]],
    [{ meta: { schema_version: "1.0", producer: "p", source_module: "core" } }, ["meta.schema_version"]],
    [{ meta: undefined }, ["meta"]],
    [{ meta: null }, ["meta"]],
    [{ timestamp: undefined }, ["timestamp"]],
    [{ timestamp: "2026-03-01T10:00:00" }, ["timestamp"]],
    [{ id: undefined }, ["id"]],
    [{ severity: "LOUD" }, ["severity"]],
    [{ event_version: 1 }, ["event_version"]],
  ])("with %j is refused and the field is named; nothing is filled in", async (fields, expected) => {
    const reply = await expectRefused(
      surface,
      () => surface.post("/api/events", healthEnvelope(fields)),
      422,
      "validation_failed",
    );
    expect(issuePaths(reply)).toEqual(expected);
  });
});

describe("the same id again", () => {
  test("is answered with what is recorded; nothing is stored or sent twice", async () => {
    const event = healthReport(undefined, { id: randomUUID() });
    expect((await surface.post("/api/events", event)).status).toBe(202);
    const before = await surface.post("/api/events", event);
    expect(before.status).toBe(200);
    expect(before.body).toEqual({
      status: "deduplicated",
      id: event.id,
      type: "system.health",
      deduplicated: true,
      first_seen_at: (await read(event.id)).body.stored_at,
      stream_message_id: null,
    });
    await surface.relay();
    const length = await surface.streamLength();
    const after = await surface.post("/api/events", event);
    expect(after.status).toBe(200);
    expect(after.body.stream_message_id).toBe((await read(event.id)).body.stream_message_id);
    await surface.relay();
    expect(await surface.streamLength()).toBe(length);
    expect(await surface.sql("SELECT 1 FROM events WHERE id = $1", [event.id])).toHaveLength(1);
  });

  test("sent many times at once is stored once, and one caller only is told 202", async () => {
    const event = healthReport(undefined, { id: randomUUID() });
    const replies = await Promise.all(Array.from({ length: 12 }, () => surface.post("/api/events", event)));
    expect(replies.map(({ status }) => status).sort()).toEqual([...Array(11).fill(200), 202]);
    expect(await surface.sql("SELECT 1 FROM events WHERE id = $1", [event.id])).toHaveLength(1);
  });

  test.each([
    ["payload", healthReport({ load: 0.9 })],
    ["type", { type: "agent.online", payload: { agent_id: "a-1" } }],
  ])("with another %s is a conflict, and the first stays", async (_what, other) => {
    const id = randomUUID();
    await surface.post("/api/events", healthReport(undefined, { id }));
    const reply = await expectRefused(
      surface,
      () => surface.post("/api/events", { ...other, id }),
      409,
      "conflict",
    );
    expect(issuePaths(reply)).toEqual(["id"]);
    expect((await read(id)).body.payload.details).toEqual({ load: 0.5 });
  });
});

describe("GET of one event", () => {
  test.each([randomUUID(), "not-a-uuid", "x".repeat(5_000), "..%2f..%2fhealth"])(
    "that is not in the record is 404: %s",
    async (id) => {
      const reply = await read(id);
      expect(reply.status).toBe(404);
      expect(reply.body.error.code).toBe("not_found");
      expect(reply.text.length).toBeLessThan(400);
    },
  );
});
