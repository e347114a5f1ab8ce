import { describe, expect, test } from "vitest";
import { waitFor } from "../../wait-for.ts";
import { expectErrorShape, issuePaths } from "../refusal.ts";
import type { Surface } from "../surface.ts";
import { openLedger } from "./letter-fixture.ts";

const redrive = (surface: Surface, body: unknown, headers: Record<string, string> = {}) =>
  surface.post("/api/dead-letters/redrive", body, headers);

describe("a dead letter whose cause is mended", () => {
  test("is redriven and applied once, and its letter is resolved", async () => {
    const { surface, refused, beat, applied, letters, statuses } = await openLedger();
    refused.add(2);
    await beat([1, 2, 3]);
    expect(await applied()).toEqual([1, 3]);
    const [id = ""] = await letters();
    refused.clear();
    const reply = await surface.post(`/api/dead-letters/${id}/redrive`, { reason: "the rule was wrong" });
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({ id, subscriber: "ledger", redrives: 1 });
    await surface.background();
    expect(await applied()).toEqual([1, 3, 2]);
    expect(await statuses()).toEqual(["resolved"]);
    expect(await surface.sql("SELECT * FROM deliveries")).toEqual([]);

    const again = await surface.post(`/api/dead-letters/${id}/redrive`, {});
    expectErrorShape(again, 409, "conflict");
    expect(again.body.error.message).toContain("was resolved at");
    const shown = await surface.send(`/api/dead-letters/${id}`);
    expect(shown.body.actions).toMatchObject([
      { action: "dead_letter.redriven", reason: "the rule was wrong" },
    ]);
  });

  test("that fails again is open again, with its tries added up", async () => {
    const { surface, refused, beat, letters, statuses } = await openLedger();
    refused.add(2);
    await beat([2]);
    const [id = ""] = await letters();
    await surface.post(`/api/dead-letters/${id}/redrive`, {});
    await surface.background();
    expect(await statuses()).toEqual(["open"]);
    expect((await surface.send(`/api/dead-letters/${id}`)).body).toMatchObject({
      status: "open",
      attempts: 2,
      redrives: 1,
      has_body: true,
    });
  });

  test("one that was applied meanwhile is not applied twice", async () => {
    const { surface, refused, beat, applied, letters, statuses } = await openLedger();
    refused.add(2);
    await beat([2]);
    const [id = ""] = await letters();
    refused.clear();
    await surface.sql(
      `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id)
       SELECT subscriber_name, stream_name, stream_message_id, event_id FROM dead_letters`,
    );
    await surface.post(`/api/dead-letters/${id}/redrive`, {});
    await surface.background();
    expect(await applied()).toEqual([]);
    expect(await statuses()).toEqual(["resolved"]);
  });

  test("without that claim it would be applied", async () => {
    const { surface, refused, beat, applied, letters } = await openLedger();
    refused.add(2);
    await beat([2]);
    refused.clear();
    await surface.post(`/api/dead-letters/${(await letters())[0]}/redrive`, {});
    await surface.background();
    expect(await applied()).toEqual([2]);
  });
});

