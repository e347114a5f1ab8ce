import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { transactAndPublish } from "@brain/engine";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { type Alert, raiseAlert, resolveAlert } from "../../../src/engine/alerts/alerts.ts";
import { post } from "../../../src/modules/alerting/sinks.ts";
import { testApiKey } from "../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { expectErrorShape } from "../../http/refusal.ts";

/* Real receivers on loopback, which may be down for a while. */

interface Call {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let receiver: Server;
let port: number;
let running: TestEngine | undefined;
let engine: TestEngine;
const calls: Call[] = [];
let status = 204;
const secret = "a-secret-of-the-alerts";

const listen = async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => {
      body += part.toString();
    });
    request.on("end", () => {
      calls.push({ path: request.url ?? "", headers: request.headers, body });
      response.writeHead(status).end();
    });
  }).listen(port, "127.0.0.1");
  await new Promise((resolve) => receiver.once("listening", resolve));
  port = (receiver.address() as AddressInfo).port;
};

beforeEach(async () => {
  calls.length = 0;
  status = 204;
  port = 0;
  await listen();
});
afterEach(async () => {
  receiver.close();
  await running?.cleanup();
  running = undefined;
});

const open = async (more: Record<string, string> = {}) => {
  engine = running = await createTestEngine({
    BRAIN_MISSION_HTTP_ALLOW: `127.0.0.1:${port}`,
    BRAIN_ALERT_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
    BRAIN_ALERT_WEBHOOK_SECRET: secret,
    ...more,
  });
};
const about = (subject: string, more: Partial<Alert> = {}): Alert => ({
  kind: "work_failing",
  subject,
  severity: "high",
  message: `The work ${subject} fails. Look at it.`,
  ...more,
});
/** One run of the job. */
const tell = async () => {
  const { db, log, catalog, publish } = engine.open();
  return engine.system.jobs.get("alert_delivery")?.run({
    db,
    log,
    catalog,
    now: () => new Date(),
    isOver: () => false,
    transact: (context, run) => transactAndPublish(db, publish, context, run),
  });
};
const hurry = () => engine.sql("UPDATE alert_messages SET due_at = now() WHERE status = 'waiting'");
const bodies = () => calls.map(({ body }) => JSON.parse(body));
const raiseMany = (count: number, kind = "refund_due") =>
  engine.sql(
    "INSERT INTO alerts (kind, subject, severity, message) SELECT $1, 'p' || n, 'critical', 'Pay it back.' FROM generate_series(1, $2::integer) n",
    [kind, count],
  );

