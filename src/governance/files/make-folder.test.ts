import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FolderError, makeFolder } from "./make-folder.ts";

function newPlace(): string {
  const place = mkdtempSync(join(tmpdir(), "brain-folder-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  return place;
}

test("a folder is made with those above it, and one that is there stays as it is", () => {
  const place = newPlace();
  makeFolder(join(place, "a/b/c"));
  writeFileSync(join(place, "a/b/c/file"), "mine");
  makeFolder(join(place, "a/b/c"));
  makeFolder(join(place, "a/b"));
  expect(readdirSync(join(place, "a/b/c"))).toEqual(["file"]);
});

test("a path from where the program runs is one, too", () => {
  const path = relative(process.cwd(), join(newPlace(), "d/e"));
  expect(path).toMatch(/^\.\./);
  makeFolder(path);
  expect(statSync(path).isDirectory()).toBe(true);
  makeFolder(".");
});

test("a folder that is closed to others is closed, and so are those that are made above it", () => {
  const place = newPlace();
  makeFolder(join(place, "a/b"), 0o700);
  expect(["a", "a/b"].map((path) => statSync(join(place, path)).mode & 0o777)).toEqual([0o700, 0o700]);
});

test("what stands in the way is named, and nothing is made", () => {
  const place = newPlace();
  writeFileSync(join(place, "file"), "");
  symlinkSync(join(place, "nowhere"), join(place, "link"));
  for (const [path, there] of [
    ["file", "file"],
    ["file/a/b", "file"],
    ["link", "link"],
    ["link/a", "link"],
  ] as const) {
    const asked = join(place, path);
    expect(() => makeFolder(asked)).toThrow(
      new FolderError(
        asked,
        "ENOTDIR",
        `${join(place, there)} is there, and is no folder`,
        "a path that leads through folders. Take another one, or move away what is there",
      ),
    );
  }
  expect(readdirSync(place).sort()).toEqual(["file", "link"]);
});

test("a name that is too long, and very many folders, are told and end", () => {
  const place = newPlace();
  expect(() => makeFolder(join(place, "n".repeat(300)))).toThrow(/\(ENAMETOOLONG\).*Expected a place/);
  expect(() => makeFolder(join(place, "n/".repeat(20_000)))).toThrow(FolderError);
});

test("what was made above a folder that cannot be made is taken away, and nothing that was there", () => {
  const place = newPlace();
  makeFolder(join(place, "there"));
  expect(() => makeFolder(join(place, "there/a/b", "n".repeat(300)))).toThrow(/\(ENAMETOOLONG\)/);
  expect(readdirSync(join(place, "there"))).toEqual([]);
});

// Below /proc nobody can make a folder, and the system calls what is asked for missing.
test.runIf(process.platform === "linux")(
  "a place that takes no folder is told, where Node's own way tries for ever",
  async () => {
    const asked = "/proc/charter/a/b";
    const nodes = spawn(
      process.execPath,
      ["-e", `process.stdout.write("begun"); require("node:fs").mkdirSync("${asked}", { recursive: true });`],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    onTestFinished(() => void nodes.kill("SIGKILL"));
    await once(nodes.stdout, "data");

    // A program of its own, for it would hold up the tests.
    const piece = new URL("make-folder.ts", import.meta.url).href;
    const ours = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { makeFolder } from "${piece}"; try { makeFolder("${asked}") } catch (error) { process.stdout.write(error.message) }`,
      ],
      { stdio: ["ignore", "pipe", "inherit"], timeout: 60_000, killSignal: "SIGKILL" },
    );
    let said = "";
    ours.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    await once(ours, "close");
    expect(said).toBe(
      "/proc/charter/a/b cannot be made as a folder (ENOENT): /proc takes no /proc/charter. Expected a place where this user may make folders. Take another one, or change who may write there.",
    );
    expect(existsSync("/proc/charter")).toBe(false);
    // It would have ended long before a second program was started.
    expect([nodes.exitCode, nodes.signalCode]).toEqual([null, null]);
  },
);
