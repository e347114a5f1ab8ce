import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../../tools/root.ts";
import { charterProgram } from "./charter-program.ts";

const library = mkdtempSync(join(tmpdir(), "charter-breaking-test-"));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: library, GIT_CONFIG_NOSYSTEM: "1" };
    execFile(program, [...args], { cwd, env, maxBuffer: 16_000_000 }, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      });
    });
  });
}

const breaking = (...args: string[]) => run(process.execPath, [charterProgram, "breaking", ...args], library);
const git = (...args: string[]) =>
  run(
    "git",
    ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", ...args],
    library,
  );

function write(path: string, text: string): void {
  mkdirSync(dirname(join(library, path)), { recursive: true });
  writeFileSync(join(library, path), text);
}

const events = (days: string) => `import { createCatalog, defineEvent } from "@brain/schemas";
import * as z from "zod";

console.log("a product may say something when it is imported");
export const bookLent = defineEvent("library.book.lent", {
  version: 1,
  module: "library",
  criticality: "INFO",
  when: "A book was lent",
  payload: z.strictObject({
    book_id: z.string().max(50),
    ${days},
  }),
});
export const catalogue = createCatalog([bookLent]);
`;
const before = events("days: z.int().min(1).max(60)");
const after = events("days_until_due: z.int().min(1).max(60)");
const manifest = { name: "library", version: "1.2.0", type: "module" };

beforeAll(async () => {
  mkdirSync(join(library, "node_modules/@brain"), { recursive: true });
  symlinkSync(join(root, "schemas"), join(library, "node_modules/@brain/schemas"));
  symlinkSync(join(root, "node_modules/zod"), join(library, "node_modules/zod"));
  write(".gitignore", "node_modules\n");
  write("package.json", JSON.stringify(manifest));
  write("src/events.ts", before);
  write(
    "src/library/consumer.ts",
    `import { defineConsumer, on } from "@brain/engine";
import { bookLent } from "../events.ts";

export const reminders = defineConsumer({
  subscriber: "reminders",
  handlers: [on(bookLent, async ({ payload: { book_id, days } }) => remind(book_id, days))],
});
declare function remind(book: string, days: number): Promise<void>;
`,
  );
  await git("init", "-q");
  await git("add", "-A");
  const { code, stderr } = await git("commit", "-qm", "first");
  expect(code, stderr).toBe(0);
  const written = await breaking("--write", "released.json");
  expect(written).toMatchObject({ code: 0, stdout: "" });
});
afterAll(() => rmSync(library, { recursive: true, force: true }));

test("what did not change breaks nobody, against a revision as against a file", async () => {
  const [revision, file] = await Promise.all([
    breaking("--against", "HEAD"),
    breaking("--against", "released.json"),
  ]);
  expect(revision).toMatchObject({ code: 0, stdout: "" });
  expect(revision.stderr).toMatch(
    /^charter breaking: nothing found\. Compared with HEAD \([0-9a-f]{10}\)\.$/m,
  );
  expect(file).toMatchObject({ code: 0, stdout: "" });
  expect(file.stderr).toContain("Compared with release 1.2.0 (released.json).");
});

test("a renamed field is found against a revision: where, whom it hurts, and the step that mends it", async () => {
  write("src/events.ts", after);
  const [human, json, sarif, github, inFile] = await Promise.all([
    breaking("--against", "HEAD"),
    breaking("--against", "HEAD", "--format", "json"),
    breaking("--against", "HEAD", "--format", "sarif"),
    breaking("--against", "HEAD", "--format", "github"),
    breaking("--against", "released.json", "--format", "json"),
  ]);
  expect(human.code, human.stderr).toBe(100);
  expect(human.stdout).toMatch(/^src\/events\.ts:12:5 {2}error {2}FIELD_RENAMED$/m);
  expect(human.stdout).toContain("Read by: reminders (src/library/consumer.ts:6).");
  expect(human.stdout).toContain("1: ({ days, ...others }) => ({ ...others, days_until_due: days ?? null })");
  const { findings } = JSON.parse(json.stdout);
  expect(findings).toMatchObject([
    {
      rule: "FIELD_RENAMED",
      event: "library.book.lent",
      version: 1,
      field: "payload.days",
      hurts: ["readers", "stored"],
      readers: [{ name: "reminders", reads: "src/library/consumer.ts:6", known: "code" }],
      proposal: expect.stringContaining("version: 2"),
    },
  ]);
  expect(JSON.parse(sarif.stdout).runs[0].results[0].ruleId).toBe("FIELD_RENAMED");
  expect(github.stdout).toMatch(/^::error file=src\/events\.ts,line=12,/);
  expect(JSON.parse(inFile.stdout)).toEqual({ findings });
  expect([json, sarif, github, inFile].map(({ code }) => code)).toEqual([100, 100, 100, 100]);
  expect(human.stdout).toContain("mend: Raise the version and give the step from the one before");
  // Whoever has taken the step is told what is left to be done, and not to take it.
  const step =
    "version: 2,\n  upcasts: { 1: ({ days, ...others }) => ({ ...others, days_until_due: days ?? null }) },";
  write("src/events.ts", after.replace("version: 1,", step));
  const raised = await breaking("--against", "HEAD");
  expect(raised.stdout).toMatch(/warning {2}FIELD_RENAMED$/m);
  expect(raised.stdout).toContain("mend: Let consumers of the new release go out before its producers");
  expect(raised.stdout).not.toContain("Raise the version");
  write("src/events.ts", after);
});

