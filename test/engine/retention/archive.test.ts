import { Miniflare } from "miniflare";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { listAlerts } from "../../../src/engine/alerts/alert-views.ts";
import { type Archive, type ArchiveBucket, createBucketArchive } from "../../../src/engine/archive.ts";
import { archiveDays } from "../../../src/engine/retention/archive-days.ts";
import type { Backbone } from "../../backbone.ts";
import { wholeDay } from "../../whole-day.ts";
import { openBackbone, publishReports } from "../fixture.ts";
import { always, daysAgo, moveToDay, openFolder, times } from "./janitor-fixture.ts";

let due: string;
beforeEach(async () => {
  await wholeDay();
  due = daysAgo(100);
});

async function recorded(backbone: Backbone, count: number, day = due): Promise<string[]> {
  const [row] = await backbone.sql<{ last: string | null }>("SELECT max(position)::text AS last FROM events");
  const ids = await publishReports(backbone, count);
  await backbone.relay();
  await moveToDay(backbone, day, `position > ${row?.last ?? 0}`);
  return ids;
}

function run(backbone: Backbone, archive: Archive | null, mayGoOn = always) {
  return archiveDays({ ...backbone.open(), archive }, mayGoOn);
}

const eventCount = async (backbone: Backbone) =>
  (await backbone.sql<{ n: number }>("SELECT count(*)::integer AS n FROM events"))[0]?.n;

