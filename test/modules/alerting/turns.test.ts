import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { waitFor } from "../../wait-for.ts";
import { type Receiver, runJob, startReceiver } from "../sending-fixture.ts";

/** What a run of the job begins: with sinks that answer when they are told to. */

let receiver: Receiver;
let engine: TestEngine;
beforeEach(async () => {
  receiver = await startReceiver((path) => path === "/slack");
  const address = `127.0.0.1:${receiver.port}`;
  engine = await createTestEngine({
    BRAIN_MISSION_HTTP_ALLOW: address,
    BRAIN_ALERT_WEBHOOK_URL: `http://${address}/hook`,
    BRAIN_ALERT_WEBHOOK_SECRET: "a-secret-of-the-alerts",
    BRAIN_ALERT_SLACK_URL: `http://${address}/slack`,
  });
});
afterEach(async () => {
  receiver.close();
  await engine?.cleanup();
});

const messages = 12;
const store = (sink: string) =>
  engine.sql(
    `INSERT INTO alert_messages (message_id, sink, is_test, body, status, due_at)
     SELECT gen_random_uuid(), $1, false, jsonb_build_object('n', n), 'waiting', now() FROM generate_series(1, $2::integer) n`,
    [sink, messages],
  );
const tell = (isOver?: () => boolean) => runJob(engine, "alert_delivery", isOver);
const tries = async () => {
  const [row] = await engine.sql<{ tries: number }>(
    "SELECT sum(attempt)::integer AS tries FROM alert_messages",
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
  test("sends one after the other, counts a try for what it began, and begins none when its time is over", async () => {
    await store("webhook");
    let isOver = false;
    const run = tell(() => isOver);
    await callsHeld(1);
    expect(await tries()).toBe(1);
    isOver = true;
    receiver.answerAll();
    const next = await run;
    expect(receiver.calls).toHaveLength(1);
    expect(await tries()).toBe(1);
    // What is left is for the next run, at once.
    expect(next?.getTime()).toBeLessThan(Date.now() + 5_000);
    await tell();
    expect(receiver.calls).toHaveLength(messages);
    expect(await tries()).toBe(messages);
  });

  test("holds what it sends longer than a call lasts, so another one that runs beside it sends nothing again", async () => {
    await store("webhook");
    const first = tell();
    // Each call lasts almost as long as one may, 10 s: the clock of the claims goes on.
    for (let ended = 0; ended < 7; ended += 1) {
      await callsHeld(1);
      await engine.sql("UPDATE alert_messages SET due_at = due_at - interval '9 s' WHERE status = 'waiting'");
      for (const call of receiver.held) call.answer();
    }
    await callsHeld(1);
    const second = tell();
    await callsHeld(2);
    receiver.answerAll();
    await Promise.all([first, second]);
    expect(new Set(receiver.calls.map(({ message }) => message)).size).toBe(receiver.calls.length);
    expect(receiver.calls).toHaveLength(messages);
  });

  test("control: a claim that is over while its call lasts is sent again", async () => {
    await store("webhook");
    const first = tell();
    await callsHeld(1);
    await engine.sql("UPDATE alert_messages SET due_at = now() - interval '1 s'");
    const second = tell();
    await callsHeld(2);
    receiver.answerAll();
    await Promise.all([first, second]);
    expect(receiver.calls.length).toBeGreaterThan(messages);
  });

  test("tells one sink while another one does not answer", async () => {
    await store("webhook");
    await store("slack");
    const run = tell();
    await waitFor(
      "Slack has all",
      async () => receiver.calls.filter(({ path }) => path === "/slack").length,
      (calls) => calls === messages,
    );
    expect(receiver.held.size).toBe(1);
    receiver.answerAll();
    await run;
  });

  test("gives up what waits for a sink that is not set any more", async () => {
    await store("pager");
    await tell();
    expect(receiver.calls).toEqual([]);
    expect(await engine.sql("SELECT DISTINCT status, error FROM alert_messages")).toEqual([
      { status: "failed", error: "This sink is not set any more." },
    ]);
    expect(await tell()).toBeNull();
  });
});
