import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { pythonProject } from "../../src/governance/fixtures/python-project.ts";
import { root } from "../../tools/root.ts";
import { listen } from "../listening.ts";
import { charter, openStation, type Ran, type Station } from "./server.ts";

const compliant = pythonProject("after");
const untouched = pythonProject("before");

interface Told {
  readonly verdict: string;
  readonly lines: readonly {
    readonly id: string;
    readonly state: string;
    readonly evidence: string;
    readonly todo: string | null;
  }[];
}

const lineOf = (told: Told, id: string) => told.lines.find((line) => line.id === id);
const inState = (told: Told, state: string) =>
  told.lines.filter((line) => line.state === state).map(({ id }) => id);

const gate = (url: string, args: readonly string[] = [], path = compliant): Promise<Ran> =>
  charter(url, ["gate", "booking", "--path", path, ...args]);

async function told(
  url: string,
  args: readonly string[] = [],
  path = compliant,
): Promise<Told & { readonly code: number }> {
  const { code, stdout, stderr } = await gate(url, ["--format", "json", ...args], path);
  if (stdout === "") throw new Error(stderr);
  return { code, ...JSON.parse(stdout) };
}

let station: Station;
beforeAll(async () => {
  station = await openStation({});
});
afterAll(() => station?.cleanup());

const inUse = ["--shown", "GO-2=1,204 bookings in November, access log"];

describe("against a system that is well", () => {
  test("it is GO when everything was seen or shown", async () => {
    const { code, stdout, stderr } = await gate(station.url, inUse);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^GO: booking, the migration may begin\. http/);
    expect(stdout).toMatch(/^ {2}ok +G-1 +The mode is required: \S+\/api\/health says mode required$/m);
    expect(stdout).toMatch(
      /^ {2}ok +G-2 .*002_event_dedup_stream_message_id is here 0000_init and 0004_claims_and_dead_letters/m,
    );
    expect(stdout).toMatch(/^ {2}ok +G-3 .*with uq_subscriber_stream_msg_id$/m);
    expect(stdout).toMatch(/^ {2}ok +GO-2 .*shown by hand: 1,204 bookings/m);
  });

  test("what nobody could see must be shown by hand first", async () => {
    const answer = await told(station.url);
    expect(answer).toMatchObject({ code: 100, verdict: "NO-GO" });
    expect(inState(answer, "fail")).toEqual([]);
    expect(inState(answer, "unknown")).toEqual(["GO-2"]);
    expect(lineOf(answer, "GO-2")?.todo).toContain('--shown GO-2="');
  });

  test("a module that nobody prepared fails by what its documents lack", async () => {
    const answer = await told(station.url, inUse, untouched);
    expect(answer).toMatchObject({ code: 100, verdict: "NO-GO" });
    expect(inState(answer, "fail")).toEqual(["G-7", "G-8"]);
    expect(lineOf(answer, "GO-1")?.evidence).toContain("booking.booking.reserved");
  });

  test("as Markdown it is a table for the meeting", async () => {
    const { stdout } = await gate(station.url, ["--format", "markdown"], untouched);
    expect(stdout).toMatch(
      /^# Gate of booking\n\n\*\*NO-GO: booking, G-7, G-8 fail; GO-2 must be shown by hand\.\*\*/,
    );
    expect(stdout).toMatch(/^\| G-7 \| NO \| It has an owner \| .* \| Write "\*\*Owner:\*\* .* \|$/m);
  });

  test("a key that may not ask for the settings leaves open what they tell", async () => {
    const { stdout, code } = await charter(station.url, ["gate", "booking", "--path", compliant, "--json"], {
      env: { CHARTER_KEY: "wrong-key-0123456789" },
    });
    expect(code).toBe(100);
    const answer = JSON.parse(stdout);
    expect(inState(answer, "unknown")).toEqual(["G-2", "G-3", "GO-2"]);
    expect(lineOf(answer, "G-2")).toMatchObject({ todo: expect.stringContaining("--key") });
  });
});

test("events of the module in the record show that it is in use", async () => {
  await station.post("/api/events", {
    type: "agent.heartbeat",
    payload: { agent_id: "a-1", tasks_completed: 3, tasks_failed: 0 },
  });
  await station.settle();
  const { code, stdout, stderr } = await charter(station.url, ["gate", "agents", "--path", root]);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/^ {2}ok +GO-2 .*has seen 1 of its events \(agent\.heartbeat\), the last at /m);
});

