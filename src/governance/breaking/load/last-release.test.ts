import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lastRelease } from "./last-release.ts";

test("it is the newest catalogue, else the newest tag before now, else main, else nothing", async () => {
  const root = mkdtempSync(join(tmpdir(), "charter-last-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir(), GIT_CONFIG_GLOBAL: "/dev/null" };
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  const git = (...args: readonly string[]) => execFileSync("git", ["-C", root, ...who, ...args], { env });
  writeFileSync(join(root, "package.json"), "{}\n");
  expect(await lastRelease(root)).toBeNull();
  git("init", "-q", "-b", "trunk");
  expect(await lastRelease(root)).toBeNull();
  git("add", "-A");
  git("commit", "-qm", "first");
  expect(await lastRelease(root)).toBeNull();
  git("branch", "main");
  expect(await lastRelease(root)).toBe("main");
  git("update-ref", "refs/remotes/origin/main", "HEAD");
  expect(await lastRelease(root)).toBe("origin/main");
  for (const tag of ["v0.9.0", "v0.10.0", "video"]) git("tag", tag);
  expect(await lastRelease(root)).toBe("v0.10.0");
  // A release that this commit does not come from is not the one before it.
  git("checkout", "-qb", "other");
  git("commit", "-qm", "second", "--allow-empty");
  git("tag", "v1.0.0");
  git("checkout", "-q", "trunk");
  expect(await lastRelease(root)).toBe("v0.10.0");
  mkdirSync(join(root, "released"));
  writeFileSync(join(root, "package.json"), '{"charter":{"released":"released"}}\n');
  expect(await lastRelease(root)).toBe("v0.10.0");
  for (const name of ["0.9.0.json", "0.11.0.json", "current.json"])
    writeFileSync(join(root, "released", name), "{}");
  expect(await lastRelease(root)).toBe(join(root, "released/0.11.0.json"));
});
