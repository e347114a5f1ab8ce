import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyTo, findPackage } from "./binaries.ts";

const run = promisify(execFile);
let shelf: string;
beforeEach(async () => {
  shelf = await mkdtemp(join(tmpdir(), "brain-shelf-"));
});
afterEach(() => rm(shelf, { recursive: true, force: true }));

// The shelf is root's: only root needs one, because only root cannot run PostgreSQL itself.
if (process.getuid?.() === 0) {
  test("the binaries are copied once, also by starts at the same time, and mended when something is missing", async () => {
    const source = await findPackage();
    // Of a start that was killed while it copied.
    await mkdir(join(shelf, "copy-999999999-0"));
    const [first, second] = await Promise.all([copyTo(shelf, source), copyTo(shelf, source)]);
    expect(second).toBe(first);
    expect(await readdir(shelf)).toEqual([first.slice(shelf.length + 1)]);
    const program = join(first, "bin", "postgres");
    expect((await stat(program)).mode & 0o777).toBe(0o755);
    const asNobody = { uid: 65_534, gid: 65_534, cwd: "/" };
    expect((await run(program, ["--version"], asNobody)).stdout).toMatch(/PostgreSQL/);

    await truncate(join(first, "share", "postgresql", "postgres.bki"), 10);
    const before = (await stat(program)).ino;
    expect(await copyTo(shelf, source)).toBe(first);
    expect((await stat(program)).ino).not.toBe(before);
    const whole = (await stat(program)).ino;
    await copyTo(shelf, source);
    expect((await stat(program)).ino).toBe(whole);
  });

  test("a shelf that others may change is not used", async () => {
    const source = await findPackage();
    await chmod(shelf, 0o777);
    await expect(copyTo(shelf, source)).rejects.toThrow(/only root may change/);
    await chmod(shelf, 0o755);
    await run("chown", ["65534:65534", shelf]);
    await expect(copyTo(shelf, source)).rejects.toThrow(/only root may change/);
    const file = join(shelf, "file");
    await writeFile(file, "");
    await expect(copyTo(file, source)).rejects.toThrow(/only root may change/);
  });
} else {
  test("copies of the binaries: not tried, because this run is not root's", () => {
    expect(process.getuid?.()).toBeGreaterThan(0);
  });
}
