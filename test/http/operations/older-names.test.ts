import { createCatalog, defineEvent } from "@brain/schemas";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { on, onAny } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { drainOnce } from "../../../src/engine/dispatch/drain-once.ts";
import { createEngine } from "../../../src/engine/engine.ts";
import { requireStream } from "../../../src/engine/invocation.ts";
import { stepBulkOperation } from "../../../src/engine/operations/bulk/bulk-operations.ts";
import { startRedrive } from "../../../src/engine/operations/bulk/redrive.ts";
import { previewReplay, startReplay } from "../../../src/engine/operations/bulk/replay.ts";
import { pauseConsumer } from "../../../src/engine/operations/consumers/pauses.ts";
import { transactAndPublish } from "../../../src/engine/publish/publish.ts";
import { partChecked } from "../../engine/events.ts";
import { recordReport } from "../../engine/fixture.ts";
import { operator, plantLetters } from "../../engine/operations/bulk-fixture.ts";
import { recorded } from "../../recorded.ts";
import { createSurface, type Surface } from "../surface.ts";

/*
 * A release renames a type. What operators did before holds for it, and what they ask for by any of its names finds what
 * is recorded under each of them.
 */

const renamed = defineEvent("lab.part.inspected", {
  version: 1,
  module: "lab",
  criticality: "INFO",
  when: "A part was inspected",
  payload: partChecked.payload,
});
const [older, newer] = [partChecked.type, renamed.type];
const before = defineConsumer({
  subscriber: "recorder",
  handlers: [on(partChecked, (event, { tx }) => recordReport(tx, "recorder", event))],
});
const after = defineConsumer({
  subscriber: "recorder",
  handlers: [on(renamed, (event, { tx }) => recordReport(tx, "recorder", event))],
});

let surface: Surface;
/** The release before. */
let old: ReturnType<typeof releaseBefore>;
beforeEach(async () => {
  const catalog = createCatalog([renamed], { readAliases: new Map([[older, newer]]) });
  surface = await createSurface({ catalog, consumers: [after] });
  onTestFinished(async () => {
    await surface.background();
    await surface.cleanup();
  });
  await surface.sql(
    "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, subscriber text, event_id text, number integer)",
  );
  old = releaseBefore();
});

function releaseBefore() {
  const { settings } = surface.system;
  const engine = createEngine({
    catalog: createCatalog([partChecked]),
    consumers: [before],
    settings,
    sink: () => undefined,
  });
  const open = () => requireStream(engine.open(), ".");
  return {
    open,
    publish: (number: number) =>
      transactAndPublish(open().db, open().publish, { source: "lab" }, (_tx, publish) =>
        publish(partChecked, { part: "db", status: String(number) }),
      ),
    drain: () => drainOnce(open(), before, { shard: 0, deadlineMs: engine.now() + 20_000 }),
  };
}

/** One event under each name, on the stream. */
async function both(): Promise<void> {
  await old.publish(1);
  const sent = await surface.post("/api/events", { type: newer, payload: { part: "db", status: "2" } });
  expect(sent.status, sent.text).toBe(202);
  await surface.relay();
}

const applied = async () =>
  (await surface.sql<{ number: number }>("SELECT number FROM effects ORDER BY place")).map(
    ({ number }) => number,
  );
const get = async (path: string) => {
  const reply = await surface.send(path);
  expect(reply.status, reply.text).toBe(200);
  return reply.body;
};

test.each([[older], [newer]])("a pause of before holds the renamed type, and ends as %s", async (name) => {
  await old.drain();
  const pause = { eventType: older, reason: "test", expiresAt: null };
  await pauseConsumer(old.open(), before, pause, operator);
  await both();
  expect(await surface.drain(after)).toMatchObject({ deferred: 2 });
  await surface.drain(after);
  expect(await applied()).toEqual([]);
  const [first] = await surface.sql<{ id: string }>("SELECT id::text AS id FROM events ORDER BY position");
  expect((await get(`/api/events/${first?.id}/effects`)).consumers).toMatchObject([
    { subscriber: "recorder", handles: true, paused: true, state: "deferred" },
  ]);
  const ended = await surface.post("/api/consumers/recorder/resume", { event_type: name });
  expect(ended.body).toMatchObject({ resumed: true, paused: [] });
  await surface.background();
  await surface.drain(after);
  expect(await applied()).toEqual([1, 2]);
});

test("a pause may name any of them", async () => {
  const reply = await surface.post("/api/consumers/recorder/pause", { event_type: older, reason: "test" });
  expect(reply.body).toMatchObject({ paused: [{ event_type: newer }] });
});