describe("a signed webhook", () => {
  test("hears of an alert once, and that it is over", async () => {
    await open();
    await raiseAlert(engine.open(), about("relay:0", { tenantId: "acme" }));
    await tell();
    await tell();
    const [call, ...others] = calls;
    expect(others).toEqual([]);
    const wanted = new Webhook(new TextEncoder().encode(secret), { format: "raw" });
    expect(wanted.verify(call?.body ?? "", call?.headers as Record<string, string>)).toMatchObject({
      type: "alerts.changed",
      data: {
        total: 1,
        alerts: [{ kind: "work_failing", subject: "relay:0", state: "open", tenant_id: "acme" }],
      },
    });
    // It is seen again: nothing new.
    await raiseAlert(engine.open(), about("relay:0"));
    await tell();
    expect(calls).toHaveLength(1);
    await resolveAlert(engine.open(), "work_failing", "relay:0");
    await tell();
    expect(bodies()[1].data.alerts).toMatchObject([{ subject: "relay:0", state: "over", count: 2 }]);
    await raiseAlert(engine.open(), about("relay:0"));
    await tell();
    expect(bodies()[2].data.alerts).toMatchObject([{ subject: "relay:0", state: "reopened" }]);
  });

  test("hears of alerts also when there were more messages than 32 bits count", async () => {
    await open();
    await engine.sql("ALTER TABLE alert_messages ALTER COLUMN id RESTART WITH 3000000000");
    await raiseAlert(engine.open(), about("relay:0"));
    await tell();
    expect(calls).toHaveLength(1);
    expect(await engine.sql("SELECT id, status FROM alert_messages")).toEqual([
      { id: "3000000000", status: "delivered" },
    ]);
  });

  test("that is down loses nothing: the alert arrives once when it is back", async () => {
    await open();
    receiver.close();
    await raiseAlert(engine.open(), about("relay:0"));
    const next = await tell();
    expect(next?.getTime()).toBeGreaterThan(Date.now());
    await hurry();
    await tell();
    const state = (await engine.request("GET", "/api/alert-sinks")).body.sinks;
    expect(state).toMatchObject([
      { sink: "webhook", waiting: 1, last_error: "The receiver could not be reached." },
    ]);
    await listen();
    status = 503;
    await hurry();
    await tell();
    expect(calls).toHaveLength(1);
    status = 204;
    await hurry();
    await tell();
    await tell();
    expect(calls).toHaveLength(2);
    expect(calls[1]?.headers["webhook-id"]).toBe(calls[0]?.headers["webhook-id"]);
    expect(await engine.sql("SELECT status, attempt FROM alert_messages")).toEqual([
      { status: "delivered", attempt: 4 },
    ]);
  });

  test("control: what is posted without being stored is lost when the receiver is down", async () => {
    await open();
    receiver.close();
    const sink = { kind: "webhook", url: `http://127.0.0.1:${port}/hook`, secret } as const;
    const message = {
      id: 1,
      message_id: crypto.randomUUID(),
      sink: "webhook",
      body: {},
      attempt: 1,
      age: 0,
    } as const;
    const deps = { httpAllow: [`127.0.0.1:${port}`], resolve: null, now: () => new Date() };
    expect((await post(sink, message, deps)).error).toBe("The receiver could not be reached.");
    await listen();
    await tell();
    expect(calls).toEqual([]);
  });

  test("hears of what a worker that ended had stored or begun", async () => {
    await open();
    await raiseAlert(engine.open(), about("relay:0"));
    receiver.close();
    await tell();
    // Its try was begun and came to no end: the lease is over.
    await engine.sql(
      "UPDATE alert_messages SET attempt = attempt + 1, due_at = now() - interval '1 s', error = NULL",
    );
    await listen();
    await tell();
    expect(bodies()).toMatchObject([{ data: { total: 1 } }]);
  });
});

describe("a storm", () => {
  test("of a thousand alerts is one message with their counts", async () => {
    await open({ BRAIN_ALERT_SLACK_URL: `http://127.0.0.1:${port}/slack` });
    await raiseMany(1_000);
    await raiseAlert(engine.open(), about("relay:0", { severity: "warning" }));
    await tell();
    await tell();
    expect(calls.map(({ path }) => path).sort()).toEqual(["/hook", "/slack"]);
    const hook = bodies().find(({ type }) => type === "alerts.changed");
    expect(hook.data.total).toBe(1_001);
    expect(hook.data.alerts).toHaveLength(10);
    expect(hook.data.counts).toEqual([
      { kind: "refund_due", raised: 1_000, over: 0 },
      { kind: "work_failing", raised: 1, over: 0 },
    ]);
    const { text } = bodies().find((body) => body.text !== undefined);
    expect(text.split("\n")).toHaveLength(11);
    expect(text).toContain("NEW critical refund_due p1: Pay it back.");
    expect(text).toContain("and 991 more; of all: refund_due 1000 new; work_failing 1 new");
  });

  test("that goes on is so many messages an hour; what comes meanwhile is told together", async () => {
    await open({ BRAIN_ALERT_MESSAGES_PER_HOUR: "2" });
    for (let round = 0; round < 6; round += 1) {
      await raiseMany(10, `kind_${round}`);
      await tell();
    }
    expect(bodies().map(({ data }) => data.total)).toEqual([10, 10]);
    const next = await tell();
    expect(next?.getTime()).toBeGreaterThan(Date.now() + 60_000);
    await engine.sql("UPDATE alert_messages SET created_at = created_at - interval '61 minutes'");
    await tell();
    expect(bodies()[2].data).toMatchObject({ total: 40 });
  });
});

