import { type Envelope, encodeEntry } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import legacy from "../../../../schemas/fixtures/legacy.json" with { type: "json" };
import { on, onAny } from "../../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError, TransientError } from "../../../../src/engine/core/errors.ts";
import { editCopy } from "../../../../src/engine/operations/bulk/edited-copy.ts";
import { redriveLetter } from "../../../../src/engine/operations/bulk/redrive.ts";
import { discardLetters, findLetter } from "../../../../src/engine/operations/consumers/dead-letters.ts";
import { prepareEvent } from "../../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../../backbone.ts";
import { hookDatabase } from "../../../faults.ts";
import { invoke } from "../../dispatch/fixture.ts";
import { meterRead } from "../../events.ts";
import {
  createClock,
  deadLetters,
  drainUntilQuiet,
  drainWith,
  effects,
  numbersOf,
  openBackbone,
  pendingOf,
  publishBeats,
  publishReports,
  recorder,
  streamEntries,
} from "../../fixture.ts";
import { operator } from "../../operations/bulk-fixture.ts";

const flat = (fields: object) => Object.entries(fields).flat().map(String);

/** Entries of the stream; the other samples are lines of a log. */
const onStream = <E extends { readonly fields?: object }>(entries: readonly E[]) =>
  entries.flatMap((entry) => (entry.fields === undefined ? [] : [{ ...entry, fields: entry.fields }]));
const readable = onStream(legacy.readable);

/** A consumer that takes everything and keeps what it saw. */
function witness() {
  const seen: Envelope[] = [];
  const consumer = defineConsumer({
    subscriber: "witness",
    handlers: [
      onAny(async (deliveries) => {
        seen.push(...deliveries.map(({ event }) => event as Envelope));
      }),
    ],
  });
  return { consumer, seen };
}

/** A heartbeat as a foreign program writes it: on the stream, not in the record. */
function foreignBeat(backbone: Backbone, agent: string, number: number): string[] {
  const payload = { meter_id: agent, reading: number, faults: 0 };
  return encodeEntry(prepareEvent(backbone.open().publish, meterRead, payload, { source: "python" }).event);
}

describe("an event that always fails", () => {
  test("becomes a dead letter that has all of it; the others of its batch are applied", async () => {
    const backbone = await openBackbone();
    const ids = await publishReports(backbone, 6);
    await backbone.relay();
    const entries = await streamEntries(backbone);
    const consumer = recorder({
      beforeReport: ({ payload }) => {
        if (payload.status === "3") throw new Error("odd");
      },
    });
    await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map((row) => row.event_id)).toEqual(ids.filter((id) => id !== ids[3]));
    expect(await deadLetters(backbone)).toMatchObject([
      {
        stream_message_id: entries[3]?.id,
        event_id: ids[3],
        event_type: "lab.part.checked",
        raw_fields: entries[3]?.fields,
        reason: "attempts_exhausted",
        error_class: "Error",
        error_message: "odd",
        attempts: 5,
        status: "open",
      },
    ]);
  });

  test("is not acked while its dead letter cannot be stored, and the drain says so", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const consumer = recorder({ beforeReport: () => Promise.reject(new PermanentError("bad")) });
    const full = drainWith(backbone, consumer, ({ db }) => ({
      db: hookDatabase(db, {
        statements: (text, run) =>
          text.includes("INTO dead_letters") ? Promise.reject(new TransientError("disk full")) : run(),
      }),
    }));
    await expect(full).rejects.toThrow("disk full");
    expect([await pendingOf(backbone, consumer), await deadLetters(backbone)]).toMatchObject([
      [{ deliveries: 1 }],
      [],
    ]);
    expect(await backbone.drain(consumer)).toMatchObject({ deadLettered: 1 });
    expect(await pendingOf(backbone, consumer)).toEqual([]);
  });

  test("control: acked before its dead letter is stored, it is lost", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const { stream } = backbone;
    await backbone.redis("XGROUP", "CREATE", stream, "naive", "0");
    const read = await backbone.redis("XREADGROUP", "GROUP", "naive", "c", "STREAMS", stream, ">");
    const [[, [[id]]]] = read as [[string, [[string, string[]]]]];
    await backbone.redis("XACK", stream, "naive", id);
    const store = () => Promise.reject(new TransientError("disk full"));
    await expect(store()).rejects.toThrow("disk full");
    expect(await backbone.redis("XREADGROUP", "GROUP", "naive", "c", "STREAMS", stream, "0")).toEqual([
      [stream, []],
    ]);
    expect(await deadLetters(backbone)).toEqual([]);
  });

  test("is stored once when it fails again behind a lost ack, with what is known last", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.relay();
    const failing = (message: string) =>
      recorder({ beforeReport: () => Promise.reject(new PermanentError(message)) });
    await backbone.drain(failing("first"));
    await backbone.redis("XGROUP", "SETID", backbone.stream, "edge_recorder", "0");
    await backbone.drain(failing("second"));
    expect(await deadLetters(backbone)).toMatchObject([{ error_message: "second", status: "open" }]);
  });

  test("has one letter, under its first id, when two copies of it fail together", async () => {
    const backbone = await openBackbone();
    const entry = foreignBeat(backbone, "a", 1);
    const first = await backbone.append(entry);
    await backbone.append(entry);
    await backbone.append(foreignBeat(backbone, "b", 2));
    let isMended = false;
    const consumer = recorder({
      beforeBeat: () => (isMended ? undefined : Promise.reject(new PermanentError("never"))),
    });
    await backbone.drain(consumer);
    expect(await deadLetters(backbone)).toMatchObject([{ stream_message_id: first }, { status: "open" }]);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
    isMended = true;
    const rows = await backbone.sql<{ id: string }>(
      "SELECT id::text AS id FROM dead_letters ORDER BY id LIMIT 1",
    );
    await redriveLetter(invoke(backbone, [consumer]), rows[0]?.id ?? "", null, "mended", operator);
    await drainUntilQuiet(backbone, consumer);
    expect(await numbersOf(backbone, "a")).toEqual([1]);
    expect(await deadLetters(backbone)).toMatchObject([{ status: "resolved" }, { status: "open" }]);
  });
});

