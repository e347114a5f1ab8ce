import { randomUUID } from "node:crypto";
import { defineConsumer, on, PermanentError, TransientError } from "@brain/engine";
import { agentOffline, agentOnline, systemHealth } from "@brain/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { charter, openStation, type Station } from "./server.ts";

const watcher = defineConsumer({
  subscriber: "watcher",
  // The second try is not due while a test looks.
  retry: { baseMs: 600_000, capMs: 600_000 },
  handlers: [
    on(systemHealth, async ({ payload }, { publish }) => {
      if (payload.component === "gate") throw new TransientError("The gate does not answer.");
      await publish(agentOnline, { agent_id: "first" });
      await publish(agentOffline, { agent_id: "second", missed_heartbeats: 3, last_heartbeat: null });
    }),
    on(agentOffline, async () => {
      throw new PermanentError("The agent is never coming back.");
    }),
  ],
});

let station: Station;
beforeAll(async () => {
  station = await openStation({ consumers: [watcher] });
});
afterAll(() => station?.cleanup());

const report = (correlation_id: string) => ({
  type: "system.health",
  correlation_id,
  payload: { component: "door", status: "ok" },
});
/** Nobody here reads it, so nothing follows from it. */
const aside = (correlation_id: string) => ({
  type: "agent.online",
  correlation_id,
  payload: { agent_id: "aside" },
});

test("a story is printed as a tree with who handled what", async () => {
  const id = `story/${randomUUID()}`;
  await station.post("/api/events", report(id));
  await station.settle();
  await station.settle();
  const { code, stdout, stderr } = await charter(station.url, ["story", id]);
  expect(code, stderr).toBe(0);
  const [head, root, first, second, ...rest] = stdout.trimEnd().split("\n");
  expect(head).toMatch(/^3 events in .+ from 20\d\d-.*Z$/);
  expect(root).toMatch(/^system\.health {2}\+0 ms {2}handled by watcher {2}[0-9a-f-]{36}$/);
  expect(first).toMatch(/^├─ agent\.online {2}\+\d.* {2}[0-9a-f-]{36}$/);
  expect(second).toMatch(
    /^└─ agent\.offline {2}\+\d.*failed for watcher \(dead letter \d+: permanent_error, open, after 1 try: The agent is never coming back\.\)/,
  );
  expect(rest).toEqual([]);
  const plain = await charter(station.url, ["story", id, "--payload", "--limit", "1"]);
  expect(plain.stdout).toContain('"component":"door"');
  expect(plain.stderr).toContain("There is more of it");
});

test("tells who has not come to an end with an event, why, and when the next try is due", async () => {
  const id = `story-${randomUUID()}`;
  await station.post("/api/events", { ...report(id), payload: { component: "gate", status: "ok" } });
  await station.settle();
  const { stdout } = await charter(station.url, ["story", id]);
  expect(stdout).toMatch(
    /\nNot over yet:\nwatcher: is tried again, 1 try failed, the next is due at 20\d\d-.*Z, .*The gate does not answer/,
  );
});

test("says of which events it did not ask whether they wait", async () => {
  const id = `story-${randomUUID()}`;
  for (let n = 0; n < 21; n += 1) await station.post("/api/events", aside(id));
  const { code, stderr } = await charter(station.url, ["story", id]);
  expect(code).toBe(0);
  expect(stderr).toContain("only the newest 20");
  expect((await jsonOf(id)).pending_missing).toContain("only the newest 20");
});

/** The answer of `--json`, and what the API says of the same. */
async function jsonOf(id: string) {
  const { code, stdout, stderr } = await charter(station.url, ["story", id, "--json"]);
  expect(code, stderr).toBe(0);
  const { pending, pending_missing, ...story } = JSON.parse(stdout);
  return { pending, pending_missing, story };
}

test("with --json it is the API's list, with what is not over yet beside it", async () => {
  const id = `story-${randomUUID()}`;
  await station.post("/api/events", aside(id));
  const { story, ...rest } = await jsonOf(id);
  expect(story).toMatchObject({
    correlation_id: id,
    count: 1,
    truncated: false,
    events: [{ type: "agent.online", depth: 0 }],
  });
  expect(rest).toEqual({ pending: [], pending_missing: null });
});

test("with --json it has who retries or waits, how often it was tried, when the next try is due, and why", async () => {
  const id = `story-${randomUUID()}`;
  const { id: event_id } = await station.post("/api/events", {
    ...report(id),
    payload: { component: "gate", status: "ok" },
  });
  await station.settle();
  const { pending } = await jsonOf(id);
  expect(pending).toEqual([
    {
      event_id,
      type: "system.health",
      subscriber: "watcher",
      state: "retrying",
      failed_attempts: 1,
      next_try_at: expect.stringMatching(/^20\d\d-.*Z$/),
      error: expect.stringContaining("The gate does not answer."),
      paused: false,
      deferred: null,
    },
  ]);
});

test("with --json a dead letter has its attempts and its error", async () => {
  const id = `story-${randomUUID()}`;
  await station.post("/api/events", report(id));
  await station.settle();
  await station.settle();
  const { story, pending } = await jsonOf(id);
  expect(story.events[2].dead_letters).toMatchObject([
    { subscriber: "watcher", attempts: 1, error: "The agent is never coming back." },
  ]);
  expect(pending).toEqual([]);
});

test("a story that nobody knows is a failure, a wrong limit is wrong usage", async () => {
  const unknown = await charter(station.url, ["story", "nobody-knows"]);
  expect(unknown).toMatchObject({ code: 1, stdout: "" });
  expect(unknown.stderr).toContain("no event with this correlation id");
  expect((await charter(station.url, ["story", "x", "--limit", "0"])).code).toBe(2);
});

test("cannot be made to write into the terminal by what events hold", async () => {
  const id = `story-${randomUUID()}`;
  await station.post("/api/events", aside(id));
  await station.sql("UPDATE events SET type = $1 WHERE correlation_id = $2", ["x\u001b[2Jy", id]);
  const { stdout } = await charter(station.url, ["story", id]);
  expect(stdout).toContain("x [2Jy");
  expect(stdout).not.toContain("\u001b");
});
