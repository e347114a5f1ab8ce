import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthReport } from "../sample-events.ts";
import { createSurface, type Surface } from "../surface.ts";

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

  test.each([
    ["an event within an object", { event: event() }, 'an object with an event as "event"'],
    ["an event within one, beside other things", { source: "a", data: event() }, 'with an event as "data"'],
    ["text where events are told", { events: "x" }, 'an object with text as "events"'],
    ["nothing where one is told", { event: null }, 'an object with null as "event"'],
    ["an object that is none", { event: { payload: {} } }, 'an object with an object as "event"'],
    ["a number", { Event: 1, id: "a" }, 'an object with a number as "Event"'],
  ])("is not %s, and its form is told", async (_what, body, received) => {
    const before = await surface.recorded();
    const reply = await send("/api/events", text(body));
    expect(reply.status).toBe(422);
    expect(reply.body.error.message).toContain(received);
    expect(reply.body.error.message).toContain('expected one event itself, { "type": …, "payload": … }');
    expect(reply.body.error.message).toContain("POST /api/events/batch takes a list");
    expect(await surface.recorded()).toBe(before);
  });

  test.each([
    ["two lines of JSON", `${text(event())}\n${text(event())}`, "Received 2 lines of JSON"],
    ["lines with others between them", `\n${text(event())}\r\n\n{}\n[1\n`, "Received 3 lines of JSON"],
  ])("is not %s, and the route of lines is named", async (_what, body, received) => {
    const before = await surface.recorded();
    for (const type of ["application/json", "application/x-ndjson"]) {
      const reply = await send("/api/events", body, type);
      expect(reply.status).toBe(400);
      expect(reply.body.error.message).toContain(received);
      expect(reply.body.error.message).toContain(
        "POST /api/events/batch takes a list, or one event a line (application/x-ndjson)",
      );
    }
    expect(await surface.recorded()).toBe(before);
  });

  test.each([
    ["cut off", '{ "type": "system.health",\n"payload": {'],
    ["no JSON in its second line", `${text(event())}\nand`],
    ["no object in its lines", "1\n2"],
  ])("that is %s is no JSON", async (_what, body) => {
    const reply = await send("/api/events", body);
    expect(reply.status).toBe(400);
    expect(reply.body.error.message).toMatch(/^The body is not JSON/);
  });

  test.each([
    ["a list", { payload: {}, tags: ["a"] }],
    ["an object with a type", { payload: { type: "a" }, context: { type: "b" } }],
    ["an object without one", { id: "a", context: {} }],
  ])("without a type is told that, also when it has %s", async (_what, body) => {
    const reply = await send("/api/events", text(body));
    expect(reply.status).toBe(422);
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

  test.each([
    ["an event", { event: event() }, 'Received an object with an event as "event"'],
    ["text", { events: "x" }, 'Received an object with text as "events"'],
  ])("is none as an object with %s", async (_what, body, received) => {
    const before = await surface.recorded();
    const reply = await send("/api/events/batch", text(body));
    expect(reply.status).toBe(400);
    expect(reply.body.error.message).toContain(received);
    expect(reply.body.error.message).toContain("Expected the list itself");
    expect(await surface.recorded()).toBe(before);
  });

  test.each([
    ["an array", (items: readonly string[]) => `[${items.join(",")}]`],
    ["lines", (items: readonly string[]) => items.join("\n")],
  ])(
    "as %s tells an item that is around an event as what it is, and takes the others",
    async (_what, join) => {
      const before = await surface.recorded();
      const reply = await send("/api/events/batch", join([text({ event: event() }), text(event())]));
      expect(reply.status).toBe(207);
      expect(reply.body.results[0].error.message).toContain('Received an object with an event as "event"');
      expect(await surface.recorded()).toBe(before + 1);
    },
  );

  test("may be one event, over several lines, too", async () => {
    const reply = await send("/api/events/batch", JSON.stringify(event(), null, 2));
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({ accepted: 1, results: [{ status: "accepted" }] });
  });

  test("of one event that would not be kept as it is, is that event's refusal", async () => {
    const reply = await send("/api/events/batch", '{"type":"system.health","type":"system.health"}');
    expect(reply.status).toBe(422);
    expect(reply.body).toMatchObject({ accepted: 0, rejected: 1, results: [{ status: "rejected" }] });
    expect(reply.body.results[0].error.message).toContain("would not be kept as it is");
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
