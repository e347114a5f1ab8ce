import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConsumer, on } from "@brain/engine";
import { paymentTransactionCompleted } from "@brain/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pythonProject } from "../../src/governance/fixtures/python-project.ts";
import { charter, openStation, type Station } from "./server.ts";

const nowhere = "http://127.0.0.1:9";

let folder: string;
let station: Station;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "charter-phase-"));
  const consumer = defineConsumer({
    subscriber: "booking_consumer",
    handlers: [on(paymentTransactionCompleted, async () => undefined)],
  });
  station = await openStation({ consumers: [consumer] });
});
afterAll(async () => {
  await station?.cleanup();
  await rm(folder, { recursive: true, force: true });
});

const phase = (version: "before" | "after", ...args: readonly string[]) =>
  charter(nowhere, ["phase", "booking", "--path", pythonProject(version), ...args]);

test("needs no server: it says where the module is, what is missing, and how to mend it", async () => {
  const { code, stdout, stderr } = await phase("before");
  expect(code).toBe(100);
  expect(stderr).toBe("charter phase: booking is in phase 0, Analysis: 2 things are missing.\n");
  expect(stdout).toMatch(
    /^booking is in phase 0, Analysis: 2 things are missing\. backend\/modules\/booking, Python\.$/m,
  );
  expect(stdout).toMatch(
    /^ {2}NO +0\.1 +Purpose in a sentence: no document says what the module is for\n +→ Write one sentence/m,
  );
  expect(stdout).toMatch(
    /^ {2}NO +9\.5 +None of the reasons for NO-GO: \d reasons: .*synchronous calls of other modules/m,
  );
});

test("a compliant module ends with 0, and a report for the meeting shows all that was seen", async () => {
  const { code, stdout } = await phase("after", "--format", "markdown");
  expect(code, stdout).toBe(0);
  expect(stdout).toMatch(/^# Migration of booking\n\n\*\*booking is compliant\.\*\*/);
  expect(stdout).toMatch(/^## Phase 3: Consumer \(done\)$/m);
  expect(stdout).toMatch(
    /^\| T-3 \| ok \| .* \| backend\/tests\/test_booking_events\.py:\d+ "test_same_message_twice_confirms_once"; not run here \| {2}\|$/m,
  );
});

const junit = (failed: string | null) =>
  `<testsuites><testsuite name="pytest">${[
    "test_reserve_publishes_event",
    "test_consumer_confirms_booking",
    "test_same_message_twice_confirms_once",
    "test_permanent_error_is_acked",
    "test_transient_error_is_not_acked",
  ]
    .map(
      (name) =>
        `<testcase classname="backend.tests.test_booking_events" name="${name}">${name === failed ? '<failure message="2 != 1"/>' : ""}</testcase>`,
    )
    .join("")}</testsuite></testsuites>`;

test("the report of a test run and a running system are evidence", async () => {
  const report = join(folder, "green.xml");
  await writeFile(report, junit(null));
  const { code, stdout, stderr } = await charter(nowhere, [
    "phase",
    "booking",
    "--path",
    pythonProject("after"),
    "--tests",
    report,
    "--url",
    station.url,
    "--json",
  ]);
  expect(code, stdout + stderr).toBe(0);
  const { compliant, acceptance } = JSON.parse(stdout);
  expect(compliant).toBe(true);
  const line = (id: string) => acceptance.find((one: { id: string }) => one.id === id);
  expect(line("9.1b")).toMatchObject({
    state: "pass",
    evidence: expect.stringContaining("/api/health names booking_consumer"),
  });
  expect(line("9.1c")).toMatchObject({
    state: "pass",
    evidence: expect.stringContaining("names uq_subscriber_stream_msg_id"),
  });
  expect(line("9.2")).toMatchObject({ state: "pass", evidence: expect.stringContaining("green in ") });
  expect(acceptance.filter(({ state }: { state: string }) => state !== "pass")).toEqual([]);
});

test("a red test is no acceptance", async () => {
  const report = join(folder, "red.xml");
  await writeFile(report, junit("test_same_message_twice_confirms_once"));
  const { code, stdout } = await phase("after", "--tests", report, "--json");
  expect(code).toBe(100);
  const { phase: number, missing, acceptance } = JSON.parse(stdout);
  expect(number).toBe(4);
  expect(missing).toMatchObject([
    { id: "T-3", evidence: expect.stringMatching(/test_same_message_twice_confirms_once" failed$/) },
  ]);
  expect(
    acceptance.filter(({ state }: { state: string }) => state === "fail").map(({ id }: { id: string }) => id),
  ).toEqual(["9.2", "9.5"]);
});

test("phase 0 writes the planned events, and never over a plan that is there", async () => {
  const plan = join(folder, "plans", "PLAN.md");
  const first = await phase("before", "--plan", plan);
  expect(first).toMatchObject({ code: 0, stdout: "" });
  const text = await readFile(plan, "utf8");
  expect(text).toContain("### 2. booking.booking.reserved");
  await writeFile(plan, "agreed");
  const second = await phase("before", "--plan", plan);
  expect(second.code).toBe(2);
  expect(second.stderr).toContain("is there already");
  expect(await readFile(plan, "utf8")).toBe("agreed");
});
