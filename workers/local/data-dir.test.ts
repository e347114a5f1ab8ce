import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DataDirInUseError, lockDataDir, readOrCreateSecret, readOrCreateSigningKey } from "./data-dir.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "brain-data-dir-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the data directory", () => {
  test("belongs to one running program at a time", async () => {
    const release = await lockDataDir(folder);
    await expect(lockDataDir(folder)).rejects.toThrow(DataDirInUseError);
    await expect(lockDataDir(folder)).rejects.toThrow(`process ${process.pid}`);
    await release();
    await (await lockDataDir(folder))();
  });

  test("is taken over from a program that is gone", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    await writeFile(join(folder, "lock"), String(pid));
    const release = await lockDataDir(folder);
    expect(await readFile(join(folder, "lock"), "utf8")).toMatch(new RegExp(`^${process.pid} `));
    await release();
    await expect(readFile(join(folder, "lock"))).rejects.toThrow(/ENOENT/);
  });

  test("is taken over when the process id belongs to another program by now, also one of Node", async () => {
    // What a container leaves: in the next one the same id is that of the parent.
    for (const left of [`${process.ppid} 1`, String(process.ppid)]) {
      await writeFile(join(folder, "lock"), left);
      const release = await lockDataDir(folder);
      expect(await readFile(join(folder, "lock"), "utf8")).toMatch(new RegExp(`^${process.pid} `));
      await release();
    }
  });

  test("keeps a generated secret between runs", async () => {
    const secret = await readOrCreateSecret(folder, "api-key");
    expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(await readOrCreateSecret(folder, "api-key")).toBe(secret);
  });

  test("keeps a signing key between runs, readable by its owner only", async () => {
    const key = await readOrCreateSigningKey(folder, "certificate-key");
    expect(await readOrCreateSigningKey(folder, "certificate-key")).toBe(key);
    const bytes = Buffer.from(key, "base64");
    await crypto.subtle.importKey("pkcs8", bytes, { name: "Ed25519" }, false, ["sign"]);
    expect((await stat(join(folder, "certificate-key"))).mode & 0o777).toBe(0o600);
  });
});