function parse(text: string): Record<string, unknown>[] {
  expect(text.endsWith("\n")).toBe(true);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function openAlerts(backbone: Backbone) {
  return (await listAlerts(backbone.open().db, { status: "open", limit: 50 })).alerts;
}

describe("a day of the record", () => {
  test("goes to its file, one event a line, and is deleted when the file is complete", async () => {
    const backbone = await openBackbone();
    const { archive, read } = await openFolder();
    const ids = await recorded(backbone, 30);
    const younger = await recorded(backbone, 5, daysAgo(20));
    const report = await run(backbone, archive);
    expect(report).toMatchObject({
      configured: true,
      more: false,
      days: [{ day: due, rows: 30, archived: true, deleted: 30, held: null }],
    });
    const text = await read(due);
    expect(report.days[0]?.bytes).toBe(Buffer.byteLength(text));
    const lines = parse(text);
    expect(lines.map((line) => line.id)).toEqual(ids);
    expect(Object.keys(lines[0] ?? {})).toEqual([
      ...["id", "type", "source", "target", "payload", "timestamp", "meta", "mission_id", "task_id"],
      ...["correlation_id", "tenant_id", "actor_id", "severity"],
      ...["position", "stored_at", "sent_at", "stream_message_id", "shard", "key"],
    ]);
    const positions = lines.map((line) => Number(line.position));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(new Set(positions).size).toBe(30);
    expect(lines[0]).toMatchObject({
      type: "lab.part.checked",
      payload: { part: "db", status: "0" },
      stored_at: expect.stringMatching(`^${due}T`),
      stream_message_id: expect.stringMatching(/^\d+-\d+$/),
      shard: 0,
      key: null,
    });
    expect((await backbone.sql("SELECT id FROM events ORDER BY position")).map((row) => row.id)).toEqual(
      younger,
    );
    // Nothing is due any more.
    expect(await run(backbone, archive)).toEqual({ configured: true, days: [], more: false });
  });

  test("ends at midnight UTC, whatever the order of the positions", async () => {
    const backbone = await openBackbone();
    const { archive, read } = await openFolder();
    const ids = await recorded(backbone, 4);
    const at = async (index: number, time: string) =>
      backbone.sql("UPDATE events SET stored_at = $2 WHERE id = $1", [ids[index], time]);
    const before = daysAgo(101);
    await at(0, `${due}T00:00:00.000Z`);
    await at(1, `${before}T23:59:59.999Z`);
    await at(2, `${due}T23:59:59.999Z`);
    await at(3, `${before}T12:00:00.000Z`);
    expect((await run(backbone, archive)).days.map(({ day, rows }) => [day, rows])).toEqual([
      [before, 2],
      [due, 2],
    ]);
    expect(parse(await read(before)).map((line) => line.id)).toEqual([ids[1], ids[3]]);
    expect(parse(await read(due)).map((line) => line.id)).toEqual([ids[0], ids[2]]);
    expect(await eventCount(backbone)).toBe(0);
  });

  test("is not due before its last event is old enough", async () => {
    const backbone = await openBackbone({ env: { BRAIN_EVENTS_DAYS: "10" } });
    const { archive } = await openFolder();
    await recorded(backbone, 2, daysAgo(10));
    expect(await run(backbone, archive)).toMatchObject({ days: [] });
    await recorded(backbone, 2, daysAgo(11));
    expect((await run(backbone, archive)).days.map(({ day }) => day)).toEqual([daysAgo(11)]);
    expect(await eventCount(backbone)).toBe(2);
  });

  test("holds the entries of other programs too, behind the events", async () => {
    const backbone = await openBackbone();
    const { archive, read } = await openFolder();
    await recorded(backbone, 1);
    await backbone.sql(
      `INSERT INTO archived_entries (stream_name, stream_message_id, raw_fields, archived_at)
       VALUES ('s', '5-1', '{"type":"x"}', $1::date + interval '5 hours'), ('s', '5-2', '{"type":"y"}', now())`,
      [due],
    );
    expect(await run(backbone, archive)).toMatchObject({ days: [{ rows: 2, deleted: 2 }] });
    const [, entry] = parse(await read(due));
    // Nobody has tried to read it.
    const unknown = [
      "id",
      "type",
      "source",
      "target",
      "payload",
      "timestamp",
      "meta",
      "mission_id",
      "task_id",
    ];
    unknown.push("correlation_id", "tenant_id", "actor_id", "severity", "sent_at", "shard", "key", "unread");
    expect(entry).toEqual({
      ...Object.fromEntries(unknown.map((name) => [name, null])),
      position: expect.any(Number),
      decode_notes: [],
      stream_name: "s",
      stream_message_id: "5-1",
      stored_at: expect.stringMatching(`^${due}T`),
      archived_at: expect.stringMatching(`^${due}T`),
      raw_fields: { type: "x" },
    });
    expect(await backbone.sql("SELECT stream_message_id FROM archived_entries")).toEqual([
      { stream_message_id: "5-2" },
    ]);
  });
});

describe("nothing is deleted", () => {
  test("without an archive: an alert tells that days are due", async () => {
    const backbone = await openBackbone();
    const { archive } = await openFolder();
    await recorded(backbone, 3);
    expect(await run(backbone, null)).toEqual({ configured: false, days: [], more: false });
    expect(await eventCount(backbone)).toBe(3);
    expect(await openAlerts(backbone)).toMatchObject([{ kind: "archive_missing", subject: "archive" }]);
    await run(backbone, archive);
    expect(await openAlerts(backbone)).toEqual([]);
    expect(await eventCount(backbone)).toBe(0);
  });

  test("when events are to be kept for ever", async () => {
    const backbone = await openBackbone({ env: { BRAIN_EVENTS_DAYS: "0" } });
    const { archive } = await openFolder();
    await recorded(backbone, 3);
    expect(await run(backbone, archive)).toMatchObject({ days: [] });
    expect(await eventCount(backbone)).toBe(3);
  });

  test("and nothing archived while an event of the day was not sent", async () => {
    const backbone = await openBackbone();
    const { archive } = await openFolder();
    await publishReports(backbone, 2);
    await moveToDay(backbone, due);
    expect(await run(backbone, archive)).toMatchObject({
      days: [{ day: due, archived: false, held: "unsent" }],
    });
    expect(await openAlerts(backbone)).toMatchObject([{ kind: "archive_held", subject: due }]);
    await backbone.relay();
    await run(backbone, archive);
    expect(await openAlerts(backbone)).toEqual([]);
    expect(await eventCount(backbone)).toBe(0);
  });

  test.each([
    [
      "a deferred delivery needs",
      "deliveries",
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, cause)
       SELECT 's', 0, 'st', '1-1', $1, 'replay'`,
      "DELETE FROM deliveries",
    ],
    [
      "an open dead letter without fields needs",
      "dead_letters",
      `INSERT INTO dead_letters (subscriber_name, stream_name, stream_message_id, event_id, reason, error_class,
         error_message, attempts, first_failed_at, last_failed_at)
       SELECT 's', 'st', '1-1', $1, 'permanent_error', 'E', 'm', 1, now(), now()`,
      "UPDATE dead_letters SET status = 'discarded'",
    ],
    [
      "a replay has yet to reach",
      "jobs",
      `INSERT INTO jobs (kind, name, filter, total, until_position, cursor_position)
       SELECT 'replay', 'r', '{}', 5, position, 0 FROM events WHERE id = $1::uuid`,
      "UPDATE jobs SET status = 'completed'",
    ],
  ])("of a day that %s", async (_what, reason, need, release) => {
    const backbone = await openBackbone();
    const { archive, read } = await openFolder();
    const [id] = await recorded(backbone, 5);
    await backbone.sql(need, [id]);
    expect(await run(backbone, archive)).toMatchObject({
      days: [{ day: due, archived: true, deleted: 0, held: reason }],
    });
    expect(await eventCount(backbone)).toBe(5);
    expect(await openAlerts(backbone)).toMatchObject([{ kind: "archive_held", subject: due }]);
    await backbone.sql(release);
    expect(await run(backbone, archive)).toMatchObject({ days: [{ day: due, deleted: 5, held: null }] });
    expect(await eventCount(backbone)).toBe(0);
    expect(await openAlerts(backbone)).toEqual([]);
    expect(parse(await read(due))).toHaveLength(5);
  });
});

/** Runs until the archive has nothing to do any more; every run dies after some calls of the storage. */
async function runWithDeaths(backbone: Backbone, archive: Archive, callsEach: number): Promise<number> {
  for (let deaths = 0; deaths < 200; deaths += 1) {
    let left = callsEach;
    const mortal: Archive = {
      read: (name) => archive.read(name),
      async open(...given) {
        const file = await archive.open(...given);
        const spend = async () => {
          left -= 1;
          if (left < 0) throw new Error("killed");
        };
        return {
          get durable() {
            return file.durable;
          },
          get state() {
            return file.state;
          },
          // Killed after the write: what the storage has by now is more than what was noted.
          write: async (bytes) => {
            await file.write(bytes);
            await spend();
          },
          flush: () => file.flush(),
          complete: () => file.complete(),
        };
      },
    };
    try {
      if (!(await run(backbone, mortal)).more) return deaths;
    } catch (error) {
      if (!String(error).includes("killed")) throw error;
    }
  }
  throw new Error("200 runs were not enough");
}

describe("a janitor that is killed again and again", () => {
  test("leaves one complete file in the end, each event in it once", async () => {
    const backbone = await openBackbone();
    const { archive, read } = await openFolder();
    const ids = await recorded(backbone, 50);
    // The folder gathers some lines for each write; every run gets a little further than that.
    expect(await runWithDeaths(backbone, archive, 7)).toBeGreaterThan(5);
    expect(parse(await read(due)).map((line) => line.id)).toEqual(ids);
    expect(await eventCount(backbone)).toBe(0);
  });
});

async function openBucket(): Promise<{ bucket: ArchiveBucket; read(day: string): Promise<string> }> {
  const miniflare = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() }",
    cf: false,
    r2Buckets: ["ARCHIVE"],
  });
  onTestFinished(() => miniflare.dispose());
  const bucket = await miniflare.getR2Bucket("ARCHIVE");
  return {
    bucket: bucket as unknown as ArchiveBucket,
    read: async (day) => {
      const object = await bucket.get(`events-${day}.jsonl`);
      if (object === null) throw new Error(`there is no file of ${day}`);
      return object.text();
    },
  };
}

/** Events whose payloads make up for more than two parts of an upload. */
async function recordLarge(backbone: Backbone, count: number): Promise<string[]> {
  await backbone.sql(
    `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at, sent_at,
       stream_message_id, shard)
     SELECT gen_random_uuid(), 'lab.part.checked', 't', 1, 'p', 'm', '{}',
       json_build_object('text', repeat('ü' || n, 25000)), now(), now(), '1-' || n, 0
     FROM generate_series(1, $1::integer) n`,
    [count],
  );
  await moveToDay(backbone, due);
  return (await backbone.sql<{ id: string }>("SELECT id FROM events ORDER BY position")).map((row) => row.id);
}

const partBytes = 5 * 1_048_576;

describe("an archive in a bucket", () => {
  test("takes a small day as one part", async () => {
    const backbone = await openBackbone();
    const { bucket, read } = await openBucket();
    const ids = await recorded(backbone, 3);
    expect(await run(backbone, createBucketArchive(bucket))).toMatchObject({
      days: [{ rows: 3, deleted: 3 }],
    });
    expect(parse(await read(due)).map((line) => line.id)).toEqual(ids);
  });

  test("goes on with a large day over several invocations, also within a line", async () => {
    const backbone = await openBackbone();
    const { bucket, read } = await openBucket();
    const ids = await recordLarge(backbone, 160);
    const archive = createBucketArchive(bucket, partBytes);
    const first = await run(backbone, archive, times(3));
    expect(first).toMatchObject({ more: true, days: [{ archived: false, bytes: partBytes, deleted: 0 }] });
    expect(await eventCount(backbone)).toBe(160);
    await expect(read(due)).rejects.toThrow();

    expect(await run(backbone, archive)).toMatchObject({
      days: [{ archived: true, rows: 160, deleted: 160 }],
    });
    const lines = parse(await read(due));
    expect(lines.map((line) => line.id)).toEqual(ids);
    expect(lines.at(99)?.payload).toEqual({ text: "ü100".repeat(25_000) });
  });

  test("finds out that a file was completed, when nobody heard of it", async () => {
    const backbone = await openBackbone();
    const { bucket, read } = await openBucket();
    const ids = await recorded(backbone, 3);
    const deaf: ArchiveBucket = {
      get: (key) => bucket.get(key),
      head: (key) => bucket.head(key),
      resumeMultipartUpload: (key, id) => bucket.resumeMultipartUpload(key, id),
      async createMultipartUpload(key) {
        const upload = await bucket.createMultipartUpload(key);
        return {
          uploadId: upload.uploadId,
          uploadPart: (number, bytes) => upload.uploadPart(number, bytes),
          async complete(parts) {
            await upload.complete(parts);
            throw new Error("the connection was lost");
          },
        };
      },
    };
    const looks = { head: () => Promise.reject(new Error("the connection was lost")) };
    await expect(run(backbone, createBucketArchive({ ...deaf, ...looks }))).rejects.toThrow("connection");
    expect(await eventCount(backbone)).toBe(3);
    expect(await run(backbone, createBucketArchive(bucket))).toMatchObject({
      days: [{ rows: 3, deleted: 3 }],
    });
    expect(parse(await read(due)).map((line) => line.id)).toEqual(ids);
  });

  test("begins a file anew that the storage has given up", async () => {
    const backbone = await openBackbone();
    const { bucket, read } = await openBucket();
    await recordLarge(backbone, 160);
    const archive = createBucketArchive(bucket, partBytes);
    await run(backbone, archive, times(3));
    const [row] = await backbone.sql<{ id: string }>(
      "SELECT state -> 'storage' ->> 'upload_id' AS id FROM archive_days",
    );
    const upload = bucket.resumeMultipartUpload(`events-${due}.jsonl`, row?.id ?? "");
    await (upload as unknown as { abort(): Promise<void> }).abort();
    expect(await run(backbone, archive)).toMatchObject({ more: true, days: [{ archived: false, bytes: 0 }] });
    expect(await run(backbone, archive)).toMatchObject({
      days: [{ archived: true, rows: 160, deleted: 160 }],
    });
    expect(parse(await read(due))).toHaveLength(160);
  });
});
