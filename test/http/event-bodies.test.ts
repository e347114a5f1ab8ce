import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthReport } from "./sample-events.ts";
import { createSurface, type Surface } from "./surface.ts";

/* Bodies that are near to what the routes of events take: what was received, what was expected, and what to do. */

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface();
});
afterAll(() => surface?.cleanup());

const event = () => healthReport({ n: 1 });
const text = (value: unknown) => JSON.stringify(value);
const send = (path: string, body: string, type = "application/json") =>
  surface.send(path, { method: "POST", body, headers: { "content-type": type } });

describe("one event", () => {
  test.each([
    ["a list", text([event(), event()]), "Received a list of 2"],
    ["a list within an object", text({ events: [event()] }), 'Received an object with a list as "events"'],
    ["a list with something beside it", text({ source: "a", data: [event()] }), 'with a list as "data"'],
  ])("is not %s, and the route of lists is named", async (_what, body, received) => {
    const before = await surface.recorded();
    const reply = await send("/api/events", body);
    expect(reply.status).toBe(422);
    expect(reply.body.error.message).toContain(received);
    expect(reply.body.error.message).toContain("POST /api/events/batch");
    expect(await surface.recorded()).toBe(before);
  });

  test("without a type is told that, whatever lists it has", async () => {
    const reply = await send("/api/events", text({ payload: {}, tags: ["a"] }));
    expect(reply.body.error.details).toContainEqual(expect.objectContaining({ path: "type" }));
  });
});

describe("a batch", () => {
  test("in an object is refused whole, with the form in which it is taken", async () => {
    const before = await surface.recorded();
    const reply = await send("/api/events/batch", text({ events: [event(), event()] }));
    expect(reply.status).toBe(400);
    expect(reply.body.error.message).toMatch(
      /^Received an object with a list as "events"\. Expected the list itself/,
    );
    expect(await surface.recorded()).toBe(before);
  });

  test("in an object is none as lines, either", async () => {
    const reply = await send("/api/events/batch", text({ events: [event()] }), "application/x-ndjson");
    expect(reply.status).toBe(400);
    expect(reply.body.error.message).toContain("Expected the list itself");
  });

  test("may be one event, over several lines, too", async () => {
    const reply = await send("/api/events/batch", JSON.stringify(event(), null, 2));
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({ accepted: 1, results: [{ status: "accepted" }] });
  });

  test("of one event that would not be kept as it is, is that event's refusal", async () => {
    const reply = await send("/api/events/batch", '{"type":"system.health","type":"system.health"}');
    expect(reply.status).toBe(422);
    expect(reply.body).toMatchObject({ accepted: 0, rejected: 1, results: [{ status: "rejected" }] });
  });

  test.each([
    ["an array that is cut off", `[${text(event())},`, "not a JSON array of events"],
    ["lines that are none", `${text(event())}\n{`, "Line 2 is not JSON"],
  ])("that is %s stores nothing", async (_what, body, said) => {
    const before = await surface.recorded();
    const reply = await send("/api/events/batch", body);
    expect(reply.status).toBe(400);
    expect(reply.body.error.message).toContain(said);
    expect(reply.body.error.message.toLowerCase()).toContain("nothing was stored");
    expect(await surface.recorded()).toBe(before);
  });
});
