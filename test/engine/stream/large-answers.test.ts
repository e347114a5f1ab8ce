import { describe, expect, test } from "vitest";
import { PermanentError } from "../../../src/engine/core/errors.ts";
import { exportEvents } from "../../../src/engine/events/export.ts";
import { followEvents } from "../../../src/engine/events/live.ts";
import { search } from "../../../src/engine/events/search.ts";
import { redriveLetter } from "../../../src/engine/operations/bulk/redrive.ts";
import { moveState } from "../../../src/engine/operations/move-state.ts";
import { reconcileShard } from "../../../src/engine/retention/reconcile.ts";
import { trimShard } from "../../../src/engine/retention/trim.ts";
import { lastGeneratedId } from "../../../src/engine/stream/replies.ts";
import type { Backbone } from "../../backbone.ts";
import { meterRead, noticeGiven } from "../events.ts";
import { deadLetters, drainUntilQuiet, foreignBeat, numbersOf, recorder } from "../fixture.ts";
import { appendLarge, openNarrow, openNarrowRecord } from "../narrow.ts";
import { operator } from "../operations/bulk-fixture.ts";
import { always, createGroup, handle, streamLength } from "../retention/janitor-fixture.ts";

/* Answers above what the services hand on: each is read in smaller parts, and none fails for ever. */

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

/** The readings that a follower behind this cursor hears until the stream ends. */
async function heard(backbone: Backbone, after: string | null, append: () => Promise<void> = async () => {}) {
  const numbers: number[] = [];
  const ending = new AbortController();
  const bounds = { signal: ending.signal, deadlineMs: Date.now() + 10_000, caller: "a" };
  const invocation = backbone.open();
  let appended = false;
  const last = async () => lastGeneratedId(invocation.redis, backbone.stream);
  const wants = ({ type }: { readonly type: string }) => type === meterRead.type;
  for await (const { cursor, event } of followEvents(invocation, { wants }, after, bounds)) {
    if (!appended) await append();
    appended = true;
    if (event !== null) numbers.push((event.payload as { reading: number }).reading);
    if (cursor === (await last())) ending.abort();
  }
  return numbers;
}

describe("what Redis does not hand on as one answer", () => {
  test("is followed live, as it comes and by who comes back", async () => {
    const backbone = await openNarrow();
    await appendLarge(backbone, 0, 7);
    await backbone.append(foreignBeat("m", 7));
    expect(await heard(backbone, "0-0")).toEqual(upTo(8));
    const coming = async () => {
      await appendLarge(backbone, 8, 14);
      await backbone.append(foreignBeat("m", 14));
    };
    expect(await heard(backbone, null, coming)).toEqual(upTo(15).slice(8));
  });

  test("is passed over by who follows live, when it is a single entry", async () => {
    const backbone = await openNarrow();
    await backbone.append(foreignBeat("m", 0));
    await appendLarge(backbone, 1, 2, 250_000);
    await backbone.append(foreignBeat("m", 2));
    expect(await heard(backbone, "0-0")).toEqual([0, 2]);
  });

  test("is kept in the record before it is trimmed, each entry once", async () => {
    const backbone = await openNarrow();
    await appendLarge(backbone, 0, 7);
    await appendLarge(backbone, 7, 8, 250_000);
    await backbone.append(foreignBeat("m", 8));
    await createGroup(backbone, "other");
    for (const _ of upTo(9)) await handle(backbone, "other", 1).catch(() => undefined);
    const [pending] = (await backbone.redis(
      "XPENDING",
      backbone.stream,
      "other",
      "-",
      "+",
      "9",
    )) as string[][];
    if (pending?.[0] !== undefined) await backbone.redis("XACK", backbone.stream, "other", pending[0]);
    expect(await trimShard(backbone.open(), 0, always)).toMatchObject({
      trimmed: 9,
      archived: 9,
      more: false,
    });
    expect(await streamLength(backbone)).toBe(0);
    const rows = await backbone.sql<{ number: number | null }>(
      "SELECT ((raw_fields ->> 'payload')::jsonb ->> 'reading')::int AS number FROM archived_entries ORDER BY id",
    );
    expect(rows.map(({ number }) => number)).toEqual([...upTo(7), null, 8]);
  });

  test("costs neither the comparison nor the look at a move, when it is types and ids of events", async () => {
    const backbone = await openNarrow();
    for (const _ of upTo(4)) {
      await backbone.append(["id", "i".repeat(60_000), "type", "t".repeat(60_000), "payload", "{}"]);
    }
    await backbone.publish({ source: "test" }, async (publish) => {
      await publish(meterRead, { meter_id: "m", reading: 1, faults: 0 });
    });
    await backbone.relay();
    expect(await reconcileShard(backbone.open(), 0, always)).toMatchObject({ checked: 1, missing: 0 });
    const { foreign_types } = await moveState(backbone.open());
    expect(foreign_types).toMatchObject([{ type: "t".repeat(100), count: 4 }]);
  });
});

describe("what Postgres does not hand on as one answer", () => {
  test("is tried again in parts, in order, when it was redriven", async () => {
    let isBroken = true;
    const consumer = recorder({
      beforeBeat: () => {
        if (isBroken) throw new PermanentError("not readable");
      },
    });
    const backbone = await openNarrowRecord({ consumers: [consumer] });
    await appendLarge(backbone, 0, 7);
    await drainUntilQuiet(backbone, consumer);
    const letters = await backbone.sql<{ id: string }>("SELECT id::text FROM dead_letters ORDER BY id");
    expect(letters).toHaveLength(7);
    for (const { id } of letters) await redriveLetter(backbone.open(), id, null, null, operator);
    isBroken = false;
    for (let drains = 0; drains < 10; drains += 1) await backbone.drain(consumer);
    expect(await numbersOf(backbone, "m")).toEqual(upTo(7));
    expect((await deadLetters(backbone)).map(({ status }) => status)).toEqual(upTo(7).map(() => "resolved"));
  });

  const numberOf = (payload: unknown) => Number.parseInt((payload as { message: string }).message, 10);

  test("is found and exported in smaller pages", async () => {
    const backbone = await openNarrowRecord();
    for (const number of upTo(7)) {
      await backbone.publish({ source: "test" }, async (publish) => {
        await publish(noticeGiven, { message: `${number}${"x".repeat(60_000)}` });
      });
      await backbone.relay();
    }
    const { db, now } = backbone.system.open();
    const numbers: unknown[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = { order: "asc", limit: 100, cursor, entries: "own" } as const;
      const { found, nextCursor } = await search({ db, all: db, now }, {}, page);
      numbers.push(...found.map(({ payload }) => numberOf(payload)));
      cursor = nextCursor;
    }
    expect(numbers).toEqual(upTo(7));
    const exported: unknown[] = [];
    let [after, more]: [Parameters<typeof exportEvents>[1]["after"], boolean] = [new Map(), true];
    while (more) {
      const page = await exportEvents(db, { after, limit: 100 });
      exported.push(...page.events.map(({ payload }) => numberOf(payload)));
      ({ cursor: after, more } = page);
    }
    expect(exported).toEqual(upTo(7));
  });
});
