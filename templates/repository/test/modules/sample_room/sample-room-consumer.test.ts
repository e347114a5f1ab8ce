import { isUuidV4, type PayloadInputOf } from "@brain/schemas";
import { sampleRoomPaperSlipNewlyAdded } from "@brain/schemas/events/sample-room";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually } from "../../wait-for.ts";

/* The four tests of the charter for the consumer sample_room, on real Redis and Postgres. */

const subscriber = "sample_room";
const group = `edge_${subscriber}`;

let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(() => engine?.cleanup());

const payload: PayloadInputOf<typeof sampleRoomPaperSlipNewlyAdded> = {
  paper_slip_id: "3f1c9a52-6f0b-4b61-9a57-6d1f3f1d2c10",
  quantity: 3,
};

/** Publishes as another program does. */
const tell = () =>
  engine.publish({ source: "somebody" }, (publish) => publish(sampleRoomPaperSlipNewlyAdded, payload));

/** The effect of the consumer. */
async function handledCount(): Promise<number> {
  const rows = await engine.sql<{ handled: number }>("SELECT handled FROM sample_room_totals");
  return rows.reduce((sum, { handled }) => sum + handled, 0);
}

/** Entries that were delivered and not acked. */
async function pendingCount(): Promise<number> {
  const [count] = (await engine.redis("XPENDING", engine.stream, group)) as [number];
  return count;
}

test("T-1: the event is published once, with complete meta", async () => {
  await tell();
  const rows = await engine.sql("SELECT id, source, meta FROM events WHERE type = $1", [
    sampleRoomPaperSlipNewlyAdded.type,
  ]);
  const { module, version } = sampleRoomPaperSlipNewlyAdded;
  expect(rows).toEqual([
    {
      id: expect.toSatisfy(isUuidV4),
      source: "somebody",
      meta: expect.objectContaining({
        schema_version: version,
        producer: expect.any(String),
        source_module: module,
      }),
    },
  ]);
});

test("T-2: the consumer handles it, from the stream", async () => {
  await tell();
  await engine.relay();
  expect(await handledCount()).toBe(0);
  expect(await engine.drain(subscriber)).toMatchObject({ applied: 1, retried: 0, deadLettered: 0 });
  expect(await handledCount()).toBe(1);
});

test("T-3: the same entry delivered again has no second effect", async () => {
  await tell();
  await engine.settle();
  expect(await handledCount()).toBe(1);
  // The group goes back to the beginning of the stream, as when acks were lost: the same stream id comes again.
  await engine.redis("XGROUP", "SETID", engine.stream, group, "0");
  expect(await engine.drain(subscriber)).toMatchObject({ applied: 0, redelivered: 1 });
  expect(await handledCount()).toBe(1);
  // The control: another event does have an effect.
  await tell();
  await engine.settle();
  expect(await handledCount()).toBe(2);
});

test("T-4: what can never be handled is acked, with a dead letter that says why", async () => {
  await tell();
  await engine.relay();
  const [sent] = await engine.streamEntries();
  await engine.drain(subscriber);
  const spoiled = { ...sent?.fields, id: crypto.randomUUID(), payload: "[]" };
  await engine.redis("XADD", engine.stream, "*", ...Object.entries(spoiled).flat());
  expect(await engine.drain(subscriber)).toMatchObject({ applied: 0, retried: 0, deadLettered: 1 });
  expect(await engine.deadLetters(subscriber)).toMatchObject([
    { event_type: sampleRoomPaperSlipNewlyAdded.type, attempts: 1 },
  ]);
  expect(await pendingCount()).toBe(0);
  expect(await handledCount()).toBe(1);
});

test("T-4b: what fails for now is not acked, and handled later", async () => {
  await engine.sql(`CREATE FUNCTION refuse_for_now() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '55P03'; END $$`);
  await engine.sql(`CREATE TRIGGER refuse_for_now BEFORE INSERT ON sample_room_totals
    FOR EACH ROW EXECUTE FUNCTION refuse_for_now()`);
  await tell();
  await engine.relay();
  expect(await engine.drain(subscriber)).toMatchObject({ applied: 0, retried: 1, deadLettered: 0 });
  expect(await pendingCount()).toBe(1);
  expect(await handledCount()).toBe(0);
  await engine.sql("DROP FUNCTION refuse_for_now CASCADE");
  await eventually(async () => {
    await engine.drain(subscriber);
    expect(await pendingCount()).toBe(0);
  });
  expect(await handledCount()).toBe(1);
  expect(await engine.deadLetters(subscriber)).toEqual([]);
});