describe("an entry that is no event", () => {
  test("is a dead letter with its raw fields for those who handle its type, and one for all when it has none", async () => {
    const backbone = await openBackbone();
    for (const entry of onStream(legacy.refused)) {
      const type = "type" in entry.fields ? entry.fields.type : null;
      const id = await backbone.append(flat(entry.fields));
      const results = [];
      for (const consumer of [recorder(), witness().consumer]) {
        results.push(await backbone.drain(consumer));
        expect(await pendingOf(backbone, consumer)).toEqual([]);
      }
      // The recorder handles no tasks; the witness takes everything.
      const [first, second] = type === null ? [1, 0] : [0, 1];
      expect(results, entry.name).toMatchObject([
        { read: 1, applied: 0, deadLettered: first, skipped: 1 - first },
        { read: 1, applied: 0, deadLettered: second },
      ]);
      const letters = (await deadLetters(backbone)).filter((letter) => letter.stream_message_id === id);
      expect(letters, entry.name).toMatchObject([
        {
          subscriber_name: type === null ? "*" : "witness",
          reason: "undecodable",
          error_class: "UndecodableError",
          attempts: 1,
          raw_fields: entry.fields,
          event_id: null,
          event_type: type,
        },
      ]);
    }
  });

  test("is one dead letter when several consumers meet it at once, and counts once", async () => {
    const backbone = await openBackbone();
    const consumers = ["a", "b", "c", "d"].map((subscriber) => recorder({ subscriber }));
    await Promise.all([1, 2, 3].map((n) => backbone.append(["id", String(n), "payload", "?"])));
    const results = await Promise.all(consumers.map((consumer) => backbone.drain(consumer)));
    expect(results.map(({ read }) => read)).toEqual([3, 3, 3, 3]);
    expect(results.reduce((sum, { deadLettered }) => sum + deadLettered, 0)).toBe(3);
    expect((await deadLetters(backbone)).map((row) => [row.subscriber_name, row.status])).toEqual(
      Array.from({ length: 3 }, () => ["*", "open"]),
    );
    for (const consumer of consumers) expect(await pendingOf(backbone, consumer)).toEqual([]);
    expect(backbone.logs.filter((line) => line.includes("became a dead letter"))).toHaveLength(3);
  });

  test("stays discarded when a consumer meets it later", async () => {
    const backbone = await openBackbone();
    await backbone.append(["id", "1"]);
    await backbone.drain(recorder());
    await discardLetters(backbone.open().db, { subscriber: "*" }, "nothing in it", operator);
    expect(await backbone.drain(witness().consumer)).toMatchObject({ read: 1, deadLettered: 0 });
    expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["discarded"]);
  });

  test("is given to all who handle it when it can be read after all, and is refused until then", async () => {
    const backbone = await openBackbone();
    const { consumer: audit, seen } = witness();
    const [handler, other] = [recorder(), recorder({ subscriber: "other" })];
    const invocation = invoke(backbone, [handler, other, audit]);
    await backbone.append(["id", "1"]);
    for (const consumer of [handler, other, audit]) await backbone.drain(consumer);
    const [letter] = await backbone.sql<{ id: string }>("SELECT id::text FROM dead_letters");
    const redrive = () =>
      redriveLetter(invocation, letter?.id ?? "", null, "the decoder was mended", operator);
    await expect(redrive()).rejects.toThrow(/still cannot be read.*"payload" is missing/);
    expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["open"]);

    // The same as a decoder that has learned to read what stands there.
    const fields = foreignBeat(backbone, "a", 7);
    const object = Object.fromEntries(
      Array.from({ length: fields.length / 2 }, (_, n) => fields.slice(2 * n, 2 * n + 2)),
    );
    await backbone.sql("UPDATE dead_letters SET raw_fields = $1", [JSON.stringify(object)]);
    // A copy of it would be the letter of one consumer; nobody would run it.
    const { db, publish } = invocation;
    const copy = await editCopy(db, publish, letter?.id ?? "", { meter_id: "a", reading: 8, faults: 0 });
    await expect(redriveLetter(invocation, letter?.id ?? "", copy, "edited", operator)).rejects.toThrow(
      /is everybody's: redrive it as it is/,
    );
    expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(["open"]);
    expect(await redrive()).toEqual(["recorder", "other", "witness"]);
    await expect(redrive()).rejects.toThrow(/was resolved/);
    for (const consumer of [handler, other, audit]) await drainUntilQuiet(backbone, consumer);
    expect((await effects(backbone)).map(({ subscriber, number }) => [subscriber, number])).toEqual([
      ["recorder", 7],
      ["other", 7],
    ]);
    expect(seen.map(({ type }) => type)).toEqual(["lab.meter.read"]);
    expect(await findLetter(invocation.db, letter?.id ?? "")).toMatchObject({
      status: "resolved",
      resolution: "read after all, and given to recorder, other, witness",
    });
  });

  test("with characters that Postgres cannot store is kept all the same, and marked", async () => {
    const backbone = await openBackbone();
    await backbone.append(["id", "nul\u0000id", "payload", "{\u0000"]);
    expect(await backbone.drain(recorder())).toMatchObject({ deadLettered: 1 });
    expect(await deadLetters(backbone)).toMatchObject([
      { raw_fields: { id: "nul\uFFFDid", payload: "{\uFFFD" } },
    ]);
  });

  test("with a payload that does not fit its schema is a dead letter that names the field", async () => {
    const backbone = await openBackbone();
    const fields = foreignBeat(backbone, "a", 1);
    fields[fields.indexOf("payload") + 1] = '{"meter_id":"a","reading":"many","faults":0}';
    await backbone.append(fields);
    expect(await backbone.drain(recorder())).toMatchObject({ deadLettered: 1 });
    expect(await deadLetters(backbone)).toMatchObject([
      {
        reason: "invalid_payload",
        event_type: "lab.meter.read",
        error_message: expect.stringContaining("payload.reading"),
      },
    ]);
  });
});

