import { charter, defineEvent, type Envelope } from "@brain/schemas";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { arbitraryEvent } from "../../../schemas/fixtures/arbitrary.ts";
import { onAny } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError, TooLargeError, ValidationError } from "../../../src/engine/core/errors.ts";
import { withPosition } from "../../../src/engine/publish/position.ts";
import {
  admitEnvelope,
  createOutbox,
  prepareEvent,
  publishMany,
} from "../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../backbone.ts";
import { recorded } from "../../recorded.ts";
import { alarmRaised, meterRead, noticeGiven, sampleTaken } from "../events.ts";
import { effects, openBackbone, publishBeats, streamEntries } from "../fixture.ts";

const source = "engine_test";
const sampleId = "0d4a7c52-3a43-4f0c-9b53-0a8d3f0b7c11";
const beat = { meter_id: "a", reading: 1, faults: 0 };

const countEvents = async (backbone: Backbone) =>
  Number((await backbone.sql<{ n: string }>("SELECT count(*) AS n FROM events"))[0]?.n);

const otherRow = sql`INSERT INTO effects (subscriber) VALUES ('caller')`;

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

describe("an event that is not acceptable", () => {
  const uncatalogued = defineEvent("lab.rocket.launched", {
    version: 1,
    module: "lab",
    criticality: "INFO",
    when: "never",
    payload: z.strictObject({ sample_id: z.string().max(100) }),
  });
  const copy = { ...meterRead };

  test.each<[string, string, (backbone: Backbone) => Promise<unknown>]>([
    [
      "of a type that is not catalogued",
      "type",
      (backbone) => backbone.publish({ source }, (emit) => emit(uncatalogued, { sample_id: "x" })),
    ],
    [
      "of a copy of a catalogued definition",
      "type",
      (backbone) => backbone.publish({ source }, (emit) => emit(copy, beat)),
    ],
    [
      "of a definition that a circle of imports left undefined",
      "type",
      (backbone) => backbone.publish({ source }, (emit) => emit(undefined as never, beat as never)),
    ],
    [
      "with a field of the wrong type",
      "payload.reading",
      (backbone) => backbone.publish({ source }, (emit) => emit(meterRead, { ...beat, reading: -1 })),
    ],
    [
      "with a field that the schema does not know",
      "payload.surprise",
      (backbone) =>
        backbone.publish({ source }, (emit) => emit(meterRead, { ...beat, surprise: true } as typeof beat)),
    ],
    [
      "without a source",
      "source",
      (backbone) => backbone.publish({ source: "" }, (emit) => emit(meterRead, beat)),
    ],
    [
      "with an id that is no UUID v4",
      "id",
      (backbone) => backbone.publish({ source }, (emit) => emit(meterRead, beat, { id: "evt_1" })),
    ],
  ])("%s is refused by a typed error that names %s, and nothing is written", async (_what, path, attempt) => {
    const backbone = await openBackbone();
    const error = await errorOf(attempt(backbone));
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).issues.map((issue) => issue.path)).toContain(path);
    expect(await countEvents(backbone)).toBe(0);
  });

  test("leaves it to the caller whether the change commits without it", async () => {
    const backbone = await openBackbone();
    const invalid = { ...beat, reading: 1.5 };
    await backbone.publish({ source }, async (emit, tx) => {
      await tx.execute(otherRow);
      expect(await errorOf(emit(meterRead, invalid))).toBeInstanceOf(ValidationError);
    });
    expect(await effects(backbone)).toHaveLength(1);
    const failed = backbone.publish({ source }, async (emit, tx) => {
      await tx.execute(otherRow);
      await emit(meterRead, invalid);
    });
    await expect(failed).rejects.toBeInstanceOf(ValidationError);
    expect(await effects(backbone)).toHaveLength(1);
    expect(await countEvents(backbone)).toBe(0);
  });

  test("of a foreign type is refused when another program hands in its envelope", async () => {
    const backbone = await openBackbone();
    const envelope = (type: string) => ({
      ...prepareEvent(backbone.open().publish, meterRead, beat, { source }).event,
      type,
    });
    for (const type of ["no.such.event", "TASK_CREATED", ""]) {
      expect(() => admitEnvelope(backbone.open().publish, envelope(type))).toThrow(ValidationError);
    }
    expect(admitEnvelope(backbone.open().publish, envelope(meterRead.type)).key).toBe("a");
  });
});

