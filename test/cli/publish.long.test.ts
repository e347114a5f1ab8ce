import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { charter, openStation, type Station } from "./server.ts";

let station: Station;
let folder: string;
beforeAll(async () => {
  station = await openStation({ consumers: [] });
  folder = await mkdtemp(join(tmpdir(), "charter-publish-"));
});
afterAll(async () => {
  await station?.cleanup();
  await rm(folder, { recursive: true, force: true });
});

const id = "7d1f6b0e-3c57-4c1e-9b0a-2f8f4a1c9d10";
const payload = (user_id: string) => ({
  course_id: "c-1",
  user_id,
  tenant_id: "acme",
  payment_id: null,
  granted_at: "2026-11-26T10:00:00.000Z",
  reason: "A gift.",
});
const granted = (user_id: string, more: object = {}) => ({
  type: "course.access.granted",
  tenant_id: "acme",
  payload: payload(user_id),
  ...more,
});
const run = (...args: readonly string[]) => charter(station.url, ["publish", ...args]);
const sent = () => station.requests.filter(({ line }) => line.startsWith("POST /api/events"));

test("an event of the command line is published once under its id, also when the first reply is lost", async () => {
  station.loseReplies("/api/events", 1);
  const one = [
    "course.access.granted",
    "--tenant",
    "acme",
    "--id",
    id,
    "--payload",
    JSON.stringify(payload("anna")),
  ];
  const first = await run(...one, "--json");
  expect(first.code, first.stderr).toBe(0);
  expect(JSON.parse(first.stdout)).toMatchObject({ id, type: "course.access.granted" });
  const keys = sent().map(({ idempotencyKey }) => idempotencyKey);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  const again = await run(...one);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stdout).toMatch(
    new RegExp(`^deduplicated {2}${id} {2}course\\.access\\.granted, first seen 2`),
  );
});

test("the server judges it as that of any program, and says which field is wrong", async () => {
  const { code, stderr } = await run(
    "course.access.granted",
    "--tenant",
    "acme",
    "--payload",
    '{"course_id":"c-1"}',
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^charter: The event "course\.access\.granted" was refused; nothing was published\.\n/,
  );
  expect(stderr).toMatch(/\n {2}payload\.user_id: .*\(received nothing\)\n/);
  expect(stderr.split("payload.user_id:")).toHaveLength(2);
  expect(stderr).not.toContain("payload.course_id:");
  const unknown = await run("course.access.given", "--payload", "{}");
  expect(unknown.stderr).toMatch(
    /^charter: The event "course\.access\.given" was refused\.\n {2}type: the type is not/,
  );
  expect(unknown.stderr.split("is not catalogued")).toHaveLength(2);
});

test("of a file each event is taken or refused on its own, whatever its form, and the exit code tells", async () => {
  const file = join(folder, "events.json");
  const told = async (text: string) => {
    await writeFile(file, text);
    const ran = await run("--file", file, "--json");
    const { accepted, rejected, results } = JSON.parse(ran.stdout) as Record<string, unknown>;
    return { code: ran.code, accepted, rejected, results };
  };
  const wrong = granted("bert", { type: "course.access.grnted" });
  const right = granted("carl");
  expect(await told([right, wrong, right].map((event) => JSON.stringify(event)).join("\n"))).toMatchObject({
    code: 1,
    accepted: 2,
    rejected: 1,
    results: [{ index: 0 }, { index: 1, status: "rejected" }, { index: 2, status: "accepted" }],
  });
  expect(await told(JSON.stringify([right, right], null, 2))).toMatchObject({ code: 0, accepted: 2 });
  expect(await told(JSON.stringify(right, null, 2))).toMatchObject({ code: 0, accepted: 1 });
  // All of them: the answer tells of each all the same.
  expect(await told(JSON.stringify(wrong))).toMatchObject({ code: 1, accepted: 0, rejected: 1 });
  const { stdout, stderr } = await run("--file", file);
  expect(stdout).toMatch(/^rejected {6}event 1: /);
  expect(stderr).toContain("1 of 1 events were refused");
});

test.each([
  [[], /No type was given\. Expected a type and --payload, or --file/],
  [["course.access.granted"], /No payload was given/],
  [["course.access.granted", "--payload", "{user_id: 1}"], /Expected an object of JSON, in single quotes/],
  [["course.access.granted", "--file", "-"], /give either --file, or the type/],
  [["--file", "-"], /standard input is empty/],
  [["--file", "/nowhere/events.json"], /events\.json cannot be read \(ENOENT\)/],
])("%j is a wrong use, and nothing is sent", async (args, expected) => {
  const before = sent().length;
  const { code, stderr } = await run(...args);
  expect({ code, sent: sent().length - before }).toEqual({ code: 2, sent: 0 });
  expect(stderr).toMatch(expected);
});
