import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthEnvelope, healthReport } from "../sample-events.ts";
import { createSurface, type Reply, type Surface } from "../surface.ts";

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface();
});
afterAll(() => surface?.cleanup());

const batch = (body: unknown, headers: Record<string, string> = {}) =>
  surface.post("/api/events/batch", body, headers);
const lines = (body: string) => batch(body, { "content-type": "application/x-ndjson" });
const reports = (count: number) =>
  Array.from({ length: count }, (_, n) => healthReport({ n }, { id: randomUUID() }));
const statuses = (reply: Reply) => (reply.body.results as { status: string }[]).map(({ status }) => status);

async function recordedIds(ids: readonly string[]): Promise<string[]> {
  const rows = await surface.sql<{ id: string }>(
    "SELECT id FROM events WHERE id = ANY($1::uuid[]) ORDER BY position",
    [ids],
  );
  return rows.map(({ id }) => id);
}

describe("a batch", () => {
  test("as a JSON array is recorded in its order and sent in its order", async () => {
    const events = [...reports(3), healthEnvelope(), ...reports(2)];
    const ids: string[] = events.map(({ id }) => id);
    const reply = await batch(events);
    expect(reply.status).toBe(202);
    expect(reply.body).toEqual({
      accepted: 6,
      deduplicated: 0,
      rejected: 0,
      results: ids.map((id, index) => ({
        index,
        status: "accepted",
        id,
        type: "system.health",
        deduplicated: false,
      })),
    });
    expect(await recordedIds(ids)).toEqual(ids);
    await surface.relay();
    const entries = (await surface.redis("XRANGE", surface.stream, "-", "+")) as [string, string[]][];
    const sent = entries.map(([, fields]) => fields[fields.indexOf("id") + 1] ?? "");
    expect(sent.filter((id) => ids.includes(id))).toEqual(ids);
  });

  test.each([
    ["application/x-ndjson", "\n"],
    ["application/jsonl; charset=utf-8", "\r\n"],
    ["text/plain", "\n\n  \n"],
  ])("as lines of %s is recorded too; blank lines count for nothing", async (type, separator) => {
    const events = reports(4);
    const text = `${separator}${events.map((event) => JSON.stringify(event)).join(separator)}${separator}`;
    const reply = await batch(text, { "content-type": type });
    expect(reply.status).toBe(202);
    expect(reply.body.results.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 3]);
    expect(await recordedIds(events.map(({ id }) => id))).toHaveLength(4);
  });

  test("of one line with an array of events is no array of events", async () => {
    const reply = await lines(JSON.stringify(reports(2)));
    expect(reply.status).toBe(422);
    expect(reply.body).toMatchObject({ accepted: 0, rejected: 1 });
  });

  test("of 1,000 is accepted, of 1,001 refused whole", async () => {
    const events = reports(1_000);
    const reply = await batch(events);
    expect(reply.status).toBe(202);
    expect(reply.body.accepted).toBe(1_000);
    expect(await recordedIds(events.map(({ id }) => id))).toEqual(events.map(({ id }) => id));

    const before = await surface.recorded();
    for (const body of [
      JSON.stringify(reports(1_001)),
      reports(1_001)
        .map((e) => JSON.stringify(e))
        .join("\n"),
    ]) {
      const refused = await batch(body);
      expect(refused.status).toBe(400);
      expect(refused.body.error).toMatchObject({
        code: "bad_request",
        message: expect.stringContaining("1001"),
      });
    }
    expect(await surface.recorded()).toBe(before);
  });

  test("with good and bad items stores the good ones and tells of each bad one", async () => {
    const [first, second] = reports(2);
    const badId = randomUUID();
    const reply = await batch([
      first,
      { type: "system.heath", payload: {}, id: badId },
      healthReport("a text"),
      null,
      healthReport({ note: "x".repeat(65_600) }),
      second,
    ]);
    expect(reply.status).toBe(207);
    expect(reply.body).toMatchObject({ accepted: 2, deduplicated: 0, rejected: 4 });
    expect(statuses(reply)).toEqual(["accepted", "rejected", "rejected", "rejected", "rejected", "accepted"]);
    const [, unknownType, badPayload, nothing, tooLarge] = reply.body.results;
    expect(unknownType).toMatchObject({
      index: 1,
      id: badId,
      error: { code: "validation_failed", message: expect.stringContaining('"system.health"') },
    });
    expect(unknownType.error.details[0].path).toBe("type");
    expect(badPayload.error.details[0].path).toBe("payload.details");
    expect(nothing).toMatchObject({ id: null, error: { code: "validation_failed" } });
    expect(tooLarge.error).toMatchObject({ code: "payload_too_large", details: [{ path: "payload" }] });
    expect(await recordedIds([first?.id ?? "", second?.id ?? "", badId])).toEqual([first?.id, second?.id]);
  });

  test("of bad items only is 422 and stores nothing", async () => {
    const before = await surface.recorded();
    const reply = await batch([{}, { type: "nope" }, 7]);
    expect(reply.status).toBe(422);
    expect(reply.body).toMatchObject({ accepted: 0, rejected: 3 });
    expect(await surface.recorded()).toBe(before);
  });

  test("that holds one id twice stores it once", async () => {
    const [event] = reports(1);
    const reply = await batch([event, event, { ...event, id: event?.id.toUpperCase() }]);
    expect(reply.status).toBe(202);
    expect(statuses(reply)).toEqual(["accepted", "deduplicated", "deduplicated"]);
    expect(await recordedIds([event?.id ?? ""])).toHaveLength(1);
  });

  test("that holds one id with two payloads stores the first and refuses the second", async () => {
    const [event] = reports(1);
    const reply = await batch([event, { ...event, payload: healthReport({ n: 2 }).payload }]);
    expect(reply.status).toBe(207);
    expect(statuses(reply)).toEqual(["accepted", "rejected"]);
    expect(reply.body.results[1].error).toMatchObject({ code: "conflict", details: [{ path: "id" }] });
    const rows = await surface.sql<{ payload: unknown }>("SELECT payload FROM events WHERE id = $1", [
      event?.id,
    ]);
    expect(rows).toEqual([{ payload: event?.payload }]);
  });

  test("sent again is answered as known, with new events among the old", async () => {
    const old = reports(3);
    await batch(old);
    await surface.relay();
    const [fresh] = reports(1);
    const reply = await batch([old[0], fresh, old[2]]);
    expect(reply.status).toBe(202);
    expect(statuses(reply)).toEqual(["deduplicated", "accepted", "deduplicated"]);
    expect(reply.body.results[0].stream_message_id).toMatch(/^\d+-\d+$/);
    const repeated = await batch(old);
    expect(repeated.body).toMatchObject({ accepted: 0, deduplicated: 3, rejected: 0 });
  });

  test("sent by two at the same time, each in another order, is stored once", async () => {
    const events = reports(600);
    const replies = await Promise.all([batch(events), batch(events.toReversed())]);
    expect(replies.map(({ status }) => status)).toEqual([202, 202]);
    expect(replies.reduce((sum, { body }) => sum + body.accepted, 0)).toBe(600);
    expect(await recordedIds(events.map(({ id }) => id))).toHaveLength(600);
  });
});

describe("what is no batch is refused with 400 and stores nothing", () => {
  const good = JSON.stringify(healthReport());
  test.each([
    ["an empty body", ""],
    ["blank lines", "\n \n"],
    ["an empty array", "[]"],
    ["an array that does not end", `[${good}`],
    ["an array with a rest", `[${good}] x`],
    ["a broken line among good ones", `${good}\n{"type"\n${good}`],
  ])("%s", async (_what, body) => {
    const before = await surface.recorded();
    const reply = await batch(body);
    expect(reply.status).toBe(400);
    expect(reply.body.error).toMatchObject({ code: "bad_request", message: expect.stringMatching(/\S/) });
    expect(await surface.recorded()).toBe(before);
  });

  test("a broken line is named by its number in the body", async () => {
    const reply = await lines(`\n${good}\n\nbroken\n`);
    expect(reply.body.error.message).toContain("Line 4 ");
  });
});
