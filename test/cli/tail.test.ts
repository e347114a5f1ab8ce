import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { waitFor } from "../wait-for.ts";
import { charter, openStation, type Running, type Station, startCharter } from "./server.ts";

let station: Station;
beforeAll(async () => {
  station = await openStation({ consumers: [] });
});
afterAll(() => station?.cleanup());

const publish = (...components: string[]) =>
  station.post(
    "/api/events/batch",
    components.map((component) => ({ type: "system.health", payload: { component, status: "ok" } })),
  );

/** Components in the order in which they were printed. */
const printed = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line).payload.component);

const shows = (running: Running, components: readonly string[]) =>
  waitFor(
    "the lines",
    () => printed(running.stdout()),
    (seen) => seen.length >= components.length,
  ).then((seen) => expect(seen).toEqual(components));

/** Live connections that have said where they begin, since the station began. */
const listens = (count: number) =>
  waitFor(
    "a listener",
    () => station.requests.filter(({ line }) => line === "LIVE").length,
    (seen) => seen >= count,
  );

describe("tail", () => {
  test("prints the newest events, the oldest first, and ends", async () => {
    await publish("a", "b", "c");
    const { code, stdout } = await charter(station.url, ["tail", "-n", "2", "--json"]);
    expect(code).toBe(0);
    expect(printed(stdout)).toEqual(["b", "c"]);
    const plain = await charter(station.url, ["tail", "-n", "1", "--payload", "--type", "system.*"]);
    expect(plain.stdout).toMatch(/^\S+Z {2}system\.health {2}[0-9a-f-]{36} {2}.*"component":"c"/);
    expect(plain.stdout.trimEnd().split("\n")).toHaveLength(1);
    const none = await charter(station.url, ["tail", "--type", "agent.*"]);
    expect(none).toMatchObject({ code: 0, stdout: "" });
  });

  test("cannot be made to write into the terminal by what events hold", async () => {
    await station.sql("UPDATE events SET source = $1 WHERE payload ->> 'component' = 'c'", ["x\u001b[2Jy"]);
    const { stdout } = await charter(station.url, ["tail", "-n", "1"]);
    expect(stdout).toContain("x [2Jy");
    expect(stdout).not.toContain("\u001b");
  });

  test("follows what comes, each event once, also when it commits behind a later one", async () => {
    const running = startCharter(station.url, ["tail", "--follow", "-n", "0", "--json"]);
    await listens(1);
    // A place before one that is seen first, as a slow transaction takes it.
    await station.sql("SELECT nextval(pg_get_serial_sequence('events', 'position'))");
    await publish("d");
    await shows(running, ["d"]);
    await station.sql(`
      INSERT INTO events (position, id, type, source, schema_version, producer, source_module, meta, payload,
        occurred_at)
      OVERRIDING SYSTEM VALUE
      SELECT position - 1, gen_random_uuid(), type, source, schema_version, producer, source_module, meta,
        '{"component": "late", "status": "ok"}', occurred_at
      FROM events WHERE payload ->> 'component' = 'd'`);
    await station.settle();
    await shows(running, ["d", "late"]);
    await publish("e", "f");
    await shows(running, ["d", "late", "e", "f"]);
    running.kill("SIGINT");
    await running.ended;
  });

  test("survives a restart of the server and misses nothing of it", async () => {
    const running = startCharter(station.url, ["tail", "--follow", "-n", "1", "--json"]);
    await shows(running, ["f"]);
    await station.stop();
    await waitFor(
      "the loss to be told",
      () => running.stderr(),
      (text) => text.includes("Trying again"),
    );
    await publish("while away");
    await station.start();
    await shows(running, ["f", "while away"]);
    // Said right behind what came meanwhile, on another channel.
    await waitFor(
      "the return to be told",
      () => running.stderr(),
      (text) => text.includes("is back"),
    );
    expect(running.stderr().match(/Trying again/g)).toHaveLength(1);
    running.kill("SIGTERM");
    await running.ended;
  });

  test("shows each of thousands of events once and in order", async () => {
    const before = station.requests.filter(({ line }) => line === "LIVE").length;
    const types = ["--type", "agent.*,system.*"];
    const running = startCharter(station.url, ["tail", "--follow", "-n", "0", "--json", ...types]);
    await listens(before + 1);
    const names = Array.from({ length: 3_000 }, (_, n) => `many-${n}`);
    for (let at = 0; at < names.length; at += 500) await publish(...names.slice(at, at + 500));
    await station.settle();
    await waitFor(
      "all lines",
      () => running.stdout().split("\n").length - 1,
      (lines) => lines >= names.length,
      { everyMs: 200 },
    );
    expect(printed(running.stdout())).toEqual(names);
    running.kill("SIGTERM");
    await running.ended;
  });

  test("shows what a record that was set back lacks, and publish brings it back under its id", async () => {
    await publish("known");
    await station.settle();
    const [[behind = ""] = []] = (await station.redis(
      "XREVRANGE",
      station.stream,
      "+",
      "-",
      "COUNT",
      "1",
    )) as [string][];
    await publish("lost-1", "lost-2");
    await station.settle();
    const ids = () =>
      station.sql<{ id: string }>(
        "SELECT id FROM events WHERE payload ->> 'component' LIKE 'lost-%' ORDER BY position",
      );
    const before = await ids();
    await station.sql("DELETE FROM events WHERE payload ->> 'component' LIKE 'lost-%'");
    const { code, stdout } = await charter(station.url, ["tail", "--behind", behind, "--json"]);
    expect(code).toBe(0);
    expect(printed(stdout)).toEqual(["lost-1", "lost-2"]);
    const folder = await mkdtemp(join(tmpdir(), "charter-tail-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "lost.jsonl");
    await writeFile(file, stdout);
    const published = await charter(station.url, ["publish", "--file", file, "--json"]);
    expect(published.code, published.stderr + published.stdout).toBe(0);
    expect(JSON.parse(published.stdout)).toMatchObject({ accepted: 2, deduplicated: 0, rejected: 0 });
    expect(await ids()).toEqual(before);
    const wrong = await charter(station.url, ["tail", "--behind", "yesterday"]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("is no message id") });
  });
});
