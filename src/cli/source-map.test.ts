import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { mapStack } from "./source-map.ts";

test("places in a minified bundle become places in the source, and all else stays", async () => {
  const folder = mkdtempSync(join(tmpdir(), "brain-map-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, "handler.ts"),
    "export function one(): void {}\n\nexport function fail(x: any): void {\n  x.parts.length;\n}\n",
  );
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: ["handler.ts"],
    outdir: "dist",
    bundle: true,
    minify: true,
    format: "esm",
    sourcemap: "external",
    write: false,
  });
  const text = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  const file = join(folder, "index.js.map");
  writeFileSync(file, text(".map"));
  const column = text("handler.js").indexOf("parts") + 1;
  expect(mapStack(`TypeError: x\n    at f (index.js:1:${column})\n    at g (src/a.ts:3:4)`, file)).toBe(
    "TypeError: x\n    at f (handler.ts:4:5)\n    at g (src/a.ts:3:4)",
  );
});
