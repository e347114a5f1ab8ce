import { taskCreated } from "@brain/schemas";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { waitFor } from "../../wait-for.ts";
import { type Receiver, runJob, startReceiver } from "../sending-fixture.ts";

/** How receivers take turns, and what a run of the job begins: with receivers that answer when they are told to. */

let receiver: Receiver;
let engine: TestEngine;
beforeEach(async () => {
  receiver = await startReceiver((path) => path === "/quick");
  engine = await createTestEngine({ BRAIN_MISSION_HTTP_ALLOW: `127.0.0.1:${receiver.port}` });
});
afterEach(async () => {
  receiver.close();
  await engine?.cleanup();
});

const slowPaths = ["/slow1", "/slow2", "/slow3", "/slow4", "/slow5", "/slow6"];
/** Calls of one run at the same time. */
const lanes = 5;

/** Each of these paths is to get so many events. */
async function prepare(paths: readonly string[], events: number): Promise<void> {
  for (const path of paths) {
    const url = `http://127.0.0.1:${receiver.port}${path}`;
    const reply = await engine.request("POST", "/api/webhooks", { url, event_types: ["task.*"] });
    expect(reply.status, reply.text).toBe(201);
  }
  for (let n = 0; n < events; n += 1) {
    await engine.publish({ source: "test", tenant_id: "acme" }, (record) =>
      record(taskCreated, { task_id: crypto.randomUUID(), mission_type: "echo", priority: "NORMAL" }),
    );
  }
  await engine.settle();
}
const deliver = (isOver?: () => boolean) => runJob(engine, "webhook_delivery", isOver);
const tries = async () => {
  const [row] = await engine.sql<{ tries: number }>(
    "SELECT sum(attempt)::integer AS tries FROM webhook_deliveries",
  );
  return row?.tries;
};
const callsHeld = (count: number) =>
  waitFor(
    `${count} calls wait for their answer`,
    async () => receiver.held.size,
    (held) => held >= count,
  );

describe("a run of the job", () => {
  test("begins as many calls as it has lanes, counts a try for each of these alone, and none when its time is over", async () => {
    await prepare(slowPaths, 4);
    let isOver = false;
    const run = deliver(() => isOver);
    await callsHeld(lanes);
    expect(await tries()).toBe(lanes);
    isOver = true;
    receiver.answerAll();
    const next = await run;
    expect(receiver.calls).toHaveLength(lanes);
    expect(await tries()).toBe(lanes);
    // What is left is for the next run, at once.
    expect(next?.getTime()).toBeLessThanOrEqual(Date.now());
    await deliver();
    expect(receiver.calls).toHaveLength(slowPaths.length * 4);
    expect(await tries()).toBe(slowPaths.length * 4);
  });

  test("holds what it sends longer than a call lasts, so another one that runs beside it sends nothing again", async () => {
    await prepare(slowPaths, 4);
    const first = deliver();
    // Each call lasts almost as long as one may, 15 s: the clock of the claims goes on.
    for (let ended = 0; ended < 4 * lanes; ended += lanes) {
      await callsHeld(lanes);
      await engine.sql(
        "UPDATE webhook_deliveries SET due_at = due_at - interval '14 s' WHERE status = 'waiting'",
      );
      for (const call of receiver.held) call.answer();
    }
    const left = slowPaths.length * 4 - 4 * lanes;
    await callsHeld(left);
    await engine.sql(
      "UPDATE webhook_deliveries SET due_at = due_at - interval '14 s' WHERE status = 'waiting'",
    );
    let hasEnded = false;
    const second = deliver().finally(() => {
      hasEnded = true;
    });
    await waitFor(
      "the second run has ended, or sends something",
      async () => hasEnded || receiver.held.size > left,
      (seen) => seen,
    );
    receiver.answerAll();
    await Promise.all([first, second]);
    expect(new Set(receiver.calls.map(({ message }) => message)).size).toBe(receiver.calls.length);
    expect(receiver.calls).toHaveLength(slowPaths.length * 4);
  });

  test("control: a claim that is over while its call lasts is sent again", async () => {
    await prepare(slowPaths, 4);
    const first = deliver();
    await callsHeld(lanes);
    await engine.sql("UPDATE webhook_deliveries SET due_at = now() - interval '1 s'");
    const second = deliver();
    await callsHeld(2 * lanes);
    receiver.answerAll();
    await Promise.all([first, second]);
    expect(new Set(receiver.calls.map(({ message }) => message)).size).toBeLessThan(receiver.calls.length);
  });
});

describe("receivers take turns", () => {
  const callsOf = (path: string) => receiver.calls.filter((call) => call.path === path).length;
  const slowBegun = () => receiver.calls.length - callsOf("/quick");

  /** Answers one slow call whenever all lanes are with slow ones, until the quick one has so many. */
  async function answerUntilQuickHas(count: number): Promise<void> {
    await waitFor(
      `the quick one has ${count}`,
      async () => {
        if (receiver.held.size === lanes) [...receiver.held][0]?.answer();
        return callsOf("/quick");
      },
      (calls) => calls >= count,
    );
  }

  test("one call of each before a second one, so six slow ones do not keep out a quick one", async () => {
    await prepare([...slowPaths, "/quick"], 16);
    const run = deliver();
    await answerUntilQuickHas(1);
    expect(slowBegun()).toBeLessThanOrEqual(2 * lanes);
    receiver.answerAll();
    await run;
    expect(receiver.calls).toHaveLength(7 * 16);
  });

  test("first who has taken less time, so the quick one gets all that it has to get", async () => {
    await prepare([...slowPaths, "/quick"], 16);
    await engine.sql("UPDATE webhook_endpoints SET used_ms = 3600000 WHERE url_shown LIKE '%/slow%'");
    const run = deliver();
    await answerUntilQuickHas(16);
    // Those that began beside its first call.
    expect(slowBegun()).toBeLessThanOrEqual(2 * lanes);
    receiver.answerAll();
    await run;
    expect(receiver.calls).toHaveLength(7 * 16);
    // An hour for which it had nothing to send gives it no hour.
    const [quick] = await engine.sql<{ used: number }>(
      "SELECT used_ms::float8 AS used FROM webhook_endpoints WHERE url_shown LIKE '%/quick'",
    );
    expect(quick?.used).toBeGreaterThan(3_600_000 - 60_000);
  });

  test("a new one does not take all lanes, whatever the others have taken", async () => {
    await prepare(["/slow1", "/slow2"], 8);
    await engine.sql("UPDATE webhook_endpoints SET used_ms = 3600000");
    await prepare(["/slow3"], 8);
    const run = deliver();
    await callsHeld(lanes);
    expect([1, 2, 3].map((n) => callsOf(`/slow${n}`)).every((calls) => calls >= 1)).toBe(true);
    receiver.answerAll();
    await run;
  });
});