test.each([[older], [newer]])("dead letters and replays by %s find both", async (name) => {
  await both();
  await plantLetters(surface, [{ type: older }, { type: newer }]);
  expect((await get(`/api/dead-letters?type=${name}`)).dead_letters).toHaveLength(2);
  const asked = { filter: { type: name }, dry_run: true, reason: "test" };
  expect((await surface.post("/api/dead-letters/redrive", asked)).body).toMatchObject({ count: 2 });
  expect((await surface.post("/api/dead-letters/discard", asked)).body).toMatchObject({ count: 2 });
  const replay = { subscriber: "recorder", types: [name], dry_run: true, reason: "test" };
  expect((await surface.post("/api/replays", replay)).body).toMatchObject({ count: 2 });
  const all = defineConsumer({ subscriber: "all", handlers: [onAny(async () => undefined)] });
  const none = { from: null, to: null, tenant_id: null, correlation_id: null };
  expect(await previewReplay(surface.open(), all, { types: [name], ...none })).toMatchObject({ count: 2 });
  const job = await surface.post("/api/dead-letters/redrive", { filter: { type: name }, reason: "test" });
  expect(job.body).toMatchObject({ total: 2 });
});

test("the history by the name of today finds both, by the older one what is recorded so", async () => {
  await both();
  const typesOf = async (path: string) =>
    (await get(path)).events.map(({ type }: { type: string }) => type).sort();
  for (const path of ["/api/events/history", "/api/audit/events"]) {
    expect(await typesOf(`${path}?type=${newer}`)).toEqual([older, newer]);
    expect(await typesOf(`${path}?type=${older}`)).toEqual([older]);
  }
});

test("what is recorded or failed under the older name can be tried", async () => {
  await both();
  const [first] = await surface.sql<{ id: string }>("SELECT id::text AS id FROM events ORDER BY position");
  expect((await get(`/api/events/${first?.id}/try`)).consumers).toMatchObject([{ subscriber: "recorder" }]);
  const tried = await surface.post(`/api/events/${first?.id}/try`, { subscriber: "recorder" });
  expect(tried.status, tried.text).toBe(200);
  const [letter] = await plantLetters(surface, [{ type: older }]);
  expect(await get(`/api/dead-letters/${letter}`)).toMatchObject({ not_tried: null });
});

const common = {
  name: "one",
  maxStep: 500,
  ratePerSecond: null,
  stopRatio: null,
  reason: "test",
  idempotencyKey: null,
};
const all = { types: null, from: null, to: null, tenant_id: null, correlation_id: null };

test.each([
  [
    "replay",
    () =>
      startReplay(
        surface.open(),
        after,
        { ...common, mode: "only_missing", filter: all, acceptDuplicates: false },
        operator,
      ),
  ],
  [
    "redrive",
    async () => {
      const [one] = await surface.sql<{ id: string; message: string }>(
        `SELECT id::text AS id, stream_message_id AS message FROM ${recorded} WHERE type = $1`,
        [newer],
      );
      await plantLetters(surface, [
        { type: newer, eventId: one?.id ?? "", messageId: one?.message ?? "", rawFields: null },
      ]);
      return startRedrive(surface.open(), { ...common, filter: {}, ramp: false }, operator);
    },
  ],
])("what a %s brings under the new name waits for a worker that knows it", async (_what, start) => {
  await both();
  await old.drain();
  expect(await applied()).toEqual([1]);
  await stepBulkOperation(surface.open(), { id: await start(), subscriber: "recorder" });
  const seen = await old.drain();
  expect(seen.nextDueMs).not.toBeNull();
  expect(await applied()).toEqual([1]);
  await surface.drain(after);
  await surface.drain(after);
  expect(await applied()).toEqual([1, 2]);
  expect(await surface.sql("SELECT succeeded, failed FROM jobs")).toEqual([{ succeeded: 1, failed: 0 }]);
});

test("what nobody here handles is given back after an hour, and its letter stays open", async () => {
  await both();
  const [letter] = await plantLetters(surface, [{ type: newer, rawFields: { id: "x", type: newer } }]);
  await stepBulkOperation(surface.open(), {
    id: await startRedrive(surface.open(), { ...common, filter: {}, ramp: false }, operator),
    subscriber: "recorder",
  });
  await surface.sql("UPDATE deliveries SET queued_at = now() - interval '61 minutes'");
  await old.drain();
  await old.drain();
  expect(await surface.sql("SELECT id::text AS id, status FROM dead_letters")).toEqual([
    { id: letter, status: "open" },
  ]);
  expect(await surface.sql("SELECT succeeded, failed FROM jobs")).toEqual([{ succeeded: 0, failed: 1 }]);
});

test("what the new release applied is known to the one before when it comes again", async () => {
  await old.publish(1);
  await surface.relay();
  await surface.drain(after);
  await surface.redis("XGROUP", "SETID", surface.stream, before.group, "0");
  expect(await old.drain()).toMatchObject({ redelivered: 1, deadLettered: 0 });
  expect(await applied()).toEqual([1]);
});
