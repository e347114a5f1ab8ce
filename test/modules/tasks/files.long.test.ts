import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createDatabase, createLogger } from "@brain/engine";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLineFolder } from "../../../src/cli/line-folder.ts";
import { createDailyFiles, rowsOf } from "../../../src/modules/tasks/files.ts";
import { createSandbox, type Sandbox } from "../../sandbox.ts";
import { waitFor } from "../../wait-for.ts";
import { wholeDay } from "../../whole-day.ts";
import { startChild } from "../../workers/child.ts";

const program = fileURLToPath(new URL("files-child.ts", import.meta.url).href);

let sandbox: Sandbox;
let pool: pg.Pool;
let folder: string;
let logs: string[];
let today: string;
beforeEach(async () => {
  today = await wholeDay();
  sandbox = await createSandbox();
  pool = new pg.Pool({ connectionString: sandbox.databaseUrl, max: 8 });
  folder = await mkdtemp(join(tmpdir(), "task-files-"));
  logs = [];
});
afterEach(async () => {
  await pool?.end();
  await sandbox?.cleanup();
  await rm(folder, { recursive: true, force: true });
});

const open = () =>
  createDailyFiles(
    rowsOf(createDatabase(sandbox.neonUrl)),
    createLineFolder(folder),
    createLogger((_level, line) => logs.push(line), "info", Date.now),
    Date.now,
  );

/** Events as the module stores them; their ids. */
async function store(
  client: pg.Pool | pg.PoolClient,
  count: number,
  at?: string,
  note = "",
): Promise<string[]> {
  const records = Array.from({ length: count }, (_, index) => ({
    event_id: randomUUID(),
    event_type: "TaskCompleted",
    timestamp: at ?? new Date(Date.now() + index).toISOString().slice(0, -1),
    aggregate_id: "t-1",
    task_id: "t-1",
    metadata: {},
    completed_date: "2020-01-01T00:00:00",
    completion_notes: note,
  }));
  await client.query(
    `INSERT INTO task_events (event_id, event_type, task_id, occurred_at, record, stored_at)
     SELECT r ->> 'event_id', r ->> 'event_type', 't-1', ((r ->> 'timestamp') || 'Z')::timestamptz, r, now()
     FROM jsonb_array_elements($1::jsonb) AS r`,
    [JSON.stringify(records)],
  );
  return records.map(({ event_id }) => event_id);
}

interface Written {
  /** Ids in all files, as often as they stand there. */
  readonly ids: string[];
  /** Lines that are no JSON. */
  readonly torn: number;
  readonly names: string[];
}

async function written(): Promise<Written> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".jsonl")).sort();
  const ids: string[] = [];
  let torn = 0;
  for (const name of names) {
    const day = /events-(\d{4}-\d\d-\d\d)/.exec(name)?.[1] ?? "";
    for (const line of (await readFile(join(folder, name), "utf8")).split("\n")) {
      if (line === "") continue;
      try {
        const record = JSON.parse(line);
        expect(record.timestamp.slice(0, 10)).toBe(day);
        ids.push(record.event_id);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        torn += 1;
      }
    }
  }
  return { ids, torn, names };
}

async function recorded(): Promise<string[]> {
  const { rows } = await pool.query("SELECT event_id FROM task_events ORDER BY event_id");
  return rows.map(({ event_id }) => event_id).sort();
}

test("each event stands in the file of its day once, over rounds and restarts", async () => {
  const ids = [...(await store(pool, 3)), ...(await store(pool, 2, "2026-01-31T23:59:59.999999"))];
  expect(await open().round("all")).toMatchObject({ written: 5 });
  const files = open();
  expect(await files.round("all")).toEqual({ written: 0, archived: [] });
  ids.push(...(await store(pool, 1)));
  expect(await files.round("recent")).toMatchObject({ written: 1 });
  const seen = await written();
  expect(seen.ids.toSorted()).toEqual(ids.toSorted());
  expect(seen.names).toContain(`events-${today}.jsonl`);
});

test("an event whose transaction commits late, with an earlier position, is not passed by", async () => {
  const files = open();
  const late = await pool.connect();
  await late.query("BEGIN");
  const [lateId = ""] = await store(late, 1);
  const [earlyId = ""] = await store(pool, 1);
  await files.round("recent");
  expect((await written()).ids).toEqual([earlyId]);
  await late.query("COMMIT");
  late.release();
  // What a cursor on positions would have missed.
  const { rows } = await pool.query("SELECT event_id FROM task_events ORDER BY position");
  expect(rows.map(({ event_id }) => event_id)).toEqual([lateId, earlyId]);
  await files.round("recent");
  expect((await written()).ids.toSorted()).toEqual([lateId, earlyId].toSorted());
});

test("days longer ago go to the archive; what comes for them later is written beside, and nothing twice", async () => {
  const old = new Date(Date.now() - 40 * 86_400_000).toISOString().slice(0, 10);
  const ids = await store(pool, 2, `${old}T10:00:00`);
  const files = open();
  expect(await files.round("all")).toEqual({ written: 2, archived: [`archive/events-${old}.jsonl`] });
  ids.push(...(await store(pool, 1, `${old}T11:00:00`)));
  expect(await files.round("all")).toEqual({ written: 1, archived: [`archive/events-${old}.1.jsonl`] });
  expect(await open().round("all")).toEqual({ written: 0, archived: [] });
  expect((await written()).ids.toSorted()).toEqual(ids.toSorted());
});

test("a corrupt line is told and left, and a file that is gone is written again", async () => {
  const ids = await store(pool, 2);
  const name = join(folder, `events-${today}.jsonl`);
  await writeFile(name, '{"event_id": "torn');
  const files = open();
  await files.round("all");
  expect(logs.join("\n")).toContain("a corrupt line was skipped");
  expect(await written()).toMatchObject({ torn: 1 });
  expect((await written()).ids.toSorted()).toEqual(ids.toSorted());
  await rm(name);
  await files.round("recent");
  expect(await written()).toMatchObject({ torn: 0 });
  expect((await written()).ids.toSorted()).toEqual(ids.toSorted());
});

test("kills while it writes leave no gap and no double", async () => {
  const note = "n".repeat(1_900);
  const name = join(folder, `events-${today}.jsonl`);
  const bytes = async () => (await stat(name).catch(() => ({ size: 0 }))).size;
  for (let kill = 0; kill < 4; kill += 1) {
    // A transaction that commits behind one that began after it, each time while the files are written.
    const late = await pool.connect();
    await late.query("BEGIN");
    await store(late, 100, undefined, note);
    await store(pool, 1_200, undefined, note);
    const before = await bytes();
    const child = startChild(process.execPath, [program, sandbox.neonUrl, folder], {});
    await waitFor(
      "the child writes",
      async () => ({ size: await bytes(), output: child.output() }),
      ({ size }) => size > before,
      { timeoutMs: 60_000, everyMs: 1 },
    );
    await late.query("COMMIT");
    late.release();
    child.signal("SIGKILL");
    expect(await child.ended(60_000)).toBe("SIGKILL");
  }
  const { torn, ids } = await written();
  expect(torn).toBeLessThanOrEqual(4);
  const all = await recorded();
  // The last kill came in the middle: without another round there is a gap.
  expect(ids.length).toBeLessThan(all.length);
  await open().round("all");
  const seen = await written();
  expect(seen.ids.toSorted()).toEqual(all);
  expect(seen.torn).toBe(torn);
});
