/** `charter move status` on a stream that the first Python programs share. */

import { randomUUID } from "node:crypto";
import { defineConsumer, on } from "@brain/engine";
import { systemHealth } from "@brain/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pythonHeartbeat, startPythonWriter } from "../engine/events/python-programs.ts";
import { charter, openStation, type Station } from "./server.ts";

/** Ids of the events that our consumer handled. */
const handled: string[] = [];
const watcher = defineConsumer({
  subscriber: "watcher",
  handlers: [
    on(systemHealth, async ({ id }) => {
      handled.push(id);
    }),
  ],
});

let station: Station;
let stream: string;
beforeAll(async () => {
  station = await openStation({ consumers: [watcher] });
  stream = station.open().keys.stream(0);
});
afterAll(() => station?.cleanup());

/** An entry as their payment programs write it, under an older name of the fact. */
const pythonPayment = (type: string): string[] => [
  ...[
    "id",
    randomUUID(),
    "type",
    type,
    "source",
    "paycore",
    "payload",
    '{"intent_id": "x", "note": "l\\u00e4uft"}',
  ],
  ...["timestamp", "2026-01-05T09:30:00.123456", "meta", '{"schema_version": 1}'],
];

test("on a stream of our own nothing is left, whatever is published", async () => {
  for (let round = 0; round < 3; round++)
    await station.post("/api/events", { type: "system.health", payload: { component: "db", status: "ok" } });
  await station.settle();
  const { code, stdout, stderr } = await charter(station.url, ["move", "status"]);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/^looked at the newest 3 of 3 entries/);
  expect(stdout).toMatch(/^ok +payment: nobody else writes or reads for it$/m);
  expect(stdout).not.toMatch(/LEFT|note/);
});

test("while Python programs write and read, it names each type, when it came last, and each group", async () => {
  const writer = startPythonWriter(station.sandbox.redisUrl, stream);
  await station.redis("XGROUP", "CREATE", stream, "group_course_access", "0");
  await station.redis(
    "XREADGROUP",
    "GROUP",
    "group_course_access",
    "course_access_handler",
    "COUNT",
    "2",
    "STREAMS",
    stream,
    ">",
  );
  await station.redis("XGROUP", "CREATE", stream, "group_reports", "$");
  await writer.write([
    pythonPayment("paycore.payment_succeeded"),
    pythonPayment("paycore.payment_succeeded"),
    pythonPayment("threat.detected"),
    pythonPayment("made.up"),
    pythonHeartbeat(randomUUID(), "agent 1", 1),
  ]);
  writer.close();

  const { code, stdout, stderr } = await charter(station.url, ["move"]);
  expect(code).toBe(1);
  expect(stderr).toBe("charter: 3 things are left to do; see schemas/MOVING.md.\n");
  expect(stdout.split("\n").map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "TIME"))).toEqual([
    `looked at the newest 8 of 8 entries of ${stream}`,
    "LEFT  payment: paycore.payment_succeeded: 2 entries by another program, the last at TIME; switch its publisher there off",
    expect.stringMatching(
      /^LEFT {2}course_access: group group_course_access stands at \d+-\d+, lag 6, pending 2, readers course_access_handler; what it has not acked is handled here too; stop its program, then XGROUP DESTROY/,
    ),
    "LEFT  agents: agent.heartbeat: 1 entry by another program, the last at TIME; switch its publisher there off",
    "note  unknown: made.up: 1 entry by another program, the last at TIME; nobody knows the type",
    "note  threat: threat.detected: 1 entry by another program, the last at TIME; threat is not moved",
    expect.stringMatching(
      /^note {2}unknown: group group_reports stands at \d+-\d+, lag 5, pending 0, no reader; whose/,
    ),
    ...["course_factory", "course_distribution", "ir_governance", "missions", "tasks"].map(
      (name) => `ok    ${name}: nobody else writes or reads for it`,
    ),
    "",
  ]);
});

test("one module may be asked for, and --json passes on what was seen", async () => {
  const tasks = await charter(station.url, ["move", "status", "--module", "tasks"]);
  expect([tasks.code, tasks.stdout.match(/^ok .*$/gm)]).toEqual([
    0,
    ["ok    tasks: nobody else writes or reads for it"],
  ]);
  const access = await charter(station.url, ["move", "status", "--module", "course_access", "--json"]);
  expect(access.code).toBe(1);
  expect(JSON.parse(access.stdout)).toMatchObject({
    moved: false,
    modules: ["course_access"],
    state: { own_subscribers: ["watcher"] },
  });
  const wrong = await charter(station.url, ["move", "status", "--module", "billing"]);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(/Expected one of payment, course_access/),
  ]);
});

test("after the steps are done it passes", async () => {
  await station.redis("XGROUP", "DESTROY", stream, "group_course_access");
  await station.redis("XTRIM", stream, "MAXLEN", "0");
  const { code, stdout } = await charter(station.url, ["move", "status"]);
  expect([code, stdout.match(/LEFT/g)]).toEqual([0, null]);
});

test("claims of theirs that are handed on keep our consumer from doing their work again, and from nothing else", async () => {
  await station.redis("XTRIM", stream, "MAXLEN", "0");
  await station.post("/api/consumers/watcher/pause", { reason: "moving" });
  const ids = Array.from({ length: 4 }, () => randomUUID());
  for (const id of ids) {
    const fields = [
      "id",
      id,
      "type",
      "system.health",
      "source",
      "monitor",
      "timestamp",
      "2026-01-05T09:30:00.123456",
    ];
    const entryId = await station.redis(
      "XADD",
      stream,
      "*",
      ...fields,
      "payload",
      '{"component": "db", "status": "ok"}',
      "meta",
      "{}",
    );
    // Their consumer did the first two, and stopped.
    if (ids.indexOf(id) < 2)
      await station.sql(
        `INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type)
         VALUES ('health_handler', $1, $2, $3, 'system.health') ON CONFLICT (subscriber_name, stream_message_id) DO NOTHING`,
        [stream, entryId, id],
      );
  }
  await station.settle();
  handled.length = 0;
  await station.sql(`
    INSERT INTO processed_events (subscriber_name, stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata)
    SELECT 'watcher', stream_name, stream_message_id, event_id, event_type, processed_at, tenant_id, metadata
    FROM processed_events WHERE subscriber_name = 'health_handler'
    ON CONFLICT DO NOTHING`);
  await station.post("/api/consumers/watcher/resume", { reason: "moved" });
  await station.settle();
  expect(handled).toEqual(ids.slice(2));
});

test("an entry with an id far ahead of the clock has no time", async () => {
  await station.redis("XADD", stream, "9999999999999-0", ...pythonPayment("payment.completed"));
  const { code, stdout } = await charter(station.url, ["move", "status", "--module", "payment"]);
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/1 entry by another program, the last is 9999999999999-0/),
  ]);
});