describe("an event and the change it tells of", () => {
  test("commit together", async () => {
    const backbone = await openBackbone();
    await backbone.publish({ source }, async (emit, tx) => {
      await tx.execute(otherRow);
      await emit(meterRead, beat);
    });
    expect(await effects(backbone)).toHaveLength(1);
    expect(await countEvents(backbone)).toBe(1);
  });

  test("roll back together, and the stream never sees it", async () => {
    const backbone = await openBackbone();
    const failed = backbone.publish({ source }, async (emit, tx) => {
      await tx.execute(otherRow);
      await emit(meterRead, beat);
      throw new RangeError("the caller changed its mind");
    });
    await expect(failed).rejects.toThrow("the caller changed its mind");
    expect(await effects(backbone)).toHaveLength(0);
    expect(await countEvents(backbone)).toBe(0);
    expect(await backbone.relay()).toMatchObject({ sent: 0 });
    expect(await backbone.redis("EXISTS", backbone.stream)).toBe(0);
  });

  test("are not lost between two transactions: control, an event published on its own connection", async () => {
    const backbone = await openBackbone();
    const failed = backbone.publish({ source }, async (_emit, tx) => {
      await tx.execute(otherRow);
      await publishBeats(backbone, [["a", 1]]);
      throw new RangeError("rolled back");
    });
    await expect(failed).rejects.toThrow("rolled back");
    // The event tells of a change that never was.
    expect([await countEvents(backbone), (await effects(backbone)).length]).toEqual([1, 0]);
  });
});

describe("the events of a transaction", () => {
  test("are recorded by its last statement, after all that its author wrote", async () => {
    const backbone = await openBackbone();
    await backbone.publish({ source }, async (emit, tx) => {
      await emit(meterRead, beat);
      const { rows } = await tx.execute(sql`SELECT id FROM events`);
      expect(rows).toEqual([]);
      await tx.execute(otherRow);
    });
    expect(await countEvents(backbone)).toBe(1);
  });

  test("cannot be added to when it has ended: the late one is refused, not forgotten", async () => {
    const backbone = await openBackbone();
    let late: () => Promise<unknown> = async () => undefined;
    await backbone.publish({ source }, async (emit) => {
      await emit(meterRead, beat);
      late = () => errorOf(emit(meterRead, beat));
    });
    expect(await late()).toBeInstanceOf(PermanentError);
    expect(await countEvents(backbone)).toBe(1);
  });

  test("go back with a failed insert: control, the change alone would stay", async () => {
    const backbone = await openBackbone();
    const { db, publish: settings } = backbone.open();
    await backbone.sql("ALTER TABLE events RENAME TO events_gone");
    const outbox = createOutbox(settings, { source });
    const failed = db.transaction(async (tx) => {
      await tx.execute(otherRow);
      await outbox.publish(meterRead, beat);
      for (const statement of (await outbox.flush()).statements) await tx.execute(statement);
    });
    await expect(failed).rejects.toThrow(/42P01/);
    expect(await effects(backbone)).toHaveLength(0);
    await backbone.sql("ALTER TABLE events_gone RENAME TO events");
  });
});

describe("many events", () => {
  test("are recorded in one statement, in their order", async () => {
    const backbone = await openBackbone();
    const { db, publish: settings } = backbone.open();
    const prepared = Array.from({ length: 300 }, (_, number) =>
      prepareEvent(settings, meterRead, { ...beat, reading: number }, { source }),
    );
    await db.transaction((tx) => publishMany(tx, prepared));
    await db.transaction((tx) => publishMany(tx, []));
    const rows = await backbone.sql<{ id: string }>("SELECT id FROM events ORDER BY position");
    expect(rows.map((row) => row.id)).toEqual(prepared.map(({ event }) => event.id));
  });

  test("with the same id are one event, in one statement or several", async () => {
    const backbone = await openBackbone();
    const { db, publish: settings } = backbone.open();
    const id = crypto.randomUUID();
    const once = prepareEvent(settings, meterRead, beat, { source, id });
    await db.transaction((tx) => publishMany(tx, [once, once]));
    await backbone.publish({ source }, (emit) => emit(meterRead, beat, { id }));
    expect(await countEvents(backbone)).toBe(1);
    expect(await backbone.relay()).toMatchObject({ sent: 1 });
  });

  test("with the same id, published at once in two transactions, are one event", async () => {
    const backbone = await openBackbone();
    const id = crypto.randomUUID();
    const once = () => backbone.publish({ source }, (emit) => emit(meterRead, beat, { id }));
    await Promise.all([once(), once(), once()]);
    expect(await countEvents(backbone)).toBe(1);
  });
});

