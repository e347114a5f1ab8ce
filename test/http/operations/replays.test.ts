import { describe, expect, test } from "vitest";
import { expectErrorShape, issuePaths } from "../refusal.ts";
import type { Surface } from "../surface.ts";
import { openLedger } from "./letter-fixture.ts";

const replay = (surface: Surface, body: object) =>
  surface.post("/api/replays", { subscriber: "ledger", ...body });

describe("a replay of what is missing", () => {
  test("brings what was never applied, once, and tells the handler that it is a replay", async () => {
    const { surface, beat, applied } = await openLedger();
    await beat([1, 2, 3]);
    // An accident: effects and claims of one event are gone.
    await surface.sql(
      "DELETE FROM processed_events WHERE event_id = (SELECT event_id FROM ledger WHERE number = 2)",
    );
    await surface.sql("DELETE FROM ledger WHERE number = 2");
    const preview = await replay(surface, { dry_run: true });
    expect(preview.status).toBe(200);
    expect(preview.body).toEqual({
      dry_run: true,
      count: 3,
      more: false,
      already_applied: 2,
      oldest: expect.stringMatching(/Z$/),
      newest: expect.stringMatching(/Z$/),
    });
    const reply = await replay(surface, { name: "repair" });
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({
      kind: "replay",
      subscriber: "ledger",
      name: "repair",
      mode: "only_missing",
      total: 3,
      step: 500,
      max_step: 500,
      filter: { types: ["agent.heartbeat"], accept_duplicates: false },
    });
    await surface.background();
    expect(await applied()).toEqual([1, 3, 2]);
    expect(await surface.sql("SELECT number FROM ledger WHERE replay")).toEqual([{ number: 2 }]);
    const job = (await surface.send(`/api/replays/${reply.body.id}`)).body;
    expect(job).toMatchObject({ status: "completed", queued: 1, succeeded: 1, skipped: 2, progress: 1 });
    expect((await surface.send("/api/replays?subscriber=ledger")).body).toEqual({
      replays: [job],
      next_cursor: null,
    });

    await replay(surface, { name: "once more" });
    await surface.background();
    expect(await applied()).toEqual([1, 3, 2]);
  });

  test("of one event brings that one alone", async () => {
    const { surface, beat, applied } = await openLedger();
    await beat([1, 2, 3]);
    const [second] = await surface.sql("SELECT event_id FROM ledger WHERE number = 2");
    const event_id = String(second?.event_id).toUpperCase();
    expect((await replay(surface, { dry_run: true, event_id })).body).toMatchObject({ count: 1 });
    const one = { name: "one", mode: "force", reason: "once more", accept_duplicates: true, event_id };
    expect((await replay(surface, one)).body).toMatchObject({ total: 1 });
    await surface.background();
    expect(await applied()).toEqual([1, 2, 3, 2]);
    const wrong = await replay(surface, { dry_run: true, event_id: "2" });
    expect(wrong.status).toBe(422);
    expect(issuePaths(wrong)).toEqual(["event_id"]);
  });

  test("resolves the dead letters that it brings", async () => {
    const { surface, refused, beat, applied, statuses } = await openLedger();
    refused.add(2);
    await beat([1, 2]);
    refused.clear();
    await replay(surface, { name: "with letters" });
    await surface.background();
    expect(await applied()).toEqual([1, 2]);
    expect(await statuses()).toEqual(["resolved"]);
  });
});

test("what fails in a replay is found by its id, and can be redriven by it", async () => {
  const { surface, refused, beat, applied, statuses } = await openLedger();
  await beat([1, 2]);
  await surface.sql("DELETE FROM processed_events");
  await surface.sql("DELETE FROM ledger");
  refused.add(2);
  const { id } = (await replay(surface, { name: "fails" })).body;
  await surface.background();
  expect((await surface.send(`/api/replays/${id}`)).body).toMatchObject({ succeeded: 1, failed: 1 });
  const found = (await surface.send(`/api/dead-letters?job_id=${id}`)).body.dead_letters;
  expect(found).toMatchObject([{ job_id: id, status: "open" }]);
  expect((await surface.send(`/api/dead-letters?job_id=${Number(id) + 1}`)).body.dead_letters).toEqual([]);
  refused.clear();
  const redrive = await surface.post("/api/dead-letters/redrive", { name: "again", filter: { job_id: id } });
  expect(redrive).toMatchObject({ status: 202, body: { total: 1 } });
  await surface.background();
  expect(await applied()).toEqual([1, 2]);
  expect(await statuses()).toEqual(["resolved"]);
});