describe("an entry of another program", () => {
  test("in any shape that history holds reaches the catch-all", async () => {
    const backbone = await openBackbone();
    // Each is an event of its own; as they stand, several have one id.
    for (const [at, { fields }] of readable.entries())
      await backbone.append(flat({ ...fields, id: `${fields.id}-${at}` }));
    const { consumer, seen } = witness();
    const result = await backbone.drain(consumer);
    expect(result).toMatchObject({ applied: readable.length, deadLettered: 0, skipped: 0 });
    expect(seen).toHaveLength(readable.length);
  });

  test("without a target is applied like any other", async () => {
    const backbone = await openBackbone();
    const fields = foreignBeat(backbone, "a", 1);
    expect(fields).not.toContain("target");
    await backbone.append(fields);
    expect(await backbone.drain(recorder())).toMatchObject({ applied: 1, deadLettered: 0 });
  });

  test("of a type that a consumer does not handle is skipped without a claim", async () => {
    const backbone = await openBackbone();
    const fields = foreignBeat(backbone, "a", 1);
    for (const type of ["no.such.event", "lab.sample.weighed", "TASK_CREATED"]) {
      fields[fields.indexOf("type") + 1] = type;
      await backbone.append(fields);
    }
    const consumer = recorder();
    expect(await backbone.drain(consumer)).toMatchObject({
      read: 3,
      skipped: 3,
      applied: 0,
      deadLettered: 0,
    });
    expect(await pendingOf(backbone, consumer)).toEqual([]);
    expect(await backbone.sql("SELECT FROM processed_events")).toEqual([]);
    const { consumer: all, seen } = witness();
    fields[fields.indexOf("id") + 1] = crypto.randomUUID();
    await backbone.append(fields);
    await backbone.drain(all);
    expect(seen.map((event) => event.type)).toContain("no.such.event");
  });
});

