import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const main = join(import.meta.dirname, "../../main.ts");

function newApp(
  folder: string,
  ...more: readonly string[]
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, "new", "app", folder, ...more],
      { timeout: 60_000, env: { ...process.env, CHARTER_OUTER_NODE: "20.20.2" } },
      (_error, _stdout, stderr) => resolve({ code: child.exitCode, stderr }),
    );
  });
}

const launcher = join(import.meta.dirname, "../../../../tools/run.mjs");

test("a script of npm tells the Node that npm runs on, and not the one that it puts in front of all", async () => {
  const place = newPlace();
  const env = {
    ...process.env,
    npm_config_user_agent: "npm/10.8.2 node/v20.20.2 linux x64 workspaces/false",
  };
  const args = [launcher, main, "new", "app", join(place, "tea-shop"), "--dry-run", "--yes"];
  const { stderr } = await promisify(execFile)(process.execPath, args, { timeout: 60_000, env });
  expect(stderr).toContain("The project needs Node 22.18 or newer, and this is 20.20.2:");
});

function newPlace(): string {
  const place = mkdtempSync(join(tmpdir(), "charter-new-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  return place;
}

test("without packages, which no registry has, a clone says what to run and writes nothing", async () => {
  const folder = join(newPlace(), "tea-shop");
  const { code, stderr } = await newApp(folder, "--yes", "--purpose", "Sells tea.");
  expect(code).toBe(2);
  expect(stderr).toContain(
    `\n  npm run pack -- out\n  npm run charter -- new app ${folder} --yes --purpose 'Sells tea.' --packages out\n`,
  );
  expect(existsSync(folder)).toBe(false);
  expect(await newApp(folder, "--yes", "--dry-run")).toMatchObject({ code: 0 });
});

test("without a terminal it asks nothing, takes what it would propose, and says first that the Node outside is too old", async () => {
  const place = newPlace();
  const { code, stderr } = await newApp(join(place, "tea-shop"), "--dry-run");
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^The project needs Node 22\.18 or newer, and this is 20\.20\.2: install a newer one first\.\n/,
  );
});

test("headings are English when nobody says otherwise", async () => {
  const place = newPlace();
  for (const name of ["engine", "schemas", "operator", "charter"])
    writeFileSync(join(place, `brain-${name}-0.1.0.tgz`), "");
  expect(await newApp(join(place, "tea-shop"), "--packages", place)).toMatchObject({ code: 0 });
  const readme = readFileSync(join(place, "tea-shop/src/modules/shop/README.md"), "utf8");
  expect(readme).toContain("\n## Purpose\n");
  expect(readme).toContain("\n## Operations\n");
  expect(readme).not.toMatch(/Zweck|Betriebs|Wann|Aktion/);
});
