import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Overlay } from "../readme/overlay.ts";
import { createPackable, npm, npmMs, packAll, type Tarballs } from "./packed.ts";

/* The packages, packed as whoever wants to install them packs them. */

const run = promisify(execFile);

let overlay: Overlay;
let tarballs: Tarballs;
let before: Record<string, string>;

/** Texts of all files but those that the project tells git to leave out. */
async function sources(): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const folder of ["schemas", "src/engine", "src/http"]) {
    const entries = await readdir(join(overlay.folder, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      if (!/\/dist(\/|$)/.test(entry.parentPath)) texts[path] = await readFile(path, "utf8");
    }
  }
  return texts;
}

const manifestOf = (folder: string) => join(overlay.folder, folder, "package.json");

async function contentsOf(tarball: string): Promise<string[]> {
  const { stdout } = await run("tar", ["tzf", tarball]);
  return stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
}

async function packedManifest(tarball: string): Promise<Record<string, unknown>> {
  const { stdout } = await run("tar", ["xzOf", tarball, "package/package.json"]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

beforeAll(async () => {
  overlay = await createPackable();
  before = await sources();
  tarballs = await packAll(overlay);
}, npmMs);

afterAll(() => overlay?.remove());

describe("a tarball", () => {
  test("is told by its name, and nothing of what is in it", () => {
    const { schemas, engine, operator, charter, createApp } = tarballs;
    const lines = tarballs.told.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("> "));
    expect(lines.sort()).toEqual(
      [charter, createApp, engine, operator, schemas].map((path) => basename(path)),
    );
  });

  test("holds what was built and its documents, and neither sources nor tests", async () => {
    for (const [tarball, door] of [
      [tarballs.schemas, "index"],
      [tarballs.engine, "index"],
      [tarballs.operator, "operator"],
    ] as const) {
      const paths = await contentsOf(tarball);
      const others = paths.filter((path) => !/^dist\/.+\.(js|js\.map|d\.ts)$/.test(path));
      expect(others.filter((path) => !path.endsWith(".md")).sort()).toEqual(["LICENSE", "package.json"]);
      expect(others).toContain("README.md");
      expect(paths.filter((path) => /\.test\.|fixtures/.test(path))).toEqual([]);
      expect(paths).toContain(`dist/${door}.d.ts`);
    }
    // What the README of the engine leads to.
    const documents = ["COMING-FROM.md", "GLOSSARY.md", "TESTING.md", "operations/README.md"];
    expect(await contentsOf(tarballs.engine)).toEqual(expect.arrayContaining(documents));
  });

  test("has doors that lead to files in it, and nothing that is about the checkout", async () => {
    for (const [folder, tarball] of [
      ["schemas", tarballs.schemas],
      ["src/engine", tarballs.engine],
      ["src/http", tarballs.operator],
    ] as const) {
      const paths = await contentsOf(tarball);
      const source = JSON.parse(before[manifestOf(folder)] ?? "");
      const packed = await packedManifest(tarball);
      expect(Object.keys(packed.exports as object)).toEqual(Object.keys(source.exports));
      for (const targets of Object.values(packed.exports as Record<string, Record<string, string>>)) {
        for (const target of Object.values(targets)) {
          const [start = "", end = ""] = target.slice("./".length).split("*");
          const isThere = paths.some((path) => path.startsWith(start) && path.endsWith(end));
          expect(isThere, `${target} in ${tarball}`).toBe(true);
        }
      }
      expect(packed).not.toHaveProperty("private");
      expect(packed).toMatchObject({ license: "MIT", type: "module", sideEffects: false, version: "0.1.0" });
      expect(packed.peerDependencies).toEqual(source.peerDependencies);
    }
  });
});

describe("the checkout", () => {
  test("is behind npm pack what it was before", async () => {
    expect(await sources()).toEqual(before);
  });

  test(
    "gets back its package.json after a pack that was ended, from the next one",
    async () => {
      await run("node", ["../tools/packages/prepack.ts"], { cwd: join(overlay.folder, "schemas") });
      expect(await sources()).not.toEqual(before);
      const out = await mkdtemp(join(tmpdir(), "brain-pack-"));
      try {
        await npm(overlay.folder, ["pack", "./schemas", `--pack-destination=${out}`]);
        const [name = ""] = await readdir(out);
        expect(await packedManifest(join(out, name))).toEqual(await packedManifest(tarballs.schemas));
      } finally {
        await rm(out, { recursive: true });
      }
      expect(await sources()).toEqual(before);
    },
    npmMs,
  );

  test(
    "gets back its package.json after a pack that was ended, from npm run build",
    async () => {
      await run("node", ["../tools/packages/prepack.ts"], { cwd: join(overlay.folder, "schemas") });
      expect(await sources()).not.toEqual(before);
      const { stdout } = await run("node", ["tools/build.ts"], { cwd: overlay.folder });
      expect(stdout).toContain("schemas/package.json: put back");
      expect(await sources()).toEqual(before);
    },
    npmMs,
  );

  test(
    "is not packed over a package.json that somebody edited meanwhile: it says which one to take",
    async () => {
      const cwd = join(overlay.folder, "schemas");
      const path = manifestOf("schemas");
      await run("node", ["../tools/packages/prepack.ts"], { cwd });
      const swapped = await readFile(path, "utf8");
      await writeFile(path, swapped.replace('"0.1.0"', '"0.2.0"'));
      await expect(run("node", ["../tools/packages/prepack.ts"], { cwd })).rejects.toThrow(
        /was edited since\. .*git checkout schemas\/package\.json/,
      );
      // Somebody puts the right one back by hand, as the message says.
      await writeFile(path, before[path] ?? "");
      await run("node", ["../tools/packages/prepack.ts"], { cwd });
      await run("node", ["../tools/packages/prepack.ts", "end"], { cwd });
      expect(await sources()).toEqual(before);
    },
    npmMs,
  );

  test("tells a pack whose package.json another one has put back", async () => {
    const cwd = join(overlay.folder, "schemas");
    await expect(run("node", ["../tools/packages/prepack.ts", "end"], { cwd })).rejects.toThrow(
      /Another npm pack of schemas ended at the same time/,
    );
  });
});

// Behind all others, for which nothing is compiled that is there already.
test(
  "what has changed since the last pack, on either side, is compiled again",
  async () => {
    const script = 'import { build } from "./tools/packages/compile.ts"; build("schemas");';
    const compileAgain = () => run("node", ["--input-type=module", "-e", script], { cwd: overlay.folder });
    const made = join(overlay.folder, "schemas/dist/json/utf8.js");
    const madeAt = async () => (await stat(made)).mtimeMs;
    const compiledAt = await madeAt();
    await compileAgain();
    expect(await madeAt()).toBe(compiledAt);
    await rm(made);
    await appendFile(join(overlay.folder, "schemas/json/utf8.ts"), "export const addedSince = true;\n");
    await compileAgain();
    expect(await readFile(made, "utf8")).toContain("addedSince");
  },
  npmMs,
);