test("the catalogue that a revision has as JSON is taken before its code", async () => {
  write("package.json", JSON.stringify({ ...manifest, charter: { released: "releases" } }));
  cpSync(join(library, "released.json"), join(library, "releases/current.json"), { recursive: true });
  write("src/events.ts", "throw new Error('not to be loaded');\n");
  await git("add", "-A");
  await git("commit", "-qm", "second");
  write("src/events.ts", after);
  const { code, stdout, stderr } = await breaking("--against", "HEAD", "--format", "json");
  expect(code, stderr).toBe(100);
  expect(JSON.parse(stdout).findings).toMatchObject([{ rule: "FIELD_RENAMED" }]);
  // Control: without it the code of the revision is loaded, and says what is wrong with it.
  write("package.json", JSON.stringify(manifest));
  rmSync(join(library, "releases"), { recursive: true });
  await git("add", "-A", "package.json", "releases");
  await git("stash", "push", "-q", "--", "src/events.ts");
  await git("commit", "-qm", "third");
  write("src/events.ts", after);
  const failed = await breaking("--against", "HEAD");
  expect(failed).toMatchObject({ code: 2, stdout: "" });
  expect(failed.stderr).toMatch(
    /^charter: HEAD: The catalogue of .* cannot be loaded\.\n.*not to be loaded/m,
  );
});

test("accepted breaks say why and since when, and are told when nothing is left of them", async () => {
  write("src/events.ts", after);
  const entry = { rule: "FIELD_RENAMED", event: "library.book.lent", field: "payload.days" };
  const reason = "nothing of this type was ever stored";
  const accept = (name: string, entries: readonly object[]) =>
    write(name, JSON.stringify({ version: 1, accepted: entries }));
  accept("right.json", [{ ...entry, reason, date: "2026-11-27" }]);
  accept("other.json", [{ ...entry, event: "library.book.lost", reason, date: "2026-11-27" }]);
  accept("silent.json", [{ ...entry, date: "2026-11-27" }]);
  accept("later.json", [{ ...entry, reason, date: "9999-01-01" }]);
  const [right, other, silent, later] = await Promise.all(
    ["right", "other", "silent", "later"].map((name) =>
      breaking("--against", "released.json", "--accepted", `${name}.json`),
    ),
  );
  expect(right).toMatchObject({ code: 0, stdout: "", stderr: expect.stringContaining("1 accepted") });
  expect(other).toMatchObject({
    code: 100,
    stderr: expect.stringContaining("not there any more: FIELD_RENAMED of library.book.lost"),
  });
  expect(silent).toMatchObject({ code: 2, stderr: expect.stringContaining("entry 1 gives no reason") });
  expect(later).toMatchObject({ code: 2, stderr: expect.stringContaining("which is yet to come") });
});

test.each<[string, string[], number, RegExp]>([
  ["a revision that is none", ["--against", "v9"], 2, /"v9" is neither a file nor a revision/],
  ["a revision that looks like an option", ["--against=--output=x"], 2, /is neither a file nor a revision/],
  ["a file that is none", ["--against", "gone.json"], 2, /there is no such file/],
  ["a file that is no catalogue", ["--against", "package.json"], 2, /is JSON, but no catalogue/],
  ["a file that is no JSON", ["--against", "src/events.ts"], 2, /is no JSON/],
  [
    "a catalogue of a newer form",
    ["--against", "newer.json"],
    2,
    /has form 99; this tool knows forms up to 1/,
  ],
  ["nothing to do", [], 2, /Give --against with what is compared/],
  [
    "a catalogue that is not there",
    ["--against", "released.json", "--catalogue", "src/none.ts"],
    1,
    /the catalogue is in src\/none\.ts, and .* has no such file/,
  ],
  [
    "an export that is not there",
    ["--against", "released.json", "--catalogue", "src/events.ts#none"],
    1,
    /it exports no "none"; its exports: bookLent, catalogue/,
  ],
])("%s is told, with what was expected", async (_, args, code, message) => {
  write("src/events.ts", after);
  const released = JSON.parse(readFileSync(join(library, "released.json"), "utf8"));
  write("newer.json", JSON.stringify({ ...released, catalogue: 99 }));
  expect(await breaking(...args)).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
});

test("a catalogue is written over an earlier one, and over no other file without --force", async () => {
  write("src/events.ts", before);
  expect(await breaking("--write", "released.json")).toMatchObject({ code: 0 });
  const manifest = readFileSync(join(library, "package.json"), "utf8");
  const refused = await breaking("--write", "package.json");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/is not a catalogue .*--force/) });
  expect(readFileSync(join(library, "package.json"), "utf8")).toBe(manifest);
  write("kept.txt", "mine");
  expect(await breaking("--write", "kept.txt", "--force")).toMatchObject({ code: 0 });
  expect(readFileSync(join(library, "kept.txt"), "utf8")).toContain('"catalogue"');
});

test("another product of the engine has a catalogue without saying where, also inside of a larger project", async () => {
  const { code, stdout, stderr } = await breaking(join(root, "templates/app"), "--write", "-");
  expect(code, stderr).toBe(0);
  const { product, events: described } = JSON.parse(stdout);
  expect(product).toBe("sample-shop");
  expect(described).toEqual({
    "sample_room.paper_slip.newly_added": expect.objectContaining({
      version: 1,
      module: "sample_room",
      key: "paper_slip_id",
    }),
  });
});
