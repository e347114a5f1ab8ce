import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { testApiKey } from "../backbone.ts";
import { listen } from "../listening.ts";
import { charter, openStation, type Station } from "./server.ts";

let station: Station;
beforeAll(async () => {
  station = await openStation({ consumers: [] });
  await granted("anna", "acme", "She asked by mail: anna@example.org");
  await granted("anna", "acme", "Once more.");
  await granted("anna", "globex", "Of another school.");
  await granted("bert", "acme", "A gift.");
});
afterAll(() => station?.cleanup());

const granted = (user_id: string, tenant_id: string, reason: string) =>
  station.post("/api/events", {
    type: "course.access.granted",
    tenant_id,
    payload: {
      course_id: "c-1",
      user_id,
      tenant_id,
      payment_id: null,
      granted_at: "2026-11-26T10:00:00.000Z",
      reason,
    },
  });

const run = (...args: string[]) => charter(station.url, ["subject", ...args]);
const reasons = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line).payload.reason);
/** Asked by HTTP: a start of the program takes much longer. */
const known = async (subject: string, tenant_id = "acme") => {
  const response = await fetch(
    `${station.url}/api/subjects/export?${new URLSearchParams({ subject, tenant_id })}`,
    { headers: { authorization: `Bearer ${testApiKey}` } },
  );
  return reasons(await response.text());
};

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "brain-subject-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("charter subject export writes the events of one person of one tenant, to standard output or a new file", async () => {
  const ran = await run("export", "anna", "--tenant", "acme");
  expect(ran.code, ran.stderr).toBe(0);
  expect(reasons(ran.stdout)).toEqual(["She asked by mail: anna@example.org", "Once more."]);
  expect(ran.stderr).toBe("Events: 2.\n");
  const file = join(await folder(), "anna.jsonl");
  const written = await run("export", "anna", "--tenant", "acme", "--out", file);
  expect([written.code, written.stdout], written.stderr).toEqual([0, ""]);
  expect(await readFile(file, "utf8")).toBe(ran.stdout);
  expect((await stat(file)).mode & 0o077).toBe(0);
});

test("charter subject export overwrites nothing, and names a path that is wrong", async () => {
  const file = join(await folder(), "anna.jsonl");
  await writeFile(file, "mine");
  const there = await run("export", "anna", "--out", file);
  expect(there.code).toBe(2);
  expect(there.stderr).toContain("is there already");
  expect(await readFile(file, "utf8")).toBe("mine");
  const nowhere = await run("export", "anna", "--out", join(file, "x"));
  expect(nowhere.code).toBe(2);
  expect(nowhere.stderr).toContain("ENOTDIR");
});

test("an answer that breaks off is an error, and leaves no file that looks whole", async () => {
  const broken = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/jsonl" });
    response.write('{"id":"1"}\n{"id":"2"}\n{"id', () => response.destroy());
  });
  const port = await listen(broken);
  onTestFinished(() => void broken.close());
  const path = await folder();
  const url = `http://127.0.0.1:${port}`;
  const ran = await charter(url, ["subject", "export", "anna", "--out", join(path, "anna.jsonl")]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/broke off after \d events, so this is not all/);
  expect(await readdir(path)).toEqual([]);
});

test("charter subject erase asks first, wants a reason, and makes the fields of that person unreadable", async () => {
  const silent = await run("erase", "anna", "--tenant", "acme", "--yes");
  expect([silent.code, silent.stderr]).toEqual([2, expect.stringContaining("--reason")]);
  const asked = await run("erase", "anna", "--tenant", "acme", "--reason", "the person asked for it");
  expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining("--yes")]);
  expect(await known("anna")).not.toContain("[erased]");

  const erased = await run("erase", "anna", "--tenant", "acme", "--reason", "the person asked for it", "-y");
  expect(erased.code, erased.stderr).toBe(0);
  expect(erased.stdout).toContain("anna of tenant acme are unreadable");
  expect(await known("anna")).toEqual(["[erased]", "[erased]"]);
  expect(await known("anna", "globex")).toEqual(["Of another school."]);
  expect(await known("bert")).toEqual(["A gift."]);
  expect(await station.sql("SELECT action, reason FROM operator_actions")).toEqual([
    { action: "subject.erased", reason: "the person asked for it" },
  ]);
});

test("a lost reply is asked for again, and says what was done", async () => {
  await granted("carla", "acme", "A gift.");
  station.loseReplies("/api/subjects/erase", 1);
  const ran = await run("erase", "carla", "--tenant", "acme", "--reason", "asked", "--yes", "--json");
  expect(ran.code, ran.stderr).toBe(0);
  expect(JSON.parse(ran.stdout)).toEqual({ subject: "carla", tenant_id: "acme", erased: true });
});

test("a key for all tenants must say which person is meant, for an export and for an erasure", async () => {
  for (const args of [
    ["export", "bert"],
    ["erase", "bert", "--reason", "asked", "--yes"],
  ]) {
    const ran = await run(...args);
    expect([ran.code, ran.stdout], ran.stderr).toEqual([1, ""]);
    expect(ran.stderr).toContain("Tenants that know bert: acme.");
    expect(ran.stderr).toContain("--tenant");
  }
  const none = await run("export", "bert", "--no-tenant");
  expect([none.code, none.stderr]).toEqual([0, "Events: 0.\n"]);
});

test("nothing to erase is no success: the tenant may be wrong", async () => {
  const ran = await run("erase", "bert", "--no-tenant", "--reason", "asked", "--yes");
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("there is no key of bert of no tenant");
  expect(await known("bert")).toEqual(["A gift."]);
});
