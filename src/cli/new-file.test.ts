import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ConnectionError } from "./errors.ts";
import { writeNewFile } from "./new-file.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "brain-new-file-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function* broken(after: number): AsyncGenerator<Uint8Array> {
  for (let count = 0; count < after; count++) yield new TextEncoder().encode(`${count}\n`);
  throw new ConnectionError("The answer broke off.");
}

test("a file that is written has its bytes and belongs to its owner only", async () => {
  const file = join(await folder(), "a.txt");
  await writeNewFile(
    file,
    ["one\n", "two\n"].map((text) => new TextEncoder().encode(text)),
  );
  expect(await readFile(file, "utf8")).toBe("one\ntwo\n");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test.each([0, 1])("nothing is left when the chunks break off after %i, however early", async (after) => {
  const path = await folder();
  // Others who want the processors: only then do the threads that open and remove files overtake each other.
  const busy = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
  );
  onTestFinished(() => busy.forEach((child) => void child.kill("SIGKILL")));
  for (let count = 0; count < 500; count++) {
    const writing = writeNewFile(join(path, `${count}.txt`), broken(after));
    await expect(writing).rejects.toThrow(ConnectionError);
  }
  expect(await readdir(path)).toEqual([]);
});
