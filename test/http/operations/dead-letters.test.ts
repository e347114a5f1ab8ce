import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labCatalog } from "../../engine/events.ts";
import { recorder } from "../../engine/fixture.ts";
import { type Planted, plantLetters } from "../../engine/operations/bulk-fixture.ts";
import { expectErrorShape, issuePaths } from "../refusal.ts";
import { createSurface, type Surface } from "../surface.ts";

const a = "00000000000000aa";
const b = "00000000000000bb";

let surface: Surface;
let ids: string[];
const letters: readonly Planted[] = [
  { key: "k1", tenant: "acme", fingerprint: a, failedAt: "2026-03-01T10:00:00Z" },
  { key: "k2", fingerprint: a, failedAt: "2026-03-02T10:00:00Z" },
  { key: "k2", fingerprint: b, type: "lab.meter.read", failedAt: "2026-03-03T10:00:00Z" },
  { fingerprint: b, type: "lab.meter.read", status: "resolved" },
  { fingerprint: b, type: "lab.meter.read", status: "discarded" },
  { subscriber: "second", fingerprint: a, type: null, eventId: null, rawFields: null, status: "requeued" },
];
beforeAll(async () => {
  surface = await createSurface({ catalog: labCatalog, consumers: [recorder()] });
  ids = await plantLetters(surface, letters);
});
afterAll(() => surface?.cleanup());

