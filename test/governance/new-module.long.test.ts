import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { withDatabase } from "../../workers/local/neon/database.ts";
import { cloneTemplate, describeTemplate } from "../database-pool.ts";
import { createOverlay, type Overlay } from "../readme/overlay.ts";
import { typeErrorsOf } from "../type-errors.ts";

/*
 * What `charter new` writes passes the check and its tests at once: written into a copy of the project, with a module in
 * each language of headings, an event and a consumer more.
 */

const timeLimitMs = 400_000;
let overlay: Overlay;

const charter = (...args: readonly string[]) =>
  overlay.run("node", ["src/cli/main.ts", "new", ...args, "--yes"]);
const read = (path: string) => readFile(join(overlay.folder, path), "utf8");

interface Told {
  readonly files: readonly { readonly path: string; readonly change: "new" | "changed" }[];
  readonly commands: readonly string[];
}

/** Paths of all that was written, and of what was not there before. */
const written = new Set<string>();
const made = new Set<string>();

/** Runs the command without the programs behind it, which are run once for all. */
async function write(...args: readonly string[]): Promise<Told> {
  const told = JSON.parse(await charter(...args, "--files-only", "--json")) as Told;
  for (const { path, change } of told.files) {
    written.add(path);
    if (change === "new") made.add(path);
  }
  return told;
}

beforeAll(async () => {
  const own = ["schemas", "src", "workers", "migrations", "test", "tools", "templates"];
  const settings = ["biome.json", "drizzle.config.ts", "drizzle.engine.config.ts", "package.json"];
  const documents = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", ".github"];
  overlay = await createOverlay([...own, ...settings, "package-lock.json", "tsconfig.json", ...documents]);
  const lock = await readFile(join(overlay.folder, "package-lock.json"));
  const stamp = createHash("sha256").update(lock).digest("hex");
  await overlay.write("node_modules/.brain-lock-hash", stamp);
}, timeLimitMs);

afterAll(() => overlay?.remove());

test(
  "nothing is written when something of it cannot be",
  async () => {
    const before = await read("src/product.ts");
    await mkdir(join(overlay.folder, "test/modules/tenant-routes"), { recursive: true });
    const path = join(overlay.folder, "test/modules/tenant-routes/lost-room.ts");
    await writeFile(path, "// mine\n");
    await expect(charter("module", "lost_room")).rejects.toThrow(
      /ended with 2:\ncharter: Received a place where test\/modules\/tenant-routes\/lost-room\.ts stands already/,
    );
    await expect(read("src/modules/lost_room/index.ts")).rejects.toThrow("ENOENT");
    await expect(read("schemas/events/lost-room.ts")).rejects.toThrow("ENOENT");
    expect(await read("src/product.ts")).toBe(before);
    expect(await read("test/modules/tenant-routes/lost-room.ts")).toBe("// mine\n");
    // The list in a form that is not understood: it says what to add, and writes nothing.
    await overlay.write(
      "src/product.ts",
      before.replace("defineProduct<Mount>([", "defineProduct<Mount>(of(["),
    );
    await expect(charter("module", "found_room")).rejects.toThrow(/no list of modules is found/);
    await expect(read("src/modules/found_room/index.ts")).rejects.toThrow("ENOENT");
    await overlay.write("src/product.ts", before);
  },
  timeLimitMs,
);