describe("the payload's size", () => {
  const small = { env: { BRAIN_PAYLOAD_WARN_BYTES: "200", BRAIN_PAYLOAD_MAX_BYTES: "400" } };
  const send = (backbone: Backbone, message: string) =>
    backbone.publish({ source }, (emit) => emit(noticeGiven, { message }));

  test("is counted in bytes of UTF-8, warned about and bounded", async () => {
    const backbone = await openBackbone(small);
    const frame = new TextEncoder().encode(JSON.stringify({ message: "" })).byteLength;
    await send(backbone, "x".repeat(200 - frame));
    expect(backbone.logs).toEqual([]);
    await send(backbone, "ä".repeat((400 - frame) / 2));
    expect(backbone.logs.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: "warn", event_type: "lab.notice.given", bytes: expect.any(Number) }),
    ]);
    const error = await errorOf(send(backbone, "ä".repeat((400 - frame) / 2 + 1)));
    expect(error).toBeInstanceOf(TooLargeError);
    expect((error as TooLargeError).issues).toEqual([{ path: "payload", message: "402 bytes, at most 400" }]);
    expect(await countEvents(backbone)).toBe(2);
  });

  test("is warned about above 8 KiB and refused above 64 KiB by default, and never logged itself", async () => {
    const backbone = await openBackbone();
    const alert = (bytes: number) =>
      backbone.publish({ source }, (emit) => emit(alarmRaised, { message: "planted".repeat(bytes / 7) }));
    await alert(9_000);
    expect(backbone.logs).toHaveLength(1);
    expect(backbone.logs[0]).not.toContain("planted");
    await expect(alert(66_000)).rejects.toBeInstanceOf(TooLargeError);
  });
});

describe("the envelope", () => {
  test("takes its facts from the context, and what one event says for itself wins", async () => {
    const backbone = await openBackbone();
    const cause = crypto.randomUUID();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const context = {
      source: "lab",
      tenant_id: "t1",
      actor_id: "u1",
      correlation_id: "c1",
      causation_id: cause,
      mission_id: "m1",
      task_id: "k1",
      traceparent,
    };
    const event = await backbone.publish(context, (emit) =>
      emit(sampleTaken, { sample_id: sampleId }, { target: "archive", task_id: "k2" }),
    );
    expect(event).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: "lab.sample.taken",
      source: "lab",
      target: "archive",
      payload: { sample_id: sampleId },
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      meta: {
        schema_version: 1,
        producer: "lab",
        source_module: "lab",
        causation_id: cause,
        traceparent,
      },
      mission_id: "m1",
      task_id: "k2",
      correlation_id: "c1",
      tenant_id: "t1",
      actor_id: "u1",
      severity: null,
    });
    expect(
      await backbone.sql(`SELECT causation_id, key, shard, tenant_id, sent_at FROM ${recorded}`),
    ).toEqual([{ causation_id: cause, key: sampleId, shard: null, tenant_id: "t1", sent_at: null }]);
  });

  test("starts a new group under its own id when the context has none", async () => {
    const backbone = await openBackbone();
    const event = await backbone.publish({ source }, (emit) => emit(meterRead, beat));
    expect(event.correlation_id).toBe(event.id);
    expect(event.severity).toBe(null);
    const alert = await backbone.publish({ source }, (emit) => emit(alarmRaised, { message: "m" }));
    expect(alert.severity).toBe("CRITICAL");
  });

  // The charter's events, because their schemas have every shape that a payload takes.
  test("of any catalogued event is the same at the end of its way: record, relay, stream, consumer", async () => {
    const backbone = await openBackbone({
      catalog: charter,
      env: { BRAIN_PAYLOAD_MAX_BYTES: "1048576", BRAIN_PAYLOAD_WARN_BYTES: "1048576" },
    });
    const received: Envelope[] = [];
    const everything = defineConsumer({
      subscriber: "everything",
      handlers: [
        onAny(async (deliveries) => {
          received.push(...deliveries.map(({ event }) => event as Envelope));
        }),
      ],
    });
    const oneOfEach = fc.tuple(...charter.all.map((definition) => arbitraryEvent(definition)));
    await fc.assert(
      fc.asyncProperty(oneOfEach, async (sent) => {
        received.length = 0;
        const { db, publish: settings } = backbone.open();
        await db.transaction((tx) =>
          publishMany(
            tx,
            sent.map((event) => admitEnvelope(settings, event)),
          ),
        );
        await backbone.relay();
        await backbone.drain(everything);
        const byId = new Map(received.map((event) => [event.id, event]));
        expect(byId.size).toBe(sent.length);
        for (const event of sent) {
          const end = byId.get(event.id);
          expect(end && withPosition(end)).toEqual({ ...event, position: expect.any(Number) });
        }
      }),
      { numRuns: 15 },
    );
    expect((await streamEntries(backbone)).length).toBeGreaterThan(charter.all.length);
  });
});
