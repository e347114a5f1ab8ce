import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { Consumer } from "@brain/engine";
import { courseAccessGranted, courseAccessRevoked, courseGenerationCompleted } from "@brain/schemas";
import { Webhook } from "standardwebhooks";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { courseAccessNotificationsConsumer } from "../../../src/modules/course_access/notifications.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { createTestEngine } from "../../engine.ts";
import { listen } from "../../listening.ts";
import { finishedCourse, newPurchase, pay, publishAs, read } from "./fixtures.ts";

const secret = "notify-secret-0123456789";
const subscriber = "course_access_notifications";

interface Call {
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A receiver that answers as the test says; "never" does not answer at all. */
async function receiver(answer: (call: Call, calls: readonly Call[]) => Answer | "never") {
  const calls: Call[] = [];
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      const call = { text, body: JSON.parse(text), headers: request.headers };
      calls.push(call);
      const given = answer(call, calls);
      if (given !== "never")
        response.writeHead(given.status, given.headers).end("an answer that nobody reads");
    });
  });
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}/hook`, calls };
}

let clockMs = 0;
let backbone: Backbone | null = null;
afterEach(async () => {
  await backbone?.cleanup();
  backbone = null;
});

async function open(consumer: Consumer): Promise<Backbone> {
  clockMs = Date.now();
  const env = { BRAIN_LOG_LEVEL: "debug" };
  backbone = await createBackbone({ consumers: [consumer], env, now: () => clockMs });
  return backbone;
}

const letters = (system: Backbone) =>
  system.sql("SELECT reason, attempts, error_message FROM dead_letters WHERE subscriber_name = $1", [
    subscriber,
  ]);

const granted = (userId = "user-1") => ({
  course_id: "course-1",
  user_id: userId,
  tenant_id: "tenant_a",
  payment_id: "pay-1",
  granted_at: "2026-11-21T10:00:00.000Z",
});

test("a finished course is told once, signed, and with nothing but ids", async () => {
  const hook = await receiver(() => ({ status: 204 }));
  const consumer = courseAccessNotificationsConsumer({ url: hook.url, secret });
  const system = await open(consumer);
  const courseId = crypto.randomUUID();
  await publishAs(system, courseGenerationCompleted, finishedCourse(courseId));
  await publishAs(system, courseGenerationCompleted, finishedCourse(courseId));
  await publishAs(system, courseGenerationCompleted, finishedCourse(crypto.randomUUID(), { dry_run: true }));
  await system.relay();
  expect(await system.drain(consumer)).toMatchObject({ applied: 3, deadLettered: 0 });
  expect(hook.calls).toHaveLength(1);
  const [call] = hook.calls;
  expect(call?.body).toEqual({
    id: expect.stringMatching(/^course_ready:[0-9a-f]{64}$/),
    kind: "course_ready",
    course_id: courseId,
    user_id: null,
    tenant_id: "tenant_a",
    occurred_at: "2026-11-21T10:00:00.000Z",
  });
  const signature = String(call?.headers["x-brain-signature"]);
  const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  expect(mac).toBe(createHmac("sha256", secret).update(`${seconds}.${call?.text}`).digest("hex"));
  expect(Math.abs(Number(seconds) - clockMs / 1000)).toBeLessThan(2);
  expect(call?.headers["idempotency-key"]).toMatch(/\S/);
  // The same call by the form of Standard Webhooks, whose clock is the test's.
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signed } = call?.headers ?? {};
  expect(id).toBe(call?.body.id);
  const webhook = new Webhook(new TextEncoder().encode(secret), { format: "raw" });
  expect(signed).toBe(webhook.sign(String(id), new Date(Number(at) * 1_000), call?.text ?? ""));
});

test("a course that another tenant told of before is told all the same, and what an earlier release told is not", async () => {
  const hook = await receiver(() => ({ status: 204 }));
  const consumer = courseAccessNotificationsConsumer({ url: hook.url, secret });
  const system = await open(consumer);
  const courseId = crypto.randomUUID();
  const tell = (tenantId: string, id = courseId) =>
    publishAs(system, courseGenerationCompleted, finishedCourse(id, { tenant_id: tenantId }), { tenantId });
  await tell("tenant_b");
  await tell("tenant_a");
  const earlier = crypto.randomUUID();
  const { id } = await tell("tenant_a", earlier);
  await system.sql(
    `INSERT INTO course_access_notifications (external_id, kind, source_event_id, sent_at)
     VALUES ($1, 'course_ready', $2, now())`,
    [`course_ready:${earlier}`, id],
  );
  await system.relay();
  expect(await system.drain(consumer)).toMatchObject({ applied: 3, deadLettered: 0 });
  expect(hook.calls.map(({ body }) => body)).toMatchObject([
    { course_id: courseId, tenant_id: "tenant_b" },
    { course_id: courseId, tenant_id: "tenant_a" },
  ]);
  expect(new Set(hook.calls.map(({ body }) => body.id)).size).toBe(2);
});

test("what is delivered again is not told again, also under a new stream id", async () => {
  const hook = await receiver(() => ({ status: 204 }));
  const consumer = courseAccessNotificationsConsumer({ url: hook.url, secret });
  const system = await open(consumer);
  await publishAs(system, courseAccessGranted, granted());
  await system.relay();
  expect(await system.drain(consumer)).toMatchObject({ applied: 1 });
  await system.redis("XGROUP", "SETID", system.stream, `edge_${subscriber}`, "0");
  expect(await system.drain(consumer)).toMatchObject({ applied: 0, redelivered: 1 });
  const [[, fields]] = (await system.redis("XRANGE", system.stream, "-", "+")) as [[string, string[]]];
  await system.redis("XADD", system.stream, "*", ...fields);
  expect(await system.drain(consumer)).toMatchObject({ applied: 0, publishedTwice: 1 });
  expect(hook.calls).toHaveLength(1);
});

test("granted and revoked access is told with ids", async () => {
  const hook = await receiver(() => ({ status: 200 }));
  const consumer = courseAccessNotificationsConsumer({ url: hook.url, secret });
  const system = await open(consumer);
  await publishAs(system, courseAccessGranted, granted());
  await publishAs(system, courseAccessGranted, granted());
  await publishAs(system, courseAccessRevoked, {
    course_id: "course-1",
    user_id: "user-1",
    tenant_id: "tenant_a",
    payment_id: "pay-1",
    reason: "payment_refunded",
    revoked_at: "2026-11-21T12:00:00.000Z",
  });
  await system.relay();
  await system.drain(consumer);
  expect(hook.calls.map(({ body }) => body)).toEqual([
    {
      id: expect.stringMatching(/^access_granted:[0-9a-f]{64}$/),
      kind: "access_granted",
      course_id: "course-1",
      user_id: "user-1",
      tenant_id: "tenant_a",
      occurred_at: "2026-11-21T10:00:00.000Z",
    },
    {
      id: expect.stringMatching(/^access_revoked:[0-9a-f]{64}$/),
      kind: "access_revoked",
      course_id: "course-1",
      user_id: "user-1",
      tenant_id: "tenant_a",
      occurred_at: "2026-11-21T12:00:00.000Z",
    },
  ]);
});

test.each([408, 429, 500, 503])(
  "after status %d it is told again, with the same idempotency key",
  async (status) => {
    const hook = await receiver((_call, calls) => ({ status: calls.length === 1 ? status : 200 }));
    const consumer = courseAccessNotificationsConsumer({ url: hook.url, secret });
    const system = await open(consumer);
    await publishAs(system, courseAccessGranted, granted());
    await system.relay();
    expect(await system.drain(consumer)).toMatchObject({ applied: 0, retried: 1, deadLettered: 0 });
    expect(await system.sql("SELECT 1 FROM course_access_notifications")).toEqual([]);
    clockMs += consumer.retry.capMs;
    expect(await system.drain(consumer)).toMatchObject({ applied: 1, deadLettered: 0 });
    const keys = hook.calls.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(await system.sql("SELECT kind FROM course_access_notifications")).toEqual([
      { kind: "access_granted" },
    ]);
  },
);

test("a receiver that names a time is asked no earlier", async () => {
  const hook = await receiver((_call, calls) =>
    calls.length === 1 ? { status: 429, headers: { "retry-after": "120" } } : { status: 200 },
  );
  const consumer = courseAccessNotificationsConsumer({ url: hook.url, secret });
  const system = await open(consumer);
  await publishAs(system, courseAccessGranted, granted());
  await system.relay();
  await system.drain(consumer);
  clockMs += 115_000;
  await system.drain(consumer);
  expect(hook.calls).toHaveLength(1);
  clockMs += 10_000;
  await system.drain(consumer);
  expect(hook.calls).toHaveLength(2);
  expect(await letters(system)).toEqual([]);
});

test.each([{ status: 400 }, { status: 404 }, { status: 410 }, { status: 302, headers: { location: "/x" } }])(
  "after %j it is a dead letter, and what comes behind it is told",
  async (answer) => {
    const hook = await receiver(({ body }) => (body.user_id === "user-1" ? answer : { status: 200 }));
    const consumer = courseAccessNotificationsConsumer({ url: hook.url, secret });
    const system = await open(consumer);
    await publishAs(system, courseAccessGranted, granted("user-1"));
    await publishAs(system, courseAccessGranted, granted("user-2"));
    await system.relay();
    expect(await system.drain(consumer)).toMatchObject({ applied: 1, deadLettered: 1 });
    const [letter] = await letters(system);
    expect(letter).toMatchObject({ reason: "permanent_error", attempts: 1 });
    expect(letter?.error_message).toContain(`status ${answer.status}`);
    expect(letter?.error_message).not.toContain(hook.url);
    expect(hook.calls.at(-1)?.body.user_id).toBe("user-2");
  },
);

test("a receiver that does not answer, or that is gone, is tried again", async () => {
  const hook = await receiver(() => "never");
  const silent = courseAccessNotificationsConsumer({ url: hook.url, secret, timeoutMs: 100 });
  const system = await open(silent);
  await publishAs(system, courseAccessGranted, granted());
  await system.relay();
  expect(await system.drain(silent)).toMatchObject({ retried: 1, deadLettered: 0 });
  clockMs += silent.retry.capMs;
  const gone = courseAccessNotificationsConsumer({ url: "http://127.0.0.1:9/", secret });
  expect(await system.drain(gone)).toMatchObject({ retried: 1, deadLettered: 0 });
  expect(await letters(system)).toEqual([]);
});

/** The idempotency keys that calls for each user carried, in order. */
function keysByUser(calls: readonly Call[]): Map<unknown, string[]> {
  const keys = new Map<unknown, string[]>();
  for (const { body, headers } of calls) {
    keys.set(body.user_id, [...(keys.get(body.user_id) ?? []), String(headers["idempotency-key"])]);
  }
  return keys;
}

test("a call that fails repeats those of its transaction with their keys, by which a receiver knows them", async () => {
  const hook = await receiver(({ body }) => ({ status: body.user_id === "user-3" ? 400 : 200 }));
  const consumer = courseAccessNotificationsConsumer({ url: hook.url, secret });
  const system = await open(consumer);
  for (const user of ["user-1", "user-2", "user-3"]) {
    await publishAs(system, courseAccessGranted, granted(user));
  }
  await system.relay();
  expect(await system.drain(consumer)).toMatchObject({ applied: 2, deadLettered: 1 });
  const keys = [...keysByUser(hook.calls).values()];
  expect(keys.map((list) => list.length)).toEqual([2, 2, 2]);
  expect(keys.map((list) => new Set(list).size)).toEqual([1, 1, 1]);
  expect(new Set(keys.flat()).size).toBe(3);
});

test("a call whose commit fails is repeated with its key", async () => {
  const hook = await receiver(() => ({ status: 200 }));
  const consumer = courseAccessNotificationsConsumer({ url: hook.url, secret });
  const system = await open(consumer);
  await system.sql(`
    CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$`);
  await system.sql(`
    CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON course_access_notifications
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_commit()`);
  await publishAs(system, courseAccessGranted, granted());
  await system.relay();
  expect(await system.drain(consumer)).toMatchObject({ applied: 0, retried: 1 });
  await system.sql("DROP FUNCTION refuse_commit CASCADE");
  clockMs += consumer.retry.capMs;
  expect(await system.drain(consumer)).toMatchObject({ applied: 1 });
  const [keys] = [...keysByUser(hook.calls).values()];
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});

test("a broken receiver holds up no access", async () => {
  const engine = await createTestEngine({
    BRAIN_NOTIFY_URL: "http://127.0.0.1:9/",
    BRAIN_NOTIFY_SECRET: secret,
  });
  onTestFinished(() => engine.cleanup());
  const first = newPurchase();
  const second = newPurchase();
  for (const purchase of [first, second]) {
    await pay(engine, purchase);
    await engine.relay();
    await engine.drain("course_access");
    // The event of the access itself, which the receiver is to be told of.
    await engine.relay();
    expect(await engine.drain(subscriber)).toMatchObject({ applied: 0 });
  }
  expect(await read(engine, first)).toMatchObject({ has_access: true });
  expect(await read(engine, second)).toMatchObject({ has_access: true });
  expect(await engine.sql("SELECT 1 FROM course_access_notifications")).toEqual([]);
  expect((await engine.request("GET", "/api/course-access/health")).body).toMatchObject({
    notifications: "webhook",
  });
});

test("without a receiver notifications go to the log, with ids", async () => {
  const consumer = courseAccessNotificationsConsumer(null);
  const system = await open(consumer);
  await publishAs(system, courseAccessGranted, granted());
  await system.relay();
  await system.drain(consumer);
  const lines = system.logs
    .map((line) => JSON.parse(line))
    .filter(({ message }) => message === "notification");
  expect(lines).toMatchObject([{ level: "debug", kind: "access_granted", user_id: "user-1" }]);
});