const list = async (query: string) => {
  const reply = await surface.send(`/api/dead-letters${query}`);
  expect(reply.text.slice(0, 300)).toMatch(/^\{"dead_letters":/);
  return reply.body as {
    dead_letters: { id: string; [field: string]: unknown }[];
    next_cursor: string | null;
  };
};
const indexes = async (query: string) => (await list(query)).dead_letters.map(({ id }) => ids.indexOf(id));

describe("the list", () => {
  test("shows open letters, the newest first, with everything but the body", async () => {
    const { dead_letters, next_cursor } = await list("");
    expect(next_cursor).toBeNull();
    expect(dead_letters.map(({ id }) => id)).toEqual([ids[2], ids[1], ids[0]]);
    expect(dead_letters[2]).toEqual({
      id: ids[0],
      subscriber: "recorder",
      stream: surface.stream,
      stream_message_id: expect.stringMatching(/^1700000000000-\d+$/),
      shard: 0,
      event_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      event_type: "lab.part.checked",
      tenant_id: "acme",
      correlation_id: null,
      key: "k1",
      reason: "permanent",
      error_class: "PermanentError",
      error_message: expect.stringContaining("was refused"),
      fingerprint: a,
      attempts: 1,
      redrives: 0,
      status: "open",
      job_id: null,
      replay_epoch: 0,
      first_failed_at: "2026-03-01T10:00:00.000Z",
      last_failed_at: "2026-03-01T10:00:00.000Z",
      resolution: null,
      resolved_at: null,
      edited_event_id: null,
    });
  });

  test.each([
    ["?status=all", [5, 4, 3, 2, 1, 0]],
    ["?status=requeued", [5]],
    ["?status=resolved", [3]],
    ["?status=all&subscriber=second", [5]],
    ["?type=lab.meter.read", [2]],
    [`?fingerprint=${a}`, [1, 0]],
    ["?tenant_id=acme", [0]],
    ["?key=k2", [2, 1]],
    [`?key=k2&fingerprint=${b}`, [2]],
    ["?key=k3", []],
  ])("can be narrowed: %s", async (query, expected) => {
    expect(await indexes(query)).toEqual(expected);
  });

  test("pages meet, without a gap and without a repeat", async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(
        `?status=all&limit=4${cursor === null ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...page.dead_letters.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual([...ids].reverse());
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=501", "limit"],
    ["cursor=x", "cursor"],
    ["cursor=9999999999999999999", "cursor"],
    ["status=closed", "status"],
    ["fingerprint=1", "fingerprint"],
    ["subscriber=%00", "subscriber"],
    ["open=true", ""],
  ])("%s is refused", async (query, path) => {
    const reply = await surface.send(`/api/dead-letters?${query}`);
    expectErrorShape(reply, 422, "validation_failed");
    expect(issuePaths(reply)).toContain(path);
  });
});

describe("the groups", () => {
  test("tell kinds of failure, the largest first, with one letter as a sample", async () => {
    const open = (await surface.send("/api/dead-letters/groups")).body.groups;
    expect(open).toEqual([
      {
        fingerprint: a,
        subscriber: "recorder",
        event_type: "lab.part.checked",
        error_class: "PermanentError",
        reason: "permanent",
        error_message: expect.any(String),
        sample_id: ids[1],
        count: 2,
        open: 2,
        first_failed_at: "2026-03-01T10:00:00.000Z",
        last_failed_at: "2026-03-02T10:00:00.000Z",
        trend: new Array(24).fill(0),
      },
      expect.objectContaining({ fingerprint: b, count: 1, open: 1, sample_id: ids[2] }),
    ]);
    const all = (await surface.send("/api/dead-letters/groups?status=all")).body.groups;
    expect(all.map((group: { count: number; open: number }) => [group.count, group.open])).toEqual([
      [3, 1],
      [2, 2],
      [1, 0],
    ]);
    const second = await surface.send("/api/dead-letters/groups?status=all&subscriber=second");
    expect(second.body.groups).toMatchObject([{ subscriber: "second", event_type: null }]);
    const one = await surface.send(`/api/dead-letters/groups?fingerprint=${b}`);
    expect(one.body.groups.map((group: { fingerprint: string }) => group.fingerprint)).toEqual([b]);
  });

  test("tell how many failed in each of the last 24 hours, the oldest first", async () => {
    const fingerprint = "00000000000000ee";
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const planted = [5, 10, 90, 23 * 60 + 30, 25 * 60].map((minutes) => ({
      subscriber: "trending",
      fingerprint,
      failedAt: ago(minutes),
    }));
    await plantLetters(surface, planted);
    const { groups } = (await surface.send("/api/dead-letters/groups?subscriber=trending")).body;
    expect(groups).toHaveLength(1);
    expect(groups[0].trend).toEqual([1, ...new Array(21).fill(0), 1, 2]);
    expect(groups[0].count).toBe(5);
    await surface.sql("DELETE FROM dead_letters WHERE subscriber_name = 'trending'");
  });
});

describe("one letter", () => {
  test("shows the entry, and whether there is a body to redrive", async () => {
    const letter = await surface.send(`/api/dead-letters/${ids[0]}`);
    expect(letter.body).toMatchObject({
      id: ids[0],
      raw_fields: { id: "x", type: "lab.part.checked" },
      edited_fields: null,
      has_body: true,
      actions: [],
    });
    expect((await surface.send(`/api/dead-letters/${ids[5]}`)).body).toMatchObject({
      raw_fields: null,
      has_body: false,
    });
  });

  test.each(["0", "999999", "-1", "1.5", "x", "9".repeat(30), randomUUID(), "__proto__"])(
    "%s is not there",
    async (id) => {
      expectErrorShape(await surface.send(`/api/dead-letters/${id}`), 404, "not_found");
      expectErrorShape(await surface.post(`/api/dead-letters/${id}/redrive`, {}), 404, "not_found");
      expectErrorShape(
        await surface.post(`/api/dead-letters/${id}/redrive`, { payload: { x: 1 } }),
        404,
        "not_found",
      );
      expectErrorShape(
        await surface.post(`/api/dead-letters/${id}/discard`, { reason: "gone" }),
        404,
        "not_found",
      );
    },
  );

  test("of a consumer that is gone cannot be redriven, and the answer says what to do", async () => {
    const [id] = await plantLetters(surface, [{ subscriber: "gone" }]);
    const reply = await surface.post(`/api/dead-letters/${id}/redrive`, {});
    expectErrorShape(reply, 409, "conflict");
    expect(reply.body.error.message).toMatch(/no consumer has that name any more\. Discard it/);
    await surface.sql("DELETE FROM dead_letters WHERE id = $1", [id]);
  });

  test("whose entry is deferred already stays open, and the answer says so", async () => {
    const [id] = await plantLetters(surface, [{ messageId: "1800000000000-1" }]);
    await surface.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, cause, attempts, due_at)
       VALUES ('recorder', 0, 's', '1800000000000-1', 'waiting', 1, now() + interval '1 hour')`,
    );
    const reply = await surface.post(`/api/dead-letters/${id}/redrive`, {});
    expectErrorShape(reply, 409, "conflict");
    expect(reply.body.error.message).toContain("the letter stays open");
    expect((await surface.send(`/api/dead-letters/${id}`)).body).toMatchObject({
      status: "open",
      redrives: 0,
    });
    await surface.sql("DELETE FROM deliveries");
    await surface.sql("DELETE FROM dead_letters WHERE id = $1", [id]);
  });
});

