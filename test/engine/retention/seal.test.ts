import { beforeEach, describe, expect, test } from "vitest";
import { completeUpTo } from "../../../src/engine/events/complete-up-to.ts";
import { archiveDays } from "../../../src/engine/retention/archive-days.ts";
import { runJanitor } from "../../../src/engine/retention/janitor.ts";
import { sealDays } from "../../../src/engine/retention/seal-days.ts";
import { verifyDay } from "../../../src/engine/retention/verify-day.ts";
import type { Backbone } from "../../backbone.ts";
import { wholeDay } from "../../whole-day.ts";
import { soon } from "../dispatch/fixture.ts";
import { openBackbone, publishReports } from "../fixture.ts";
import { daysAgo, moveToDay, openFolder } from "./janitor-fixture.ts";

/** A day is sealed when it has been over for an hour: the last one is not, in the first hour of this one. */
let lately: string;
beforeEach(async () => {
  await wholeDay();
  lately = daysAgo(2);
});
const always = () => true;

/** Three events and an entry of another program, all of one day, sealed. */
async function sealed(day = lately): Promise<Backbone> {
  const backbone = await openBackbone();
  await publishReports(backbone, 3);
  await moveToDay(backbone, day);
  await backbone.sql(
    `INSERT INTO archived_entries (stream_name, stream_message_id, event_type, raw_fields, archived_at)
     VALUES ('s', '5-1', 'x', '{"type":"x"}', ($1::date + interval '2 hours') AT TIME ZONE 'UTC')`,
    [day],
  );
  // The relay notes where they went behind the seal, which changes nothing of what they are.
  expect(await sealDays(backbone.open(), always)).toEqual({ days: [day], rows: 4, more: false });
  await backbone.relay();
  return backbone;
}
const verify = (backbone: Backbone, day = lately) => verifyDay(backbone.open(), day, 0);
const positions = async (backbone: Backbone) =>
  (await backbone.sql<{ position: string }>("SELECT position FROM events ORDER BY position")).map((row) =>
    Number(row.position),
  );

