import { runAllBulkOperations } from "@brain/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { eventually } from "../../wait-for.ts";
import { found, refuse, subscriber, tamper, watch } from "./fixtures.ts";

let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(() => engine?.cleanup());

/** What an attack looks like. */
async function attack(): Promise<void> {
  await tamper(engine);
  for (const minute of [0, 1, 2, 3, 4, 5]) await refuse(engine, { minute, by: "user:7" });
  await refuse(engine, { minute: 6, reason: "tenant_mismatch", by: "user:7" });
}

async function replay(): Promise<void> {
  const request = { subscriber, name: crypto.randomUUID(), mode: "force", reason: "a test of replays" };
  const started = await engine.request("POST", "/api/replays", request);
  expect(started.status, started.text).toBe(202);
  await eventually(async () => {
    await runAllBulkOperations(engine.open(), Date.now() + 10_000);
    await engine.drain(subscriber);
    const state = await engine.request("GET", `/api/replays/${started.body.id}`);
    expect(state.body.status).toBe("completed");
  });
}

test("consumes from the real stream; the claim and the alerts are there together", async () => {
  await attack();
  await watch(engine);
  expect(await found(engine)).toHaveLength(4);
  expect(
    await engine.sql("SELECT FROM processed_events WHERE subscriber_name = $1", [subscriber]),
  ).toHaveLength(8);
});

test("an event that is delivered again changes nothing", async () => {
  await attack();
  await watch(engine);
  const before = await found(engine);
  for (const { fields } of await engine.streamEntries()) {
    await engine.append(Object.entries(fields).flat());
  }
  await engine.drain(subscriber);
  expect(await found(engine)).toEqual(before);
});

test("a forced replay changes nothing, and one after everything was lost gives the same alerts", async () => {
  await attack();
  await watch(engine);
  const before = await found(engine);
  await replay();
  expect(await found(engine)).toEqual(before);
  await engine.sql("DELETE FROM security_signs");
  await engine.sql("DELETE FROM alerts");
  await replay();
  expect(await found(engine)).toEqual(before);
});

test("an entry that is no event of ours is a dead letter at once, and the others go on", async () => {
  await tamper(engine);
  await engine.relay();
  const [entry] = await engine.streamEntries();
  const fields = { ...entry?.fields, id: crypto.randomUUID(), payload: JSON.stringify({ tenant_id: 7 }) };
  await engine.append(Object.entries(fields).flat());
  await engine.drain(subscriber);
  expect(await engine.deadLetters(subscriber)).toHaveLength(1);
  expect(await found(engine)).toMatchObject([{ kind: "dag_diff_failed" }]);
});

test("a database that fails for a while is tried again, and the alert is there once", async () => {
  await tamper(engine);
  await engine.relay();
  await engine.sql("ALTER TABLE security_signs RENAME TO elsewhere");
  await engine.drain(subscriber);
  expect(await found(engine)).toEqual([]);
  expect(await engine.deadLetters(subscriber)).toEqual([]);
  await engine.sql("ALTER TABLE elsewhere RENAME TO security_signs");
  await eventually(async () => {
    await engine.drain(subscriber);
    expect((await found(engine)).filter(({ kind }) => kind === "dag_diff_failed")).toMatchObject([
      { count: 1 },
    ]);
  });
});