describe("whoever is to be told", () => {
  test("is told of what is severe enough", async () => {
    await open({ BRAIN_ALERT_LEAST: "critical" });
    await raiseAlert(engine.open(), about("relay:0"));
    await tell();
    expect(calls).toEqual([]);
    await raiseAlert(engine.open(), about("relay:0", { severity: "critical" }));
    await tell();
    expect(bodies()).toMatchObject([{ data: { total: 1, alerts: [{ severity: "critical", count: 2 }] } }]);
  });

  test("hears of the end of what it was told, also of what ended as less severe; not of what it never heard", async () => {
    await open({ BRAIN_ALERT_LEAST: "critical" });
    const stages = ["critical", "high"] as const;
    for (const severity of stages) {
      await raiseAlert(engine.open(), about("relay:0", { severity }));
      await tell();
    }
    await raiseAlert(engine.open(), about("relay:1", { severity: "high" }));
    for (const subject of ["relay:0", "relay:1"]) await resolveAlert(engine.open(), "work_failing", subject);
    await tell();
    await tell();
    expect(bodies().map(({ data }) => data.alerts)).toMatchObject([
      [{ subject: "relay:0", severity: "critical", state: "open" }],
      [{ subject: "relay:0", severity: "high", state: "over" }],
    ]);
  });

  test("may be consumers: system.alert events, of the alert's tenant, a bounded number", async () => {
    engine = running = await createTestEngine({ BRAIN_ALERT_EVENTS: "true" });
    await raiseAlert(engine.open(), about("relay:0", { tenantId: "acme" }));
    await tell();
    const events = () =>
      engine.sql(
        "SELECT type, source, tenant_id, payload, meta FROM events WHERE type = 'system.alert' ORDER BY position",
      );
    expect(await events()).toMatchObject([
      {
        type: "system.alert",
        source: "alerting",
        meta: { schema_version: 1, producer: "alerting", source_module: "core" },
        tenant_id: "acme",
        payload: {
          event_category: "work_failing",
          severity: "ERROR",
          details: { subject: "relay:0", state: "open" },
        },
      },
    ]);
    await raiseMany(100);
    await tell();
    expect(await events()).toHaveLength(12);
    expect((await events()).at(-1)).toMatchObject({
      payload: { message: expect.stringContaining("90 more alerts") },
    });
  });

  test("is found with the next tick, also in an idle system", async () => {
    await open();
    const due = async () => engine.redis("ZSCORE", engine.open().keys.jobsDue(), "alert_delivery");
    await raiseAlert(engine.open(), about("relay:0"));
    expect(Number(await due())).toBeLessThanOrEqual(Date.now());
    await engine.system.cron();
    expect(calls).toHaveLength(1);
  });

  test("is nobody: then the job asks nothing", async () => {
    engine = running = await createTestEngine();
    await raiseAlert(engine.open(), about("relay:0"));
    expect(await engine.redis("ZSCORE", engine.open().keys.jobsDue(), "alert_delivery")).toBeNull();
    await engine.sql("ALTER TABLE alert_messages RENAME TO elsewhere");
    expect(await tell()).toBeNull();
    expectErrorShape(await engine.request("POST", "/api/alert-sinks/test"), 409, "conflict");
  });

  test("is tested, and the test is in the audit", async () => {
    await open({ BRAIN_ALERT_SLACK_URL: `http://127.0.0.1:${port}/slack` });
    const reply = await engine.request("POST", "/api/alert-sinks/test");
    expect(reply.status, reply.text).toBe(202);
    expect(reply.body.messages).toMatchObject([{ sink: "webhook" }, { sink: "slack" }]);
    await tell();
    expect(calls.map(({ path }) => path).sort()).toEqual(["/hook", "/slack"]);
    const audit = await engine.request("GET", "/api/operator-actions?action=alert.sinks_tested");
    expect(audit.body.operator_actions).toHaveLength(1);
    const { sinks } = (await engine.request("GET", "/api/alert-sinks")).body;
    expect(sinks).toMatchObject([
      { sink: "slack", waiting: 0, last_error: null, last_delivered_at: expect.any(String) },
      { sink: "webhook", waiting: 0 },
    ]);
  });

  test("does not stand in a private network, unless that is allowed", () => {
    const env = {
      NEON_DATABASE_URL: "postgres://u:p@127.0.0.1/d",
      UPSTASH_REDIS_REST_URL: "http://127.0.0.1",
      UPSTASH_REDIS_REST_TOKEN: "t",
      BRAIN_API_KEY: testApiKey,
      BRAIN_ALERT_SLACK_URL: "http://169.254.169.254/latest",
    };
    expect(() => parseConfig(env)).toThrow(/BRAIN_ALERT_SLACK_URL: .*private/);
    expect(() => parseConfig({ ...env, BRAIN_MISSION_HTTP_ALLOW: "169.254.169.254" })).not.toThrow();
    expect(() =>
      parseConfig({ ...env, BRAIN_ALERT_SLACK_URL: "", BRAIN_ALERT_WEBHOOK_URL: "https://a.example" }),
    ).toThrow(/BRAIN_ALERT_WEBHOOK_SECRET: is missing/);
  });
});