describe("a database that lacks what guards against a second delivery", () => {
  test("without the unique index it is NO-GO, whatever the journal of migrations says", async () => {
    await station.sql("ALTER TABLE processed_events DROP CONSTRAINT uq_subscriber_stream_msg_id");
    try {
      const answer = await told(station.url, inUse);
      expect(answer).toMatchObject({ code: 100, verdict: "NO-GO" });
      expect(inState(answer, "fail")).toEqual(["G-2", "G-3"]);
      expect(lineOf(answer, "G-3")?.todo).toContain("ADD CONSTRAINT uq_subscriber_stream_msg_id UNIQUE");
    } finally {
      await station.sql(
        "ALTER TABLE processed_events ADD CONSTRAINT uq_subscriber_stream_msg_id UNIQUE (subscriber_name, stream_message_id)",
      );
    }
    expect(inState(await told(station.url, inUse), "fail")).toEqual([]);
  });

  test("without the table it is NO-GO", async () => {
    await station.sql("ALTER TABLE processed_events RENAME TO processed_events_aside");
    try {
      const answer = await told(station.url, inUse);
      expect(answer.code).toBe(100);
      expect(lineOf(answer, "G-3")).toMatchObject({
        state: "fail",
        evidence: "there is no table processed_events",
      });
    } finally {
      await station.sql("ALTER TABLE processed_events_aside RENAME TO processed_events");
    }
  });
});

test("a degraded mode is NO-GO", async () => {
  const degraded = await openStation({ env: { BRAIN_EVENTSTREAM_MODE: "degraded" } });
  try {
    const answer = await told(degraded.url, inUse);
    expect(answer.code).toBe(100);
    expect(lineOf(answer, "G-1")).toMatchObject({
      state: "fail",
      evidence: expect.stringContaining("mode degraded"),
    });
  } finally {
    await degraded.cleanup();
  }
});

test("with Redis away it is NO-GO, and says so", async () => {
  const broken = await openStation({ env: { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9" } });
  try {
    const answer = await told(broken.url, inUse);
    expect(answer.code).toBe(100);
    expect(inState(answer, "fail")).toEqual(["G-4"]);
    expect(lineOf(answer, "G-4")).toMatchObject({
      evidence: expect.stringContaining("unhealthy, event_stream false; Redis does not answer."),
      todo: expect.stringContaining("Redis"),
    });
  } finally {
    await broken.cleanup();
  }
});

test("of a system of the original it says what can be judged, and what must be shown", async () => {
  const server = createServer((request, response) => {
    const isHealth = request.url === "/api/health";
    response.writeHead(isHealth ? 200 : 404, { "content-type": "application/json" });
    response.end(
      JSON.stringify(isHealth ? { status: "healthy", event_stream: true } : { detail: "Not Found" }),
    );
  });
  const port = await listen(server);
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${port}`;
  const answer = await told(url);
  expect(answer.code).toBe(100);
  expect(inState(answer, "fail")).toEqual([]);
  expect(inState(answer, "unknown")).toEqual(["G-1", "G-2", "G-3", "GO-2"]);
  expect(lineOf(answer, "G-2")?.todo).toContain("alembic current");
  const shown = ["G-1=unset in the unit file", "G-2=alembic current: 003", "G-3=psql shows it"].flatMap(
    (text) => ["--shown", text],
  );
  expect(await told(url, [...shown, ...inUse])).toMatchObject({ code: 0, verdict: "GO" });
});

test("without a server nothing of it can be judged; what the tree tells is told all the same", async () => {
  const answer = await told("http://127.0.0.1:9", inUse);
  expect(answer.code).toBe(100);
  expect(lineOf(answer, "G-4")).toMatchObject({
    state: "fail",
    evidence: expect.stringContaining("Nothing answers"),
  });
  expect(inState(answer, "pass")).toEqual(["G-5", "G-6", "G-7", "G-8", "GO-1", "GO-2", "GO-3"]);
});

test.each([
  [["gate", "cooking", "--path", compliant], 'There is no module "cooking". There are: booking'],
  [["gate", "booking", "--path", `${compliant}/nowhere`], "There is no "],
  [["gate", "booking", "--path", compliant, "--shown", "G-99"], "Expected an id and what was seen"],
  [["gate", "booking", "--path", compliant, "--format", "xml"], "Allowed choices are human, markdown, json"],
  [["phase", "booking", "--path", compliant, "--tests", "/nowhere.json"], "There is no /nowhere.json"],
])("charter %j is given wrong", async (args, says) => {
  const { code, stderr, stdout } = await charter(station.url, args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(says);
});
