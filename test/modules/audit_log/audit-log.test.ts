import { createServer, type IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { transactAndPublish } from "@brain/engine";
import { taskCreated } from "@brain/schemas";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { listen } from "../../listening.ts";
import { noteSent, unsend } from "../../recorded.ts";
import { eventually } from "../../wait-for.ts";

let engine: TestEngine;
beforeEach(async () => {
  engine = await createTestEngine();
});
afterEach(() => engine.cleanup());

const publish = (tenant_id: string | null = "acme") =>
  engine.publish({ source: "test", tenant_id }, (record) =>
    record(taskCreated, { task_id: crypto.randomUUID(), mission_type: "echo", priority: "NORMAL" }),
  );
const write = async (fields: Readonly<Record<string, string>>): Promise<string> =>
  await engine.append(Object.entries(fields).flat());
const ofPython = (fields: Readonly<Record<string, string>> = {}) => ({
  id: crypto.randomUUID(),
  type: "python.report.written",
  source: "python",
  timestamp: "2026-03-01T10:00:00.000Z",
  payload: JSON.stringify({ course_id: "c-1", pages: 3 }),
  meta: JSON.stringify({ schema_version: 1, producer: "python", source_module: "reports" }),
  tenant_id: "acme",
  ...fields,
});
const kept = () => engine.sql("SELECT * FROM archived_entries ORDER BY position");

describe("the audit log", () => {
  test("stores what other programs write, and of its own events nothing", async () => {
    await publish();
    await engine.settle();
    const id = await write(ofPython({ actor_id: "ada", severity: "warning" }));
    const drained = await engine.drain("audit_log");
    expect(drained).toMatchObject({ applied: 1, deadLettered: 0 });
    expect(await kept()).toMatchObject([
      {
        stream_message_id: id,
        event_type: "python.report.written",
        source: "python",
        tenant_id: "acme",
        actor_id: "ada",
        severity: "WARNING",
        source_module: "reports",
        payload: { course_id: "c-1", pages: 3 },
        raw_fields: { severity: "warning" },
        decode_notes: expect.arrayContaining(["severity_upper_cased"]),
        unread: null,
        undecided: false,
      },
    ]);
    // It claims nothing, so it costs the database a row for no event.
    expect(await engine.sql("SELECT FROM processed_events WHERE subscriber_name = 'audit_log'")).toEqual([]);
  });

  test("stores an entry that nobody can read, and makes no dead letter of it", async () => {
    await engine.settle();
    const id = await write({ hello: "world" });
    const named = await write({ type: "task.created", payload: "{" });
    await engine.drain("audit_log");
    expect(await kept()).toMatchObject([
      { stream_message_id: id, event_type: null, unread: expect.stringMatching(/./), payload: null },
      { stream_message_id: named, event_type: "task.created", unread: expect.stringMatching(/./) },
    ]);
    expect(await engine.deadLetters("audit_log")).toEqual([]);
    expect(await engine.deadLetters("*")).toEqual([]);
  });

  test("tells a copy of an event of ours from the event", async () => {
    const event = await publish();
    await engine.settle();
    const [own] = await engine.streamEntries();
    expect(own?.fields.id).toBe(event.id);
    const copy = await write(own?.fields ?? {});
    await engine.drain("audit_log");
    expect(await kept()).toMatchObject([{ stream_message_id: copy, event_id: event.id }]);
  });

  test("stores an entry once, however often it is delivered", async () => {
    await engine.settle();
    await write(ofPython());
    await engine.drain("audit_log");
    await engine.redis("XGROUP", "SETID", engine.stream, "edge_audit_log", "0");
    expect(await engine.drain("audit_log")).toMatchObject({ applied: 1 });
    expect(await kept()).toHaveLength(1);
  });

  test("stores later what it could not store for now, and acks nothing before", async () => {
    await engine.settle();
    await write(ofPython());
    const waiting = async () => {
      const [count] = (await engine.redis("XPENDING", engine.stream, "edge_audit_log")) as [number];
      return count;
    };
    await engine.sql("ALTER TABLE archived_entries RENAME TO elsewhere");
    await engine.drain("audit_log");
    expect(await waiting()).toBe(1);
    await engine.sql("ALTER TABLE elsewhere RENAME TO archived_entries");
    await eventually(async () => {
      await engine.drain("audit_log");
      expect(await waiting()).toBe(0);
    });
    expect(await kept()).toMatchObject([{ event_type: "python.report.written" }]);
    expect(await engine.deadLetters("audit_log")).toEqual([]);
  });

  test("an entry with the id of an event that is not noted as sent waits for the janitor to be decided", async () => {
    const [first, second] = [await publish(), await publish()];
    await engine.settle();
    const entries = await engine.streamEntries();
    await engine.sql(unsend());
    await engine.redis("XGROUP", "SETID", engine.stream, "edge_audit_log", "0");
    await engine.drain("audit_log");
    expect(await kept()).toMatchObject([{ undecided: true }, { undecided: true }]);
    // One of them is found to be ours, the other was sent under another id.
    await engine.sql(noteSent, [first.id, entries[0]?.id]);
    const other = await write(entries[1]?.fields ?? {});
    await engine.sql(noteSent, [second.id, other]);
    await engine.request("POST", "/api/maintenance/janitor");
    expect(await kept()).toMatchObject([{ event_id: second.id, undecided: false }]);
  });

  test("comes with the tick of cron", async () => {
    await engine.settle();
    await write(ofPython());
    await engine.cron();
    expect(await kept()).toHaveLength(1);
  });
});

describe("entries of other programs", () => {
  test("are replayed to a consumer like events of ours, and it applies each once", async () => {
    await engine.settle();
    const id = await write(
      ofPython({
        type: "agent.online",
        payload: JSON.stringify({ agent_id: "py-1" }),
        meta: JSON.stringify({ schema_version: 1, producer: "python", source_module: "agents" }),
      }),
    );
    await engine.drain("audit_log");
    // Nobody has handled it, and it is no longer on the stream.
    await engine.redis("XGROUP", "SETID", engine.stream, "edge_agents", "$");
    await engine.redis("XDEL", engine.stream, id);
    const agents = () => engine.sql("SELECT agent_id FROM agents");
    expect(await agents()).toEqual([]);
    const replay = {
      subscriber: "agents",
      name: "of python",
      reason: "a new consumer",
      types: ["agent.online"],
      mode: "only_missing",
    };
    const preview = await engine.request("POST", "/api/replays", { ...replay, dry_run: true });
    expect(preview.body, preview.text).toMatchObject({ count: 1, already_applied: 0 });
    const started = await engine.request("POST", "/api/replays", replay);
    expect(started.status, started.text).toBeLessThan(300);
    await engine.cron();
    await engine.settle();
    expect(await agents()).toEqual([{ agent_id: "py-1" }]);
  });
});

describe("the root of a sealed day", () => {
  test("is sent outside, signed, once, and again while nobody takes it", async () => {
    const calls: { readonly headers: IncomingMessage["headers"]; readonly body: string }[] = [];
    let status = 500;
    const receiver = createServer(async (request, response) => {
      calls.push({ headers: request.headers, body: await readText(request) });
      response.writeHead(status).end();
    });
    const port = await listen(receiver);
    onTestFinished(() => void receiver.close());
    const secret = "secret-of-audit-roots";
    const told = await createTestEngine({
      BRAIN_AUDIT_URL: `http://127.0.0.1:${port}/roots`,
      BRAIN_AUDIT_SECRET: secret,
    });
    onTestFinished(() => told.cleanup());
    await told.publish({ source: "test" }, (record) =>
      record(taskCreated, { task_id: crypto.randomUUID(), mission_type: "echo", priority: "NORMAL" }),
    );
    // A day is sealed when it has been over for an hour.
    await told.sql("UPDATE events SET stored_at = stored_at - interval '2 days'");
    await told.request("POST", "/api/maintenance/janitor");
    const run = async () => {
      const { db, log, catalog, publish: settings } = told.open();
      await told.system.jobs.get("audit_roots")?.run({
        db,
        log,
        catalog,
        now: () => new Date(),
        isOver: () => false,
        transact: (context, work) => transactAndPublish(db, settings, context, work),
      });
    };
    await expect(run()).rejects.toThrow("status 500");
    status = 204;
    await run();
    await run();
    expect(calls).toHaveLength(2);
    const [day] = (await told.request("GET", "/api/audit/days")).body.days;
    expect(day).toMatchObject({ rows: 1, announced_at: expect.any(String) });
    const last = calls[1];
    const webhook = new Webhook(new TextEncoder().encode(secret), { format: "raw" });
    expect(webhook.verify(last?.body ?? "", last?.headers as Record<string, string>)).toMatchObject({
      type: "audit.day.sealed",
      data: { day: day.day, root: day.root, rows: 1 },
    });
    expect(last?.headers["webhook-id"]).toBe(`audit_${day.day}`);
  });
});