describe("an entry whose body is gone from the stream", () => {
  const failOnce = (attempt: number) => {
    if (attempt === 1) throw new TransientError("not yet");
  };

  test("is restored from the record", async () => {
    const backbone = await openBackbone();
    const [id] = await publishReports(backbone, 1);
    await backbone.relay();
    const consumer = recorder({ beforeReport: (_event, { attempt }) => failOnce(attempt) });
    await backbone.drain(consumer);
    await backbone.redis("XTRIM", backbone.stream, "MAXLEN", "0");
    await drainUntilQuiet(backbone, consumer);
    expect(await effects(backbone)).toMatchObject([{ event_id: id }]);
    expect(await deadLetters(backbone)).toEqual([]);
  });

  test("keeps its place and its tries when it waits behind another one", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    await publishBeats(backbone, [
      ["a", 1],
      ["a", 2],
      ["a", 3],
    ]);
    await backbone.relay();
    const calls: string[] = [];
    const consumer = recorder({
      retry: { maxAttempts: 4, baseMs: 1_000, capMs: 1_000 },
      beforeBeat: ({ payload }, { attempt }) => {
        calls.push(`${payload.reading}#${attempt}`);
        if (payload.reading === 1 && attempt < 4) throw new TransientError("not yet");
      },
    });
    await backbone.drain(consumer);
    await backbone.redis("XTRIM", backbone.stream, "MAXLEN", "0");
    for (let drain = 0; drain < 3; drain += 1) {
      const queued = await backbone.sql("SELECT FROM deliveries");
      expect((await pendingOf(backbone, consumer)).length + queued.length).toBe(3);
      clock.advance(1_000);
      await backbone.drain(consumer);
    }
    expect(await backbone.sql("SELECT FROM deliveries")).toEqual([]);
    expect(await numbersOf(backbone, "a")).toEqual([1, 2, 3]);
    expect(calls.filter((call) => !call.startsWith("1"))).toEqual(["2#1", "3#1"]);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
  });

  test("and is not in the record is a dead letter that says so", async () => {
    const backbone = await openBackbone();
    const id = await backbone.append(foreignBeat(backbone, "a", 1));
    const consumer = recorder({ beforeBeat: (_event, { attempt }) => failOnce(attempt) });
    await backbone.drain(consumer);
    await backbone.redis("XDEL", backbone.stream, id);
    await drainUntilQuiet(backbone, consumer);
    expect(await deadLetters(backbone)).toMatchObject([
      { stream_message_id: id, event_id: null, raw_fields: null, reason: "body_lost", status: "open" },
    ]);
    expect(await effects(backbone)).toEqual([]);
  });

  test("control: claimed, it would vanish from the pending list", async () => {
    const backbone = await openBackbone();
    const id = await backbone.append(foreignBeat(backbone, "a", 1));
    const consumer = recorder({ beforeBeat: (_event, { attempt }) => failOnce(attempt) });
    await backbone.drain(consumer);
    await backbone.redis("XDEL", backbone.stream, id);
    await backbone.redis("XCLAIM", backbone.stream, consumer.group, "other", "0", id);
    expect(await pendingOf(backbone, consumer)).toEqual([]);
  });
});

test("handlers for single types and a catch-all share a consumer: each event goes to one of them", async () => {
  const backbone = await openBackbone();
  const special: string[] = [];
  const rest: string[] = [];
  const consumer = defineConsumer({
    subscriber: "both",
    handlers: [
      on(meterRead, async (event) => void special.push(event.type)),
      onAny(async (deliveries) => void rest.push(...deliveries.map(({ event }) => event.type))),
    ],
  });
  await publishBeats(backbone, [["a", 1]]);
  await publishReports(backbone, 2);
  await backbone.relay();
  expect(await backbone.drain(consumer)).toMatchObject({ applied: 3, skipped: 0 });
  expect([special, rest]).toEqual([["lab.meter.read"], ["lab.part.checked", "lab.part.checked"]]);
});