describe("discarding", () => {
  test("one needs a reason, is kept with it, and cannot be done twice", async () => {
    const [id] = await plantLetters(surface, [{}]);
    for (const body of [{}, { reason: "" }, { reason: "no" }, { reason: "mail jane.doe@example.com" }]) {
      const refused = await surface.post(`/api/dead-letters/${id}/discard`, body);
      expectErrorShape(refused, 422, "validation_failed");
      expect(issuePaths(refused)).toEqual(["reason"]);
    }
    const reply = await surface.post(
      `/api/dead-letters/${id}/discard`,
      { reason: "sent by a test program" },
      { "x-actor-id": "user:7", "x-request-id": "req-42" },
    );
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      id,
      status: "discarded",
      resolution: "sent by a test program",
      resolved_at: expect.any(String),
      actions: [
        {
          action: "dead_letter.discarded",
          actor_id: "user:7",
          request_id: "req-42",
          reason: "sent by a test program",
          subscriber: "recorder",
          filter: { ids: [id] },
          affected: 1,
        },
      ],
    });
    const again = await surface.post(`/api/dead-letters/${id}/discard`, { reason: "once more" });
    expectErrorShape(again, 409, "conflict");
    expect(again.body.error.message).toContain("was discarded at");
    expect((await surface.send(`/api/dead-letters/${id}`)).body.actions).toHaveLength(1);
  });

  test("by filter counts first, and then takes the open ones of the filter alone", async () => {
    const planted = await plantLetters(surface, [
      { type: "old.type", failedAt: "2025-01-01T00:00:00Z" },
      { type: "old.type", failedAt: "2025-01-02T00:00:00Z" },
      { type: "old.type", failedAt: "2025-01-03T00:00:00Z" },
      { type: "old.type", failedAt: "2025-01-01T00:00:00Z", status: "requeued" },
    ]);
    const filter = { type: "old.type", failed_to: "2025-01-03T00:00:00.000Z" };
    const reason = "events of a program that is gone";
    const dry = await surface.post("/api/dead-letters/discard", { filter, reason, dry_run: true });
    expect(dry.body).toEqual({ dry_run: true, count: 2, more: false });
    const statuses = () =>
      surface.sql("SELECT status FROM dead_letters WHERE id = ANY($1) ORDER BY id", [planted]);
    expect(await statuses()).toEqual(["open", "open", "open", "requeued"].map((status) => ({ status })));

    const reply = await surface.post("/api/dead-letters/discard", { filter, reason });
    expect(reply.body).toEqual({ discarded: 2, more: false });
    // Named by their ids, without their consumer: each of them tells of it.
    const named = { filter: { ids: planted.slice(2, 3) }, reason: "named by its id" };
    expect((await surface.post("/api/dead-letters/discard", named)).body).toEqual({
      discarded: 1,
      more: false,
    });
    const { actions: told } = (await surface.send(`/api/dead-letters/${planted[2]}`)).body;
    expect(told).toMatchObject([{ action: "dead_letters.discarded", reason: "named by its id" }]);
    expect(await statuses()).toEqual(
      ["discarded", "discarded", "discarded", "requeued"].map((status) => ({ status })),
    );
    const again = await surface.post("/api/dead-letters/discard", { filter, reason });
    expect(again.body).toEqual({ discarded: 0, more: false });
    const actions = await surface.send("/api/operator-actions?action=dead_letters.discarded");
    expect(actions.body.operator_actions).toMatchObject([named, { affected: 2, reason, filter }]);
  });

  test.each<[string, unknown, string]>([
    ["no reason", { filter: { type: "x" } }, "reason"],
    ["no filter", { reason: "because" }, "filter"],
    ["an empty filter", { filter: {}, reason: "because" }, "filter"],
    ["too many ids", { filter: { ids: Array(1_001).fill(1) }, reason: "because" }, "filter.ids"],
    ["a lone surrogate", { filter: { key: "\ud800" }, reason: "because" }, "filter.key"],
  ])("by filter with %s is refused", async (_what, body, path) => {
    const reply = await surface.post("/api/dead-letters/discard", body);
    expectErrorShape(reply, 422, "validation_failed");
    expect(issuePaths(reply)).toContain(path);
  });
});
