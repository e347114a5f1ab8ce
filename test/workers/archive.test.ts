import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { root } from "../../tools/root.ts";
import { findFreePort } from "../../workers/local/ports.ts";
import { sandboxEnv, testApiKey } from "../backbone.ts";
import { recorded } from "../recorded.ts";
import { createSandbox } from "../sandbox.ts";
import { waitFor } from "../wait-for.ts";
import { wholeDay } from "../whole-day.ts";
import { startChild } from "./child.ts";
import { call, type Served } from "./course-flow.ts";
import { countOf, startEdge } from "./edge.ts";
import { productBundles } from "./product-bundles.ts";

beforeEach(() => wholeDay());

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "brain-archive-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}

type Query = (text: string, params?: unknown[]) => Promise<unknown[]>;

/**
 * Records one event and moves it, once it was sent, into that day; its id. It causes no other: events of today between
 * two that were moved would keep the second one in the record until today is sealed.
 */
async function recordOn(served: Served, sql: Query, day: string): Promise<string> {
  const event = { id: crypto.randomUUID(), type: "agent.online", payload: { agent_id: "a-1" } };
  expect((await call(served, "POST", "/api/events", event)).status).toBe(202);
  await waitFor(
    "the event is sent",
    () => sql(`SELECT id FROM ${recorded} WHERE id = $1 AND sent_at IS NOT NULL`, [event.id]),
    (rows) => rows.length === 1,
  );
  await sql("UPDATE events SET stored_at = $2::date + interval '3 hours' WHERE id = $1", [event.id, day]);
  return event.id;
}

async function idsIn(folder: string, day: string): Promise<unknown[]> {
  const text = await readFile(join(folder, `events-${day}.jsonl`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { id: unknown }).id);
}

describe("old events", () => {
  test("go to the folder of npm start by the janitor's cron, and by hand", async () => {
    const folder = join(await newFolder(), "archive");
    const edge = await startEdge(await productBundles(), {}, { archiveDir: folder });
    onTestFinished(() => edge.stop());
    const first = await recordOn(edge, edge.sql, daysAgo(100));
    await edge.workers.tick();
    expect(await countOf(edge, "archive_days")).toBe(0);
    await edge.workers.janitor();
    expect(await idsIn(folder, daysAgo(100))).toEqual([first]);
    expect(await countOf(edge, "events WHERE id = $1", [first])).toBe(0);

    const second = await recordOn(edge, edge.sql, daysAgo(99));
    const { status, body } = await call(edge, "POST", "/api/maintenance/janitor");
    expect(status).toBe(200);
    expect(body.archive).toMatchObject({
      configured: true,
      days: [{ day: daysAgo(99), rows: 1, deleted: 1 }],
    });
    expect(await idsIn(folder, daysAgo(99))).toEqual([second]);
  });

  test("go to the folder of Deno, when it may write there", async () => {
    const folder = await newFolder();
    const sandbox = await createSandbox();
    onTestFinished(() => sandbox.cleanup());
    const pool = new pg.Pool({ connectionString: sandbox.databaseUrl, max: 1 });
    pool.on("error", () => undefined);
    onTestFinished(() => pool.end());
    const port = await findFreePort();
    const child = startChild(
      `${root}node_modules/.bin/deno`,
      [
        ...["run", "--node-modules-dir=manual", "--unstable-cron", "--allow-env", "--allow-net"],
        ...[`--allow-read=${folder}`, `--allow-write=${folder}`, `${root}workers/deno.ts`],
      ],
      sandboxEnv(sandbox, { PORT: String(port), BRAIN_LEASE_MS: "1000", BRAIN_ARCHIVE_DIR: folder }),
    );
    onTestFinished(() => child.kill());
    const served = { url: `http://127.0.0.1:${port}`, key: testApiKey };
    await waitFor(
      "Deno serves",
      async () => ({
        status: await call(served, "GET", "/api/health").then(({ status }) => status, String),
        output: child.output(),
      }),
      ({ status }) => status === 200,
      { everyMs: 100 },
    );
    const id = await recordOn(
      served,
      async (text, params) => (await pool.query(text, params)).rows,
      daysAgo(100),
    );
    const { body } = await call(served, "POST", "/api/maintenance/janitor");
    expect(body.archive).toMatchObject({
      configured: true,
      days: [{ day: daysAgo(100), rows: 1, deleted: 1 }],
    });
    expect(await idsIn(folder, daysAgo(100))).toEqual([id]);
  });
});
