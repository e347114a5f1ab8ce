import { randomUUID } from "node:crypto";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { KafkaRecord } from "../../src/cli/commands/events/kafka-record.ts";
import { recorded } from "../recorded.ts";
import { waitFor } from "../wait-for.ts";
import { charter, openStation, type Station, startCharter } from "./server.ts";

let station: Station;
beforeAll(async () => {
  station = await openStation({ consumers: [], env: { BRAIN_SHARDS: "3" } });
  await publishViews(1);
});
afterAll(() => station?.cleanup());

const keys = ["a", "b", "c", "d", "e"].map((letter) => `dist_${letter.repeat(16)}`);
/** Views of distributions, in order for each; returns their ids. */
async function publishViews(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  for (let from = 0; from < count; from += 1_000) {
    const events = ids.slice(from, from + 1_000).map((id, index) => ({
      id,
      type: "distribution.viewed",
      source: "export test",
      tenant_id: "acme",
      payload: {
        distribution_id: keys[(from + index) % keys.length],
        slug: "a-course",
        view_count: from + index,
        viewed_at: new Date().toISOString(),
        referrer_category: null,
      },
    }));
    await station.post("/api/events/batch", events);
  }
  await station.settle();
  return ids;
}

const recordsOf = (text: string): (KafkaRecord & { cursor: string })[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
const idsOf = (text: string) => recordsOf(text).map(({ headers }) => headers.ce_id);
const cursorIn = (stderr: string) => /--cursor (\S+)$/m.exec(stderr)?.[1] ?? "none";
const run = (...args: string[]) => charter(station.url, ["export", "--to", "kafka-jsonl", ...args]);
/** Where the next export begins when all that is there now is not of interest. */
const atEnd = async () => cursorIn((await run("--limit", "1000")).stderr);

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "brain-export-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** For each key its view counts in the order of the lines. */
function countsByKey(text: string): Record<string, number[]> {
  const counts: Record<string, number[]> = {};
  for (const { key, value } of recordsOf(text)) {
    counts[String(key)] ??= [];
    counts[String(key)]?.push((value as { view_count: number }).view_count);
  }
  return counts;
}

describe("export", () => {
  test("writes records with topic, key, timestamp, CloudEvents headers and value", async () => {
    const cursor = await atEnd();
    const [id] = await publishViews(1);
    const { code, stdout, stderr } = await run("--cursor", cursor, "--topic", "shop.{module}.{type}");
    expect(code, stderr).toBe(0);
    const [record] = recordsOf(stdout);
    const { payload, timestamp, meta, stream_message_id } = JSON.parse(
      await (await fetchEvent(id ?? "")).text(),
    );
    expect(record).toEqual({
      topic: "shop.course_distribution.distribution.viewed",
      key: keys[0],
      timestamp: Date.parse(timestamp),
      headers: {
        "content-type": "application/json",
        ce_specversion: "1.0",
        ce_id: id,
        ce_source: "export%20test",
        ce_type: "distribution.viewed",
        ce_time: timestamp,
        ce_partitionkey: keys[0],
        ce_tenantid: "acme",
        ce_correlationid: expect.any(String),
        ce_schemaversion: "1",
        ce_producer: expect.any(String),
        ce_sourcemodule: "course_distribution",
        ce_position: expect.stringMatching(/^\d+$/),
        ce_streamid: stream_message_id,
        brain_meta: JSON.stringify(meta),
      },
      value: payload,
      cursor: cursorIn(stderr),
    });
    expect(stderr).toMatch(/^1 event; what comes next: --cursor \d/);
  });

  test("gives each event once and each key in order, over pages and shards", async () => {
    const cursor = await atEnd();
    const ids = await publishViews(1_100);
    const { code, stdout } = await run("--cursor", cursor, "--limit", "97");
    expect(code).toBe(0);
    expect(idsOf(stdout).toSorted()).toEqual(ids.toSorted());
    const counts = countsByKey(stdout);
    expect(Object.keys(counts).toSorted()).toEqual(keys);
    for (const list of Object.values(counts)) expect(list).toEqual(list.toSorted((a, b) => a - b));
    const shards = await station.sql(`SELECT DISTINCT shard FROM ${recorded}`);
    expect(shards.length).toBeGreaterThan(1);
  });

  test("behind the cursor of any line comes the rest, for who keeps it with what he has stored", async () => {
    const cursor = await atEnd();
    await publishViews(40);
    const lines = recordsOf((await run("--cursor", cursor, "--limit", "7")).stdout);
    expect(lines).toHaveLength(40);
    for (const at of [0, 6, 7, 38]) {
      const rest = recordsOf((await run("--cursor", lines[at]?.cursor ?? "none")).stdout);
      expect(rest).toEqual(lines.slice(at + 1));
    }
    expect((await run("--cursor", lines.at(-1)?.cursor ?? "none")).stdout).toBe("");
  });

  test("misses no event that commits behind a later one, as the history does", async () => {
    const slow = new pg.Client({ connectionString: station.sandbox.databaseUrl });
    await slow.connect();
    onTestFinished(() => slow.end());
    const cursor = await atEnd();
    const id = randomUUID();
    await slow.query("BEGIN");
    await slow.query(
      `INSERT INTO events (id, type, source, schema_version, producer, source_module, meta, payload, occurred_at)
       VALUES ($1, 'system.health', 'slow', 1, 'slow', 'system', '{"schema_version":1,"producer":"slow","source_module":"system"}', '{"component":"slow","status":"ok"}', now())`,
      [id],
    );
    const [fast = ""] = await publishViews(1);
    const first = await run("--cursor", cursor);
    expect(idsOf(first.stdout)).toEqual([fast]);
    const passed = JSON.parse(await (await fetchEvent(fast)).text()).position;
    await slow.query("COMMIT");
    await station.settle();
    const second = await run("--cursor", cursorIn(first.stderr));
    expect(idsOf(second.stdout)).toEqual([id]);
    const history = await fetchPath(`/api/events/history?order=asc&cursor=${passed}`);
    expect(JSON.parse(await history.text()).events).toEqual([]);
  });

  test("killed at any point and begun again, each event is in its file once", async () => {
    const [cursor, path] = [await atEnd(), await folder()];
    const ids = await publishViews(600);
    const args = ["--out", join(path, "events.jsonl"), "--state", join(path, "state.json"), "--limit", "5"];
    await writeFile(join(path, "state.json"), JSON.stringify({ cursor, events: 0, bytes: 0 }));
    const written = async () => (await readFile(join(path, "events.jsonl"), "utf8").catch(() => "")).length;
    let kills = 0;
    for (let from = 0; kills < 3; kills += 1) {
      const running = startCharter(station.url, ["export", "--to", "kafka-jsonl", ...args]);
      await waitFor("some lines", written, (length) => length > from);
      running.kill("SIGKILL");
      await running.ended;
      // What a write leaves behind that was cut short.
      await appendFile(join(path, "events.jsonl"), '{"topic":"half a li');
      from = await written();
    }
    const { code, stderr } = await run(...args);
    expect(code, stderr).toBe(0);
    const text = await readFile(join(path, "events.jsonl"), "utf8");
    expect(idsOf(text).toSorted()).toEqual(ids.toSorted());
    for (const list of Object.values(countsByKey(text))) expect(list).toEqual(list.toSorted((a, b) => a - b));
    expect(JSON.parse(await readFile(join(path, "state.json"), "utf8")).events).toBe(600);
  });

  test("follows what comes, also over a restart of the server", async () => {
    const cursor = await atEnd();
    const running = startCharter(station.url, [
      "export",
      "--to",
      "kafka-jsonl",
      "--follow",
      "--cursor",
      cursor,
    ]);
    const ids = await publishViews(2);
    const shows = (count: number) =>
      waitFor(
        "the lines",
        () => idsOf(running.stdout()).length,
        (seen) => seen >= count,
      );
    await shows(2);
    await station.stop();
    await waitFor(
      "the loss",
      () => running.stderr(),
      (text) => text.includes("Trying again"),
    );
    await station.start();
    ids.push(...(await publishViews(1)));
    await shows(3);
    expect(idsOf(running.stdout()).toSorted()).toEqual(ids.toSorted());
    running.kill("SIGTERM");
    await running.ended;
  });

  test.each([
    [["--topic", "x{user}"], 2, "may have {type}, {module} and {tenant} in it"],
    [["--cursor", "yesterday"], 2, "Expected the cursor that an earlier export told"],
    [["--cursor", "1:2"], 1, 'expected the "cursor" of an earlier answer'],
    [["--state", "/tmp/state.json"], 2, "--state needs --out"],
    [["--to", "avro"], 2, "Allowed choices are kafka-jsonl"],
    [["--out", "/no/such/folder/file"], 2, "it does not exist"],
  ])("says what is wrong with %j", async (args, code, message) => {
    const ran = await run(...args);
    expect(ran.code, ran.stderr).toBe(code);
    expect(ran.stderr).toContain(message);
  });

  test("a state that belongs to another file is refused, and a file that is no state", async () => {
    const path = await folder();
    const [out, state] = [join(path, "events.jsonl"), join(path, "state.json")];
    await writeFile(out, "# Mine\n");
    for (const args of [[], ["--state", state]])
      expect(await run("--out", out, ...args)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("is there already, and has no lines of an export"),
      });
    expect(await readFile(out, "utf8")).toBe("# Mine\n");
    await rm(out);
    await writeFile(state, JSON.stringify({ cursor: null, events: 9, bytes: 900 }));
    await writeFile(out, "short");
    const refused = await run("--out", out, "--state", state);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("has 5 bytes, and 900 are noted");
    expect(await readFile(out, "utf8")).toBe("short");
    await writeFile(state, "events");
    expect((await run("--out", out, "--state", state)).stderr).toContain("is no state of an export");
  });
});

function fetchPath(path: string): Promise<Response> {
  return fetch(`${station.url}${path}`, { headers: { authorization: `Bearer ${station.config.apiKey}` } });
}

const fetchEvent = (id: string) => fetchPath(`/api/events/${id}`);