test(
  "modules, an event and a consumer are written, with documents in either language",
  async () => {
    await write("module", "reading_room", "--event", "reading_room.empty_seat.taken", "--lang", "de");
    await write("module", "copy", "--event", "copy.entry.sent", "--purpose", "Sends copies.");
    await write("event", "copy.entry.lost", "--module", "copy");
    const { commands } = await write("consumer", "copy_notes", "--module", "copy", "--on", "copy.entry.sent");
    expect(commands).toHaveLength(3);
    const english = await read("src/modules/copy/README.md");
    expect(english).toContain("## Purpose\n\nSends copies.\n");
    expect(english).toContain("### 2. copy.entry.lost");
    expect(await read("src/modules/reading_room/README.md")).toContain("## Betriebs-Hinweise");
    await expect(charter("module", "copy")).rejects.toThrow(/src\/modules\/copy is one/);
    await expect(charter("consumer", "copy", "--module", "tasks", "--on", "copy.entry.sent")).rejects.toThrow(
      /src\/modules\/copy\/consumer\.ts defines one/,
    );
    // The programs that a command runs behind its files, in their order, for all of them at once.
    await overlay.run("node", ["tools/generate-migrations.ts", "--name", "written"]);
    const code = [...written].filter((path) => !path.endsWith(".md"));
    await overlay.run("biome", ["check", "--write", "--error-on-warnings", "--vcs-enabled=false", ...code]);
    const { databaseUrl } = inject("services");
    await overlay.run("node", ["tools/generate.ts"], { DATABASE_URL: databaseUrl });
  },
  timeLimitMs,
);

test(
  "they say in both languages what the check of documents wants, and nothing is left to be written",
  async () => {
    const english = await read("src/modules/copy/README.md");
    expect(english).toContain("### 1. copy.entry.sent (copy)");
    expect(english).toContain("### 2. copy.entry.sent (copy_notes)");
    expect(english.match(/^\*\*Action:\*\* Counts the event in `copy(_notes)?_totals`\.$/gm)).toHaveLength(2);
    expect(english).not.toMatch(/Wann|Aktion|Zweck|^\?$/m);
    const german = await read("src/modules/reading_room/README.md");
    expect(german.match(/^\*\*Aktion:\*\* Counts/gm)).toHaveLength(1);
    expect(german).toMatch(/^\*\*Wann:\*\* An empty seat was taken\.$/m);
    for (const path of made) expect(await read(path)).not.toMatch(/sample.?room|paper.?slip|template_/i);
    const { databaseUrl } = inject("services");
    await overlay.run("node", ["tools/generate.ts", "--check"], { DATABASE_URL: databaseUrl });
  },
  timeLimitMs,
);

test(
  "they compile under the project's own settings, in its form, and charter check finds nothing in them",
  async () => {
    const files = [...written].filter((path) => path.endsWith(".ts"));
    const extended = { extends: "./tsconfig.json", files: [...files, "test/services.setup.ts"], include: [] };
    await overlay.write("tsconfig.written.json", JSON.stringify(extended));
    expect(await typeErrorsOf({ folder: overlay.folder, config: "tsconfig.written.json" })).toBe("");
    await overlay.run("biome", ["check", "--error-on-warnings", "--vcs-enabled=false", ...files]);
    for (const folder of ["src/modules/reading_room", "src/modules/copy"])
      await overlay.run("node", ["src/cli/main.ts", "check", folder]);
  },
  timeLimitMs,
);

test(
  "their tests pass, and those of all routes for two tenants and in the documents",
  async () => {
    const services = inject("services");
    const { databaseUrl } = services;
    const name = await cloneTemplate(services);
    await overlay.run("node", ["workers/local/migrate.ts"], {
      DATABASE_URL: withDatabase(databaseUrl, name),
    });
    const template = await describeTemplate(databaseUrl, name);
    // As patient as the project itself: only what hangs ends by these.
    const options = {
      provide: { services: { ...services, template } },
      testTimeout: 180_000,
      hookTimeout: 240_000,
    };
    await overlay.write("vitest.config.mjs", `export default ${JSON.stringify({ test: options })}`);
    const tests = [...written].filter((path) => path.endsWith("-events.test.ts"));
    expect(tests.sort()).toEqual([
      "test/modules/copy/copy-events.test.ts",
      "test/modules/copy/copy-notes-events.test.ts",
      "test/modules/reading_room/reading-room-events.test.ts",
    ]);
    const output = await overlay.run("vitest", ["run", ...tests, "test/readme/routes.test.ts"]);
    expect(output).toMatch(/Test Files {2}4 passed/);
    const filter = "reading_room|copy|every route";
    expect(await overlay.run("vitest", ["run", "test/modules/tenants.test.ts", "-t", filter])).toMatch(
      /Tests {2}9 passed/,
    );
  },
  timeLimitMs,
);
