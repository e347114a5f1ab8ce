import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const main = join(import.meta.dirname, "../main.ts");

function newApp(folder: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, "new", "app", folder, "--yes"],
      { timeout: 60_000 },
      (_error, _stdout, stderr) => resolve({ code: child.exitCode, stderr }),
    );
  });
}

test("headings are English when nobody says otherwise", async () => {
  const place = mkdtempSync(join(tmpdir(), "charter-new-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  expect(await newApp(join(place, "tea-shop"))).toMatchObject({ code: 0 });
  const readme = readFileSync(join(place, "tea-shop/src/modules/shop/README.md"), "utf8");
  expect(readme).toContain("\n## Purpose\n");
  expect(readme).toContain("\n## Operations\n");
  expect(readme).not.toMatch(/Zweck|Betriebs|Wann|Aktion/);
});
