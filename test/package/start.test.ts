import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startOf } from "../../tools/packages/start.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "brain-start-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

function run(cwd: string, args: readonly string[]) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, args, { cwd, timeout: 60_000 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** A program whose import fails on an old Node, started as if the Node of here were another one. */
async function startOn(version: string) {
  const place = await folder();
  await writeFile(join(place, "program.js"), 'console.log("started");\n');
  await writeFile(join(place, "start.mjs"), startOf("program.js"));
  const claim = `Object.defineProperty(process, "versions", { value: { node: "${version}" } });\n`;
  await writeFile(join(place, "claim.cjs"), claim);
  return run(place, ["--require", "./claim.cjs", "start.mjs"]);
}

test.each(["20.20.2", "22.17.1", "18.0.0"])(
  "Node %s is told in one line that it is too old",
  async (version) => {
    expect(await startOn(version)).toEqual({
      code: 1,
      stdout: "",
      stderr: `Node ${version} is too old: 22.18 or newer is needed.\n`,
    });
  },
);

test.each(["22.18.0", "24.0.0", "23.1.0"])("on Node %s the program starts", async (version) => {
  expect(await startOn(version)).toEqual({ code: 0, stdout: "started\n", stderr: "" });
});

test("what runs before the program needs nothing that an old Node does not have: no import stands before the check", () => {
  expect(startOf("program.js")).not.toMatch(/^import\b/m);
});

test("npm run pack takes options as options, and makes no folder of them", async () => {
  const place = await folder();
  const pack = join(import.meta.dirname, "../../tools/packages/pack.ts");
  const usage = "usage: npm run pack -- <folder for the tarballs>\n";
  expect(await run(place, [pack, "--help"])).toEqual({ code: 0, stdout: usage, stderr: "" });
  for (const args of [["--out"], ["--", "a", "b"], []]) {
    const { code, stderr } = await run(place, [pack, ...args]);
    expect([code, stderr.endsWith(usage)], stderr).toEqual([2, true]);
  }
  expect(await readdir(place)).toEqual([]);
});