describe("a sealed day", () => {
  test("is as it was, until something is done to it", async () => {
    const backbone = await sealed();
    expect(await verify(backbone)).toMatchObject({ rows: 4, fault: null, next_block: null });
    expect(await sealDays(backbone.open(), always)).toEqual({ days: [], rows: 0, more: false });
  });

  test.each([
    ["changed", "UPDATE events SET payload = payload || '{\"x\":1}' WHERE position = $1"],
    ["changed", "UPDATE events SET actor_id = 'somebody' WHERE position = $1"],
    ["removed", "DELETE FROM events WHERE position = $1"],
  ])("names the row that was %s", async (kind, statement) => {
    const backbone = await sealed();
    const [, second] = await positions(backbone);
    await backbone.sql(statement, [second]);
    expect((await verify(backbone)).fault).toMatchObject({ kind, position: second });
  });

  test("names a row that was added, and an entry of another program that was changed", async () => {
    const backbone = await sealed();
    const [first, , third] = await positions(backbone);
    await backbone.sql("UPDATE archived_entries SET raw_fields = '{}'");
    const entry = await backbone.sql<{ position: string }>("SELECT position FROM archived_entries");
    expect((await verify(backbone)).fault).toMatchObject({
      kind: "changed",
      position: Number(entry[0]?.position),
    });
    await backbone.sql("DELETE FROM events WHERE position = $1", [third]);
    expect((await verify(backbone)).fault).toMatchObject({ kind: "removed", position: third });
    await backbone.sql("UPDATE events SET target = 't' WHERE position = $1", [first]);
    expect((await verify(backbone)).fault).toMatchObject({ kind: "changed", position: first });
  });

  test("names a row that was put into a gap", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await backbone.sql("SELECT nextval('events_position_seq') AS gap");
    await publishReports(backbone, 1);
    await moveToDay(backbone, lately);
    await sealDays(backbone.open(), always);
    const [first = 0] = await positions(backbone);
    await backbone.sql(
      `INSERT INTO events (position, id, type, source, schema_version, producer, source_module, meta, payload, occurred_at)
       OVERRIDING SYSTEM VALUE VALUES ($1, gen_random_uuid(), 'a.b.c', 's', 1, 'p', 'm', '{}', '{}', now())`,
      [first + 1],
    );
    expect((await verify(backbone)).fault).toMatchObject({
      kind: "added",
      position: first + 1,
      type: "a.b.c",
    });
  });

  test("shows that its list was changed with the row, and that a day was removed", async () => {
    const backbone = await sealed(daysAgo(3));
    await publishReports(backbone, 1);
    const newest = (await positions(backbone)).at(-1);
    await moveToDay(backbone, lately, `position = ${newest}`);
    expect(await sealDays(backbone.open(), always)).toMatchObject({ days: [lately], rows: 1 });
    expect(await verify(backbone)).toMatchObject({ fault: null });
    await backbone.sql("UPDATE audit_blocks SET listing = replace(listing, 'A', 'B') WHERE day = $1", [
      daysAgo(3),
    ]);
    expect((await verify(backbone, daysAgo(3))).fault).toMatchObject({ kind: "chain" });
    await backbone.sql("DELETE FROM audit_seals WHERE day = $1", [daysAgo(3)]);
    expect((await verify(backbone)).fault).toMatchObject({ kind: "chain" });
  });

  test("leaves a row that commits behind its seal to the next day", async () => {
    const [day, next] = [daysAgo(3), daysAgo(2)];
    const backbone = await openBackbone();
    await publishReports(backbone, 2);
    await moveToDay(backbone, day);
    await sealDays(backbone.open(), always);
    await publishReports(backbone, 1);
    const late = (await positions(backbone)).at(-1);
    await moveToDay(backbone, day, `position = ${late}`);
    expect(await verify(backbone, day)).toMatchObject({ rows: 2, fault: null });
    // Its own time says that day; the chain says when it came.
    expect(await sealDays(backbone.open(), always)).toEqual({ days: [next], rows: 1, more: false });
    expect(await verify(backbone, next)).toMatchObject({ rows: 1, fault: null });
  });

  test("is not deleted before all of it is in the chain", async () => {
    const due = daysAgo(100);
    const backbone = await sealed(due);
    const { archive } = await openFolder();
    const invocation = { ...backbone.open(), archive };
    await backbone.sql("UPDATE audit_seals SET sealed_at = NULL");
    expect(await archiveDays(invocation, always)).toMatchObject({ days: [{ deleted: 0, held: "seal" }] });
    await backbone.sql("UPDATE audit_seals SET sealed_at = now()");
    expect(await archiveDays(invocation, always)).toMatchObject({ days: [{ deleted: 4, held: null }] });
  });

  test("stays verifiable in the archive, where a changed line is named too", async () => {
    const due = daysAgo(100);
    const backbone = await sealed(due);
    const { archive, folder } = await openFolder();
    const invocation = () => ({ ...backbone.open(), archive });
    const report = await runJanitor(invocation(), soon());
    expect(report.archive).toMatchObject({ result: { days: [{ day: due, deleted: 4 }] } });
    expect(await positions(backbone)).toEqual([]);
    expect(await verifyDay(invocation(), due, 0)).toMatchObject({ rows: 4, fault: null });
    const { readFile, writeFile } = await import("node:fs/promises");
    const file = `${folder}/events-${due}.jsonl`;
    const lines = (await readFile(file, "utf8")).split("\n");
    const second = JSON.parse(lines[1] ?? "");
    await writeFile(file, lines.with(1, JSON.stringify({ ...second, source: "forged" })).join("\n"));
    expect((await verifyDay(invocation(), due, 0)).fault).toMatchObject({
      kind: "changed",
      position: second.position,
      id: second.id,
    });
    await writeFile(file, lines.toSpliced(1, 1).join("\n"));
    expect((await verifyDay(invocation(), due, 0)).fault).toMatchObject({
      kind: "removed",
      position: second.position,
    });
  });
});

describe("sealing", () => {
  test("begins no day that is not over, and goes on where a run ended", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    expect(await sealDays(backbone.open(), always)).toEqual({ days: [], rows: 0, more: false });
    await moveToDay(backbone, lately);
    let looks = 0;
    const oneStep = () => {
      looks += 1;
      return looks < 2;
    };
    expect(await sealDays(backbone.open(), oneStep)).toEqual({ days: [], rows: 0, more: true });
    expect(await sealDays(backbone.open(), always)).toEqual({ days: [lately], rows: 1, more: false });
    expect(await verify(backbone)).toMatchObject({ fault: null });
  });

  test("does not go beyond what a transaction that is open may still bring", async () => {
    const backbone = await openBackbone();
    await publishReports(backbone, 1);
    await moveToDay(backbone, lately);
    const before = await completeUpTo(backbone.open().db);
    const session = await backbone.open().db.open();
    await session
      .transaction(async () => {
        // Nobody waits for a transaction that only reads.
        expect(await completeUpTo(backbone.open().db)).toBe(before);
      })
      .finally(() => session.close());
  });
});