describe("a forced replay", () => {
  test("applies everything once more, and a second one once again", async () => {
    const { surface, beat, applied } = await openLedger();
    await beat([1, 2]);
    expect(await applied()).toEqual([1, 2]);
    await replay(surface, { name: "a", mode: "force", reason: "the table was rebuilt" });
    await surface.background();
    expect(await applied()).toEqual([1, 2, 1, 2]);
    await replay(surface, { name: "b", mode: "force", reason: "and again" });
    await surface.background();
    expect(await applied()).toEqual([1, 2, 1, 2, 1, 2]);
    await replay(surface, { name: "c" });
    await surface.background();
    expect(await applied()).toEqual([1, 2, 1, 2, 1, 2]);
  });

  test("needs a reason", async () => {
    const { surface } = await openLedger();
    const reply = await replay(surface, { name: "a", mode: "force" });
    expectErrorShape(reply, 422, "validation_failed");
    expect(issuePaths(reply)).toEqual(["reason"]);
  });
});

describe("what is refused", () => {
  test("events older than the claims: 409 with the horizon", async () => {
    const { surface, beat } = await openLedger({ BRAIN_DEDUP_DAYS: "30" });
    await beat([1, 2]);
    await surface.sql("UPDATE events SET stored_at = now() - interval '40 days' WHERE position = 1");
    const reply = await replay(surface, { name: "old" });
    expectErrorShape(reply, 409, "conflict");
    expect(reply.body.error.message).toMatch(/BRAIN_DEDUP_DAYS=30/);
    expect((await replay(surface, { name: "old", accept_duplicates: true })).status).toBe(202);
  });

  test("a consumer that is not there, and a name that is taken", async () => {
    const { surface } = await openLedger();
    expectErrorShape(await replay(surface, { subscriber: "nobody", name: "x" }), 404, "not_found");
    expect((await replay(surface, { name: "x" })).status).toBe(202);
    expectErrorShape(await replay(surface, { name: "x" }), 409, "conflict");
  });

  test.each<[string, object, string]>([
    ["no name", {}, "name"],
    ["an unknown mode", { name: "x", mode: "all" }, "mode"],
    ["no types", { name: "x", types: [] }, "types"],
    ["a type that the consumer does not handle", { name: "x", types: ["system.health"] }, "types"],
    ["a time without an offset", { name: "x", from: "2026-01-01" }, "from"],
    [
      "an end before the beginning",
      { name: "x", from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" },
      "to",
    ],
    [
      "an end before the beginning, told by instants and not by text",
      { name: "x", from: "2026-01-02T00:30:00Z", to: "2026-01-02T01:00:00+01:00" },
      "to",
    ],
    ["an unknown field", { name: "x", until: "2026-01-01T00:00:00Z" }, ""],
    ["a rate of 0", { name: "x", rate_per_second: 0 }, "rate_per_second"],
  ])("%s", async (_what, body, path) => {
    const { surface } = await openLedger();
    const reply = await replay(surface, body);
    expectErrorShape(reply, 422, "validation_failed");
    expect(issuePaths(reply)).toContain(path);
    expect(await surface.sql("SELECT * FROM jobs")).toEqual([]);
  });

  test("a replay that is not there, whatever its id looks like", async () => {
    const { surface } = await openLedger();
    for (const id of ["1", "0", "x", "9".repeat(40), "-1"]) {
      expectErrorShape(await surface.send(`/api/replays/${id}`), 404, "not_found");
      for (const change of ["pause", "resume", "cancel"]) {
        expectErrorShape(await surface.post(`/api/replays/${id}/${change}`, {}), 404, "not_found");
      }
    }
  });
});
