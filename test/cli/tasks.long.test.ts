import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { taskRoutes } from "../../src/modules/tasks/routes.ts";
import { charter, charterJson, openStation, type Station } from "./server.ts";

let station: Station;
let folder: string;
beforeEach(async () => {
  const routes = taskRoutes({ useNewEventSystem: true, switchSource: "default" });
  station = await openStation({ mounts: [{ path: "/api/tasks", routes }] });
  folder = await mkdtemp(join(tmpdir(), "charter-tasks-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});
afterEach(() => station?.cleanup());

const run = (...args: string[]) => charter(station.url, ["tasks", ...args]);
const json = (...args: string[]) => charterJson(station.url, ["tasks", ...args]);
async function save(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

const old = (index: number) => ({
  type: "task_created",
  task_id: `old-${index}`,
  title: `Task ${index}`,
  timestamp: `2025-03-0${1 + (index % 3)}T10:00:00.${String(index).padStart(6, "0")}`,
});
const lines = (values: readonly unknown[]) => `${values.map((value) => JSON.stringify(value)).join("\n")}\n`;
const many = Array.from({ length: 4_500 }, (_, index) => old(index));
const imports = () => station.requests.filter(({ line }) => line.startsWith("POST /api/tasks/import"));

test("imports a large file in parts, and again without effect", async () => {
  const file = await save("events.json", JSON.stringify(many));
  const first = await json("import", file);
  expect(first.files).toMatchObject([
    { file, dry_run: false, read: 4_500, imported: 4_500, duplicates: 0, corrupt_count: 0 },
  ]);
  expect(imports()).toHaveLength(3);
  const again = await run("import", file);
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/imported +0\n/);
  expect(again.stdout).toMatch(/there already +4500\n/);
});

test("a lost reply costs nothing: the part is sent again", async () => {
  station.loseReplies("/api/tasks/import", 1);
  const file = await save("events.jsonl", lines(many.slice(0, 10)));
  expect((await json("import", file)).files).toMatchObject([{ read: 10, imported: 0, duplicates: 10 }]);
  expect(imports()).toHaveLength(2);
});

test("a dry run changes nothing", async () => {
  const file = await save("events.jsonl", lines([old(1), old(2)]));
  const ran = await run("import", file, "--dry-run");
  expect(ran.stdout).toMatch(/would be imported +2\n/);
  expect(await station.sql("SELECT * FROM task_events")).toEqual([]);
});

test("names corrupt lines of each file by their place in it, imports the others, and exits with 1", async () => {
  const values = many.slice(0, 2_500).map((value) => JSON.stringify(value));
  values[2_400] = "torn";
  values[5] = "";
  const large = await save("large.jsonl", values.join("\n"));
  const small = await save("small.jsonl", lines([old(4_000)]));
  const ran = await run("import", large, small);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(`${large}:2401: the line is no JSON`);
  expect(ran.stderr).toContain("1 of the records could not be read");
  expect(await station.sql("SELECT count(*)::integer AS n FROM task_events")).toEqual([{ n: 2_499 }]);
});

test("publishes what it imports only when asked", async () => {
  const file = await save("events.jsonl", lines([old(1)]));
  await json("import", file);
  expect(await station.sql("SELECT * FROM events")).toEqual([]);
  const other = await save("other.jsonl", lines([old(2)]));
  expect((await json("import", other, "--publish")).files).toMatchObject([{ published: 1 }]);
  expect(await station.sql("SELECT type FROM events")).toEqual([{ type: "task.item.created" }]);
});

test("a file that is not UTF-8 is refused with the place of the first such byte, and nothing of it is sent", async () => {
  const good = lines([old(1), old(2)]);
  const file = join(folder, "latin1.jsonl");
  await writeFile(file, Buffer.concat([Buffer.from(good), Buffer.from('{"title":"caf\u00e9"}', "latin1")]));
  const ran = await run("import", file);
  expect(ran.code).not.toBe(0);
  expect(ran.stderr).toContain(`offset ${good.length + 13} (line 3)`);
  expect(imports()).toEqual([]);
});

test("a record of an array that would not be kept as it is, is named and not imported", async () => {
  const twice = JSON.stringify(old(1)).replace("{", '{"title":"other",');
  const report = await run(
    "import",
    await save("events.json", `[${twice},${JSON.stringify(old(2))}]`),
    "--json",
  );
  expect(report.code).toBe(1);
  expect(JSON.parse(report.stdout).files[0]).toMatchObject({
    imported: 1,
    corrupt: [{ line: 1, reason: expect.stringContaining("title: the key stands more than once") }],
  });
});

test("a file that is not there is a mistake of the caller", async () => {
  const ran = await run("import", join(folder, "nothing.json"));
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/nothing\.json cannot be read \(ENOENT\)/);
});

test.each([
  [
    "a file",
    "events.json",
    /events\.json cannot be read \(ENOTDIR\): it is a file where a folder is expected/,
  ],
  ["below a file", "events.json/export", /cannot be read \(ENOTDIR\)/],
])(
  "an export to a path that is %s is a mistake of the caller, told before anything is asked for",
  async (_what, path, told) => {
    await save("events.json", "[]");
    const ran = await run("export", join(folder, path));
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(told);
    expect(ran.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(station.requests).toEqual([]);
  },
);

test("an export tells of a folder that stands where a file belongs, and an import of a folder", async () => {
  await json("import", await save("events.jsonl", lines(many.slice(0, 10))));
  const target = join(folder, "export");
  await mkdir(join(target, "events-2025-03-01.jsonl"), { recursive: true });
  const ran = await run("export", target);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/^charter: .*events-2025-03-01\.jsonl cannot be (read|written) \(EISDIR\).*\n$/);
  const back = await run("import", target);
  expect(back.code).toBe(2);
  expect(back.stderr).toMatch(/^charter: .*cannot be read \(EISDIR\).*\n$/);
});

test("exports daily files, completes them later, and archives old ones; what comes out goes in again", async () => {
  await json("import", await save("events.jsonl", lines(many.slice(0, 1_200))));
  const target = join(folder, "export");
  expect(await json("export", target)).toMatchObject({ read: 1_200, written: 1_200, archived: [] });
  const days = ["events-2025-03-01.jsonl", "events-2025-03-02.jsonl", "events-2025-03-03.jsonl"];
  expect((await readdir(target)).sort()).toEqual(days);
  const first = (await readFile(join(target, days[0] ?? ""), "utf8")).trimEnd().split("\n");
  expect(first).toHaveLength(400);
  expect(JSON.parse(first[0] ?? "")).toMatchObject({ event_type: "TaskCreated", task_id: "old-0" });

  await json("import", await save("more.jsonl", lines([old(3_000)])));
  expect(await json("export", target, "--from", "2025-03-01", "--to", "2025-03-02")).toMatchObject({
    read: 401,
    written: 1,
  });
  const archived = await json("export", target, "--archive-days", "30");
  expect(archived.archived).toEqual(days.map((name) => `archive/${name}`));
  expect((await json("export", target)).written).toBe(0);

  await station.sql("TRUNCATE task_events");
  const files = days.map((name) => join(target, "archive", name));
  const back = await json("import", ...files);
  const imported = back.files.map((report: { imported: number }) => report.imported);
  expect(imported).toEqual([401, 400, 400]);
});

test("query reads the files of a folder, archived ones too, and archive moves them; neither asks a server", async () => {
  const record = (index: number, day: string) => ({
    event_id: `e-${index}`,
    event_type: index % 2 === 0 ? "TaskDeleted" : "TaskCompleted",
    timestamp: `${day}T10:00:0${index}`,
    aggregate_id: "t",
    task_id: "t",
    metadata: {},
    ...(index % 2 === 0 ? { reason: "r" } : { completed_date: day, completion_notes: "n" }),
  });
  await save("events-2025-03-01.jsonl", lines([record(1, "2025-03-01"), record(2, "2025-03-01")]));
  await save("events-2025-03-02.jsonl", `{"torn\n${lines([record(3, "2025-03-02")])}`);
  const away = (...args: string[]) => charter("http://127.0.0.1:1", ["tasks", ...args]);
  const ids = async (...args: string[]) => {
    const ran = await away("query", folder, ...args);
    expect(ran.code, ran.stderr).toBe(0);
    return [...ran.stdout.matchAll(/^\{"event_id":"(.*?)"/gm)].map(([, id]) => id);
  };
  expect(await ids()).toEqual(["e-3", "e-2", "e-1"]);
  expect((await away("query", folder)).stderr).toMatch(/corrupt line was skipped/);
  expect(await ids("--from", "2025-03-01", "--to", "2025-03-01T23:00:00Z")).toEqual(["e-1", "e-2"]);
  expect(await ids("--type", "TaskDeleted")).toEqual(["e-2"]);
  expect(await ids("--limit", "1")).toEqual(["e-3"]);

  const archived = await away("archive", folder, "--days", "30");
  expect(archived.stdout).toMatch(/archive\/events-2025-03-01\.jsonl, archive\/events-2025-03-02\.jsonl/);
  expect(await readdir(folder)).toEqual(["archive"]);
  expect(await ids()).toEqual(["e-3", "e-2", "e-1"]);
  expect(await ids("--id", "e-1")).toEqual(["e-1"]);
  expect(await ids("--id", "e-9")).toEqual([]);
  expect((await away("query", folder, "--id", "e-9")).stderr).toContain(`No event in ${folder} matches.`);
  expect(await ids("--no-archive")).toEqual([]);

  for (const [args, why] of [
    [["query", folder, "--type", "TaskLost"], /expected one of TaskCreated/],
    [["query", join(folder, "none")], /holds no files/],
  ] as const) {
    const refused = await away(...args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(why);
  }
});
