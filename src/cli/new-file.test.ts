import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
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

test("a file beside it that another program is writing stays, whether this one becomes whole or not", async () => {
  const path = await folder();
  const file = join(path, "a.txt");
  await writeFile(`${file}.part`, "of another program");
  await expect(writeNewFile(file, broken(1))).rejects.toThrow(ConnectionError);
  await writeNewFile(file, [new TextEncoder().encode("one\n")]);
  expect(await readFile(`${file}.part`, "utf8")).toBe("of another program");
  expect((await readdir(path)).sort()).toEqual(["a.txt", "a.txt.part"]);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends the program, and what was begun is gone",
  async (signal) => {
    const path = await folder();
    const program = `
    import { writeNewFile } from ${JSON.stringify(new URL("new-file.ts", import.meta.url).href)};
    async function* endless() {
      yield new TextEncoder().encode("personal data\\n");
      process.stdout.write("begun");
      await new Promise((done) => setTimeout(done, 60_000));
    }
    await writeNewFile(${JSON.stringify(join(path, "a.txt"))}, endless());
  `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise((done) => child.stdout.once("data", done));
    expect((await readdir(path)).length).toBe(1);
    const ended = new Promise((done) => child.once("exit", (_code, by) => done(by)));
    child.kill(signal);
    expect(await ended).toBe(signal);
    expect(await readdir(path)).toEqual([]);
  },
);