describe("an edited copy", () => {
  test("is applied in place of the original, under an id of its own, and only one of the two ever", async () => {
    const { surface, refused, beat, applied, letters, drain } = await openLedger();
    refused.add(2);
    await beat([2]);
    const [id = ""] = await letters();
    const before = (await surface.send(`/api/dead-letters/${id}`)).body;
    const payload = { agent_id: "a", tasks_completed: 20, tasks_failed: 0 };
    const reply = await surface.post(`/api/dead-letters/${id}/redrive`, { payload, reason: "wrong number" });
    expect(reply.status).toBe(202);
    await surface.background();
    expect(await applied()).toEqual([20]);

    const letter = (await surface.send(`/api/dead-letters/${id}`)).body;
    expect(letter).toMatchObject({
      status: "resolved",
      event_id: before.event_id,
      raw_fields: before.raw_fields,
      edited_event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(letter.edited_event_id).not.toBe(letter.event_id);
    expect(JSON.parse(letter.edited_fields.payload)).toEqual(payload);
    expect(JSON.parse(letter.edited_fields.meta).causation_id).toBe(letter.event_id);
    expect(letter.actions).toMatchObject([
      { action: "dead_letter.edited", filter: { ids: [id], edited_event_id: letter.edited_event_id } },
    ]);
    const claims = await surface.sql("SELECT stream_message_id, event_id FROM processed_events ORDER BY id");
    expect(claims).toEqual([
      { stream_message_id: `edited:${id}`, event_id: letter.event_id },
      { stream_message_id: letter.stream_message_id, event_id: letter.edited_event_id },
    ]);

    // The original comes by the stream once more, as after a lost ack.
    refused.clear();
    await surface.redis("XGROUP", "SETID", surface.stream, "edge_ledger", "0");
    await drain();
    expect(await applied()).toEqual([20]);
  });

  test("that does not fit the event's definition is refused, field by field, and changes nothing", async () => {
    const { surface, refused, beat, letters, statuses } = await openLedger();
    refused.add(2);
    await beat([2]);
    const [id = ""] = await letters();
    const payload = { agent_id: 7, tasks_completed: -1 };
    const reply = await surface.post(`/api/dead-letters/${id}/redrive`, { payload });
    expectErrorShape(reply, 422, "validation_failed");
    expect(issuePaths(reply)).toEqual(
      expect.arrayContaining(["payload.agent_id", "payload.tasks_completed", "payload.tasks_failed"]),
    );
    expect(await statuses()).toEqual(["open"]);
    expect(await surface.sql("SELECT edited_fields FROM dead_letters")).toEqual([{ edited_fields: null }]);
    expect(await surface.sql("SELECT * FROM operator_actions WHERE action LIKE 'dead%'")).toEqual([]);
  });

  test("of an entry that cannot be read, or whose body is lost, is refused", async () => {
    const { surface, refused, beat, drain, letters } = await openLedger();
    await surface.append(["id", "x", "type", "agent.heartbeat"]);
    await drain();
    refused.add(2);
    await beat([2]);
    await surface.sql(
      "UPDATE dead_letters SET raw_fields = NULL, event_id = 'gone' WHERE event_id IS NOT NULL",
    );
    const [unreadable = "", lost = ""] = await letters();
    for (const [id, why] of [
      [unreadable, "cannot be read"],
      [lost, "is lost"],
    ]) {
      const reply = await surface.post(`/api/dead-letters/${id}/redrive`, { payload: {} });
      expectErrorShape(reply, 409, "conflict");
      expect(reply.body.error.message).toContain(why);
    }
    const plain = await surface.post(`/api/dead-letters/${lost}/redrive`, {});
    expectErrorShape(plain, 409, "conflict");
    expect(plain.body.error.message).toContain("is lost");
  });

  test("takes the body from the record when the entry was trimmed", async () => {
    const { surface, refused, beat, applied, letters } = await openLedger();
    refused.add(2);
    await beat([2]);
    await surface.sql("UPDATE dead_letters SET raw_fields = NULL");
    const [id = ""] = await letters();
    const payload = { agent_id: "a", tasks_completed: 5, tasks_failed: 0 };
    expect((await surface.post(`/api/dead-letters/${id}/redrive`, { payload })).status).toBe(202);
    await surface.background();
    expect(await applied()).toEqual([5]);
  });
});

describe("a consumer whose dead letters hold their keys", () => {
  async function held() {
    const ledger = await openLedger({}, { afterDeadLetter: "hold_key" });
    ledger.refused.add(1);
    await ledger.beat([1, 2]);
    await ledger.beat([1, 2], "b");
    expect([await ledger.applied(), await ledger.applied("b")]).toEqual([[], []]);
    expect(await ledger.statuses()).toEqual(["open", "open"]);
    return ledger;
  }

  test("goes on with a key when its letter is discarded", async () => {
    const { surface, applied, letters } = await held();
    const [id] = await letters();
    await surface.post(`/api/dead-letters/${id}/discard`, { reason: "not needed" });
    await surface.background();
    expect([await applied(), await applied("b")]).toEqual([[2], []]);
    const filter = { subscriber: "ledger" };
    await surface.post("/api/dead-letters/discard", { filter, reason: "not needed either" });
    await surface.background();
    expect([await applied(), await applied("b")]).toEqual([[2], [2]]);
  });

  test("keeps the order of each key while a redrive takes the letters one after the other", async () => {
    const { surface, refused, applied } = await held();
    refused.clear();
    await redrive(surface, { filter: { subscriber: "ledger" }, max_step: 1 });
    await surface.background();
    expect([await applied(), await applied("b")]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});

describe("a redrive of many", () => {
  test("goes in growing steps to its end, in the order of each key", async () => {
    const { surface, refused, beat, applied, statuses } = await openLedger();
    const numbers = Array.from({ length: 12 }, (_, n) => n);
    for (const number of numbers) refused.add(number);
    await beat(numbers);
    await beat(numbers, "b");
    expect(await statuses()).toEqual(Array(24).fill("open"));
    const preview = await redrive(surface, { filter: { subscriber: "ledger" }, dry_run: true });
    expect(preview.status).toBe(200);
    expect(preview.body).toEqual({
      dry_run: true,
      count: 24,
      more: false,
      not_redrivable: 0,
      by_subscriber: [{ subscriber: "ledger", count: 24 }],
    });

    refused.clear();
    const reply = await redrive(surface, {
      filter: { subscriber: "ledger" },
      name: "monday",
      reason: "mended",
    });
    expect(reply.status).toBe(202);
    expect(reply.body).toMatchObject({
      kind: "redrive",
      subscriber: "ledger",
      name: "monday",
      mode: null,
      filter: { subscriber: "ledger" },
      total: 24,
      max_step: 1_000,
      stop_ratio: 0.5,
      reason: "mended",
    });
    await surface.background();
    const job = (await surface.send(`/api/dead-letters/redrives/${reply.body.id}`)).body;
    expect(job).toMatchObject({
      status: "completed",
      total: 24,
      queued: 24,
      succeeded: 24,
      failed: 0,
      in_flight: 0,
      progress: 1,
      finished_at: expect.any(String),
    });
    expect(await applied()).toEqual(numbers);
    expect(await applied("b")).toEqual(numbers);
    expect(await statuses()).toEqual(Array(24).fill("resolved"));
    const list = await surface.send("/api/dead-letters/redrives?status=completed&subscriber=ledger");
    expect(list.body).toEqual({ redrives: [job], next_cursor: null });
    expect((await surface.send("/api/dead-letters/redrives?status=running")).body.redrives).toEqual([]);
    expect((await surface.send("/api/replays")).body.replays).toEqual([]);
    expectErrorShape(await surface.send(`/api/replays/${reply.body.id}`), 404, "not_found");
  });

  test("stops when the cause is not mended, after one event and not after all", async () => {
    const { surface, refused, beat, statuses } = await openLedger();
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    for (const number of numbers) refused.add(number);
    await beat(numbers);
    const { body } = await redrive(surface, { filter: { subscriber: "ledger" } });
    await surface.background();
    const job = (await surface.send(`/api/dead-letters/redrives/${body.id}`)).body;
    expect(job).toMatchObject({ status: "stopped", queued: 1, failed: 1 });
    expect(job.status_reason).toContain("1 of 1 events");
    expect(await statuses()).toEqual(Array(30).fill("open"));
  });

  test("can be paused, resumed and cancelled", async () => {
    const { surface, refused, beat, statuses } = await openLedger();
    refused.add(1).add(2).add(3);
    await beat([1, 2, 3]);
    const { body } = await redrive(surface, {
      filter: { subscriber: "ledger" },
      rate_per_second: 0.01,
      stop_ratio: null,
    });
    await surface.background();
    const change = (what: string) =>
      surface.post(`/api/dead-letters/redrives/${body.id}/${what}`, { reason: "test" });
    expect((await change("pause")).body).toMatchObject({
      status: "paused",
      queued: 1,
      rate_per_second: 0.01,
    });
    expectErrorShape(await change("pause"), 409, "conflict");
    expect(await statuses()).toEqual(["open", "requeued", "requeued"]);
    expect((await change("cancel")).body).toMatchObject({ status: "cancelled" });
    expect(await statuses()).toEqual(["open", "open", "open"]);
    expectErrorShape(await change("resume"), 409, "conflict");
    const actions = (await surface.send("/api/operator-actions?subscriber=ledger")).body.operator_actions;
    expect(actions.map(({ action }: { action: string }) => action).slice(0, 3)).toEqual([
      "redrive.cancelled",
      "redrive.paused",
      "redrive.started",
    ]);
    expect(actions[0]).toMatchObject({ job_id: body.id, reason: "test" });
  });

  test.each<[string, unknown, string]>([
    ["no filter", {}, "filter"],
    ["a filter without a condition", { filter: {} }, "filter"],
    ["an unknown condition", { filter: { subscribers: "x" } }, "filter"],
    ["no ids", { filter: { ids: [] } }, "filter.ids"],
    ["an id that is none", { filter: { ids: ["x"] } }, "filter.ids.0"],
    ["a time without an offset", { filter: { failed_from: "2026-01-01T00:00:00" } }, "filter.failed_from"],
    ["a fingerprint that is none", { filter: { fingerprint: "XYZ" } }, "filter.fingerprint"],
    ["a rate of 0", { filter: { ids: [1] }, rate_per_second: 0 }, "rate_per_second"],
    ["a step of 0", { filter: { ids: [1] }, max_step: 0 }, "max_step"],
    ["a step that is too large", { filter: { ids: [1] }, max_step: 1_001 }, "max_step"],
    ["a ratio above 1", { filter: { ids: [1] }, stop_ratio: 1.1 }, "stop_ratio"],
    ["an unknown field", { filter: { ids: [1] }, dryrun: true }, ""],
    ["a name with control characters", { filter: { ids: [1] }, name: "a\u0000b" }, "name"],
    ["a reason with an address", { filter: { ids: [1] }, reason: "ask jane.doe@example.com" }, "reason"],
  ])("%s is refused", async (_what, body, path) => {
    const { surface } = await openLedger();
    const reply = await redrive(surface, body);
    expectErrorShape(reply, 422, "validation_failed");
    expect(issuePaths(reply)).toContain(path);
    expect(await surface.sql("SELECT * FROM jobs")).toEqual([]);
  });

  test("a name that is taken is 409; no letter in the set is a job that is done", async () => {
    const { surface } = await openLedger();
    const body = { filter: { subscriber: "ledger" }, name: "nothing" };
    const first = await redrive(surface, body);
    expect(first.body).toMatchObject({ total: 0 });
    await surface.background();
    const job = await waitFor(
      "the job is completed",
      () => surface.send(`/api/dead-letters/redrives/${first.body.id}`),
      (reply) => reply.body.status === "completed",
    );
    expect(job.body.progress).toBe(1);
    const second = await redrive(surface, body);
    expectErrorShape(second, 409, "conflict");
    expect(second.body.error.message).toContain(`job ${first.body.id}, completed`);
  });
});
